/** Pieces that many definitions and commands share: names of objects, IF EXISTS, the beginning of a query. */
import type { ColumnReference, QualifiedName } from '../query-tree.ts'
import { TokenKind } from '../lexer/tokens.ts'
import type { TokenCursor } from './token-cursor.ts'

/** `name` or `schema.name`; in MariaDB also `.name`. */
export function qualifiedName(c: TokenCursor): QualifiedName {
  if (c.isMariadb && c.accept('.')) return { schema: null, name: c.nameOrReserved() }
  const name = c.name()
  return c.accept('.') ? { schema: name, name: c.nameOrReserved() } : { schema: null, name }
}

/** The name of a column in its definition, which in MariaDB may carry the names of its table and schema; these are not kept. */
export function columnName(c: TokenCursor): string {
  let name = c.name()
  for (let parts = 1; c.isMariadb && parts < 3 && c.accept('.'); parts++) name = c.nameOrReserved()
  return name
}

/** A column as an expression: `a`, `t.a`, `s.t.a`. */
export function columnExpression(c: TokenCursor): ColumnReference {
  const parts = [c.name()]
  while (parts.length < 3 && c.accept('.')) parts.push(c.nameOrReserved())
  return {
    kind: 'column',
    schema: parts.length === 3 ? (parts[0] ?? null) : null,
    table: parts.length > 1 ? (parts[parts.length - 2] ?? null) : null,
    name: parts[parts.length - 1] ?? '',
  }
}

/** Takes IF EXISTS if it is there. */
export function acceptIfExists(c: TokenCursor): boolean {
  if (!c.isPair('if', 'exists')) return false
  return c.acceptPair('if', 'exists')
}

/** Takes IF NOT EXISTS if it is there. */
export function acceptIfNotExists(c: TokenCursor): boolean {
  if (!c.isPair('if', 'not') || c.spellingAhead(2) !== 'exists') return false
  c.restore(c.at + 3)
  return true
}

/** True: a query begins here, be it in parentheses. */
export function isQuery(c: TokenCursor): boolean {
  let ahead = 0
  while (c.spellingAhead(ahead) === '(') ahead++
  switch (c.spellingAhead(ahead)) {
    case 'select':
    case 'with':
    case 'table':
    case 'values':
      return true
    default:
      return false
  }
}

/** True: a number stands `ahead` of the cursor. */
export function isNumberAhead(c: TokenCursor, ahead: number): boolean {
  switch (c.kindAhead(ahead)) {
    case TokenKind.integer:
    case TokenKind.decimal:
    case TokenKind.float:
    case TokenKind.hexNumber:
      return true
    default:
      return false
  }
}

/** Takes a number if one is there. */
export function acceptNumber(c: TokenCursor): boolean {
  if (!isNumberAhead(c, 0)) return false
  c.advance()
  return true
}

/** A number of any notation, as the options of tables take it, also where only its whole part counts. */
export function readNumber(c: TokenCursor): void {
  if (c.kind === TokenKind.hexNumber || !acceptNumber(c)) throw c.error()
}

/** A size in bytes: digits, or digits with K, M or G behind. */
export function readSize(c: TokenCursor): void {
  if (acceptNumber(c)) return
  if (!/^\d+[kmg]$/i.test(c.name())) throw c.error()
}

/** A string constant of any notation that the grammars call TEXT_STRING: quoted, x'…', b'…'. */
export function readText(c: TokenCursor): void {
  if (c.kind === TokenKind.hexString || c.kind === TokenKind.bitString || c.kind === TokenKind.hexNumber) c.advance()
  else if (c.kind === TokenKind.bitNumber) c.advance()
  else c.string()
}

/** The text of a program in another language, quoted or between dollars; it is not kept. */
export function readProgramText(c: TokenCursor): void {
  if (c.kind === TokenKind.introducer) c.advance()
  if (c.kind === TokenKind.dollarString) c.advance()
  else readText(c)
}

/** Takes the word `written`, which is no keyword of any other rule, if it stands here. */
export function acceptWord(c: TokenCursor, written: string): boolean {
  if (c.kind !== TokenKind.word || c.textOf(c.at, c.at).toLowerCase() !== written) return false
  c.advance()
  return true
}

const UNITS = new Set(
  'microsecond second minute hour day week month quarter year second_microsecond minute_microsecond minute_second hour_microsecond hour_second hour_minute day_microsecond day_second day_minute day_hour year_month'.split(
    ' ',
  ),
)

/** The unit of an interval. MySQL manual, "Temporal Intervals". */
export function readIntervalUnit(c: TokenCursor): void {
  if (!UNITS.has(c.spelling)) throw c.error()
  c.advance()
}
