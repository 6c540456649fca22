import type { ParsedText } from './libpg-parser.ts'
import { LiteralPositions } from './shape-positions.ts'
import { mentionsLookupType } from './shape-names.ts'

/** What a shape may stand for: `yes`, `no` (exact text), or `ifHarmless`: literals are arguments, so every function must be harmless. */
export type ShapeStands = 'yes' | 'no' | 'ifHarmless'

const writeNodes = /"(?:UpdateStmt|DeleteStmt|MergeStmt)":/

/**
 * Decides whether every text of the shape of this one reads as this one does: each literal token that the shape lexer took out
 * (`literals`: byte offsets in `bytes[start, end)`, ascending) must be a constant of the tree in a safe position.
 * A text without literals is its own shape.
 */
export function shapeStands(
  bytes: Buffer,
  start: number,
  literals: readonly number[],
  parsed: ParsedText,
): ShapeStands {
  if (literals.length === 0) return 'yes'
  if (mentionsLookupType(parsed.json)) return 'no'
  const positions = new LiteralPositions()
  const writes = writeNodes.test(parsed.json)
  for (const raw of parsed.tree.stmts ?? []) positions.statement(raw.stmt, writes)
  const found = new Set<number>()
  for (const location of positions.safe) found.add(literalAt(bytes, start, location))
  for (const offset of literals) if (!found.has(offset)) return 'no'
  return positions.inCall ? 'ifHarmless' : 'yes'
}

/** The grammar folds a minus into its constant, which then starts at the minus: `-5`, `- (5)`. */
function literalAt(bytes: Buffer, start: number, location: number): number {
  let at = location
  if (bytes[start + at] !== 0x2d) return at
  for (;;) {
    const byte = bytes[start + at] ?? 0
    if (byte !== 0x2d && byte !== 0x28 && byte !== 0x20 && (byte > 0x0d || byte < 0x09)) return at
    at++
  }
}
