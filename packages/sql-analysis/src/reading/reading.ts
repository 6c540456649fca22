import type { StatementFacts, TextFacts } from '@gatehouse/core'

/** What became of a text. */
export type Reading =
  | {
      readonly kind: 'read'
      readonly facts: TextFacts
      /** The text that was read and must run in place of the client's; null: forward the client's own bytes. */
      readonly forwardText: string | null
    }
  | {
      readonly kind: 'unreadable'
      readonly code: 'SYNTAX' | 'TOO_COMPLEX' | 'TOO_LONG' | 'BAD_ENCODING'
      /** As the server would say it: `syntax error at or near "x"`; for limits, the limit and the count. */
      readonly message: string
      /** Where, in characters from 1; null when it is the whole text. */
      readonly position: number | null
    }

/** A refusal. */
export function unreadable(
  code: 'SYNTAX' | 'TOO_COMPLEX' | 'TOO_LONG' | 'BAD_ENCODING',
  message: string,
  position: number | null = null,
): Reading {
  return { kind: 'unreadable', code, message, position }
}

/** True when the facts may differ from one moment to the next, since they are those of a prepared statement or a cursor by name. */
export function dependsOnSession(statements: readonly StatementFacts[]): boolean {
  return statements.some((statement) => statement.names.prepared !== null || statement.names.cursor !== null)
}

/** True when literals in the text can have no part in the facts beyond their position. */
export function isIndependentOfLiterals(statements: readonly StatementFacts[], literalsInCalls: boolean): boolean {
  return statements.every(
    (statement) =>
      statement.complete &&
      !statement.dynamicSql &&
      statement.settings.length === 0 &&
      statement.files.length === 0 &&
      statement.programs.length === 0 &&
      statement.functions.every(({ trust }) => trust === 'harmless' || (trust === 'user' && !literalsInCalls)),
  )
}

/** Rough bytes of memory that a reading holds. */
export function weightOf(reading: Reading): number {
  if (reading.kind === 'unreadable') return 256 + 2 * reading.message.length
  let weight = 512 + 2 * (reading.forwardText?.length ?? 0)
  for (const statement of reading.facts.statements) {
    weight += 512 + 160 * (statement.accesses.length + statement.functions.length + statement.settings.length)
    for (const access of statement.accesses) weight += 40 * (access.columns?.length ?? 0)
    for (const output of statement.output ?? []) weight += 120 + 80 * output.sources.length
    for (const write of statement.writes) weight += 120 + 80 * write.sources.length
    weight += 80 * statement.decides.length
  }
  return weight
}
