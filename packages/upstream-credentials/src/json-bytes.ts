/** Objects and lists inside one another, at most this many deep. */
const MAX_DEPTH = 32

/** A value of JSON whose texts are bytes (UTF-8) that can be overwritten. */
export type JsonBytes = null | boolean | number | Buffer | readonly JsonBytes[] | JsonObject

/** An object of JSON. Names are never secrets, so they are texts. */
export type JsonObject = ReadonlyMap<string, JsonBytes>

/**
 * Reads JSON without making a JavaScript string of any text in it: such a string cannot be overwritten. Every text is a copy of its own.
 * Throws, without quoting anything, for what is not JSON, is deeper than 32 or holds a name twice.
 */
export function readJsonBytes(bytes: Buffer): JsonBytes {
  const reader = new Reader(bytes)
  const value = reader.value(0)
  reader.end()
  return value
}

/** Overwrites every text in a value but those that are kept. */
export function overwriteJson(value: JsonBytes, ...kept: readonly (Buffer | null)[]): void {
  if (Buffer.isBuffer(value)) {
    if (!kept.includes(value)) value.fill(0)
  } else if (isList(value)) for (const member of value) overwriteJson(member, ...kept)
  else if (isObject(value)) for (const member of value.values()) overwriteJson(member, ...kept)
}

/** True for an object. */
export function isObject(value: JsonBytes | undefined): value is JsonObject {
  return value instanceof Map
}

function isList(value: JsonBytes): value is readonly JsonBytes[] {
  return Array.isArray(value)
}

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  value(depth: number): JsonBytes {
    if (depth > MAX_DEPTH) throw new Error('is nested too deeply')
    this.#space()
    switch (this.#bytes[this.#at]) {
      case 0x7b /* { */:
        return this.#object(depth)
      case 0x5b /* [ */:
        return this.#list(depth)
      case 0x22 /* " */:
        return this.#text()
      default:
        return this.#word()
    }
  }

  end(): void {
    this.#space()
    if (this.#at !== this.#bytes.length) throw notJson()
  }

  #object(depth: number): JsonObject {
    const members = new Map<string, JsonBytes>()
    this.#at += 1
    if (this.#passes(0x7d)) return members
    do {
      this.#space()
      if (this.#bytes[this.#at] !== 0x22) throw notJson()
      const name = this.#text().toString()
      if (members.has(name)) throw new Error('holds a name twice')
      if (!this.#passes(0x3a /* : */)) throw notJson()
      members.set(name, this.value(depth + 1))
    } while (this.#passes(0x2c /* , */))
    if (!this.#passes(0x7d)) throw notJson()
    return members
  }

  #list(depth: number): JsonBytes[] {
    const members: JsonBytes[] = []
    this.#at += 1
    if (this.#passes(0x5d)) return members
    do members.push(this.value(depth + 1))
    while (this.#passes(0x2c /* , */))
    if (!this.#passes(0x5d)) throw notJson()
    return members
  }

  #text(): Buffer {
    const from = this.#at + 1
    let end = from
    let plain = true
    while (this.#bytes[end] !== 0x22) {
      const byte = this.#bytes[end]
      if (byte === undefined || byte < 0x20) throw notJson()
      if (byte === 0x5c /* \ */) plain = false
      end += byte === 0x5c ? 2 : 1
    }
    this.#at = end + 1
    // The copy is of its own, not a slice of a pool: what is overwritten is this text alone, and nothing of it is elsewhere.
    const text = Buffer.alloc(end - from)
    if (plain) {
      this.#bytes.copy(text, 0, from, end)
      return text
    }
    const length = unescape(this.#bytes.subarray(from, end), text)
    return text.subarray(0, length)
  }

  #word(): null | boolean | number {
    let end = this.#at
    while (end < this.#bytes.length && /[-+.0-9A-Za-z]/.test(String.fromCharCode(this.#bytes[end] ?? 0))) end += 1
    const word = this.#bytes.toString('latin1', this.#at, end)
    this.#at = end
    if (word === 'null') return null
    if (word === 'true' || word === 'false') return word === 'true'
    if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(word)) throw notJson()
    return Number(word)
  }

  #passes(byte: number): boolean {
    this.#space()
    if (this.#bytes[this.#at] !== byte) return false
    this.#at += 1
    return true
  }

  #space(): void {
    while ([0x20, 0x09, 0x0a, 0x0d].includes(this.#bytes[this.#at] ?? 0)) this.#at += 1
  }
}

const SHORT_ESCAPES = new Map(
  Object.entries({ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }).map(
    ([name, means]) => [name.charCodeAt(0), means.charCodeAt(0)],
  ),
)

/** Writes what an escaped text means into `into`, and says how long it is: an escape is never shorter than what it means. */
function unescape(escaped: Buffer, into: Buffer): number {
  let length = 0
  for (let at = 0; at < escaped.length; at += 1) {
    if (escaped[at] !== 0x5c) {
      into[length++] = escaped[at] ?? 0
      continue
    }
    at += 1
    const meant = SHORT_ESCAPES.get(escaped[at] ?? 0)
    if (meant !== undefined) {
      into[length++] = meant
      continue
    }
    if (escaped[at] !== 0x75 /* u */) throw notJson()
    let unit = codeUnit(escaped, at + 1)
    at += 4
    if (unit >= 0xd800 && unit < 0xe000) {
      if (unit >= 0xdc00 || escaped[at + 1] !== 0x5c || escaped[at + 2] !== 0x75) throw notJson()
      const low = codeUnit(escaped, at + 3)
      if (low < 0xdc00 || low >= 0xe000) throw notJson()
      unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
      at += 6
    }
    length += into.write(String.fromCodePoint(unit), length)
  }
  return length
}

function codeUnit(bytes: Buffer, at: number): number {
  const digits = bytes.toString('latin1', at, at + 4)
  if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw notJson()
  return Number.parseInt(digits, 16)
}

function notJson(): Error {
  return new Error('is not JSON')
}
