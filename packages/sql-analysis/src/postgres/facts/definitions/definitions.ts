import type { Action, RelationName } from '@gatehouse/core'
import type { AlterTableStmt, RangeVar } from 'libpg-query'
import { write } from '../changes/changes.ts'
import { touchFamily } from '../changes/constraints.ts'
import { DEFINITIONS, type DefinitionEntry, objectKind } from './definition-actions.ts'
import { lookAtDefined, writeDefaults } from './definition-looks.ts'
import { useFunction } from '../expressions/functions.ts'
import { Reading } from '../reading.ts'
import { creationSchema, findRelation, newRelationName, relationName } from '../relations.ts'
import type { Item } from '../item.ts'
import { type Scope, TOP } from '../scope.ts'
import { readVariableSet } from '../settings.ts'
import { type Tree, kindOf, listOf, literalText, stringsOf } from '../tree.ts'
import { readTruncate } from './truncate.ts'
import { STEP_UNITS } from '../../../facts/work.ts'
import { targetItem } from '../changes/changes.ts'

/** Reads a definition, rights or maintenance statement; null when the node is none. Returns its action. */
export function readDefinition(reading: Reading, node: Tree): Action | null {
  const kind = kindOf(node)
  const entry = DEFINITIONS.get(kind)
  if (entry === undefined) return null
  const [inside]: readonly unknown[] = Object.values(node)
  const fields = isRecord(inside) ? inside : {}
  const action = actionOf(entry, node, fields)
  if (entry.movesNames) {
    reading.changesNames = true
    // A table altered in place keeps its name; only what looks at columns can be misled.
    if (node.AlterTableStmt === undefined && node.IndexStmt === undefined) reading.movesNames = true
  }
  // The triggers that were put off fire now.
  if (node.ConstraintsSetStmt !== undefined && node.ConstraintsSetStmt.deferred !== true) {
    reading.changesNames = true
    reading.movesNames = true
  }
  const skipped = readNewRelation(reading, node, action)
  const tables: RangeVar[] = []
  findTables(reading, fields, skipped, tables)
  for (const table of tables) {
    reading.access(action, relationName(reading, table), null)
    const relation = action === 'truncate' || action === 'lock' ? findRelation(reading, table) : undefined
    if (relation !== undefined) touchFamily(reading, table, relation, action)
  }
  const named = entry.name === null ? [] : objectNames(reading, fields[entry.name], node)
  for (const name of named) reading.access(action, name, null)
  // Of all relations in a schema each may be meant.
  const many = node.GrantStmt?.targtype === 'ACL_TARGET_ALL_IN_SCHEMA'
  if (many || (tables.length === 0 && named.length === 0 && skipped === null)) reading.access(action, null, null)
  readSpecials(reading, node, action)
  lookAtDefined(reading, node)
  reading.defining = true
  writeDefaults(reading, node)
  readDefinedParts(reading, fields, scopeOf(reading, tables, skipped))
  reading.defining = false
  // Statements inside a definition return nothing now.
  reading.output = null
  return action
}

function actionOf(entry: DefinitionEntry, node: Tree, fields: Readonly<Record<string, unknown>>): Action {
  if (node.CreateFunctionStmt?.is_procedure === true) return 'create_procedure'
  if (node.VacuumStmt !== undefined && node.VacuumStmt.is_vacuumcmd !== true) return 'analyze'
  if (node.GrantStmt !== undefined && node.GrantStmt.is_grant !== true) return 'revoke'
  if (node.GrantRoleStmt !== undefined && node.GrantRoleStmt.is_grant !== true) return 'revoke'
  if (node.RenameStmt !== undefined) {
    const { renameType, relationType } = node.RenameStmt
    const whole = renameType === 'OBJECT_COLUMN' || renameType === 'OBJECT_TABCONSTRAINT' ? relationType : renameType
    return `alter_${objectKind(whole ?? 'OBJECT_TABLE')}`
  }
  if (entry.kind === null) return entry.action
  const kind = fields[entry.kind]
  return `${entry.action}${objectKind(typeof kind === 'string' ? kind : 'OBJECT_TABLE')}`
}

