import type { StatementFacts } from '@gatehouse/core'
import type { Touched } from '../shared-names.ts'

/** Statements that change settings, or nothing that the catalog holds. */
const SETTINGS_ONLY: ReadonlySet<string> = new Set([
  'set',
  'reset',
  'set_transaction',
  'use',
  'select',
  'prepare',
  'execute',
  'deallocate',
  'begin',
  'commit',
  'rollback',
  'savepoint',
  'release',
  'rollback_to',
])

/** Definitions of relations: what they take away are these names, and nothing else. */
const OF_RELATIONS = /^(?:create|alter|drop|rename)_(?:table|view|index|sequence)$/

/** True when the catalog may be another after the statement. */
export function definesNames({ changesNames, action }: StatementFacts): boolean {
  return changesNames && !SETTINGS_ONLY.has(action)
}

/**
 * Which relations a text gives another meaning: then texts that were read before and name them mean something else. `all`: it
 * cannot be told which (routines, triggers, schemas, what a procedure does).
 */
export function touchedBy(statements: readonly StatementFacts[]): Touched {
  const names: string[] = []
  for (const statement of statements) {
    if (!definesNames(statement)) continue
    if (!OF_RELATIONS.test(statement.action)) return 'all'
    for (const { relation } of statement.accesses) if (relation !== null) names.push(relation.name)
  }
  return names
}
