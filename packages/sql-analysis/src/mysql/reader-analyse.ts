import type { Buffer } from 'node:buffer'
import type { StatementFacts } from '@gatehouse/core'
import { Work } from '../facts/work.ts'
import { dependsOnSession, isIndependentOfLiterals, unreadable } from '../reading/reading.ts'
import type { Reading } from '../reading/reading.ts'
import type { Analysis } from '../reading/worker-messages.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { Lexer } from './lexer/lexer.ts'
import { TextError } from './lexer/text-error.ts'
import type { Tokens } from './lexer/tokens.ts'
import { LiteralPositions } from './literal-positions.ts'
import type { MysqlNames } from './names.ts'
import { canonicalText } from './parser/canonical.ts'
import { parseTokens, type ParsedTokens } from './parser/parse-text.ts'
import type { TextLimits } from './parser/statement-limits.ts'
import { readFacts } from './read-facts.ts'
import { literalTokens } from './shape.ts'

/** What lexes a text, and where its tokens are. */
export interface LexedText {
  readonly lexer: Lexer
  readonly tokens: Tokens
}

/** Everything that a text goes through when it was not seen before; its tokens are read already. Never throws. `spare` is for its canonical form. */
export function analyse(
  bytes: Buffer,
  start: number,
  end: number,
  names: MysqlNames,
  text: LexedText,
  spare: LexedText,
  limits: TextLimits,
): Analysis {
  try {
    const canonical = text.tokens.irregular ? canonicalText(bytes, text.tokens) : null
    if (canonical !== null) lexAgain(canonical, text.tokens, spare)
    const read = canonical === null ? bytes : canonical
    const tokens = canonical === null ? text.tokens : spare.tokens
    const parsed = parseTokens(read, tokens, names.dialect, limits)
    const work = new Work(end - start)
    const facts = readFacts(
      parsed.statements.map(({ statement }) => statement),
      names,
      work,
    )
    const reading: Reading = {
      kind: 'read',
      facts: { statements: facts, fingerprint: fingerprintOf(read, tokens, names.dialect), dialect: names.dialect },
      forwardText: canonical?.toString('utf8') ?? null,
    }
    if (work.ranOutOnView || dependsOnSession(facts)) return { reading, holds: 'once' }
    return { reading, holds: canonical === null && isFree(tokens, parsed, facts) ? 'shape' : 'exact' }
  } catch (error) {
    if (error instanceof TextError) return { reading: refusalOf(error, bytes, start), holds: 'exact' }
    const nested = error instanceof RangeError
    const message = nested
      ? 'statement too complex: nested too deeply to be read'
      : 'the statement could not be read: internal error while reading its facts'
    return { reading: unreadable('TOO_COMPLEX', message), holds: 'once' }
  }
}

/** What runs must be what was read: the canonical text has to give the tokens that it was made of. */
function lexAgain(canonical: Buffer, before: Tokens, spare: LexedText): void {
  const after = spare.tokens
  spare.lexer.read(canonical, 0, canonical.length)
  let same = after.count === before.count
  for (let at = 0; at < before.count && same; at++)
    same = after.kinds[at] === before.kinds[at] && after.spellings[at] === before.spellings[at]
  if (!same) throw new TextError('SYNTAX_ERROR', 0, 'the text reads otherwise without its comments')
}

/** True: every text of this shape has these facts. A text without literals is its own shape. */
function isFree(tokens: Tokens, parsed: ParsedTokens, facts: readonly StatementFacts[]): boolean {
  const taken = literalTokens(tokens)
  if (taken.length === 0) return facts.every(({ complete }) => complete)
  const positions = new LiteralPositions()
  for (const { statement } of parsed.statements) positions.statement(statement)
  const safe = new Set<number>()
  for (const [index, literal] of parsed.literals.entries())
    if (positions.safe.has(literal)) safe.add(parsed.literalTokens[index] ?? -1)
  return taken.every((token) => safe.has(token)) && isIndependentOfLiterals(facts, positions.inCall)
}

/** A text that could not be read, as the client is told. */
export function refusalOf(error: TextError, bytes: Buffer, start: number): Reading {
  const position = bytes.toString('utf8', start, Math.max(start, error.position)).length + 1
  return unreadable(error.code === 'SYNTAX_ERROR' ? 'SYNTAX' : error.code, error.message, position)
}
