import { createHash } from 'node:crypto'

/** Values that must never reach a client, with what each is known by. */
export interface Canary {
  readonly name: string
  readonly value: string
  /** Its binary forms on the wire, where the type has one that is not its text. */
  readonly binary?: readonly Buffer[]
}

/** What is looked for in the bytes that a client received. */
export interface Needle {
  readonly what: string
  /** Lower case; compared with the bytes read as latin1 in lower case. */
  readonly text: string
  readonly exact: Buffer | null
}

/** Days of a date from 2000-01-01, as int4: how a date is sent in binary. */
export function dateBytes(iso: string): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE((Date.parse(iso) - Date.parse('2000-01-01')) / 86_400_000)
  return bytes
}

/** An int4, and a numeric of up to eight digits, as they are sent in binary. */
export function numberBytes(value: number): readonly Buffer[] {
  const integer = Buffer.alloc(4)
  integer.writeInt32BE(value)
  const numeric = Buffer.alloc(4)
  numeric.writeInt16BE(Math.floor(value / 10_000), 0)
  numeric.writeInt16BE(value % 10_000, 2)
  return [integer, numeric]
}

/** A date as MySQL sends it in binary: length, year, month, day. */
export function mysqlDateBytes(iso: string): Buffer {
  const [year = 0, month = 0, day = 0] = iso.split('-').map(Number)
  const bytes = Buffer.from([4, 0, 0, month, day])
  bytes.writeUInt16LE(year, 1)
  return bytes
}

/** An int4 as MySQL sends it in binary. */
export function mysqlNumberBytes(value: number): readonly Buffer[] {
  const integer = Buffer.alloc(4)
  integer.writeInt32LE(value)
  return [integer]
}

/** How long the pieces of a value are that are looked for, in characters of its text and in its digits alone. */
export interface PieceLengths {
  readonly text: number
  readonly digits: number
}

/** Every form of the canaries: raw, reversed, in pieces, encoded, digested, binary. */
export function needlesOf(
  canaries: readonly Canary[],
  pieceLengths: PieceLengths = { text: 6, digits: 5 },
): readonly Needle[] {
  return canaries.flatMap((canary) => {
    const value = canary.value.toLowerCase()
    const digits = value.replaceAll(/\D/g, '')
    const texts = [
      value,
      reversed(value),
      ...pieces(value, pieceLengths.text),
      ...pieces(reversed(value), pieceLengths.text),
    ]
    texts.push(...pieces(digits, pieceLengths.digits), ...pieces(reversed(digits), pieceLengths.digits))
    for (const form of new Set([canary.value, digits])) {
      if (form.length < 5) continue
      texts.push(Buffer.from(form).toString('hex'))
      for (const hash of ['md5', 'sha1', 'sha256']) texts.push(createHash(hash).update(form).digest('hex'))
    }
    const exact = [...base64Forms(canary.value), ...(canary.binary ?? [])]
    return [
      ...[...new Set(texts)].map((text) => ({ what: `${canary.name} as ${text}`, text, exact: null })),
      ...exact.map((bytes) => ({ what: `${canary.name} encoded as ${bytes.toString('hex')}`, text: '', exact: bytes })),
    ]
  })
}

/** The first needle in the bytes that was not in what the client itself sent; null: there is none. */
export function findLeak(bytes: Buffer, sent: string, needles: readonly Needle[]): string | null {
  const text = bytes.toString('latin1').toLowerCase()
  const own = sent.toLowerCase()
  for (const needle of needles) {
    const found =
      needle.exact === null ? text.includes(needle.text) && !own.includes(needle.text) : bytes.includes(needle.exact)
    if (found) return needle.what
  }
  return null
}

/** Bytes of a needle that are looked up at once. */
const KEY_BYTES = 4

/** Needles ready to be looked for in many answers: one walk over the bytes finds any of thousands. */
export class NeedleIndex {
  readonly #byKey = new Map<number, Needle[]>()
  readonly #short: readonly Needle[]

  constructor(needles: readonly Needle[]) {
    this.#short = needles.filter((needle) => bytesOf(needle).length < KEY_BYTES)
    for (const needle of needles) {
      const bytes = bytesOf(needle)
      if (bytes.length < KEY_BYTES) continue
      const key = folded(bytes.readInt32LE(0))
      this.#byKey.set(key, [...(this.#byKey.get(key) ?? []), needle])
    }
  }

  /** As `findLeak`. */
  find(bytes: Buffer, sent: string): string | null {
    const candidates = new Set<Needle>(this.#short)
    for (let at = 0; at + KEY_BYTES <= bytes.length; at++) {
      const found = this.#byKey.get(folded(bytes.readInt32LE(at)))
      if (found !== undefined) for (const needle of found) candidates.add(needle)
    }
    return candidates.size === 0 ? null : findLeak(bytes, sent, [...candidates])
  }
}

function bytesOf(needle: Needle): Buffer {
  return needle.exact ?? Buffer.from(needle.text, 'latin1')
}

// Letters of either case fall together; other bytes that do so only cost a second look.
function folded(bytes: number): number {
  return bytes | 0x20_20_20_20
}

function reversed(text: string): string {
  return text.split('').toReversed().join('')
}

function pieces(text: string, length: number): string[] {
  const found: string[] = []
  for (let at = 0; at + length <= text.length; at++) found.push(text.slice(at, at + length))
  return found
}

/** The part of the base64 text that is the value's alone, for the three places it can begin at. */
function base64Forms(value: string): Buffer[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.from(' '.repeat(shift) + value).toString('base64')
    return Buffer.from(text.slice(shift === 0 ? 0 : shift + 1).replace(/.?=+$/, ''))
  })
}
