import type { CaseExpression, ColumnReference, Expression, SubqueryExpression, UserVariable } from '../../query-tree.ts'
import { type Lineage, MOMENT, NOTHING, NULL, NUMBER, TEXT, anyOf, derivedFrom, named, rowOf } from '../lineage.ts'
import type { Reading } from '../reading.ts'
import { type Scope, resolveName, resolveQualified } from '../scope.ts'
import { addSetting, readSystemVariable } from '../session/settings.ts'
import { writeVariable } from '../session/variables.ts'
import { readCall } from './calls.ts'
import { readComparison, readOperation } from './operations.ts'

/** What an expression depends on. Records on the way what it calls and what its conditions look at. */
export function readExpression(reading: Reading, node: Expression, scope: Scope): Lineage {
  reading.descend()
  const { watch } = reading
  const before = watch === null ? 0 : readsOf(watch.targets)
  const lineage = readNode(reading, node, scope)
  if (watch !== null && readsOf(watch.targets) > before) watch.lookers.add(node)
  reading.ascend()
  return lineage
}

function readsOf(targets: readonly { readonly reads: number }[]): number {
  let reads = 0
  for (const target of targets) reads += target.reads
  return reads
}

function readNode(reading: Reading, node: Expression, scope: Scope): Lineage {
  switch (node.kind) {
    case 'literal':
      return literal(node.type)
    case 'column':
      return readColumn(reading, node, scope)
    case 'star':
      throw new Error('a star stands where a value is expected')
    case 'parameter':
      // Compared by the type of the value that is sent, whatever the other side is.
      return NOTHING
    case 'user_variable':
      return readUserVariable(reading, node, scope)
    case 'system_variable':
      return readSystemVariable(reading, node)
    case 'call':
      return readCall(reading, node, scope)
    case 'operation':
      return readOperation(reading, node, scope)
    case 'case':
      return readCase(reading, node, scope)
    case 'row':
      return rowOf(
        reading,
        node.items.map((item) => named(null, readExpression(reading, item, scope))),
      )
    case 'subquery':
      return readSubquery(reading, node, scope)
    case 'default':
      // A constant, or an expression of who made the table.
      if (node.column !== null) readColumn(reading, node.column, scope)
      return NOTHING
    default:
      return node satisfies never
  }
}

function literal(type: 'number' | 'string' | 'bytes' | 'temporal' | 'boolean' | 'null'): Lineage {
  switch (type) {
    case 'number':
    case 'boolean':
      return NUMBER
    case 'string':
    case 'bytes':
      return TEXT
    case 'temporal':
      return MOMENT
    case 'null':
      return NULL
    default:
      return type satisfies never
  }
}

function readColumn(reading: Reading, { schema, table, name }: ColumnReference, scope: Scope): Lineage {
  if (table === null) return resolveName(reading, scope, name)
  const schemaKey = schema === null ? null : reading.tableKey(schema)
  const own = reading.trigger && /^(?:old|new)$/i.test(table)
  return resolveQualified(reading, scope, schemaKey, own ? table.toLowerCase() : reading.tableKey(table), name)
}

// What is in a variable was let in when it was assigned. That it is read is told as of a system variable.
function readUserVariable(reading: Reading, node: UserVariable, scope: Scope): Lineage {
  if (node.assigned === null) {
    addSetting(reading, { action: 'show', name: `@${node.name.toLowerCase()}`, value: null })
    return NOTHING
  }
  const value = readExpression(reading, node.assigned, scope)
  writeVariable(reading, value)
  return value
}

function readSubquery(reading: Reading, node: SubqueryExpression, scope: Scope): Lineage {
  const columns = reading.walk.query(reading, node.query, scope)
  // Only whether there is a row: what its conditions look at is recorded by the query itself.
  if (node.use === 'exists') return NUMBER
  const [first] = columns
  if (columns.length === 1 && first !== undefined) return first.lineage
  return columns.length === 0 ? NOTHING : rowOf(reading, columns)
}

function readCase(reading: Reading, node: CaseExpression, scope: Scope): Lineage {
  const tested = node.operand === null ? null : readExpression(reading, node.operand, scope)
  const results: Lineage[] = []
  for (const { when, result } of node.branches) {
    const test = readExpression(reading, when, scope)
    reading.decide(tested === null ? test : readComparison(reading, '=', tested, test))
    results.push(readExpression(reading, result, scope))
  }
  if (node.otherwise !== null) results.push(readExpression(reading, node.otherwise, scope))
  return derivedFrom(reading, results, anyOf(reading, results).type)
}
