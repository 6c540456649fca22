import type { Databases } from './databases.ts'
import type { Answer, Outcome } from './outcome.ts'
import type { Unit } from './unit.ts'

/** What is wrong with a unit, in words; and its statements. */
export interface Failure {
  readonly kind: 'leak' | 'interference' | 'laundered' | 'ended'
  readonly what: string
  readonly unit: Unit
}

/** Everything that went to the server in a unit, as text. */
export function sentIn(unit: Unit): string {
  return [...unit.statements, ...unit.parameters].join('\n')
}

/**
 * What two sides that differ in masked values alone let be told apart, and what of a masked value came out.
 * A needle that comes out on both sides came by chance: only the first has the canaries.
 */
export function judge(databases: Databases, unit: Unit, one: Outcome, two: Outcome): Failure | null {
  if (one.closed || two.closed) {
    const last = (one.closed ? one : two).answers.at(-1)?.error?.message ?? ''
    return { kind: 'ended', what: `the session was ended: ${last}`, unit }
  }
  const bytes = Buffer.concat(one.answers.map((answer) => answer.comparable))
  // Numbers of the server's own hold short pieces by chance.
  const needles = unit.varies ? databases.longNeedles : databases.needles
  const leak = needles.find(bytes, sentIn(unit))
  if (
    leak !== null &&
    needles.find(Buffer.concat(two.answers.map((answer) => answer.comparable)), sentIn(unit)) !== leak
  )
    return { kind: 'leak', what: leak, unit }
  if (unit.varies) return null
  const index = one.answers.findIndex(
    (answer, at) => !answer.comparable.equals(two.answers[at]?.comparable ?? Buffer.alloc(0)),
  )
  const [left, right] = [one.answers[index], two.answers[index]]
  if (left === undefined) return null
  return {
    kind: 'interference',
    what: `answer ${String(index)}: ${shown(left)} <> ${right === undefined ? 'none' : shown(right)}`,
    unit,
  }
}

function shown(answer: Answer): string {
  const { error } = answer
  if (error !== null) return `${error.sqlstate} ${error.message}`.slice(0, 160)
  return answer.comparable
    .toString('latin1')
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .slice(-200)
}
