// A table: the letters and digits that a pseudonym exchanges for others of their kind. A change of it changes pseudonyms.

/** Letters or digits of one kind, whose UTF-8 forms all have the same length. */
export interface Alphabet {
  /** Its place in the table: part of what a pseudonym depends on. */
  readonly number: number
  /** How many letters: upper and lower case count as one. */
  readonly size: number
}

/** A character of an alphabet. */
export interface Letter {
  readonly alphabet: Alphabet
  /** Its place in the alphabet, the same for upper and lower case. */
  readonly place: number
  readonly upper: boolean
}

interface Row extends Alphabet {
  /** Code points by place; the second list is upper case, and empty where the alphabet has no case. */
  readonly lower: readonly number[]
  readonly upper: readonly number[]
}

type Range = readonly [first: number, last: number]

/** Lower case or without case, and the same letters in upper case, in the same order. */
const ranges: readonly (readonly [lower: readonly Range[], upper: readonly Range[]])[] = [
  [[[0x30, 0x39]], []], // digits
  [[[0x61, 0x7a]], [[0x41, 0x5a]]], // a to z
  // Latin-1
  [
    [
      [0xe0, 0xf6],
      [0xf8, 0xfe],
    ],
    [
      [0xc0, 0xd6],
      [0xd8, 0xde],
    ],
  ],
  // Greek, with and without accents
  [
    [
      [0x3b1, 0x3c1],
      [0x3c3, 0x3cb],
      [0x3ac, 0x3af],
      [0x3cc, 0x3ce],
    ],
    [
      [0x391, 0x3a1],
      [0x3a3, 0x3ab],
      [0x386, 0x386],
      [0x388, 0x38a],
      [0x38c, 0x38c],
      [0x38e, 0x38f],
    ],
  ],
  // Cyrillic
  [[[0x430, 0x45f]], [[0x410, 0x42f], [0x400, 0x40f]]],
  [[[0x561, 0x586]], [[0x531, 0x556]]], // Armenian
  [[[0x5d0, 0x5ea]], []], // Hebrew
  // Arabic
  [
    [
      [0x621, 0x63a],
      [0x641, 0x64a],
    ],
    [],
  ],
  [[[0x660, 0x669]], []], // Arabic digits
  [[[0x6f0, 0x6f9]], []], // Persian digits
  [[[0x904, 0x939]], []], // Devanagari
  [[[0x966, 0x96f]], []], // Devanagari digits
  [[[0xe01, 0xe2e]], []], // Thai
  [[[0x10d0, 0x10f0]], []], // Georgian
  [[[0x3041, 0x3096]], []], // Hiragana
  [[[0x30a1, 0x30fa]], []], // Katakana
  [[[0x4e00, 0x9fff]], []], // Han
  [[[0xac00, 0xd7a3]], []], // Hangul
  [[[0xff10, 0xff19]], []], // full-width digits
  [[[0xff41, 0xff5a]], [[0xff21, 0xff3a]]], // full-width a to z
]
/** Latin Extended-A has each letter beside its other case. */
const latinExtended = pairs(0x100, 0x17f)
/** Small letters without a partner of one character: ß ÿ ı ĸ ŉ ſ ς */
const latinAlone = [0xdf, 0xff, 0x131, 0x138, 0x149, 0x17f, 0x3c2]

/** Not letters or digits, and beyond ASCII: they stay as ASCII's punctuation does. */
const punctuation: readonly Range[] = [
  [0x80, 0xbf],
  [0xd7, 0xd7],
  [0xf7, 0xf7],
  [0x2000, 0x206f],
  [0x20a0, 0x20bf],
  [0x3000, 0x3004],
  [0x3008, 0x3020],
  [0xff01, 0xff0f],
]

const rows: readonly Row[] = [
  ...ranges.map(([lower, upper]) => [lower.flatMap(codePoints), upper.flatMap(codePoints)] as const),
  [latinExtended.map(([lower]) => lower), latinExtended.map(([, upper]) => upper)] as const,
  [latinAlone, []] as const,
].map(([lower, upper], number) => ({ number, size: lower.length, lower, upper }))

const letters: ReadonlyMap<number, Letter> = new Map(
  rows.flatMap((alphabet) =>
    [false, true].flatMap((upper) =>
      (upper ? alphabet.upper : alphabet.lower).map(
        (codePoint, place): [number, Letter] => [codePoint, { alphabet, place, upper }],
      ),
    ),
  ),
)
/** The ASCII part of `letters`: most text is nothing else. */
const asciiLetters: readonly (Letter | null)[] = Array.from({ length: 128 }, (_, code) => letters.get(code) ?? null)
const latin = letterOf(0x61)?.alphabet

/** Where a character stands in the table; null where it does not. */
export function letterOf(codePoint: number): Letter | null {
  return codePoint < 128 ? (asciiLetters[codePoint] ?? null) : (letters.get(codePoint) ?? null)
}

/** The character at a place of an alphabet. */
export function codePointOf(alphabet: Alphabet, place: number, upper: boolean): number {
  const row = rows[alphabet.number]
  return (upper ? row?.upper[place] : row?.lower[place]) ?? 0x3f
}

/** Whether a character that is in no alphabet stays where it is; every other one becomes a letter from a to z. */
export function isPunctuation(codePoint: number): boolean {
  return codePoint < 128 || punctuation.some(([first, last]) => codePoint >= first && codePoint <= last)
}

/** The letters from a to z. */
export const latinAlphabet: Alphabet = latin ?? { number: 1, size: 26 }

function codePoints([first, last]: Range): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

function pairs(first: number, last: number): readonly (readonly [lower: number, upper: number])[] {
  return codePoints([first, last]).flatMap((upper) => {
    const lower = String.fromCodePoint(upper).toLowerCase()
    const code = lower.codePointAt(0) ?? 0
    return lower.length === 1 && code !== upper && code <= last && code >= first ? [[code, upper] as const] : []
  })
}
