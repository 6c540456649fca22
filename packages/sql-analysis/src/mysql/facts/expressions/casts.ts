import type { Lineage, ValueClass } from '../lineage.ts'

/** The type that a CAST names, from the words of the call; null: not known. MySQL manual, "Cast Functions and Operators". */
export function castType(words: readonly string[]): ValueClass | null {
  const type = (words.find((word) => /^[a-z]/.test(word)) ?? '').split(/[\s(]/)[0] ?? ''
  if (/^(?:char|nchar|varchar|binary|varbinary|text)/.test(type)) return 'string'
  if (/^(?:signed|unsigned|int|decimal|dec|float|double|real|year)/.test(type)) return 'number'
  if (/^(?:date|time)/.test(type)) return 'temporal'
  return type === 'json' ? 'json' : null
}

/** True when every value can be cast without an error or a warning. */
export function castsWhole(value: Lineage, words: readonly string[]): boolean {
  const type = castType(words)
  if (type === null) return false
  // CHAR(3) cuts, and warns where that loses something.
  if (type === 'string') return !words.some((word) => /\d/.test(word)) && hasWideCharacters(words)
  return type === value.type && !words.some((word) => /\d/.test(word)) && !words.includes('unsigned')
}

const WIDE: ReadonlySet<string> = new Set(['utf8mb4', 'utf16', 'utf16le', 'utf32', 'binary'])
const NARROW =
  /^(?:utf8|utf8mb3|ucs2|latin\d|ascii|cp\w+|gb\w+|big5|sjis|ujis|eucjpms|koi8\w|mac\w+|hebrew|greek|tis620|armscii8|geostd8|swe7|dec8|hp8|keybcs2|euckr)$/

// Into a character set that has every character.
function hasWideCharacters(words: readonly string[]): boolean {
  return !words.some((word) => NARROW.test(word))
}

/** True when `CONVERT(value USING set)` keeps every character. */
export function convertsWhole(words: readonly string[]): boolean {
  return words.some((word) => WIDE.has(word))
}
