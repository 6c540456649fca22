import { byteIn, isAlphanumeric, isAsciiDigit, isBase64Url, isLetter, isWord, matches } from './characters.ts'
import { alphabetEnd, hasAllKinds } from './secret-key.ts'
import { secretNames } from './secret-key-forms.ts'
import type { Spans } from './spans.ts'

/** Bytes of a URL's user and password that are looked at. */
const userinfoReach = 512
const longestSecret = 4096

const names = secretNames.map(([name, fewest]) => ({ name: Buffer.from(name, 'latin1'), fewest }))
const lastLetters = new Uint8Array(256)
for (const { name } of names) lastLetters[name[name.length - 1] ?? 0] = 1

const webhooks = ['hooks.slack.com/services/', 'discord.com/api/webhooks/', 'discordapp.com/api/webhooks/'].map(
  (host) => Buffer.from(host, 'latin1'),
)
const schemes = ['bearer', 'basic', 'token'].map((scheme) => Buffer.from(scheme, 'latin1'))

/**
 * Adds the secret that stands behind the `:` or `=` at `at`, and returns where to go on: a password in a URL (RFC 3986 section 3.2.1), a webhook's address, a
 * Telegram bot's token, or what `api_key=`, `"client_secret":` and the like name.
 */
export function addNamedSecret(
  source: Buffer,
  at: number,
  start: number,
  end: number,
  spans: Spans,
  detector: number,
): number {
  if (source[at] === 0x3a) {
    const next = byteIn(source, at + 1, start, end)
    if (next === 0x2f && byteIn(source, at + 2, start, end) === 0x2f) {
      addUrlSecret(source, at, start, end, spans, detector)
      return at + 3
    }
    if (next === 0x41) addBotToken(source, at, start, end, spans, detector)
  }
  const fewest = fewestNamedBefore(source, at, start)
  return fewest === 0 ? at + 1 : addValue(source, at + 1, end, fewest, spans, detector)
}

function addUrlSecret(source: Buffer, at: number, start: number, end: number, spans: Spans, detector: number): void {
  const scheme = byteIn(source, at - 1, start, end)
  if (!isLetter(scheme) && !isAsciiDigit(scheme)) return
  const authority = at + 3
  for (const host of webhooks) {
    if (!matches(source, authority, end, host)) continue
    const path = authority + host.length
    let last = path
    while (last < end && (isBase64Url(source[last] ?? 0) || source[last] === 0x2f)) last++
    if (last - path >= 24) spans.add(path, last, detector)
    return
  }
  const most = Math.min(end, authority + userinfoReach)
  let colon = -1
  let sign = -1
  for (let index = authority; index < most; index++) {
    const byte = source[index] ?? 0
    if (byte === 0x40) sign = index
    else if (byte === 0x3a && colon === -1) colon = index
    else if (
      byte === 0x2f ||
      byte === 0x3f ||
      byte === 0x23 ||
      byte === 0x22 ||
      byte === 0x3c ||
      byte === 0x3e ||
      byte <= 0x20
    )
      break
  }
  if (colon === -1 || sign <= colon + 1 || isPlaceholder(source, colon + 1, sign)) return
  spans.add(colon + 1, sign, detector)
}

/** `***`, `${PASSWORD}`, `{password}`, `[redacted]`: nothing is there to be seen. */
function isPlaceholder(source: Buffer, start: number, end: number): boolean {
  const first = source[start]
  if (first === 0x2a || first === 0x78 || first === 0x2e) {
    for (let at = start; at < end; at++) if (source[at] !== first) return false
    return true
  }
  const last = source[end - 1]
  if (first === 0x24 && source[start + 1] === 0x7b) return last === 0x7d
  return (first === 0x7b && last === 0x7d) || (first === 0x5b && last === 0x5d)
}

