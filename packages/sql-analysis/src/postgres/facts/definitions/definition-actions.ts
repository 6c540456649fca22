/** Table: the action of each definition, rights and maintenance statement, and the field that names its object. */
import type { Action } from '@gatehouse/core'
import type { Tree } from '../tree.ts'

/** How a statement kind is listed. `name`: the field that names the object: a text, or a dotted name. */
export interface DefinitionEntry {
  readonly action: Action
  readonly name: string | null
  /** The action ends in the kind of object, which this field tells; null when `action` is whole. */
  readonly kind: string | null
  /** True when after it names may mean something else. */
  readonly movesNames: boolean
}

function made(action: Action, name: string | null = null, kind: string | null = null): DefinitionEntry {
  return { action, name, kind, movesNames: true }
}

function kept(action: Action, name: string | null = null): DefinitionEntry {
  return { action, name, kind: null, movesNames: false }
}

/** By node kind. Whatever relation stands anywhere in the statement is listed beside the object named here. */
export const DEFINITIONS: ReadonlyMap<string, DefinitionEntry> = new Map<keyof Tree, DefinitionEntry>([
  ['AlterCollationStmt', made('alter_collation', 'collname')],
  ['AlterDatabaseRefreshCollStmt', made('alter_database', 'dbname')],
  ['AlterDatabaseSetStmt', made('alter_database', 'dbname')],
  ['AlterDatabaseStmt', made('alter_database', 'dbname')],
  ['AlterDefaultPrivilegesStmt', made('alter_default_privileges')],
  ['AlterDomainStmt', made('alter_domain', 'typeName')],
  ['AlterEnumStmt', made('alter_type', 'typeName')],
  ['AlterEventTrigStmt', made('alter_event_trigger', 'trigname')],
  ['AlterExtensionContentsStmt', made('alter_extension', 'extname')],
  ['AlterExtensionStmt', made('alter_extension', 'extname')],
  ['AlterFdwStmt', made('alter_foreign_data_wrapper', 'fdwname')],
  ['AlterForeignServerStmt', made('alter_server', 'servername')],
  ['AlterFunctionStmt', made('alter_', 'func', 'objtype')],
  ['AlterObjectDependsStmt', made('alter_', 'object', 'objectType')],
  ['AlterObjectSchemaStmt', made('alter_', 'object', 'objectType')],
  ['AlterOpFamilyStmt', made('alter_operator_family', 'opfamilyname')],
  ['AlterOperatorStmt', made('alter_operator', 'opername')],
  ['AlterOwnerStmt', made('alter_', 'object', 'objectType')],
  ['AlterPolicyStmt', made('alter_policy', 'policy_name')],
  ['AlterPublicationStmt', made('alter_publication', 'pubname')],
  ['AlterRoleSetStmt', made('alter_role', 'role')],
  ['AlterRoleStmt', made('alter_role', 'role')],
  ['AlterSeqStmt', made('alter_sequence')],
  ['AlterStatsStmt', made('alter_statistics', 'defnames')],
  ['AlterSubscriptionStmt', made('alter_subscription', 'subname')],
  ['AlterSystemStmt', made('alter_system')],
  ['AlterTSConfigurationStmt', made('alter_text_search_configuration', 'cfgname')],
  ['AlterTSDictionaryStmt', made('alter_text_search_dictionary', 'dictname')],
  ['AlterTableMoveAllStmt', made('alter_', 'orig_tablespacename', 'objtype')],
  ['AlterTableSpaceOptionsStmt', made('alter_tablespace', 'tablespacename')],
  ['AlterTableStmt', made('alter_', null, 'objtype')],
  ['AlterTypeStmt', made('alter_type', 'typeName')],
  ['AlterUserMappingStmt', made('alter_user_mapping', 'servername')],
  ['CheckPointStmt', kept('checkpoint')],
  ['ClusterStmt', kept('cluster')],
  ['CommentStmt', kept('comment', 'object')],
  ['CompositeTypeStmt', made('create_type')],
  ['ConstraintsSetStmt', kept('set_constraints')],
  ['CreateAmStmt', made('create_access_method', 'amname')],
  ['CreateCastStmt', made('create_cast')],
  ['CreateConversionStmt', made('create_conversion', 'conversion_name')],
  ['CreateDomainStmt', made('create_domain', 'domainname')],
  ['CreateEnumStmt', made('create_type', 'typeName')],
  ['CreateEventTrigStmt', made('create_event_trigger', 'trigname')],
  ['CreateExtensionStmt', made('create_extension', 'extname')],
  ['CreateFdwStmt', made('create_foreign_data_wrapper', 'fdwname')],
  ['CreateForeignServerStmt', made('create_server', 'servername')],
  ['CreateForeignTableStmt', made('create_foreign_table')],
  ['CreateFunctionStmt', made('create_function', 'funcname')],
  ['CreateOpClassStmt', made('create_operator_class', 'opclassname')],
  ['CreateOpFamilyStmt', made('create_operator_family', 'opfamilyname')],
  ['CreatePLangStmt', made('create_language', 'plname')],
  ['CreatePolicyStmt', made('create_policy', 'policy_name')],
  ['CreatePublicationStmt', made('create_publication', 'pubname')],
  ['CreateRangeStmt', made('create_type', 'typeName')],
  ['CreateRoleStmt', made('create_role', 'role')],
  ['CreateSchemaStmt', made('create_schema', 'schemaname')],
  ['CreateSeqStmt', made('create_sequence')],
  ['CreateStatsStmt', made('create_statistics', 'defnames')],
  ['CreateStmt', made('create_table')],
  ['CreateSubscriptionStmt', made('create_subscription', 'subname')],
  ['CreateTableSpaceStmt', made('create_tablespace', 'tablespacename')],
  ['CreateTransformStmt', made('create_transform', 'lang')],
  ['CreateTrigStmt', made('create_trigger', 'trigname')],
  ['CreateUserMappingStmt', made('create_user_mapping', 'servername')],
  ['CreatedbStmt', made('create_database', 'dbname')],
  ['DefineStmt', made('create_', 'defnames', 'kind')],
  ['DropOwnedStmt', made('drop_owned', 'roles')],
  ['DropRoleStmt', made('drop_role', 'roles')],
  ['DropStmt', made('drop_', 'objects', 'removeType')],
  ['DropSubscriptionStmt', made('drop_subscription', 'subname')],
  ['DropTableSpaceStmt', made('drop_tablespace', 'tablespacename')],
  ['DropUserMappingStmt', made('drop_user_mapping', 'servername')],
  ['DropdbStmt', made('drop_database', 'dbname')],
  ['GrantRoleStmt', kept('grant', 'granted_roles')],
  ['GrantStmt', kept('grant', 'objects')],
  ['ImportForeignSchemaStmt', made('import_foreign_schema', 'local_schema')],
  ['IndexStmt', made('create_index', 'idxname')],
  ['LockStmt', kept('lock')],
  ['ReassignOwnedStmt', kept('reassign_owned', 'roles')],
  ['RefreshMatViewStmt', kept('refresh')],
  ['ReindexStmt', kept('reindex', 'name')],
  ['RenameStmt', made('alter_', 'object', 'renameType')],
  ['RuleStmt', made('create_rule', 'rulename')],
  ['SecLabelStmt', kept('security_label', 'object')],
  ['TruncateStmt', kept('truncate')],
  ['VacuumStmt', kept('vacuum')],
])

