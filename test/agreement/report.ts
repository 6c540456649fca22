import { reasonTable, share, type Tally } from './tally.ts'

/** What was counted, in lines for people. */
export function report(tally: Tally): string {
  const byCheck = new Map<string, number>()
  for (const { check, explanation } of tally.disagreements) {
    const key = explanation === null ? check : `${check} (${explanation})`
    byCheck.set(key, (byCheck.get(key) ?? 0) + 1)
  }
  return [
    `complete: ${share(tally.complete, tally.statements)} of all statements, ${share(tally.acceptedComplete, tally.accepted)} of those the server took; taken but unreadable: ${String(tally.unreadable)}`,
    `all output columns complete: ${share(tally.outputComplete, tally.withOutput)} of taken statements that return rows`,
    `plan and locks explained by the facts: ${share(tally.plannedAgreeing, tally.planned)}`,
    `result description agrees with the lineage: ${share(tally.describedAgreeing, tally.described)}`,
    `lineage of views agrees with their rules: ${share(tally.viewsAgreeing, tally.views)}`,
    `other texts of a shape read by themselves: ${String(tally.shared)}`,
    `disagreements: ${[...byCheck].map(([check, count]) => `${check} ${String(count)}`).join(', ') || 'none'}`,
    `incomplete statements, by reason:\n${reasonTable(tally.reasons)}`,
    `incomplete output, by reason:\n${reasonTable(tally.outputReasons)}`,
  ].join('\n')
}