/** Lists the relation a statement makes under its future name; returns the node that names it. */
function readNewRelation(reading: Reading, node: Tree, action: Action): object | null {
  const relation =
    node.CreateStmt?.relation ??
    node.CreateForeignTableStmt?.base?.relation ??
    node.CreateSeqStmt?.sequence ??
    node.CompositeTypeStmt?.typevar
  if (relation === undefined) return null
  reading.access(action, newRelationName(reading, relation), null)
  return relation
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** Every relation named anywhere in a value, but not inside statements nested in it. */
function findTables(reading: Reading, value: unknown, skipped: object | null, into: RangeVar[]): void {
  if (!isRecord(value) || value === skipped) return
  reading.spend(STEP_UNITS)
  if (Array.isArray(value)) {
    for (const element of value) findTables(reading, element, skipped, into)
    return
  }
  if (STATEMENT_KIND.test(kindOf(value)) || EXPRESSION_KINDS.has(kindOf(value))) return
  if (typeof value.relname === 'string') into.push(value)
  else for (const part of Object.values(value)) findTables(reading, part, skipped, into)
}

// A few parts of statements are named like statements.
const STATEMENT_KIND = /^(?!ReplicaIdentity|VariableSet)[A-Z][A-Za-z]*Stmt$/

const EXPRESSION_KINDS: ReadonlySet<string> = new Set([
  'ColumnRef',
  'A_Expr',
  'FuncCall',
  'BoolExpr',
  'TypeCast',
  'SubLink',
  'CaseExpr',
  'NullTest',
  'BooleanTest',
  'CoalesceExpr',
  'MinMaxExpr',
  'A_ArrayExpr',
  'RowExpr',
  'A_Indirection',
  'CollateClause',
  'XmlExpr',
  'XmlSerialize',
  'JsonFuncExpr',
  'JsonObjectConstructor',
  'JsonArrayConstructor',
  'JsonArrayQueryConstructor',
  'JsonIsPredicate',
  'JsonScalarExpr',
  'JsonParseExpr',
  'JsonSerializeExpr',
])

function scopeOf(reading: Reading, tables: readonly RangeVar[], made: object | null): Scope {
  const items: Item[] = []
  // The columns of a table about to be made are not known yet, and nothing is stored in them.
  if (made !== null) return { ...TOP, items }
  for (const table of tables)
    if (findRelation(reading, table) !== undefined)
      items.push({ ...targetItem(reading, table), onRead: null, read: null })
  return { ...TOP, items }
}

/** Expressions (defaults, conditions, index keys) and statements (rule actions, SQL bodies) inside a definition. */
function readDefinedParts(reading: Reading, value: unknown, scope: Scope): void {
  if (!isRecord(value)) return
  reading.spend(STEP_UNITS)
  if (Array.isArray(value)) {
    for (const element of value) readDefinedParts(reading, element, scope)
    return
  }
  reading.descend()
  const kind = kindOf(value)
  if (EXPRESSION_KINDS.has(kind)) reading.decide(reading.walk.expression(reading, value, scope))
  else if (STATEMENT_KIND.test(kind)) reading.walk.statement(reading, value, TOP)
  else for (const part of Object.values(value)) readDefinedParts(reading, part, scope)
  reading.ascend()
}

const PART_OF_TABLE: ReadonlySet<string> = new Set([
  'OBJECT_COLUMN',
  'OBJECT_TABCONSTRAINT',
  'OBJECT_TRIGGER',
  'OBJECT_RULE',
  'OBJECT_POLICY',
])

const RELATIONS: ReadonlySet<string> = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_SEQUENCE',
  'OBJECT_INDEX',
  'OBJECT_FOREIGN_TABLE',
  ...PART_OF_TABLE,
])

function objectNames(reading: Reading, value: unknown, node: Tree): RelationName[] {
  const type =
    node.DropStmt?.removeType ?? node.CommentStmt?.objtype ?? node.SecLabelStmt?.objtype ?? node.RenameStmt?.renameType
  const names: RelationName[] = []
  for (const dotted of dottedNames(reading, value)) {
    reading.spend(STEP_UNITS)
    const parts = type !== undefined && PART_OF_TABLE.has(type) ? dotted.slice(0, -1) : dotted
    const name = parts[parts.length - 1]
    if (name === undefined) continue
    const schema = parts.length > 1 ? (parts[parts.length - 2] ?? null) : null
    if (type !== undefined && RELATIONS.has(type)) {
      const table = schema === null ? { relname: name } : { relname: name, schemaname: schema }
      names.push(relationName(reading, table))
    } else names.push({ schema: schema ?? schemaOfNew(reading, node), name })
  }
  return names
}

function schemaOfNew(reading: Reading, node: Tree): string | null {
  const inSchema =
    node.CreateFunctionStmt ?? node.CreateDomainStmt ?? node.CreateEnumStmt ?? node.CreateRangeStmt ?? node.DefineStmt
  return inSchema === undefined ? null : creationSchema(reading)
}

