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

/** The offset of the rarest byte of a prefix but its first: what is no letter, else a rare capital. */
function callingOffset(prefix: string): number {
  const mark = prefix.search(/[_.-][^_.-]*$/)
  return mark === -1 ? 1 + prefix.slice(1).search(/[KzSBCTA]/) : mark
}

/** Forms by the byte that calls for a look, and by the one before it. */
const formsByBytes: ((readonly PlacedForm[] | undefined)[] | undefined)[] = []
for (const form of keyForms) {
  const offset = callingOffset(form.prefix)
  const byBefore = (formsByBytes[form.prefix.charCodeAt(offset)] ??= [])
  const before = form.prefix.charCodeAt(offset - 1)
  byBefore[before] = [...(byBefore[before] ?? []), { form, prefix: Buffer.from(form.prefix, 'latin1'), offset }]
}

/** The bytes that call for `addKey`. */
export const callingBytes: readonly number[] = [...formsByBytes.keys()].filter(
  (byte) => formsByBytes[byte] !== undefined,
)

/** 1 at `byte before * 256 + byte` where `addKey` has a form to look for. */
export const callingPairs: Uint8Array = new Uint8Array(65_536)
for (const [byte, byBefore] of formsByBytes.entries()) {
  for (const [before, forms] of (byBefore ?? []).entries())
    if (forms !== undefined) callingPairs[before * 256 + byte] = 1
}

const awsSecretSize = 40
/** Bytes behind an AWS access key id in which its secret is looked for. */
const awsSecretReach = 120

/** Adds the API key whose prefix has its calling byte at `at`, and returns where to go on; -1 where there is none. */
export function addKey(source: Buffer, at: number, start: number, end: number, spans: Spans, detector: number): number {
  if (at <= start) return -1
  const forms = formsByBytes[source[at] ?? 0]?.[source[at - 1] ?? 0]
  if (forms === undefined) return -1
  for (const { form, prefix, offset } of forms) {
    const first = at - offset
    if (first < start || !matches(source, first, end, prefix)) continue
    const behind = first + prefix.length
    const last = alphabetEnd(source, behind, Math.min(end, behind + form.most + 1), form.alphabet)
    const size = last - behind
    if (size < form.fewest || wordEndsAt(source, first, start)) continue
    if (size > form.most && form.mixed === undefined) continue
    if (form.alphabet !== 'base64' && isAlphanumeric(byteIn(source, last, start, end))) continue
    // Nothing in a name without capitals or digits is a key.
    if (form.mixed === true && !isMixed(source, behind, last)) return last
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

/** Digits and capitals, or many digits. */
function isMixed(source: Buffer, start: number, end: number): boolean {
  let digits = 0
  let capitals = 0
  for (let at = start; at < end; at++) {
    const byte = source[at] ?? 0
    if (isAsciiDigit(byte)) digits++
    else if (byte >= 0x41 && byte <= 0x5a) capitals++
  }
  return digits > 1 && (capitals > 0 || digits > 7)
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