/** `123456789:AA…`, eight to ten digits and 35 characters (Telegram's manual, "Authorizing your bot"). */
function addBotToken(source: Buffer, at: number, start: number, end: number, spans: Spans, detector: number): void {
  let first = at
  while (first > start && at - first <= 10 && isAsciiDigit(source[first - 1] ?? 0)) first--
  const digits = at - first
  if (digits < 8 || digits > 10 || isWord(byteIn(source, first - 1, start, end))) return
  const last = alphabetEnd(source, at + 1, Math.min(end, at + 37), 'base64url')
  if (last - at - 1 === 35) spans.add(first, last, detector)
}

/** How long a secret must at least be that is named before `at`; 0 where nothing names one. */
function fewestNamedBefore(source: Buffer, at: number, start: number): number {
  let last = at - 1
  while (last >= start && at - last < 4 && isAround(source[last] ?? 0)) last--
  if (lastLetters[(byteIn(source, last, start, at) | 0x20) & 0xff] !== 1) return 0
  for (const { name, fewest } of names) if (nameEndsAt(source, last, start, name)) return fewest
  return 0
}

/** Quotes, blanks and backslashes between a name and its `:`, and between that and the value. */
function isAround(byte: number): boolean {
  return byte === 0x20 || byte === 0x22 || byte === 0x27 || byte === 0x5c || byte === 0x60
}

function nameEndsAt(source: Buffer, last: number, start: number, name: Buffer): boolean {
  let at = last
  for (let index = name.length - 1; index >= 0; index--) {
    if (at >= start && index < name.length - 1 && isFiller(source[at] ?? 0)) at--
    if (at < start || ((source[at] ?? 0) | 0x20) !== name[index]) return false
    at--
  }
  return true
}

function isFiller(byte: number): boolean {
  return byte === 0x20 || byte === 0x5f || byte === 0x2d || byte === 0x2e
}

/** Returns where the value ends; `at` where it is no secret. */
function addValue(source: Buffer, at: number, end: number, fewest: number, spans: Spans, detector: number): number {
  let first = at
  // `:=`, `=>`, `: "`.
  while (
    first < end &&
    first < at + 6 &&
    (isAround(source[first] ?? 0) || source[first] === 0x3e || source[first] === 0x3d)
  )
    first++
  first = skipScheme(source, first, end)
  let last = first
  const most = Math.min(end, first + longestSecret)
  while (last < most && isSecretByte(source[last] ?? 0)) last++
  while (last > first && (source[last - 1] === 0x2e || source[last - 1] === 0x2c)) last--
  if (last - first < fewest || isPlaceholder(source, first, last) || !isTelling(source, first, last)) return at
  spans.add(first, last, detector)
  return last
}

function skipScheme(source: Buffer, at: number, end: number): number {
  for (const scheme of schemes) {
    if (at + scheme.length >= end || source[at + scheme.length] !== 0x20) continue
    let index = 0
    while (index < scheme.length && ((source[at + index] ?? 0) | 0x20) === scheme[index]) index++
    if (index === scheme.length) return at + scheme.length + 1
  }
  return at
}

function isSecretByte(byte: number): boolean {
  return (
    byte > 0x20 &&
    byte < 0x7f &&
    byte !== 0x22 &&
    byte !== 0x27 &&
    byte !== 0x60 &&
    byte !== 0x26 &&
    byte !== 0x3b &&
    byte !== 0x3c &&
    byte !== 0x3e &&
    byte !== 0x5c
  )
}

/** A word of a sentence is no secret: digits and letters, or both cases and a mark. */
function isTelling(source: Buffer, start: number, end: number): boolean {
  if (hasAllKinds(source, start, end)) return true
  let digits = 0
  let letters = 0
  let marks = 0
  for (let at = start; at < end; at++) {
    const byte = source[at] ?? 0
    if (isAsciiDigit(byte)) digits++
    else if (isAlphanumeric(byte)) letters++
    else marks++
  }
  return (digits > 0 && letters > 0) || (letters > 0 && marks > 2)
}