const KIND_NAMES: ReadonlyMap<string, string> = new Map([
  ['OBJECT_MATVIEW', 'materialized_view'],
  ['OBJECT_FDW', 'foreign_data_wrapper'],
  ['OBJECT_FOREIGN_SERVER', 'server'],
  ['OBJECT_TSCONFIGURATION', 'text_search_configuration'],
  ['OBJECT_TSDICTIONARY', 'text_search_dictionary'],
  ['OBJECT_TSPARSER', 'text_search_parser'],
  ['OBJECT_TSTEMPLATE', 'text_search_template'],
  ['OBJECT_OPCLASS', 'operator_class'],
  ['OBJECT_OPFAMILY', 'operator_family'],
  ['OBJECT_STATISTIC_EXT', 'statistics'],
  ['OBJECT_ATTRIBUTE', 'type'],
  ['OBJECT_TABCONSTRAINT', 'table'],
  ['OBJECT_COLUMN', 'table'],
  ['OBJECT_DOMCONSTRAINT', 'domain'],
  ['OBJECT_LARGEOBJECT', 'large_object'],
])

/** The object kind of an `ObjectType` as actions spell it: `OBJECT_MATVIEW` is `materialized_view`. */
export function objectKind(type: string): string {
  return KIND_NAMES.get(type) ?? type.replace('OBJECT_', '').toLowerCase()
}
