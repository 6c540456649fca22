import {
  byteIn,
  isAlphanumeric,
  isAsciiDigit,
  isBase64,
  isBase64Url,
  isHex,
  isLetter,
  isUpperOrDigit,
  matches,
  wordEndsAt,
} from './characters.ts'
import { type KeyAlphabet, type KeyForm, keyForms } from './secret-key-forms.ts'
import type { Spans } from './spans.ts'

interface PlacedForm {
  readonly form: KeyForm
  readonly prefix: Buffer
  /** Where in the prefix the byte is that calls for a look. */
  readonly offset: number
}

/** The rarest byte of a prefix: what is no letter, else a capital. */
function callingByte(prefix: string): number {
  const marks = prefix.search(/[_.-][^_.-]*$/)
  if (marks !== -1) return marks
  const rare = prefix.search(/[KzE]/)
  return rare === -1 ? prefix.search(/[A-Z]/) : rare
}

/** Forms by the byte that calls for a look. */
const formsByByte: (readonly PlacedForm[] | undefined)[] = []
for (const form of keyForms) {
  const offset = callingByte(form.prefix)
  const byte = form.prefix.charCodeAt(offset)
  formsByByte[byte] = [...(formsByByte[byte] ?? []), { form, prefix: Buffer.from(form.prefix, 'latin1'), offset }]
}

/** The bytes that call for `addKey`. */
export const callingBytes: readonly number[] = [...formsByByte.keys()].filter((byte) => formsByByte[byte] !== undefined)

const awsSecretSize = 40
/** Bytes behind an AWS access key id in which its secret is looked for. */
const awsSecretReach = 120

/** Adds the API key whose prefix has its calling byte at `at`, and returns where it ends; -1 where there is none. */
export function addKey(source: Buffer, at: number, start: number, end: number, spans: Spans, detector: number): number {
  const forms = formsByByte[source[at] ?? 0]
  if (forms === undefined) return -1
  for (const { form, prefix, offset } of forms) {
    const first = at - offset
    if (first < start || !matches(source, first, end, prefix)) continue
    const behind = first + prefix.length
    const last = alphabetEnd(source, behind, Math.min(end, behind + form.most + 1), form.alphabet)
    const size = last - behind
    if (size < form.fewest || size > form.most || wordEndsAt(source, first, start)) continue
    if (form.alphabet !== 'base64' && isAlphanumeric(byteIn(source, last, start, end))) continue
    if (form.mixed === true && !isMixed(source, behind, last)) continue
    spans.add(first, last, detector)
    if (form.alphabet === 'upper' && form.fewest === 16) addAwsSecret(source, last, end, spans, detector)
    return last
  }
  return -1
}

/** The secret of an AWS access key id often stands right behind it: 40 characters of Base64 with capitals, small letters and digits. */
function addAwsSecret(source: Buffer, at: number, end: number, spans: Spans, detector: number): void {
  const most = Math.min(end, at + awsSecretReach)
  for (let first = at; first < most;) {
    const last = alphabetEnd(source, first, Math.min(end, first + awsSecretSize + 1), 'base64')
    if (last - first === awsSecretSize && hasAllKinds(source, first, last)) {
      spans.add(first, last, detector)
      return
    }
    // The rest of a word that is too long.
    first = alphabetEnd(source, last, most, 'base64') + 1
  }
}

/** Behind the characters of the alphabet that follow `at`. */
export function alphabetEnd(source: Buffer, at: number, end: number, alphabet: KeyAlphabet): number {
  while (at < end && belongs(source[at] ?? 0, alphabet)) at++
  // A dot ends the sentence, not the key.
  if (alphabet === 'dotted') while (at > 0 && source[at - 1] === 0x2e) at--
  return at
}

function belongs(byte: number, alphabet: KeyAlphabet): boolean {
  switch (alphabet) {
    case 'alphanumeric':
      return isAlphanumeric(byte)
    case 'upper':
      return isUpperOrDigit(byte)
    case 'hex':
      return isHex(byte)
    case 'base64url':
      return isBase64Url(byte)
    case 'base64':
      return isBase64(byte) || byte === 0x3d
    case 'dotted':
      return isBase64Url(byte) || byte === 0x2e
    default:
      return alphabet satisfies never
  }
}

/** Digits, and capitals among small letters; or nothing but hexadecimal digits. */
function isMixed(source: Buffer, start: number, end: number): boolean {
  let digits = 0
  let capitals = 0
  let hex = true
  for (let at = start; at < end; at++) {
    const byte = source[at] ?? 0
    if (isAsciiDigit(byte)) digits++
    else if (byte >= 0x41 && byte <= 0x5a) capitals++
    if (!isHex(byte)) hex = false
  }
  return digits > 1 && (capitals > 0 || hex)
}

/** Whether [start, end) holds a capital, a small letter and a digit. */
export function hasAllKinds(source: Buffer, start: number, end: number): boolean {
  let kinds = 0
  for (let at = start; at < end; at++) {
    const byte = source[at] ?? 0
    kinds |= isAsciiDigit(byte) ? 1 : isLetter(byte) ? (byte < 0x5b ? 2 : 4) : 0
  }
  return kinds === 7
}
