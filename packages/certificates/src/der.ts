/** One element of DER (ITU-T X.690): its tag's byte, and its content. */
export interface DerElement {
  readonly tag: number
  readonly content: Buffer
  /** With its tag and length. */
  readonly whole: Buffer
}

/** The longest length that is read, in bytes of the length itself: 4 GiB are more than any file here. */
const MAX_LENGTH_BYTES = 4

/** The elements that stand in the bytes one after the other. Throws an Error where they end too early, or a tag has more than one byte. */
export function* derElements(bytes: Buffer): Generator<DerElement> {
  for (let at = 0; at < bytes.length;) {
    const element = elementAt(bytes, at)
    yield element
    at += element.whole.length
  }
}

/** What a constructed element holds. Throws as `derElements`. */
export function derContent(bytes: Buffer): DerElement[] {
  return [...derElements(elementAt(bytes, 0).content)]
}

function elementAt(bytes: Buffer, at: number): DerElement {
  const tag = byteAt(bytes, at)
  if ((tag & 0x1f) === 0x1f) throw new Error('a tag of DER with more than one byte')
  const first = byteAt(bytes, at + 1)
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  if (first === 0x80 || lengthBytes > MAX_LENGTH_BYTES) throw new Error('a length of DER that is none')
  let length = lengthBytes === 0 ? first : 0
  for (let n = 0; n < lengthBytes; n++) length = length * 256 + byteAt(bytes, at + 2 + n)
  const begins = at + 2 + lengthBytes
  if (begins + length > bytes.length) throw new Error('an element of DER that ends too early')
  return { tag, content: bytes.subarray(begins, begins + length), whole: bytes.subarray(at, begins + length) }
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw new Error('an element of DER that ends too early')
  return byte
}
