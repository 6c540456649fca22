import type { StatementFacts } from '@gatehouse/core'
import type { ParseResult } from 'libpg-query'
import { Work } from './read-facts.ts'
import type { NameEnvironment } from './read-facts.ts'
import type { LibpgParser } from './libpg-parser.ts'
import { prescan } from './prescan.ts'
import type { PrescanLimits } from './prescan-limits.ts'
import { fingerprintOf } from './reader-fingerprint.ts'
import { dependsOnSession, isIndependentOfLiterals, unreadable } from '../reading/reading.ts'
import type { Reading } from '../reading/reading.ts'
import { shapeStands } from './shape.ts'
import type { Analysis } from '../reading/worker-messages.ts'

/** Reads the facts of a parsed text, one entry per statement. */
export type ReadFacts = (tree: ParseResult, names: NameEnvironment, work: Work) => readonly StatementFacts[]

/** Statements whose facts are looked up by a name that this session gave: prepared statements and cursors. */
const sessionNodes =
  /"(?:ExecuteStmt|PrepareStmt|DeallocateStmt|DeclareCursorStmt|FetchStmt|ClosePortalStmt|CurrentOfExpr)":/

/** Everything a text goes through when it was not seen before. Never throws. `literals` as the shape lexer found them; null: not plain. */
export function analyse(
  bytes: Buffer,
  start: number,
  end: number,
  names: NameEnvironment,
  literals: readonly number[] | null,
  parser: LibpgParser,
  readFacts: ReadFacts,
  limits: PrescanLimits,
): Analysis {
  try {
    const comments: number[] = []
    const refusal = prescan(bytes, start, end, limits, comments)
    if (refusal !== null) return { reading: unreadable(refusal.code, refusal.message), holds: 'exact' }
    let parsed = parser.parseBytes(bytes, start, end)
    let forwardText: string | null = null
    if (parsed.kind === 'syntax' && comments.length > 0) {
      // The library refuses a comment between two words its grammar joins (`NOT /*c*/ IN`), which the server takes.
      forwardText = withoutComments(bytes, start, end, comments)
      const again = parser.parse(forwardText)
      if (again.kind === 'tree') parsed = again
    }
    if (parsed.kind === 'broken') return { reading: unreadable('TOO_COMPLEX', parsed.message), holds: 'once' }
    if (parsed.kind === 'syntax')
      return { reading: unreadable('SYNTAX', parsed.message, parsed.position), holds: 'exact' }
    const work = new Work(end - start)
    const statements = readFacts(parsed.tree, names, work)
    const reading: Reading = {
      kind: 'read',
      facts: { statements, fingerprint: fingerprintOf(parsed.json) },
      forwardText,
    }
    if (work.ranOutOnView || dependsOnSession(statements) || sessionNodes.test(parsed.json))
      return { reading, holds: 'once' }
    if (literals === null || forwardText !== null) return { reading, holds: 'exact' }
    const stands = shapeStands(bytes, start, literals, parsed)
    const free =
      literals.length === 0 || (stands !== 'no' && isIndependentOfLiterals(statements, stands === 'ifHarmless'))
    return { reading, holds: free ? 'shape' : 'exact' }
  } catch (error) {
    return { reading: unreadable('TOO_COMPLEX', refusalOf(error)), holds: 'once' }
  }
}

/** Longer functions are not followed. */
const MOST_FUNCTION_BYTES = 64 * 1024

/** Compiles a stored function in PL/pgSQL. Throws when it cannot be compiled, or is too long. */
export function compileFunction(parser: LibpgParser, sql: string): unknown {
  if (sql.length > MOST_FUNCTION_BYTES) throw new Error(`a function of more than ${MOST_FUNCTION_BYTES} bytes`)
  return parser.compilePlpgsql(sql)
}

/** Parses a text that is not the client's (the query of a view), under the same limits. Throws when it cannot be parsed. */
export function parseQuery(parser: LibpgParser, sql: string, limits: PrescanLimits): ParseResult {
  const bytes = Buffer.from(sql, 'utf8')
  const refusal = prescan(bytes, 0, bytes.length, limits)
  if (refusal !== null) throw new Error(refusal.message)
  const parsed = parser.parseBytes(bytes, 0, bytes.length)
  if (parsed.kind !== 'tree') throw new Error(parsed.message)
  return parsed.tree
}

/**
 * Each comment gives way to white space of its length and lines: positions in the server's messages stay the client's. A block
 * comment between two strings stays: without it the server would join them (manual, section 4.1.2.1).
 */
function withoutComments(bytes: Buffer, start: number, end: number, comments: readonly number[]): string {
  const parts: string[] = []
  let from = start
  for (let index = 0; index + 1 < comments.length; index += 2) {
    const [at = end, after = end] = comments.slice(index, index + 2)
    if (bytes[at] === slash && isBetweenStrings(bytes, start, end, comments, index)) continue
    parts.push(bytes.toString('utf8', from, at), bytes.toString('utf8', at, after).replaceAll(/[^\r\n]/gu, ' '))
    from = after
  }
  parts.push(bytes.toString('utf8', from, end))
  return parts.join('')
}

const quote = 0x27
const slash = 0x2f

/** True when nothing but white space and comments stands between this comment and a quote, on both sides. */
function isBetweenStrings(
  bytes: Buffer,
  start: number,
  end: number,
  comments: readonly number[],
  index: number,
): boolean {
  let before = (comments[index] ?? end) - 1
  for (let comment = index - 1; before >= start;) {
    if (isSpace(bytes[before])) before--
    else if (before === (comments[comment] ?? 0) - 1) {
      before = (comments[comment - 1] ?? start) - 1
      comment -= 2
    } else break
  }
  let after = comments[index + 1] ?? end
  for (let comment = index + 2; after < end;) {
    if (isSpace(bytes[after])) after++
    else if (after === comments[comment]) {
      after = comments[comment + 1] ?? end
      comment += 2
    } else break
  }
  return bytes[before] === quote && bytes[after] === quote
}

/** White space of PostgreSQL's scanner. */
function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d)
}

function refusalOf(error: unknown): string {
  if (error instanceof RangeError) return 'statement too complex: nested too deeply to be read'
  return 'the statement could not be read: internal error while reading its facts'
}
