import type { CatalogFunction } from '../../catalog.ts'
import { type Column, type Lineage, NOTHING } from '../lineage.ts'
import { Routine, SCALAR, type Values } from './plpgsql-routine.ts'
import { type Compiled, compile } from './plpgsql-tree.ts'
import { Reading } from '../reading.ts'
import { isUnclear, takeOver } from '../../../facts/bodies.ts'
import { pathOf, whileReading } from './routines.ts'
import { OverBudget, ViewWork } from '../../../facts/work.ts'

/** The rows that a trigger function sees as `new` and `old`. */
export interface TriggerRows {
  readonly fresh: readonly Column[]
  readonly old: readonly Column[]
  /** Names of their columns of type text, which take any value. */
  readonly texts: ReadonlySet<string>
  /** Those of their values that are the same in both. */
  readonly unchanged: ReadonlySet<Lineage>
}

/** Readings of a body until what its variables can hold stops growing. */
const MAX_ROUNDS = 16

/**
 * What a PL/pgSQL function returns and does, its body followed statement by statement; null when something in it cannot be followed:
 * dynamic SQL, cursors, exception handlers, nested composite types. Manual: "PL/pgSQL - SQL Procedural Language".
 * Which statements run, and in which order, is not looked at: a variable can hold anything that is ever assigned to it.
 */
export function readPlpgsql(
  reading: Reading,
  fn: CatalogFunction,
  parameters: readonly Lineage[],
  rows: TriggerRows | null,
): readonly Column[] | null {
  const { body } = fn
  const searchPath = body === undefined ? null : pathOf(reading, body)
  if (body === undefined || searchPath === null) return null
  // `$2` counts OUT parameters too.
  if (fn.outputNames.length > 0 && /\$\d/.test(body.text)) return null
  const { text } = reading.work
  const environment = { ...reading.environment, searchPath }
  const work = new ViewWork(text)
  try {
    return whileReading(fn, () => {
      const program = compile(reading, body)
      if (program === null) return null
      let values = initialValues(program, fn, parameters, rows)
      if (values === null) return null
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const inner = new Reading(environment, reading.walk, work)
        inner.defining = reading.defining
        inner.parameters = parameters
        inner.unchanged = rows?.unchanged ?? null
        const routine = new Routine(inner, fn, program, values, rows?.texts ?? NO_TEXTS)
        const returned = routine.run()
        if (returned === null || isUnclear(inner)) return null
        if (routine.settled) {
          takeOver(reading, inner)
          return returned
        }
        values = routine.next
      }
      return null
    })
  } catch (error) {
    // The limits of the whole text count; a body beyond its own is not followed.
    if (error instanceof RangeError || (error instanceof OverBudget && text.exhausted)) throw error
    return null
  }
}

const NO_TEXTS: ReadonlySet<string> = new Set()

/** Null when it cannot be told which variable is which parameter. */
function initialValues(
  program: Compiled,
  fn: CatalogFunction,
  parameters: readonly Lineage[],
  rows: TriggerRows | null,
): Values | null {
  let parameter = 0
  const values = program.datums.map((datum): readonly Column[] => {
    if (datum.kind === 'record') {
      if (rows !== null && datum.name === 'new') return rows.fresh
      if (rows !== null && datum.name === 'old') return rows.old
      return []
    }
    if (datum.kind !== 'variable') return []
    const name = fn.inputNames?.[parameter] ?? ''
    const isParameter = parameter < parameters.length && (datum.name === name || datum.name === `$${parameter + 1}`)
    const value = isParameter ? (parameters[parameter] ?? NOTHING) : NOTHING
    if (isParameter) parameter++
    return [{ name: SCALAR, lineage: value }]
  })
  return parameter === parameters.length ? values : null
}
