import {
  byteIn,
  isAlphanumeric,
  isEmailLocal,
  isLetter,
  matches,
  separatorBefore,
  skipUnseen,
  UNSEEN,
} from './characters.ts'

/** Bytes looked at on either side: 64 and 255 octets are allowed (RFC 5321 section 4.5.3.1), and what cannot be seen goes beside. */
const localReach = 320
const domainReach = 320

/** What ends a file's name, and is no top-level domain: `icon@2x.png` is no address. */
const fileEndings: ReadonlySet<number> = new Set(
  [
  'png', 'jpg', 'jpeg', 'gif', 'svg', 'webp', 'ico', 'css', 'scss', 'js', 'mjs', 'cjs', 'jsx', 'ts', 'tsx', 'json', 'yaml', 'yml', 'xml',
  'html', 'htm', 'php', 'txt', 'pdf', 'csv', 'log', 'exe', 'dll', 'jar', 'tar', 'gz', 'tgz', 'bak', 'tmp', 'conf', 'cfg', 'ini', 'lock',
  'service', 'java', 'class', 'woff', 'woff2', 'ttf', 'heic', 'avif', 'bmp', 'docx', 'xlsx', 'pptx', 'sql', 'timer', 'socket',
  ].map((ending) => packed(Buffer.from(ending), 0, ending.length)),
) // prettier-ignore
const longestEnding = 7
const punycode = packed(Buffer.from('xn--'), 0, 4)

/** `git@github.com:acme/shop.git` is where a repository is. */
const git = Buffer.from('git')

/** Where the local part of an address begins whose `@` is at `at`; -1 where there is none. */
export function emailStart(source: Buffer, at: number, start: number): number {
  const from = Math.max(start, at - localReach)
  let first = at
  while (first > from) {
    const byte = source[first - 1] ?? 0
    if (byte < 0x80) {
      if (!isEmailLocal(byte)) break
      first--
      continue
    }
    const length = letterBefore(source, first, from)
    if (length === 0) break
    first -= length
  }
  // Quotes, dots and the like around a word are not of the address.
  while (first < at && isTrimmed(source[first] ?? 0)) first++
  if (first === at || byteIn(source, at - 1, start, at) === 0x2e) return -1
  return at - first === 3 && matches(source, first, at, git) ? -1 : first
}

/** Length of the character that ends at `at` where it can stand in an address: a letter of two bytes, or one without width; else 0. */
function letterBefore(source: Buffer, at: number, start: number): number {
  const unseen = separatorBefore(source, at, start)
  if (unseen !== -1) return unseen >> 3 === UNSEEN ? unseen & 7 : 0
  const lead = byteIn(source, at - 2, start, at)
  return lead >= 0xc3 && lead <= 0xdf ? 2 : 0
}

function isTrimmed(byte: number): boolean {
  return byte === 0x2e || byte === 0x27 || byte === 0x2d || byte === 0x26 || byte === 0x7e || byte === 0x25
}

/**
 * Where the domain of an address ends that begins at `at`; -1 where there is none: labels with dots between (RFC 1035
 * section 2.3.1; letters of other alphabets too), the last one letters alone, or `xn--…`, and no file's ending.
 */
export function emailEnd(source: Buffer, at: number, end: number): number {
  const most = Math.min(end, at + domainReach)
  let labels = 0
  let best = -1
  for (;;) {
    at = skipUnseen(source, at, most)
    const label = at
    let letters = true
    while (at < most) {
      const byte = source[at] ?? 0
      if (isAlphanumeric(byte)) letters &&= isLetter(byte)
      else if (byte === 0x2d) letters = false
      else if (byte >= 0xc3 && byte <= 0xdf && at + 1 < most) at++
      else {
        const behind = byte >= 0xc2 ? skipUnseen(source, at, most) : at
        if (behind === at) break
        at = behind
        continue
      }
      at++
    }
    const length = at - label
    if (length === 0 || source[label] === 0x2d) return best
    labels++
    if (labels > 1) {
      if (isTopLevel(source, label, at, letters)) best = at
      else if (!letters) best = beforeDash(source, label, at, best)
    }
    if (at >= most || source[at] !== 0x2e) return best === at || labels === 1 ? best : bestOf(source, best, at)
    at++
  }
}

/** `a@b.com.1`: the address ends where its last good label ends, unless a word goes on there. */
function bestOf(source: Buffer, best: number, at: number): number {
  return best !== -1 && at > best && (source[best] === 0x2e || source[best] === 0x2d) ? best : -1
}

/** `a@b.com-1`: where the letters end that a label begins with, if that makes a last label; else `otherwise`. */
function beforeDash(source: Buffer, label: number, end: number, otherwise: number): number {
  let at = label
  while (at < end && isLetter(source[at] ?? 0)) at++
  return source[at] === 0x2d && isTopLevel(source, label, at, true) ? at : otherwise
}

function isTopLevel(source: Buffer, start: number, end: number, letters: boolean): boolean {
  const length = end - start
  if (length < 2 || length > 63) return false
  if (!letters) return length > 4 && packed(source, start, start + 4) === punycode
  return length > longestEnding || !fileEndings.has(packed(source, start, end))
}

/** At most seven letters and digits as one number, in any case. */
function packed(source: Buffer, start: number, end: number): number {
  let value = 0
  for (let at = start; at < end; at++)
    value = value * 64 + ((source[at] ?? 0) & 0x1f) + (isLetter(source[at] ?? 0) ? 0 : 32)
  return value
}
