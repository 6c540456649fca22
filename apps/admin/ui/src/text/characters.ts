import { letterLookedLike, signLookedLike } from './look-alikes.ts'

/** Why a character is not shown as it stands. */
export type OddKind = 'control' | 'bidirectional' | 'invisible' | 'look_alike' | 'combining' | 'unknown'

/** A piece of a text: shown as it stands, or named because a reader would take it for something else or not see it. */
export type Piece =
  | { readonly kind: 'plain'; readonly text: string }
  | { readonly kind: OddKind; readonly text: string; readonly label: string; readonly tells: string }

/** What is said about each kind, for one and for several. */
export const ODD_WORDS: Readonly<Record<OddKind, readonly [string, string]>> = {
  control: ['control character', 'control characters'],
  bidirectional: ['bidirectional control', 'bidirectional controls'],
  invisible: ['invisible character', 'invisible characters'],
  look_alike: ['look-alike character', 'look-alike characters'],
  combining: ['combining mark', 'combining marks'],
  unknown: ['unassigned character', 'unassigned characters'],
}

/** Names people know; others are shown by their number. */
const NAMES = new Map(
  (
    '0 NUL,7 BEL,8 BS,b VT,c FF,d CR,1b ESC,7f DEL,85 NEL,a0 NBSP,ad SHY,34f CGJ,61c ALM,180e MVS,200b ZWSP,200c ZWNJ,200d ZWJ,' +
    '200e LRM,200f RLM,2028 LS,2029 PS,202a LRE,202b RLE,202c PDF,202d LRO,202e RLO,202f NNBSP,2060 WJ,2066 LRI,2067 RLI,' +
    '2068 FSI,2069 PDI,3000 wide space,feff BOM,fffd replacement'
  )
    .split(',')
    .map((entry) => {
      const [code = '', ...name] = entry.split(' ')
      return [Number.parseInt(code, 16), name.join(' ')] as const
    }),
)

const BIDIRECTIONAL = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800]|(?! )\p{Zs}/u
const UNKNOWN = /[\p{Cn}\p{Co}\p{Cs}\ufffd]/u
const WORD = /[\p{L}\p{M}\p{N}_$]+/gu

/**
 * The text in pieces: every control, bidirectional, invisible, unassigned, combining or look-alike character is a piece of its own.
 * Put together, the pieces are the text. A letter of another script is a look-alike in a word with Latin letters, and in a word of
 * nothing but look-alikes: a Russian word is none.
 */
export function piecesOf(text: string): readonly Piece[] {
  const suspects = suspectWords(text)
  const pieces: Piece[] = []
  let plain = ''
  let before = ''
  let at = 0
  for (const char of text) {
    const odd = oddness(char, before, text[at + char.length] ?? '', suspects(at))
    if (odd === null) plain += char
    else {
      if (plain !== '') pieces.push({ kind: 'plain', text: plain })
      plain = ''
      pieces.push({ ...odd, text: char })
    }
    before = char
    at += char.length
  }
  if (plain !== '') pieces.push({ kind: 'plain', text: plain })
  return pieces
}

/** How many odd characters of each kind a text has, in words: `1 bidirectional control, 2 look-alike characters`. Empty: none. */
export function oddSummary(text: string): string {
  const counts = new Map<OddKind, number>()
  for (const { kind } of piecesOf(text)) {
    if (kind !== 'plain') counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return [...counts].map(([kind, count]) => `${String(count)} ${ODD_WORDS[kind][count === 1 ? 0 : 1]}`).join(', ')
}

type Oddness = Omit<Piece & { readonly kind: OddKind }, 'text'>

function oddness(char: string, before: string, after: string, suspect: boolean): Oddness | null {
  if (char >= ' ' && char <= '~') return null
  if (char === '\n' || char === '\t' || (char === '\r' && after === '\n')) return null
  const name = nameOf(char)
  const odd = (kind: OddKind, label: string, tells: string): Oddness => ({ kind, label, tells })
  if (/\p{Cc}/u.test(char)) return odd('control', name, `control character ${numberOf(char)}`)
  if (BIDIRECTIONAL.test(char))
    return odd('bidirectional', name, `bidirectional control ${numberOf(char)}: it would show text in another order`)
  if (INVISIBLE.test(char)) return odd('invisible', name, `invisible character ${numberOf(char)}`)
  if (UNKNOWN.test(char)) return odd('unknown', name, `unassigned or private character ${numberOf(char)}`)
  if (/\p{Me}/u.test(char) || (/\p{M}/u.test(char) && (before === '' || /[ -~]/.test(before))))
    return odd('combining', name, `combining mark ${numberOf(char)}: it is drawn over the character before it`)
  const like = signLookedLike(char) ?? (suspect ? letterLookedLike(char) : null)
  return like === null ? null : odd('look_alike', char, `looks like ${like}, but is ${numberOf(char)}`)
}

/** Tells of a place whether it is in a word in which letters of another script would be taken for Latin ones. */
function suspectWords(text: string): (at: number) => boolean {
  const words = [...text.matchAll(WORD)]
    .filter(([word]) => /[A-Za-z]/.test(word) || Array.from(word).every(mayBeLatin))
    .map((match) => ({ from: match.index, to: match.index + match[0].length }))
  let next = 0
  return (at) => {
    while ((words[next]?.to ?? Infinity) <= at) next++
    return (words[next]?.from ?? Infinity) <= at
  }
}

function mayBeLatin(char: string): boolean {
  return /[\p{N}_$]/u.test(char) || letterLookedLike(char) !== null
}

function nameOf(char: string): string {
  return NAMES.get(char.codePointAt(0) ?? 0) ?? numberOf(char)
}

function numberOf(char: string): string {
  return `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}
