/** Patterns over names of relations, functions and columns: as they are written, and ready to be matched. */

/** The kind of server a target is: decides how names in patterns are folded. */
export type EngineName = 'postgres' | 'mysql'

/** A stretch of a name part: literal text, or `*` for any characters (none included). */
export type NamePiece =
  | { readonly kind: 'literal'; readonly text: string; readonly quoted: boolean }
  | { readonly kind: 'star' }

/** One part of a dotted pattern, as written. */
export type NamePart = readonly NamePiece[]

/** A pattern as written, taken apart at its dots. */
export interface NamePattern {
  /** As the policy has it; shown in hints and warnings. */
  readonly source: string
  readonly parts: readonly NamePart[]
}

/** PostgreSQL keeps 63 bytes of a name (NAMEDATALEN), MySQL 64 characters: nothing longer can match. */
const maxNameCharacters = 64
const maxPatternCharacters = 512

/**
 * Takes a pattern apart: parts are separated by dots, `*` stands for any characters, double quotes keep dots, stars and
 * case as they are (`""` is one quote). Returns what is wrong, as a sentence, where it is no pattern.
 */
export function parseNamePattern(source: string, minParts: number, maxParts: number): NamePattern | string {
  if (source.length > maxPatternCharacters) return `a pattern has at most ${maxPatternCharacters} characters`
  const parts: NamePart[] = []
  let pieces: NamePiece[] = []
  let at = 0
  while (at < source.length) {
    const character = source.charAt(at)
    if (character === '.') {
      if (pieces.length === 0) return 'a part of the name is empty'
      parts.push(pieces)
      pieces = []
      at++
    } else if (character === '*') {
      if (pieces.at(-1)?.kind !== 'star') pieces.push({ kind: 'star' })
      at++
    } else if (character === '"') {
      const end = endOfQuoted(source, at)
      if (end < 0) return 'a double quote is not closed'
      const text = source.slice(at + 1, end).replaceAll('""', '"')
      if (text === '') return 'a quoted name is empty'
      pieces.push({ kind: 'literal', text, quoted: true })
      at = end + 1
    } else {
      const text = unquotedRun.exec(source.slice(at))?.[0]
      if (text === undefined)
        return `the character ${JSON.stringify(character)} must stand in double quotes; the wildcard is *`
      pieces.push({ kind: 'literal', text, quoted: false })
      at += text.length
    }
  }
  if (pieces.length === 0) return source === '' ? 'the pattern is empty' : 'a part of the name is empty'
  parts.push(pieces)
  if (parts.some((part) => literalLength(part) > maxNameCharacters)) {
    return `a name has at most ${maxNameCharacters} characters, so this can never match`
  }
  if (parts.length < minParts || parts.length > maxParts) {
    const wanted = minParts === maxParts ? String(minParts) : `${minParts} to ${maxParts}`
    return `it has ${parts.length} part(s) between dots, ${wanted} are needed; a dot inside a name must stand in double quotes`
  }
  return { source, parts }
}

const unquotedRun = /^[\p{L}\p{M}\p{N}_$@#]+/u

function endOfQuoted(source: string, start: number): number {
  for (let at = start + 1; at < source.length; at++) {
    if (source.charAt(at) !== '"') continue
    if (source.charAt(at + 1) !== '"') return at
    at++
  }
  return -1
}

function literalLength(part: NamePart): number {
  return part.reduce((sum, piece) => sum + (piece.kind === 'literal' ? piece.text.length : 0), 0)
}

/**
 * How case counts. `exact`: PostgreSQL folds unquoted text to lower case, MySQL text stays as written. `ignored`: not at all.
 * MySQL compares names of columns and functions, and on many servers of tables, without regard to case.
 */
export type CaseRule = 'exact' | 'ignored'

/** One part of a pattern, ready to be matched against names of one engine. */
export class NameTest {
  /** True when every name passes. */
  readonly any: boolean
  readonly #segments: readonly string[]
  readonly #ignoreCase: boolean

  constructor(part: NamePart, engine: EngineName, caseRule: CaseRule) {
    this.any = part.every((piece) => piece.kind === 'star')
    this.#ignoreCase = caseRule === 'ignored'
    this.#segments = segmentsOf(part, engine, this.#ignoreCase)
  }

  matches(name: string): boolean {
    return this.any || matchesSegments(this.#segments, this.#ignoreCase ? name.toLowerCase() : name)
  }
}

/** The literal text between stars: `a*b` is `['a', 'b']`, `*b` is `['', 'b']`. */
function segmentsOf(part: NamePart, engine: EngineName, ignoreCase: boolean): string[] {
  const segments = ['']
  for (const piece of part) {
    if (piece.kind === 'star') {
      segments.push('')
      continue
    }
    const folded = ignoreCase ? piece.text.toLowerCase() : foldCase(piece, engine)
    segments[segments.length - 1] += folded
  }
  return segments
}

/** PostgreSQL folds A to Z only where the encoding is UTF-8 (manual, 4.1.1 Identifiers and Key Words). */
function foldCase(piece: { readonly text: string; readonly quoted: boolean }, engine: EngineName): string {
  if (piece.quoted || engine === 'mysql') return piece.text
  return piece.text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** Leftmost matching of each middle segment: linear steps over segments, no backtracking to blow up. */
function matchesSegments(segments: readonly string[], text: string): boolean {
  const first = segments[0] ?? ''
  if (segments.length === 1) return text === first
  const last = segments.at(-1) ?? ''
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
  const end = text.length - last.length
  let at = first.length
  for (let index = 1; index < segments.length - 1; index++) {
    const segment = segments[index] ?? ''
    const found = text.indexOf(segment, at)
    if (found < 0 || found + segment.length > end) return false
    at = found + segment.length
  }
  return true
}

/** A `*` glob over plain text (groups, targets, settings, paths): `*` is any characters; everything else is itself. */
export class Glob {
  readonly source: string
  readonly #segments: readonly string[]

  constructor(source: string) {
    this.source = source
    this.#segments = source.split('*')
  }

  /** True when every text passes. */
  get any(): boolean {
    return this.#segments.length > 1 && this.#segments.every((segment) => segment === '')
  }

  matches(text: string): boolean {
    return matchesSegments(this.#segments, text)
  }
}
