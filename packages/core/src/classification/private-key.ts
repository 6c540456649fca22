import { byteIn, isBase64, matches } from './characters.ts'

const begin = Buffer.from('BEGIN ')
const label = Buffer.from('PRIVATE KEY')
const finish = Buffer.from('END ')
const putty = Buffer.from('PuTTY-User-Key-File-')
const puttyEnd = Buffer.from('Private-MAC:')

/** Bytes of a label, `EC PRIVATE KEY` or `PGP PRIVATE KEY BLOCK`, that are looked at. */
const labelReach = 80

/** Finds private keys in text: PEM (RFC 7468) and its relatives of OpenSSH, SSH2 and PGP, and PuTTY's files. */
export class PrivateKeys {
  /** The first END line at or behind the last one asked for; it saves looking twice. */
  #finishAt = -1

  /** A text begins: what was known of the last one is forgotten. */
  reset(): void {
    this.#finishAt = -1
  }

  /**
   * Where the key ends whose first line has a dash at `at`, the first of a row; -1 where there is none. A key without an END line ends where
   * its Base64 does.
   */
  end(source: Buffer, at: number, start: number, end: number): number {
    if (byteIn(source, at + 1, start, end) === 0x2d) return this.#pem(source, at, end)
    return this.#putty(source, at, start, end)
  }

  #pem(source: Buffer, at: number, end: number): number {
    let word = at
    while (word < end && word < at + 8 && (source[word] === 0x2d || source[word] === 0x20)) word++
    if (word - at < 4 || !matches(source, word, end, begin)) return -1
    const labelAt = find(source, word + begin.length, Math.min(end, word + labelReach), label)
    if (labelAt === -1 || lineBreaks(source, word, labelAt)) return -1
    const body = labelAt + label.length
    if (this.#finishAt !== -2 && this.#finishAt < body) this.#finishAt = findFinish(source, body, end)
    if (this.#finishAt < 0) return bodyEnd(source, body, end)
    // An END line far behind something that is no key is another key's.
    const closed = lineEnd(source, this.#finishAt, end)
    const ended = bodyEnd(source, body, end)
    return ended >= this.#finishAt - 1 || closed - at <= maxKeyBytes ? Math.max(closed, ended) : ended
  }

  #putty(source: Buffer, at: number, start: number, end: number): number {
    const first = at - 5
    if (first < start || !matches(source, first, end, putty)) return -1
    const mac = find(source, at, Math.min(end, at + maxKeyBytes), puttyEnd)
    return mac === -1 ? Math.min(end, at + maxKeyBytes) : lineEnd(source, mac, end)
  }
}

/** No key is longer: an RSA key of 16,384 bits takes 13 KB. */
const maxKeyBytes = 32_768

function findFinish(source: Buffer, at: number, end: number): number {
  for (let from = at; ;) {
    const found = find(source, from, end, finish)
    if (found === -1) return -2
    const before = source[found - 1] ?? 0
    if (before === 0x2d || before === 0x20) return found
    from = found + 1
  }
}

/** Behind the Base64 from `at`, with its line breaks (escaped ones too) and headers. */
function bodyEnd(source: Buffer, at: number, end: number): number {
  let kept = at
  while (at < end) {
    const byte = source[at] ?? 0
    if (isBase64(byte) || byte === 0x3d || byte === 0x2d || byte === 0x5c) kept = ++at
    else if (byte === 0x0a || byte === 0x0d || byte === 0x20 || byte === 0x09 || byte === 0x3a || byte === 0x2c) at++
    else break
  }
  return kept
}

/** Behind the dashes of a line that begins at `at`. */
function lineEnd(source: Buffer, at: number, end: number): number {
  const most = Math.min(end, at + labelReach + 40)
  while (at < most && source[at] !== 0x2d && source[at] !== 0x0a && source[at] !== 0x5c) at++
  while (at < most && (source[at] === 0x2d || (source[at] === 0x20 && source[at + 1] === 0x2d))) at++
  return at
}

function lineBreaks(source: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (source[at] === 0x0a) return true
  return false
}

/** Offset of the word in [at, end); -1 where it is not there. */
function find(source: Buffer, at: number, end: number, word: Buffer): number {
  const first = word[0] ?? 0
  for (let from = at; from + word.length <= end; from++) {
    if (source[from] === first && matches(source, from, end, word)) return from
  }
  return -1
}
