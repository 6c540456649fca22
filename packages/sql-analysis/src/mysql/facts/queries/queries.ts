import type {
  Expression,
  OrderItem,
  Query,
  QueryBody,
  Select,
  SelectItem,
  SetOperation,
  ValuesQuery,
} from '../../query-tree.ts'
import { foldName } from '../../name-case.ts'
import { readWindow } from '../expressions/windows.ts'
import { readInto } from '../session/variables.ts'
import { readHints } from '../session/settings.ts'
import { columnIn, columnsIn, eachItem, type Source, starOf } from '../item.ts'
import { type Column, type Lineage, NOTHING, anyOf, comparesAsIs, lineagesOf, named, untraced } from '../lineage.ts'
import type { Reading } from '../reading.ts'
import { type Scope, aliasMeant, below, itemsOf } from '../scope.ts'
import { withCommonTables } from './common-tables.ts'
import { isUnknownStar, readFrom, tableItem } from './from.ts'

/** Units for a query, besides what is in it. */
const QUERY_UNITS = 40

/** Reads any query; returns its columns. `outer`: what correlated names may mean. */
export function readQuery(reading: Reading, node: Query | QueryBody, outer: Scope): readonly Column[] {
  reading.descend()
  reading.spend(QUERY_UNITS)
  const columns = node.kind === 'query' ? readWhole(reading, node, outer) : readBody(reading, node, outer, null)
  reading.ascend()
  return columns
}

/** What stands behind a query's body. */
type Tail = Pick<Query, 'orderBy' | 'limit' | 'locks'>

function readWhole(reading: Reading, query: Query, outer: Scope): readonly Column[] {
  const around = withCommonTables(reading, query.with, outer)
  const columns = readBody(reading, query.body, around, query)
  if (query.into !== null) readInto(reading, query.into, columns, around)
  return columns
}

function readBody(reading: Reading, body: QueryBody, outer: Scope, tail: Tail | null): readonly Column[] {
  if (body.kind === 'select') return readSelect(reading, body, outer, tail)
  const columns = readOther(reading, body, outer)
  if (tail !== null) {
    const scope: Scope = { ...below(outer, null), aliases: columns }
    for (const order of tail.orderBy) readOrder(reading, order, columns, scope, null)
    readTail(reading, tail, scope)
    readLocks(reading, tail, null)
  }
  return columns
}

function readOther(reading: Reading, body: Exclude<QueryBody, Select>, outer: Scope): readonly Column[] {
  switch (body.kind) {
    case 'query':
      return readQuery(reading, body, outer)
    case 'set_operation':
      return readSetOperation(reading, body, outer)
    case 'table_query': {
      const item = tableItem(reading, body.table, '', false)
      return starOf(reading, item)
    }
    case 'values':
      return readValues(reading, body, below(outer, null))
    default:
      return body satisfies never
  }
}

function readSetOperation(reading: Reading, operation: SetOperation, outer: Scope): readonly Column[] {
  // Chains lean to the left: walked down here, not by recursion.
  const chain: SetOperation[] = [operation]
  let bottom = operation.left
  while (bottom.kind === 'set_operation') {
    chain.push(bottom)
    bottom = bottom.left
  }
  let columns = readQuery(reading, bottom, outer)
  for (let index = chain.length - 1; index >= 0; index--) {
    const step = chain[index]
    if (step === undefined) continue
    const right = readQuery(reading, step.right, outer)
    // All but UNION ALL compare the arms' rows.
    if (step.operator !== 'union' || !step.all) compareRows(reading, columns, right)
    columns = united(reading, columns, right)
  }
  return columns
}

function compareRows(reading: Reading, left: readonly Column[], right: readonly Column[]): void {
  left.forEach(({ lineage }, index) => {
    const other = right[index]?.lineage ?? NOTHING
    const asIs = comparesAsIs(lineage, other)
    for (const one of [lineage, other]) {
      if (asIs) reading.decideEqual(one)
      else reading.decide(one)
    }
  })
  for (const { lineage } of right.slice(left.length)) reading.decide(lineage)
}

