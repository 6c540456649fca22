import type { SettingUse } from '@gatehouse/core'
import type { SelectStmt, VariableSetStmt } from 'libpg-query'
import type { Item } from './item.ts'
import type { Reading } from './reading.ts'
import { type Tree, listOf, literalText, stringsOf } from './tree.ts'

/** Settings that decide what names mean to later statements. */
const NAME_SETTINGS: ReadonlySet<string> = new Set([
  '*',
  'search_path',
  'role',
  'session_authorization',
  'standard_conforming_strings',
  'backslash_quote',
  'client_encoding',
  'temp_tablespaces',
])

/** Adds a setting used, with what follows from it for names and rights. */
export function addSetting(reading: Reading, use: SettingUse): void {
  reading.settings.push(use)
  if (use.action === 'show') return
  reading.changesNames = true
  if (NAME_SETTINGS.has(use.name)) reading.movesNames = true
  // RESET goes back to the role that the session was opened with.
  if (use.action === 'reset') return
  if (use.name === 'role' || use.name === '*') reading.access('set_role', roleNamed(use), null)
  if (use.name === 'session_authorization') reading.access('set_session_authorization', roleNamed(use), null)
}

function roleNamed(use: SettingUse): { schema: null; name: string } | null {
  return use.value === null ? null : { schema: null, name: use.value }
}

/** set_config(name, value, local) and current_setting(name): a name that is not a literal may be any setting. */
export function readSettingCall(reading: Reading, name: string, nodes: readonly Tree[]): void {
  const positional = nodes.every((node) => node.NamedArgExpr === undefined)
  const setting = positional ? (literalText(nodes[0]) ?? (isRowName(nodes[0]) ? reading.rowSetting : null)) : null
  const action = name === 'set_config' ? 'set' : 'show'
  const value = name === 'set_config' && positional ? literalText(nodes[1]) : null
  addSetting(reading, { action, name: setting === null ? '*' : setting.toLowerCase(), value })
}

/**
 * The setting whose row a query looks at: `FROM pg_settings WHERE name = 'work_mem'`, as pg_dump writes it to change a
 * setting only where the server has it. Null when it looks at others too, or that cannot be told.
 */
export function settingOfRow(reading: Reading, statement: SelectStmt, items: readonly Item[]): string | null {
  const [item] = items
  const from: Tree | undefined = statement.fromClause?.[0]
  const where: Tree | undefined = statement.whereClause
  const test = where?.A_Expr
  if (item === undefined || items.length > 1 || statement.fromClause?.length !== 1 || test?.kind !== 'AEXPR_OP')
    return null
  const { relation } = item
  if (relation?.schema !== 'pg_catalog' || relation.name !== 'pg_settings') return null
  if (from?.RangeVar === undefined || from.RangeVar.alias?.colnames !== undefined) return null
  const isOwnEquals =
    stringsOf(test.name).join('.') === '=' && reading.environment.catalog.userOperators('=') === undefined
  const value: Tree | undefined = test.rexpr
  return isOwnEquals && isRowName(test.lexpr) ? (value?.A_Const?.sval?.sval ?? null) : null
}

function isRowName(node: Tree | undefined): boolean {
  return stringsOf(node?.ColumnRef?.fields).join('\0') === 'name' && node?.ColumnRef?.fields?.length === 1
}

/** SET, RESET and their special forms; returns the statement's action. */
export function readVariableSet(reading: Reading, statement: VariableSetStmt): string {
  const name = (statement.name ?? '').toLowerCase()
  switch (statement.kind) {
    case 'VAR_SET_VALUE':
    case 'VAR_SET_DEFAULT':
    case 'VAR_SET_CURRENT':
      addSetting(reading, { action: 'set', name, value: settingValue(name, listOf(statement.args)) })
      break
    case 'VAR_RESET':
      addSetting(reading, { action: 'reset', name, value: null })
      break
    case 'VAR_RESET_ALL':
      addSetting(reading, { action: 'reset', name: '*', value: null })
      break
    case 'VAR_SET_MULTI':
      return readTransactionSettings(reading, name, listOf(statement.args))
    default:
      throw new Error('a form of SET is not understood')
  }
  if (statement.kind === 'VAR_RESET' || statement.kind === 'VAR_RESET_ALL') return 'reset'
  if (name === 'role') return 'set_role'
  return name === 'session_authorization' ? 'set_session_authorization' : 'set'
}

// SET TRANSACTION, SET SESSION CHARACTERISTICS AS TRANSACTION, SET TRANSACTION SNAPSHOT.
function readTransactionSettings(reading: Reading, name: string, modes: readonly Tree[]): string {
  const lasting = name === 'session characteristics'
  addTransactionModes(reading, modes, lasting ? 'default_' : '')
  if (name === 'transaction snapshot')
    addSetting(reading, { action: 'set', name: 'transaction_snapshot', value: literalText(modes[0]) })
  return lasting ? 'set' : 'set_transaction'
}

/** Transaction modes as the settings they are: `transaction_isolation`, `transaction_read_only`, `transaction_deferrable`. */
export function addTransactionModes(reading: Reading, modes: readonly Tree[], prefix: string): void {
  for (const mode of modes) {
    const element = mode.DefElem
    if (element?.defname === undefined) continue
    const text = literalText(element.arg)
    const flag = element.defname === 'transaction_isolation' ? text : text === '0' ? 'off' : 'on'
    addSetting(reading, { action: 'set', name: `${prefix}${element.defname}`, value: flag })
  }
}

function settingValue(name: string, nodes: readonly Tree[]): string | null {
  if (nodes.length === 0) return null
  const texts: string[] = []
  for (const node of nodes) {
    const text = literalText(node)
    if (text === null) return null
    texts.push(name === 'search_path' ? quoteIdentifier(text) : text)
  }
  return texts.join(', ')
}

function quoteIdentifier(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}
