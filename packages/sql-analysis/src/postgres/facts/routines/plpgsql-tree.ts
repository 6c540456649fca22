import type { SqlBody } from '../../catalog.ts'
import type { Reading } from '../reading.ts'
import { type Tree, listOf } from '../tree.ts'
import { OverBudget, PARSED_CHARACTER_UNITS } from '../../../facts/work.ts'

/** An object of the tree that PostgreSQL's PL/pgSQL compiler makes of a function, as libpg_query prints it. */
export type Block = Readonly<Record<string, unknown>>

/** A variable, record, or part of one, by its number. */
export type Datum =
  | { readonly kind: 'variable'; readonly name: string; readonly type: string; readonly initial: string | null }
  | { readonly kind: 'record'; readonly name: string; readonly type: string | null }
  | { readonly kind: 'field'; readonly record: number; readonly field: string }
  | { readonly kind: 'row'; readonly parts: readonly number[] }

/** A PL/pgSQL function, compiled. */
export interface Compiled {
  readonly datums: readonly Datum[]
  readonly body: readonly Block[]
  /** Number of what holds the OUT parameters; null: there are none. */
  readonly outputs: number | null
}

/** Something in the tree is not as it is known to be. */
export class NotFollowed extends Error {}

// Function objects belong to one snapshot: what is stored here dies with it.
const compiled = new WeakMap<SqlBody, Compiled | null>()

/** The compiled function; null when PostgreSQL's compiler does not take it without a catalog, or not every part is known. */
export function compile(reading: Reading, body: SqlBody): Compiled | null {
  const known = compiled.get(body)
  if (known !== undefined) return known
  reading.spend(PARSED_CHARACTER_UNITS * body.text.length)
  // Under this directive a variable can hide a column.
  if (body.text.includes('#variable_conflict')) return null
  let result: Compiled | null = null
  try {
    result = readCompiled(reading.environment.parsePlpgsql?.(body.text))
  } catch (error) {
    if (error instanceof OverBudget) throw error
  }
  compiled.set(body, result)
  return result
}

function readCompiled(tree: unknown): Compiled {
  const functions = listIn(blockOf(tree), 'plpgsql_funcs')
  const fn = partOf(functions[0], 'PLpgSQL_function')
  const { out_param_varno: outputs } = fn
  return {
    datums: listIn(fn, 'datums').map(readDatum),
    body: bodyIn(partOf(fn['action'], 'PLpgSQL_stmt_block')),
    outputs: typeof outputs === 'number' ? outputs : null,
  }
}

function readDatum(block: Block): Datum {
  const [kind, part] = onlyPart(block)
  switch (kind) {
    case 'PLpgSQL_var': {
      const initial = part['default_val']
      return {
        kind: 'variable',
        name: textIn(part, 'refname'),
        type: textIn(partOf(part['datatype'], 'PLpgSQL_type'), 'typname'),
        initial: initial === undefined ? null : queryOf(initial),
      }
    }
    case 'PLpgSQL_rec': {
      if (part['default_val'] !== undefined) throw new NotFollowed('a record with a default')
      const type = part['datatype']
      const named = type === undefined ? null : textIn(partOf(type, 'PLpgSQL_type'), 'typname')
      return { kind: 'record', name: textIn(part, 'refname'), type: named === 'record' ? null : named }
    }
    case 'PLpgSQL_recfield':
      return { kind: 'field', record: numberIn(part, 'recparentno'), field: textIn(part, 'fieldname') }
    case 'PLpgSQL_row':
      return { kind: 'row', parts: rowParts(part) }
    default:
      throw new NotFollowed(`a ${kind}`)
  }
}

/** Numbers of the variables of a row that INTO or FOR fills; a number of 0 is left out by the printer. */
export function rowParts(row: Block): readonly number[] {
  return listIn(row, 'fields').map((field) => numberIn(field, 'varno'))
}

/** The statements of a block; a handler of exceptions sees messages that may hold any value. */
export function bodyIn(block: Block): readonly Block[] {
  if (block['exceptions'] !== undefined) throw new NotFollowed('a block with an exception handler')
  return listIn(block, 'body')
}

/** The one key of an object and what is under it. */
export function onlyPart(block: Block): readonly [string, Block] {
  const [entry] = Object.entries(block)
  if (entry === undefined) throw new NotFollowed('an empty object')
  return [entry[0], blockOf(entry[1])]
}

export function blockOf(value: unknown): Block {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new NotFollowed('no object')
  return value as Block
}

export function partOf(value: unknown, kind: string): Block {
  return blockOf(blockOf(value)[kind])
}

/** A list; absent: an empty one. */
export function listIn(block: Block, key: string): readonly Block[] {
  const list = block[key]
  if (list === undefined) return []
  if (!Array.isArray(list)) throw new NotFollowed(`${key} is no list`)
  return list.map(blockOf)
}

/** A number; absent: 0, which the printer leaves out. */
export function numberIn(block: Block, key: string): number {
  const value = block[key] ?? 0
  if (typeof value !== 'number') throw new NotFollowed(`${key} is no number`)
  return value
}

function textIn(block: Block, key: string): string {
  const value = block[key]
  if (typeof value !== 'string') throw new NotFollowed(`${key} is no text`)
  return value
}

/** SQL of an expression: a whole statement, or what stands behind SELECT. An assignment's target is left out. */
export function queryOf(value: unknown): string {
  const expression = partOf(value, 'PLpgSQL_expr')
  const query = textIn(expression, 'query')
  // RawParseMode of the server's parser.h: 0 a statement, 1 a type, 2 an expression, 3 to 5 an assignment to a name of so many parts.
  const mode = numberIn(expression, 'parseMode')
  if (mode === 0) return query
  if (mode === 2) return `SELECT ${query}`
  const assigned = mode >= 3 && mode <= 5 ? ASSIGNMENT.exec(query)?.[1] : undefined
  if (assigned === undefined) throw new NotFollowed('an assignment to something else than a plain name')
  return `SELECT ${assigned}`
}

const ASSIGNMENT = /^\s*(?:"[^"]*"|[\w$]+)(?:\s*\.\s*(?:"[^"]*"|[\w$]+))*\s*:?=([^]*)$/u

/** The one statement of a text, parsed. */
export function statementOf(reading: Reading, sql: string): Tree {
  reading.spend(PARSED_CHARACTER_UNITS * sql.length)
  const statements = listOf(
    reading.environment.parse(sql).stmts?.flatMap(({ stmt }): Tree[] => (stmt === undefined ? [] : [stmt])),
  )
  const [statement] = statements
  if (statement === undefined || statements.length !== 1) throw new NotFollowed('not one statement')
  return statement
}
