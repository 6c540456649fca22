import { findLeak, type Needle } from './canaries.ts'
import type { Expectation, SqlCase } from './cases.ts'

/** How one case went, in one form under one policy. */
export interface Outcome {
  /** SQLSTATE of every error, in their order. */
  readonly errors: readonly (string | undefined)[]
  /** Rows of cells, as JSON. */
  readonly rows: string
  /** Everything that the client received. */
  readonly bytes: Buffer
  readonly usable: boolean
  /** Something in the database differs. */
  readonly changed: boolean
  /** Definitions differ, not rows alone. */
  readonly redefined: boolean
  /** What then stands in columns without a mask. */
  readonly stored: string
}

/** What is known of a case beside what the corpus says of it. */
export interface CaseNotes {
  /** Permitted where the corpus wants a refusal, for a reason that it gives itself. */
  readonly answered: ReadonlyMap<string, string>
  /** Refused where the corpus wants rows, for a reason that it gives itself. */
  readonly refused: ReadonlyMap<string, string>
  /** Refused by the server too, whoever asks. Default: none. */
  readonly impossible?: ReadonlySet<string>
}

const WANTS_ROWS: ReadonlySet<Expectation> = new Set<Expectation>(['MASK', 'ALLOW'])
const WANTS_REFUSAL: ReadonlySet<Expectation> = new Set<Expectation>(['DENY', 'APPROVE_OR_DENY', 'CLASSIFY_WRITE'])

/** What went wrong in a case, in words; nothing when it went as it must. `reads`: the policy lets nothing be changed. */
export function faultsOf(
  one: SqlCase,
  outcome: Outcome,
  needles: readonly Needle[],
  notes: CaseNotes,
  reads: boolean,
): string[] {
  const { errors } = outcome
  const leak = findLeak(outcome.bytes, one.sql, needles)
  const laundered = findLeak(Buffer.from(outcome.stored), '', needles)
  const faults: string[] = []
  if (leak !== null) faults.push(`leaks ${leak}`)
  if (laundered !== null) faults.push(`copied ${laundered} to where it is not masked`)
  if (!outcome.usable) faults.push('the connection is not usable afterwards')
  if (reads && outcome.changed) faults.push('something ran that must not')
  if (reads && WANTS_REFUSAL.has(one.expect) && answers(outcome) && !notes.answered.has(one.id))
    faults.push('it was not refused')
  const explained = notes.refused.has(one.id) || notes.impossible?.has(one.id) === true
  if (WANTS_ROWS.has(one.expect) && errors.length > 0 && !explained) faults.push(`it was refused with ${errors.join()}`)
  if (errors.some((sqlstate) => sqlstate === undefined || sqlstate.length !== 5)) faults.push('no SQLSTATE')
  return faults.map((fault) => `${one.id} (${one.class}): ${fault}`)
}

/** True when it was not refused and shows anything but NULL. */
function answers({ errors, rows }: Outcome): boolean {
  const cells = JSON.parse(rows) as (string | null)[][]
  return errors.length === 0 && (cells.length === 0 || cells.flat().some((cell) => cell !== null))
}

/** Rows in an order of their own: without ORDER BY the server promises none. */
export function sorted(rows: string): string {
  const list = JSON.parse(rows) as unknown[]
  return list
    .map((row) => JSON.stringify(row))
    .toSorted()
    .join('\n')
}

/** Prints counts by expectation, and the cases that are refused where they could be answered. */
export function report(
  title: string,
  outcomes: ReadonlyMap<SqlCase, readonly Outcome[]>,
  needles: readonly Needle[],
  { impossible }: CaseNotes,
): void {
  const counts = new Map<string, Record<string, number>>()
  const over: string[] = []
  for (const [one, ran] of outcomes) {
    const row = counts.get(one.expect) ?? {
      cases: 0,
      passed: 0,
      'refused, MASK wanted': 0,
      'refused, ALLOW wanted': 0,
      leaks: 0,
      'not of this server': 0,
    }
    counts.set(one.expect, row)
    const add = (column: string): number => (row[column] = (row[column] ?? 0) + 1)
    add('cases')
    const refused = ran.some(({ errors }) => errors.length > 0)
    if (ran.some(({ bytes }) => findLeak(bytes, one.sql, needles) !== null)) add('leaks')
    else if (refused && impossible?.has(one.id) === true) add('not of this server')
    else if (refused && one.expect === 'MASK') add('refused, MASK wanted')
    else if (refused && one.expect === 'ALLOW') add('refused, ALLOW wanted')
    else add('passed')
    if (refused && WANTS_ROWS.has(one.expect) && impossible?.has(one.id) !== true)
      over.push(`${one.id} ${one.class} [${ran.map(({ errors }) => errors.join()).join(' ')}]`)
  }
  console.info(title)
  console.table(Object.fromEntries(counts))
  if (over.length > 0) console.info(`refused, though it could be answered:\n  ${over.join('\n  ')}`)
}