/** Rows of either list under the names of the first. */
function united(reading: Reading, left: readonly Column[], right: readonly Column[]): readonly Column[] {
  const length = Math.max(left.length, right.length)
  reading.spend(2 * length)
  if (left.some(isUnknownStar) || right.some(isUnknownStar)) {
    const any = anyOf(reading, lineagesOf(reading, [...left, ...right]))
    return Array.from({ length }, (_, index) => ({ ...(left[index] ?? named(null, any)), lineage: any }))
  }
  const columns: Column[] = []
  for (let index = 0; index < length; index++) {
    const a = left[index]
    const b = right[index]
    // The server refuses arms of different length.
    if (a === undefined || b === undefined) columns.push(a ?? b ?? named(null, NOTHING))
    else columns.push({ name: a.name, key: a.key, lineage: anyOf(reading, [a.lineage, b.lineage]) })
  }
  return columns
}

function readValues(reading: Reading, body: ValuesQuery, scope: Scope): readonly Column[] {
  let columns: readonly Column[] = []
  // MySQL names its columns from 0 ("VALUES Statement"), MariaDB by the text of the first row, which is not kept.
  const numbered = reading.names.dialect.flavour === 'mysql'
  for (const row of body.rows) {
    const values = row.map((node) => reading.walk.expression(reading, node, scope))
    const before = columns
    reading.spend(1 + (values.length >> 1))
    columns = values.map((lineage, index): Column => {
      const known = before[index]
      if (known === undefined) return named(numbered ? `column_${index}` : null, lineage)
      return lineage === known.lineage ? known : { ...known, lineage: anyOf(reading, [known.lineage, lineage]) }
    })
  }
  return columns
}

function readSelect(reading: Reading, select: Select, outer: Scope, tail: Tail | null): readonly Column[] {
  readHints(reading, select.hints)
  const source = select.from === null ? null : readFrom(reading, select.from, outer)
  const scope = below(outer, source)
  const columns = readItems(reading, select.items, scope)
  if (select.where !== null) reading.decide(reading.walk.expression(reading, select.where, scope))
  const shown: Scope = { ...scope, aliases: columns }
  for (const key of select.groupBy) {
    const meant = groupMeant(reading, key.expression, columns, scope)
    reading.decideEqual(meant ?? reading.walk.expression(reading, key.expression, shown))
  }
  for (const node of [select.having, select.qualify])
    if (node !== null) reading.decide(reading.walk.expression(reading, node, shown))
  for (const { window } of select.windows) readWindow(reading, window, shown)
  if (select.distinct) reading.decideAllEqual(columns)
  // PROCEDURE ANALYSE(…) shows the least and greatest value of each column in columns of its own.
  if (select.procedure !== null) {
    for (const argument of select.procedure.arguments) reading.walk.expression(reading, argument, scope)
    reading.useFunction('mysql', `procedure ${select.procedure.name.toLowerCase()}`, 'sensitive')
    return [named(null, untraced('name', `what PROCEDURE ${select.procedure.name} returns is not known`))]
  }
  if (tail !== null) {
    for (const order of tail.orderBy) readOrder(reading, order, columns, shown, scope)
    readTail(reading, tail, shown)
    readLocks(reading, tail, source)
  }
  return columns
}

/** A select list or RETURNING list as columns, stars spread. */
export function readItems(reading: Reading, items: readonly SelectItem[], scope: Scope): readonly Column[] {
  const columns: Column[] = []
  for (const { expression, alias, text } of items) {
    if (expression.kind === 'star') {
      const spread = readStar(reading, expression, scope)
      reading.spend(spread.length)
      for (const column of spread) columns.push(column)
      continue
    }
    const lineage = reading.walk.expression(reading, expression, scope)
    columns.push(named(alias ?? nameOf(expression, text), lineage))
  }
  return columns
}

