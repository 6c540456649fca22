import { GrowableOutput } from '../masking/cell-output.ts'
import { Finds, TextRedactor } from './text-redactor.ts'

/** A shorter text holds no secret that could be recognised. */
const FEWEST_UNITS = 12
/** UTF-8 never needs more bytes than this for one UTF-16 unit. */
const MOST_BYTES_PER_UNIT = 3

const redactor = new TextRedactor(
  new Map([
    ['private_key', { kind: 'redact' }],
    ['jwt', { kind: 'redact' }],
    ['secret_key', { kind: 'redact' }],
  ]),
  new Finds(),
)
/** Where texts are written to be looked through. */
const room = Buffer.allocUnsafeSlow(16_384)

/** The text with every token, key and named password that is known by its form replaced (`[redacted jwt]`); the same text where there is none. */
export function withoutSecrets(text: string): string {
  if (text.length < FEWEST_UNITS) return text
  const fits = text.length * MOST_BYTES_PER_UNIT <= room.length
  const bytes = fits ? room : Buffer.from(text, 'utf8')
  const length = fits ? bytes.write(text, 0, 'utf8') : bytes.length
  if (redactor.keeps(bytes, 0, length)) return text
  const out = new GrowableOutput(length)
  redactor.label(bytes, 0, length, out)
  return out.bytes.toString('utf8', 0, out.length)
}

/** True when such a secret stands in the bytes, read as UTF-8. */
export function holdsSecrets(bytes: Uint8Array): boolean {
  if (bytes.byteLength < FEWEST_UNITS) return false
  const { buffer, byteOffset, byteLength } = bytes
  return !redactor.keeps(Buffer.from(buffer, byteOffset, byteLength), 0, byteLength)
}
