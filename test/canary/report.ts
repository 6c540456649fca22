import type { CampaignResult } from './campaign.ts'
import type { Databases } from './databases.ts'
import type { Failure } from './judge.ts'
import { shrink } from './shrink.ts'

/** Failures that are made smaller before they are told: each takes some hundred statements. */
const MOST_SHRUNK = 12

/** Tells what a campaign ran and found. `most`: how many refusals and errors are listed. */
export async function report(databases: Databases, title: string, result: CampaignResult, most: number): Promise<void> {
  const { tally, failures } = result
  console.info(`${title}: ${String(tally.statements)} statements, ${String(tally.accepted)} taken by the server`)
  console.table(tally.byClass)
  console.table(tally.byTouch)
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ['refused, though no masked column is touched', tally.refusals('no masked column', most)],
    ['refused, though masked columns are only selected', tally.refusals('selects masked plainly', most)],
    ['not taken by the server itself', tally.serverErrors(most)],
  ]
  for (const [what, list] of lists) if (list.length > 0) console.info(`${what}:\n${list.join('\n')}`)
  for (const failure of failures) console.info(told(failure))
  for (const failure of failures.slice(0, MOST_SHRUNK)) {
    const statements = await shrink(databases, failure)
    console.info(`smaller: ${told({ ...failure, unit: { ...failure.unit, statements } })}`)
  }
}

/** A failure with all that it takes to see it again. */
export function told({ kind, what, unit }: Failure): string {
  const values = unit.parameters.length === 0 ? '' : `\n  -- ${JSON.stringify(unit.parameters)}`
  return `${kind} (unit ${String(unit.seed)}, ${unit.class}, ${unit.protocol}): ${what}\n  ${unit.statements.join(';\n  ')}${values}`
}