// A column is named as it was written, a literal by what is between its quotes (but for several in a row), anything else by its text.
function nameOf(expression: Expression, text: string): string | null {
  if (expression.kind === 'column') return expression.name
  if (expression.kind !== 'literal' || expression.type !== 'string') return text
  return /^(?:_\w+\s*|n)?(?:'([^'\\]*)'|"([^"\\]*)")$/i.test(text) ? expression.value : null
}

function readStar(reading: Reading, star: Expression & { kind: 'star' }, scope: Scope): readonly Column[] {
  const { source } = scope
  if (star.table === null) return source === null ? [unknownStar('*')] : columnsIn(reading, source)
  const schema = star.schema === null ? null : reading.tableKey(star.schema)
  const items = itemsOf(reading, source, schema, reading.tableKey(star.table))
  if (items.length === 0) return [unknownStar(`${star.table}.*`)]
  return items.flatMap((item) => starOf(reading, item))
}

function unknownStar(text: string): Column {
  return named(null, untraced('name', `what ${text} stands for is not known`))
}

// A number is the position of a column.
function positionMeant(reading: Reading, node: Expression, columns: readonly Column[]): Lineage | null {
  if (node.kind !== 'literal' || node.type !== 'number') return null
  if (columns.some(isUnknownStar)) return anyOf(reading, lineagesOf(reading, columns))
  return columns[Number(node.value) - 1]?.lineage ?? null
}

// GROUP BY: a column of the tables hides an alias (MySQL manual, "MySQL Handling of GROUP BY").
function groupMeant(reading: Reading, node: Expression, columns: readonly Column[], scope: Scope): Lineage | null {
  const position = positionMeant(reading, node, columns)
  if (position !== null) return position
  if (node.kind !== 'column' || node.table !== null || scope.variables?.has(foldName(node.name)) === true) return null
  const key = foldName(node.name)
  const stored = scope.source === null ? null : columnIn(reading, scope.source, key)
  return stored ?? aliasMeant(reading, columns, key)
}

// ORDER BY: an alias hides a column of the tables (MySQL manual, "SELECT Statement").
function readOrder(
  reading: Reading,
  { expression }: OrderItem,
  columns: readonly Column[],
  shown: Scope,
  tables: Scope | null,
): void {
  reading.decide(orderMeant(reading, expression, columns, shown, tables))
}

function orderMeant(
  reading: Reading,
  node: Expression,
  columns: readonly Column[],
  shown: Scope,
  tables: Scope | null,
): Lineage {
  const position = positionMeant(reading, node, columns)
  if (position !== null) return position
  if (node.kind === 'column' && node.table === null && shown.variables?.has(foldName(node.name)) !== true) {
    const alias = aliasMeant(reading, columns, foldName(node.name))
    if (alias !== null) return alias
  }
  // Behind a set operation `t.a` can only mean a column of the result.
  if (node.kind === 'column' && node.table !== null && tables === null) {
    const alias = aliasMeant(reading, columns, foldName(node.name))
    if (alias !== null) return alias
  }
  return reading.walk.expression(reading, node, shown)
}

function readTail(reading: Reading, { limit }: Tail, scope: Scope): void {
  if (limit === null) return
  for (const node of [limit.count, limit.offset])
    if (node !== null) reading.decide(reading.walk.expression(reading, node, scope))
}

// FOR UPDATE and FOR SHARE lock rows, which others then wait for.
function readLocks(reading: Reading, { locks }: Tail, source: Source | null): void {
  if (source === null) return
  for (const { tables } of locks) {
    const named = new Set(tables.map((table) => reading.tableKey(table.name)))
    eachItem(source, (item) => {
      if (item.relation !== null && (named.size === 0 || named.has(item.alias)))
        reading.access('lock', item.relation, [])
    })
  }
}
