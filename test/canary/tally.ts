import type { Outcome } from './outcome.ts'
import type { Unit } from './unit.ts'

interface Row {
  statements: number
  accepted: number
  allowed: number
}

/** What a statement does with masked columns, in one word. */
function touchOf(unit: Unit): string {
  if (unit.side) return 'takes a side road'
  if (unit.touches.size === 0) return 'no masked column'
  if (unit.touches.has('written')) return 'writes masked'
  if (unit.touches.has('decided')) return 'decides by masked'
  return unit.touches.has('derived') ? 'computes from masked' : 'selects masked plainly'
}

/** Counts of what was run, by class of statement and by what it does with masked columns. */
export class Tally {
  statements = 0
  readonly #byClass = new Map<string, Row>()
  readonly #byTouch = new Map<string, Row>()
  readonly #refusals = new Map<string, { count: number; example: string }>()
  readonly #errors = new Map<string, { count: number; example: string }>()

  add(unit: Unit, through: Outcome, direct: Outcome): void {
    const touch = touchOf(unit)
    for (const [index, sql] of unit.statements.entries()) {
      const [plain, gated] = [direct.answers[index + 1], through.answers[index + 1]]
      if (plain === undefined || gated === undefined) continue
      const accepted = plain.error === null
      const refusal = gated.error?.refusal ?? null
      // Behind a statement that failed on either side nothing can be told.
      if (plain.error?.behindFailure === true || gated.error?.behindFailure === true) continue
      this.statements++
      for (const row of [rowOf(this.#byClass, unit.class), rowOf(this.#byTouch, touch)]) {
        row.statements++
        if (accepted) row.accepted++
        if (accepted && refusal === null) row.allowed++
      }
      if (!accepted)
        this.#note(this.#errors, `${unit.class}: ${plain.error?.sqlstate ?? ''} ${plain.error?.message ?? ''}`, sql)
      else if (refusal !== null)
        this.#note(this.#refusals, `${touch}, ${unit.class}: ${refusal} ${worded(gated.error?.message ?? '')}`, sql)
      else if (gated.error !== null)
        this.#note(
          this.#refusals,
          `${touch}, ${unit.class}: fails only through the gateway, ${gated.error.sqlstate} ${gated.error.message}`,
          sql,
        )
    }
  }

  #note(counts: Map<string, { count: number; example: string }>, key: string, example: string): void {
    const known = counts.get(key)
    if (known === undefined) counts.set(key, { count: 1, example })
    else {
      known.count++
      if (example.length < known.example.length) known.example = example
    }
  }

  get byClass(): Readonly<Record<string, object>> {
    return tableOf(this.#byClass)
  }

  get byTouch(): Readonly<Record<string, object>> {
    return tableOf(this.#byTouch)
  }

  /** Of the statements that the server takes and that do so, the share that the gateway let through; NaN where there are none. */
  shareAllowed(touch: string): number {
    const row = this.#byTouch.get(touch)
    return row === undefined ? Number.NaN : row.allowed / row.accepted
  }

  get accepted(): number {
    return [...this.#byTouch.values()].reduce((sum, row) => sum + row.accepted, 0)
  }

  /** What was refused although the server takes it, most frequent first. `touch`: of such statements only. */
  refusals(touch: string, count: number): string[] {
    return mostFrequent(
      [...this.#refusals].filter(([key]) => key.startsWith(touch)),
      count,
    )
  }

  /** What the server itself did not take, most frequent first: the generator's own mistakes. */
  serverErrors(count: number): string[] {
    return mostFrequent([...this.#errors], count)
  }
}

function mostFrequent(
  counts: readonly (readonly [string, { readonly count: number; readonly example: string }])[],
  count: number,
): string[] {
  return counts
    .toSorted(([, a], [, b]) => b.count - a.count)
    .slice(0, count)
    .map(([key, { count: times, example }]) => `${String(times).padStart(6)}  ${key}\n          ${example}`)
}

/** A refusal's words without the names in it, so that alike ones are counted together. */
function worded(message: string): string {
  return message
    .replace(/^gatehouse: /, '')
    .replaceAll(/\(rule .*$/g, '')
    .replaceAll(/(?:public|canary_\w+)\.\w+(?:\.\w+)?/g, '…')
    .replaceAll(/output column \d+(?: \(\w+\))?/g, 'output column')
    .slice(0, 160)
}

function rowOf(rows: Map<string, Row>, key: string): Row {
  const row = rows.get(key) ?? { statements: 0, accepted: 0, allowed: 0 }
  rows.set(key, row)
  return row
}

function tableOf(rows: ReadonlyMap<string, Row>): Record<string, object> {
  return Object.fromEntries(
    [...rows]
      .toSorted(([, a], [, b]) => b.statements - a.statements)
      .map(([key, row]) => [key, { ...row, 'allowed of accepted': percent(row) }]),
  )
}

function percent({ allowed, accepted }: Row): string {
  return accepted === 0 ? '' : `${((100 * allowed) / accepted).toFixed(1)} %`
}
