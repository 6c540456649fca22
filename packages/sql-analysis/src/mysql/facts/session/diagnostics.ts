import type { StatementFacts } from '@gatehouse/core'
import { DIAGNOSTICS_COUNTS } from './settings.ts'

/**
 * True when a statement that shows diagnostics (SHOW WARNINGS, SHOW ERRORS, @@warning_count, @@error_count) shows nothing
 * besides: no value of a table, function or other variable can be in what comes out.
 */
export function onlyDiagnostics(facts: StatementFacts): boolean {
  const { action, accesses, functions, beneath, settings, decides, writes, files, programs, output } = facts
  if (action !== 'show' && action !== 'select') return false
  return (
    facts.complete &&
    !facts.dynamicSql &&
    !facts.changesNames &&
    accesses.every(({ relation }) => relation === null) &&
    settings.every(({ action: how, name }) => how === 'show' && DIAGNOSTICS_COUNTS.has(name)) &&
    [functions, beneath.accesses, beneath.functions, decides, writes, files, programs].every(
      ({ length }) => length === 0,
    ) &&
    (output ?? []).every(({ sources, through }) => sources.length === 0 && through.length === 0)
  )
}
