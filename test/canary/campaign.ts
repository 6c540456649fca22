import type { Databases } from './databases.ts'
import { type Failure, judge, sentIn } from './judge.ts'
import type { Outcome } from './outcome.ts'
import { Tally } from './tally.ts'
import type { Unit } from './unit.ts'

export interface CampaignOptions {
  readonly seed: number
  /** Statements to run, at least. */
  readonly statements: number
  /** Failures after which it is plain enough. Default: 200. */
  readonly mostFailures?: number
  /** Told after each batch. */
  readonly progress?: (tally: Tally, failures: readonly Failure[]) => void
}

export interface CampaignResult {
  readonly tally: Tally
  readonly failures: readonly Failure[]
}

const BATCH = 120
/** Every so many units one also runs under masks of every kind. */
const SHOWN_EVERY = 4
/** Batches until the databases are filled anew: rolled back writes leave dead rows, and these other plans. */
const RESET_EVERY = 8
/** Times that what differs has to differ alike: rows that tie come in the order of where they lie in memory, the same for a while. */
const CONFIRMATIONS = 20
/** Classes whose writes now and then stay, to see what they left behind. */
const WRITING = new Set([
  'insert',
  'update',
  'delete',
  'merge',
  'modifying CTE',
  'sequence',
  'large object',
  'constraint',
])

/** Runs random units on all sides and judges what came back. */
export async function campaign(databases: Databases, options: CampaignOptions): Promise<CampaignResult> {
  const { mostFailures = 200 } = options
  const tally = new Tally()
  const failures: Failure[] = []
  const probes = databases.canaries.map(({ value }) => value).filter((value) => /^[\w-]+$/.test(value))
  for (let batch = 0; tally.statements < options.statements && failures.length < mostFailures; batch++) {
    if (batch % RESET_EVERY === 0) await databases.reset()
    const suspected: Failure[] = []
    const last = batch % RESET_EVERY === RESET_EVERY - 1
    const units = Array.from({ length: BATCH }, (_, index) => {
      const unit = databases.unitOf(seedOf(options.seed, batch * BATCH + index), probes)
      return last && WRITING.has(unit.class) ? { ...unit, commit: true } : unit
    })
    const shownUnits = units.filter((_, index) => index % SHOWN_EVERY === 0)
    const [one, two, direct] = await Promise.all([
      databases.one.run(units),
      databases.two.run(units),
      databases.direct.run(units).then(async (outcomes) => {
        failures.push(...(await runShown(databases, shownUnits)))
        return outcomes
      }),
    ])
    units.forEach((unit, index) => {
      const [left, right, plain] = [one[index], two[index], direct[index]]
      if (left === undefined || right === undefined || plain === undefined) throw new Error('a unit has no outcome')
      const failure = judge(databases, unit, left, right)
      // A server that ends a session by itself, or leaves a client waiting, does so without a gateway as well.
      if (failure !== null && !(failure.kind === 'ended' && plain.closed)) suspected.push(failure)
      tally.add(unit, left, plain)
    })
    if (last) failures.push(...(await laundered(databases, units)))
    for (const failure of suspected)
      if (failures.length < mostFailures && (await confirmed(databases, failure))) failures.push(failure)
    options.progress?.(tally, failures)
  }
  return { tally, failures }
}

/**
 * Rows come in another order where the server has chosen another plan, and it does so when dead rows have left a table larger on one side.
 * What differs in databases just filled is no such chance.
 */
async function confirmed(databases: Databases, { kind, unit }: Failure): Promise<boolean> {
  if (kind !== 'interference') return true
  let before: Outcome | null = null
  for (let left = CONFIRMATIONS; left > 0; left--) {
    await databases.reset()
    const [[one], [two]] = await Promise.all([databases.one.run([unit]), databases.two.run([unit])])
    if (one === undefined || two === undefined) return true
    // Nor is the order of rows told by values where one side differs from itself.
    if (judge(databases, unit, one, two) === null) return false
    if (before !== null && !bytesOf(before).equals(bytesOf(one))) return false
    before = one
  }
  return true
}

/** What was left behind where no mask is must not depend on masked values: if it does, the first unit that did it. */
async function laundered(databases: Databases, units: readonly Unit[]): Promise<Failure[]> {
  const found = await difference(databases)
  const stayed = units.filter((each) => each.commit || each.alone)
  const last = stayed.at(-1)
  if (found === null || last === undefined) return []
  await databases.reset()
  for (const unit of stayed) {
    await Promise.all([databases.one.run([unit]), databases.two.run([unit])])
    const what = await difference(databases)
    if (what !== null) return [{ kind: 'laundered', what, unit }]
  }
  return [{ kind: 'laundered', what: `by some unit before this one, and not again: ${found}`, unit: last }]
}

async function difference(databases: Databases): Promise<string | null> {
  const [one, two] = await databases.stored()
  const leak = databases.needles.find(Buffer.from(one), '')
  if (leak !== null && databases.needles.find(Buffer.from(two), '') !== leak) return leak
  if (one === two) return null
  const others = new Set(two.split('\n'))
  return `stored: ${
    one
      .split('\n')
      .find((line) => !others.has(line))
      ?.slice(0, 200) ?? 'less than on the other side'
  }`
}

/** The seed of a unit: from one number, so that it can be run alone. */
export function seedOf(seed: number, index: number): number {
  return (Math.imul(seed, 0x01_00_01_93) ^ Math.imul(index + 1, 0x9e_37_79_b1)) >>> 0
}

/** Masks of every kind: what a needle finds is a leak unless the other side, which has no such value, shows it too. */
async function runShown(databases: Databases, units: readonly Unit[]): Promise<Failure[]> {
  const outcomes = await databases.shown.run(units)
  const failures: Failure[] = []
  for (const [index, unit] of units.entries()) {
    const outcome = outcomes[index]
    const leak = outcome === undefined ? null : databases.longNeedles.find(bytesOf(outcome), sentIn(unit))
    if (leak === null) continue
    const [other] = await databases.other.run([unit])
    if (other !== undefined && databases.longNeedles.find(bytesOf(other), sentIn(unit)) === leak) continue
    failures.push({ kind: 'leak', what: `under masks of every kind: ${leak}`, unit })
  }
  return failures
}

function bytesOf(outcome: Outcome): Buffer {
  return Buffer.concat(outcome.answers.map(({ comparable }) => comparable))
}