/** The dotted names in a field, whatever node it holds them in. */
function dottedNames(reading: Reading, value: unknown): string[][] {
  if (typeof value === 'string') return value === '' ? [] : [[value]]
  if (!isRecord(value)) return []
  if (Array.isArray(value)) {
    const nodes: readonly Tree[] = value
    const strings = stringsOf(nodes)
    if (strings.length === nodes.length && strings.length > 0) return [strings]
    reading.spend(STEP_UNITS * nodes.length)
    return nodes.flatMap((node) => dottedNames(reading, node))
  }
  const node: Tree = value
  if (node.List !== undefined) return [stringsOf(node.List.items)]
  if (node.ObjectWithArgs !== undefined) return [stringsOf(node.ObjectWithArgs.objname)]
  if (node.TypeName !== undefined) return [stringsOf(node.TypeName.names)]
  if (node.String !== undefined) return [[node.String.sval ?? '']]
  if (node.RoleSpec !== undefined) return [[roleName(node.RoleSpec)]]
  if (node.AccessPriv !== undefined) return [[node.AccessPriv.priv_name ?? '']]
  if (typeof value.rolename === 'string' || typeof value.roletype === 'string') return [[roleName(value)]]
  if (Array.isArray(value.objname)) return [stringsOf(value.objname)]
  return []
}

function roleName(role: { readonly rolename?: unknown; readonly roletype?: unknown }): string {
  if (typeof role.rolename === 'string') return role.rolename
  return typeof role.roletype === 'string' ? role.roletype.replace('ROLESPEC_', '').toLowerCase() : ''
}

function readSpecials(reading: Reading, node: Tree, action: Action): void {
  if (node.AlterTableStmt !== undefined) readAlterTable(reading, node.AlterTableStmt)
  if (node.TruncateStmt !== undefined) readTruncate(reading, node.TruncateStmt)
  const set = node.AlterSystemStmt?.setstmt ?? node.AlterDatabaseSetStmt?.setstmt ?? node.AlterRoleSetStmt?.setstmt
  if (set !== undefined) {
    // For sessions to come: nothing is set in this one.
    const stored = new Reading(reading.environment, reading.walk, reading.work)
    readVariableSet(stored, set)
    reading.settings.push(...stored.settings)
  }
  if (node.CreateTrigStmt !== undefined) useFunction(reading, stringsOf(node.CreateTrigStmt.funcname), null)
  if (node.CreateEventTrigStmt !== undefined) useFunction(reading, stringsOf(node.CreateEventTrigStmt.funcname), null)
  if (node.CreateTableSpaceStmt?.location !== undefined) reading.files.push(node.CreateTableSpaceStmt.location)
  const connection = node.CreateSubscriptionStmt?.conninfo ?? node.AlterSubscriptionStmt?.conninfo
  if (connection !== undefined) reading.files.push(connection.replaceAll(/(password\s*=\s*)(?:'[^']*'|\S+)/gi, '$1…'))
  const body = node.CreateFunctionStmt
  if (body !== undefined && body.sql_body === undefined) {
    // The body is text to be run as code later on: what it does is not read here.
    reading.dynamicSql = true
    for (const option of listOf(body.options)) {
      if (option.DefElem?.defname !== 'as' || option.DefElem.arg === undefined) continue
      const library: Tree = option.DefElem.arg
      const items = listOf(library.List?.items)
      if (items.length === 2) reading.files.push(literalText(items[0]) ?? '')
    }
  }
  for (const relation of listOf(node.VacuumStmt?.rels)) {
    const table = relation.VacuumRelation?.relation
    if (table !== undefined) reading.access(action, relationName(reading, table), null)
  }
  if (node.ReassignOwnedStmt?.newrole !== undefined)
    reading.access(action, { schema: null, name: roleName(node.ReassignOwnedStmt.newrole) }, null)
}

// USING, DEFAULT and GENERATED put values into a column.
function readAlterTable(reading: Reading, statement: AlterTableStmt): void {
  const { relation } = statement
  if (relation === undefined) return
  const scope = scopeOf(reading, [relation], null)
  for (const node of listOf(statement.cmds)) {
    const command = node.AlterTableCmd
    const definition: Tree | undefined = command?.def
    const column = definition?.ColumnDef
    if (column === undefined) continue
    const expressions: (Tree | undefined)[] = [column.raw_default]
    for (const constraint of listOf(column.constraints)) expressions.push(constraint.Constraint?.raw_expr)
    for (const expression of expressions) {
      if (expression === undefined) continue
      reading.defining = true
      const lineage = reading.walk.expression(reading, expression, scope)
      reading.defining = false
      write(reading, relation, command?.name ?? column.colname ?? null, lineage)
    }
  }
}
