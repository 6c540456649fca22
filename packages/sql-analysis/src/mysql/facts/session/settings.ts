import type { SettingUse } from '@gatehouse/core'
import type { Expression, Hints, SystemVariable } from '../../query-tree.ts'
import type { SetItem } from '../../statement-tree.ts'
import { type Lineage, NOTHING, untraced } from '../lineage.ts'
import type { Reading } from '../reading.ts'
import { type Scope, TOP } from '../scope.ts'
import { writeVariable } from './variables.ts'

/** Settings that decide how later statements are read, or what their names mean. */
const READING_SETTINGS: ReadonlySet<string> = new Set([
  'sql_mode',
  'names',
  'character_set_client',
  'collation_connection',
  'character_set_connection',
  'old_mode',
  'sql_quote_show_create',
  'tx_read_only',
])

/** Settings that are others under an older name. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['tx_isolation', 'transaction_isolation'],
  ['tx_read_only', 'transaction_read_only'],
])

/** Counts of messages that an earlier statement left: what they tell depends on values that it looked at. */
export const DIAGNOSTICS_COUNTS: ReadonlySet<string> = new Set(['warning_count', 'error_count'])

/** Adds a setting used, with what follows from it for later texts. */
export function addSetting(reading: Reading, use: SettingUse): void {
  reading.settings.push(use)
  if (use.action === 'show') return
  reading.changesNames = true
  if (!READING_SETTINGS.has(use.name.replace(/^(?:global|persist|persist_only)\./, ''))) return
  reading.movesNames = true
  reading.movesTexts = true
}

/** The name under which a setting is listed: that of another scope than the session's has the scope before it. */
function settingName(scope: SystemVariable['scope'], name: string): string {
  const lower = name.toLowerCase()
  const known = ALIASES.get(lower) ?? lower
  return scope === null || scope === 'session' || scope === 'local' ? known : `${scope}.${known}`
}

/** `@@name` as a value. */
export function readSystemVariable(reading: Reading, { scope, name }: SystemVariable): Lineage {
  const listed = settingName(scope, name)
  addSetting(reading, { action: 'show', name: listed, value: null })
  if (!DIAGNOSTICS_COUNTS.has(listed)) return NOTHING
  reading.diagnostics = true
  return untraced('name', `@@${listed} tells what became of an earlier statement`)
}

/** SET_VAR(…) hints set for one statement what SET sets for the session (MySQL manual, "Optimizer Hints"). */
export function readHints(reading: Reading, { setVariables, steerIndexes }: Hints): void {
  if (steerIndexes) reading.steersIndexes = true
  for (const { name, value } of setVariables) {
    const setting = settingName(null, name)
    addSetting(reading, { action: 'set', name: setting, value })
    // The text was read under the session's: what it means under another is not known.
    if (READING_SETTINGS.has(setting))
      reading.incomplete(`SET_VAR(${setting}) changes how the statement itself is read`)
  }
}

/** One assignment of SET that is no variable of a stored program. */
export function readSetItem(reading: Reading, item: SetItem, scope: Scope = TOP): void {
  switch (item.kind) {
    case 'user_variable':
      writeVariable(reading, reading.walk.expression(reading, item.value, scope))
      reading.settings.push({ action: 'set', name: `@${item.name.toLowerCase()}`, value: valueText('', item.value) })
      return
    case 'variable': {
      const name = item.qualifier === null ? item.name : `${item.qualifier}.${item.name}`
      setVariable(reading, settingName(item.scope, name), item.value, scope)
      return
    }
    case 'names':
      addSetting(reading, { action: 'set', name: 'names', value: item.value })
      return
    case 'character_set':
      addSetting(reading, { action: 'set', name: 'character_set_client', value: item.value })
      return
    case 'transaction':
      readTransactionWords(reading, settingPrefix(item.scope), item.words)
      return
    case 'role':
    case 'default_role':
    case 'password':
    case 'resource_group':
      readAccountWords(reading, item.kind, item.words)
      return
    default:
      item satisfies never
  }
}

function settingPrefix(scope: SystemVariable['scope']): string {
  return scope === null || scope === 'session' || scope === 'local' ? '' : `${scope}.`
}

function setVariable(reading: Reading, name: string, value: Expression, scope: Scope): void {
  const text = valueText(name, value)
  if ((text === null || value.kind === 'user_variable') && value.kind !== 'default') {
    const lineage = reading.walk.expression(reading, value, scope)
    writeVariable(reading, lineage)
  }
  addSetting(
    reading,
    value.kind === 'default' ? { action: 'reset', name, value: null } : { action: 'set', name, value: text },
  )
}

/** The value as text where it is told by the statement alone, or the user variable it comes from; null: it is computed. */
function valueText(name: string, value: Expression): string | null {
  switch (value.kind) {
    case 'literal':
      return value.type === 'null' ? 'NULL' : value.value
    // `SET autocommit = ON`, `SET character_set_results = utf8mb4`: bare words.
    case 'column':
      return value.table === null ? value.name : null
    case 'system_variable':
      return value.name === name ? `@@${name}` : null
    // `SET sql_mode = @old_sql_mode`, as dumps end.
    case 'user_variable':
      return value.assigned === null ? `@${value.name.toLowerCase()}` : null
    case 'operation':
      if (value.operator !== '-' || value.operands.length !== 1) return null
      return value.operands[0]?.kind === 'literal' ? `-${value.operands[0].value}` : null
    case 'call':
      return addedTo(name, value)
    default:
      return null
  }
}

// `sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')`, as connectors send it: what there is, and these.
function addedTo(name: string, value: Expression & { kind: 'call' }): string | null {
  if (value.name.toLowerCase() !== 'concat') return null
  let text = ''
  for (const part of value.arguments) {
    if (part.kind === 'literal' && part.type === 'string') text += part.value
    else if (part.kind === 'system_variable' && part.name === name) text += `@@${name}`
    else return null
  }
  return text
}

/** A level (`read_committed` …), `read_only`, `read_write`. */
function readTransactionWords(reading: Reading, prefix: string, words: readonly string[]): void {
  for (const word of words) {
    const access = word === 'read_only' || word === 'read_write'
    const name = `${prefix}${access ? 'transaction_read_only' : 'transaction_isolation'}`
    const value = access ? (word === 'read_only' ? 'on' : 'off') : word.replaceAll('_', '-')
    addSetting(reading, { action: 'set', name, value })
  }
}

function readAccountWords(
  reading: Reading,
  kind: 'role' | 'default_role' | 'password' | 'resource_group',
  words: readonly string[],
): void {
  reading.changesNames = true
  switch (kind) {
    case 'role':
      reading.movesNames = true
      reading.access('set_role', words.length === 0 ? null : { schema: null, name: words.join(' ') }, null)
      return
    case 'default_role':
    case 'password':
      // The words may hold the password itself.
      reading.access('alter_user', null, null)
      return
    case 'resource_group':
      reading.access('set_resource_group', { schema: null, name: words[0] ?? '' }, null)
      return
    default:
      kind satisfies never
  }
}
