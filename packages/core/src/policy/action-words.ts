import type { Action } from '../statement/facts.ts'
import { nearestWord } from './nearest-word.ts'

/** Kinds of object that `create_…`, `alter_…` and `drop_…` name. */
const objectKinds =
  `access_method aggregate cast collation conversion database default_privileges domain event event_trigger extension
  foreign_data_wrapper foreign_table function group index instance language large_object library logfile_group masking_policy
  materialized_view operator operator_class operator_family owned package policy procedure publication resource_group role routine
  rule schema sequence server spatial_reference_system statistics subscription system table tablespace text_search_configuration
  text_search_dictionary text_search_parser text_search_template transform trigger type undo_tablespace user user_mapping
  view`.split(/\s+/)

/** What only MySQL and MariaDB do. */
const mysqlActions =
  `load_data use unlock help get_diagnostics signal resignal kill flush check checksum optimize repair cache_index import_table binlog
  clone backup shutdown restart lock_instance unlock_instance reset_server purge_binary_logs change_replication_source change_replication_filter start_replica stop_replica
  start_group_replication stop_group_replication install_plugin uninstall_plugin install_component uninstall_component
  set_resource_group xa_start xa_end xa_prepare xa_commit xa_rollback xa_recover show_processlist show_engine_status show_engine_logs
  show_engine_mutex show_binlog_events show_relaylog_events show_profile show_profiles show_grants show_create_user
  show_create_server show_replica_status show_replicas show_explain`.split(/\s+/)

const plainActions = `select insert update delete merge truncate lock copy_from copy_to
  comment security_label refresh reindex cluster vacuum analyze import_foreign_schema
  grant revoke reassign_owned set_role set_session_authorization
  set reset show discard prepare execute deallocate declare_cursor fetch close_cursor listen notify unlisten load
  begin commit rollback savepoint release rollback_to prepare_transaction commit_prepared rollback_prepared
  set_transaction set_constraints checkpoint
  call do explain`.split(/\s+/)

const write = ['insert', 'update', 'delete', 'merge', 'truncate', 'copy_from', 'load_data']
const otherDdl = 'comment security_label refresh reindex cluster vacuum analyze import_foreign_schema'.split(' ')

/** Words that stand for several actions, besides `create`, `alter`, `drop`, `ddl` and `*`, which go by prefix. */
const families: ReadonlyMap<string, readonly Action[]> = new Map([
  ['write', write],
  ['transaction', 'begin commit rollback savepoint release rollback_to set_transaction set_constraints'.split(' ')],
  // Not `load`: it runs a library's code in the server. Not listen and notify: they reach other sessions.
  [
    'session',
    'set reset show discard prepare execute deallocate declare_cursor fetch close_cursor unlisten'.split(' '),
  ],
])

const prefixFamilies: ReadonlyMap<string, readonly string[]> = new Map([
  ['create', ['create_']],
  ['alter', ['alter_']],
  ['drop', ['drop_']],
  ['ddl', ['create_', 'alter_', 'drop_']],
])

/** Every word a policy may use for an action: exact actions, then families. */
export const actionWords: ReadonlySet<string> = new Set([
  ...plainActions,
  ...mysqlActions,
  ...objectKinds.flatMap((kind) => ['create_', 'alter_', 'drop_'].map((verb) => verb + kind)),
  ...families.keys(),
  ...prefixFamilies.keys(),
  '*',
])

/** Which known word may have been meant, as a sentence. */
export function nearActions(word: string): string {
  const nearest = nearestWord(word, actionWords)
  return nearest === null ? 'Action words are listed in docs/policy.md.' : `Did you mean ${nearest}?`
}

/** A set of action words, ready to be matched. */
export class ActionSet {
  readonly words: readonly string[]
  /** True when it holds `*`. */
  readonly everything: boolean
  readonly #exact = new Set<Action>()
  readonly #prefixes: string[] = []

  constructor(words: readonly string[]) {
    this.words = words
    this.everything = words.includes('*')
    for (const word of words) {
      const prefixes = prefixFamilies.get(word)
      if (prefixes !== undefined) this.#prefixes.push(...prefixes)
      if (word === 'ddl') for (const action of otherDdl) this.#exact.add(action)
      for (const action of families.get(word) ?? [word]) this.#exact.add(action)
    }
  }

  has(action: Action): boolean {
    if (this.everything || this.#exact.has(action)) return true
    for (const prefix of this.#prefixes) if (action.startsWith(prefix)) return true
    return false
  }
}

/** True for actions that always change or reach an object: where facts name none, only a rule for every object covers it. */
export function needsObject(action: Action): boolean {
  return isDdl(action) || isWrite(action) || objectActions.has(action) || action === 'unknown'
}

const objectActions = new Set<Action>(
  'lock grant revoke reassign_owned set_role set_session_authorization load'.split(' '),
)

/** True for definitions: `create_…`, `alter_…`, `drop_…` and the rest of the family `ddl`. */
export function isDdl(action: Action): boolean {
  return (
    action.startsWith('create_') ||
    action.startsWith('alter_') ||
    action.startsWith('drop_') ||
    otherDdl.includes(action)
  )
}

/** True for the family `write`. */
export function isWrite(action: Action): boolean {
  return write.includes(action)
}

/** True where the object of the action is itself a schema (in MySQL, a database). */
export function isOnSchema(action: Action): boolean {
  return action.endsWith('_schema') || action.endsWith('_database')
}

/** True where the object of the action lives in no schema, so that a null schema is the whole truth. */
export function isOutsideSchemas(action: Action): boolean {
  return isOnSchema(action) || outsideSchemas.test(action)
}

const outsideSchemas =
  /^(?:set_role|set_session_authorization|reassign_owned|(?:create|alter|drop)_(?:role|user|group|tablespace|language|extension|server|publication|subscription|event_trigger|foreign_data_wrapper|access_method|system|owned|user_mapping))$/
