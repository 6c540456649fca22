import { isUnclear, takeOver } from '../../../facts/bodies.ts'
import { OverBudget, ViewWork } from '../../../facts/work.ts'
import type { CatalogRoutine } from '../../catalog.ts'
import { foldName } from '../../name-case.ts'
import type { ProgramStatement, Statement, CallStatement } from '../../statement-tree.ts'
import { type Column, type Lineage, NOTHING, anyOf, named, untraced } from '../lineage.ts'
import { Reading } from '../reading.ts'
import { classOfType } from '../relations.ts'
import { type Scope, TOP } from '../scope.ts'
import { writeVariable } from '../session/variables.ts'
import { NotFollowed, Program, type TriggerRow } from './program.ts'

/** Bodies being read, innermost last: one that runs itself is not followed. */
const active = new Set<object>()
const MAX_BODIES = 16
/** Readings of a body until what its variables can hold stops growing. */
const MAX_ROUNDS = 16
/** Units for a reading of a body, besides what is in it. */
const BODY_UNITS = 1500

/** What a body needs to be read. */
export interface Body {
  /** What is being read, for telling whether it is read already. */
  readonly identity: object
  readonly schema: string
  readonly tree: ProgramStatement | Statement
  readonly parameters: CatalogRoutine['parameters']
  readonly values: readonly Lineage[]
  readonly scope: Scope
  readonly row: TriggerRow | null
  readonly trigger: boolean
}

/** What running a body comes to: what it returns, the rows it sends, and what its parameters hold after it. */
export interface Ran {
  readonly returned: Lineage
  readonly results: readonly (readonly Column[])[]
  readonly parameters: readonly Lineage[]
}

/** Reads a body as if it stood here; all it does is added to the reading. Null: something in it cannot be followed. */
export function runBody(reading: Reading, body: Body): Ran | null {
  if (active.has(body.identity) || active.size >= MAX_BODIES) return null
  const { text } = reading.work
  const work = new ViewWork(text)
  active.add(body.identity)
  try {
    const keys = body.parameters.map(({ name }) => foldName(name))
    const variables = new Map(keys.map((key, index) => [key, body.values[index] ?? NOTHING]))
    const types = new Map<string, string>()
    for (const { name, type } of body.parameters) if (type !== undefined) types.set(foldName(name), type)
    for (let round = 0; round < MAX_ROUNDS; round++) {
      reading.spend(BODY_UNITS)
      const inner = new Reading(reading.names, reading.walk, work, body.schema)
      inner.defining = reading.defining
      inner.trigger = body.trigger
      const program = new Program(inner, variables, types, body.scope, body.row, callInBody)
      program.run(body.tree)
      if (isUnclear(inner)) return null
      if (!program.settled) continue
      takeOver(reading, inner)
      const parameters = keys.map((key) => variables.get(key) ?? NOTHING)
      return { returned: program.returned ?? NOTHING, results: program.results, parameters }
    }
    return null
  } catch (error) {
    // The limits of the whole text count; a body beyond its own is not followed.
    if (error instanceof RangeError || (error instanceof OverBudget && text.exhausted)) throw error
    return null
  } finally {
    active.delete(body.identity)
  }
}

/** What a stored function returns; null when its body cannot be followed, or does what only a procedure may. */
export function readStoredFunction(
  reading: Reading,
  routine: CatalogRoutine,
  parts: readonly Lineage[],
): Lineage | null {
  const ran = runRoutine(reading, routine, parts)
  if (ran === null || ran.results.length > 0) return null
  if (classOfType(routine.returns ?? '') !== 'string') reading.tell(ran.returned)
  return { ...ran.returned, type: classOfType(routine.returns ?? ''), fields: null }
}

function runRoutine(reading: Reading, routine: CatalogRoutine, parts: readonly Lineage[]): Ran | null {
  const { body, parameters, schema } = routine
  if (body.kind === 'unread' || parts.length !== parameters.length) return null
  for (const [index, { type }] of parameters.entries())
    if (classOfType(type ?? '') !== 'string') reading.tell(parts[index] ?? NOTHING)
  return runBody(reading, {
    identity: routine,
    schema,
    tree: body.tree,
    parameters,
    values: parts.map((part) => ({ ...part, type: null })),
    scope: TOP,
    row: null,
    trigger: false,
  })
}

/** CALL; returns the columns of its result sets, put together by position, null when it has none. `assign`: gives a variable that an OUT parameter names what it holds. */
export function readProcedure(
  reading: Reading,
  { procedure, arguments: given }: CallStatement,
  scope: Scope,
): readonly Column[] | null {
  const schema = procedure.schema ?? reading.schema
  const routine = schema === null ? undefined : reading.names.catalog.routine('procedure', schema, procedure.name)
  // A name alone is a variable of the program around: its value goes in, and comes back changed.
  const parts = given.map((node) => reading.walk.expression(reading, node, scope))
  const ran = routine === undefined ? null : runRoutine(reading, routine, parts)
  if (routine === undefined || ran === null) {
    reading.useFunction(
      routine?.schema ?? schema,
      routine?.name ?? procedure.name,
      routine === undefined ? 'unknown' : 'user',
    )
    for (const part of parts) reading.tell(part)
    reading.changesNames = true
    reading.movesNames = true
    reading.movesTexts = true
    for (const node of given) giveBack(reading, node, scope, unknownResult(procedure.name))
    return [named(null, unknownResult(procedure.name))]
  }
  reading.useFunction(routine.schema, routine.name, 'expanded')
  routine.parameters.forEach(({ mode }, index) => {
    const node = given[index]
    if (mode !== 'in' && node !== undefined) giveBack(reading, node, scope, ran.parameters[index] ?? NOTHING)
  })
  return unitedResults(reading, ran.results)
}

function unknownResult(name: string): Lineage {
  return untraced('name', `what procedure ${name} returns is not known`)
}

function giveBack(reading: Reading, node: CallStatement['arguments'][number], scope: Scope, value: Lineage): void {
  // What a parameter marker stands for is sent as a result, or given to the variable that EXECUTE … USING names.
  if (node.kind === 'user_variable' || node.kind === 'parameter') writeVariable(reading, value)
  else if (node.kind === 'column' && node.table === null && scope.variables?.has(foldName(node.name)) === true)
    reading.assign?.(node.name, value)
}

/** Every result set's column is among those that stand at its position. */
function unitedResults(reading: Reading, results: readonly (readonly Column[])[]): readonly Column[] | null {
  const [first, ...others] = results
  if (first === undefined) return null
  let columns = first
  for (const other of others) {
    const [longer, shorter] = other.length > columns.length ? [other, columns] : [columns, other]
    reading.spend(2 * longer.length)
    columns = longer.map((column, index) => {
      const also = shorter[index]
      return also === undefined ? column : { ...column, lineage: anyOf(reading, [column.lineage, also.lineage]) }
    })
  }
  return columns
}

function callInBody(reading: Reading, statement: CallStatement, scope: Scope, program: Program): void {
  const columns = readProcedure(reading, statement, scope)
  if (columns === null) return
  if (columns.some(({ lineage }) => lineage.reason !== null))
    throw new NotFollowed('a procedure that cannot be followed')
  program.results.push(columns)
}
