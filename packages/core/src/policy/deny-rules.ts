import type { Action, ColumnName, LineageSource, RelationName, StatementFacts } from '../statement/facts.ts'
import { ActionSet, isOnSchema, isOutsideSchemas, isWrite, needsObject } from './action-words.ts'
import { Glob } from './name-pattern.ts'
import type { EngineName } from './name-pattern.ts'
import { columnText, relationText } from './object-names.ts'
import { ColumnPattern, ObjectPattern } from './object-pattern.ts'
import type { DenyRule } from './policy-document.ts'
import { actionOfSetting } from './session-statements.ts'
import { mayShowRows } from './value-relations.ts'

/** What of a statement a deny rule refuses. */
export interface Match {
  /** As in a refusal's `object`: `public.users`, `function pg_read_file`, `setting role`. */
  readonly object: string
  /** The same as part of a sentence: `drop_table on public.users`. */
  readonly what: string
  /** True when it matches only because something could not be traced. A rule that matches what is known explains more. */
  readonly inDoubt?: true
}

/**
 * One deny rule, ready for one engine. In doubt it matches: an unresolved name may be any name, an untraced column any column.
 */
export class Prohibition {
  readonly name: string
  readonly reason: string | null
  readonly #rule: DenyRule
  readonly #actions: ActionSet | null
  readonly #relations: readonly ObjectPattern[] | null
  readonly #columns: readonly ColumnPattern[] | null
  readonly #functions: readonly ObjectPattern[]
  readonly #settings: readonly Glob[]

  constructor(rule: DenyRule, engine: EngineName) {
    const caseRule = engine === 'mysql' ? 'ignored' : 'exact'
    this.name = rule.name
    this.reason = rule.reason
    this.#rule = rule
    this.#actions = rule.actions === null ? null : new ActionSet(rule.actions)
    this.#relations = rule.relations?.map((pattern) => new ObjectPattern(pattern, engine, caseRule)) ?? null
    this.#columns = rule.columns?.map((pattern) => new ColumnPattern(pattern, engine, caseRule)) ?? null
    this.#functions = rule.functions.map((pattern) => new ObjectPattern(pattern, engine, caseRule))
    this.#settings = rule.settings.map((name) => new Glob(name))
  }

  /** What the rule refuses in the statement; null when nothing. */
  match(statement: StatementFacts): Match | null {
    const byAccess = this.#actions !== null || this.#relations !== null || this.#columns !== null
    const match = byAccess ? (this.#matchAccesses(statement) ?? this.#matchLineage(statement)) : null
    if (match !== null && match.inDoubt !== true) return match
    return this.#matchFunctions(statement) ?? this.#matchSettings(statement) ?? this.#matchSwitches(statement) ?? match
  }

  #matchAccesses(statement: StatementFacts): Match | null {
    const { action, accesses, beneath, settings } = statement
    for (const access of [...accesses, ...beneath.accesses]) {
      if (this.#refuses(access.action, access.relation, access.columns)) return matched(access.action, access.relation)
    }
    const shown = this.#hidesRows ? accesses.find(mayShowRows) : undefined
    if (shown !== undefined) return { ...matched(shown.action, shown.relation), inDoubt: true }
    if (!accesses.some((access) => access.action === action) && this.#refuses(action, null, null)) {
      return matched(action, null)
    }
    // A rule that names relations alone says nothing of settings and roles.
    for (const use of this.#actions === null ? [] : settings) {
      const named = actionOfSetting(use)
      const role = named === null || use.value === null ? null : { schema: null, name: use.value }
      if (!this.#refuses(named ?? use.action, role, null)) continue
      return { object: `setting ${use.name}`, what: `${use.action} of setting ${use.name}` }
    }
    return null
  }

  /** The rule keeps rows of a relation, or its columns, from being read. */
  get #hidesRows(): boolean {
    if (this.#relations === null && this.#columns === null) return false
    return this.#actions === null || this.#actions.has('select')
  }

  /** All that the rule names of actions, relations and columns must hold for this one access. */
  #refuses(action: Action, relation: RelationName | null, columns: readonly string[] | null): boolean {
    if (this.#actions !== null && !this.#actions.has(action)) return false
    if (this.#relations === null && this.#columns === null) return true
    // An object that could not be told may be the very one.
    if (relation === null) return needsObject(action)
    if (this.#relations !== null) return this.#relations.some((pattern) => mayConcern(pattern, action, relation))
    return (this.#columns ?? []).some(
      (pattern) =>
        pattern.mayBeIn(relation) && (columns === null || columns.some((column) => pattern.matchesColumn(column))),
    )
  }

  /** Columns and relations are also reached through views, where accesses may name the view alone. */
  #matchLineage(statement: StatementFacts): Match | null {
    if (this.#relations === null && this.#columns === null) return null
    const actions = this.#actions
    if (actions === null || actions.has('select')) {
      const column = readColumns(statement).find((candidate) => this.#names(candidate))
      if (column !== undefined) return { object: columnText(column), what: `use of ${columnText(column)}` }
      const untraced = statement.output?.findIndex((output) => !output.complete || output.through.length > 0) ?? -1
      if (this.#columns !== null && untraced >= 0) {
        return { object: `output column ${untraced + 1}`, what: 'a column that could not be traced', inDoubt: true }
      }
    }
    if (actions !== null && !statement.accesses.some(({ action }) => isWrite(action) && actions.has(action)))
      return null
    for (const { target } of statement.writes) {
      if (target === null && this.#columns !== null) {
        return { object: 'written column', what: 'a write that could not be traced', inDoubt: true }
      }
      if (target !== null && this.#names(target)) {
        return { object: columnText(target), what: `write of ${columnText(target)}` }
      }
    }
    return null
  }

  #names(column: ColumnName): boolean {
    const relation = { schema: column.schema, name: column.relation }
    return (
      (this.#columns ?? []).some((pattern) => pattern.matches(column)) ||
      (this.#relations ?? []).some((pattern) => pattern.covers(relation))
    )
  }

  #matchFunctions(statement: StatementFacts): Match | null {
    for (const use of [...statement.functions, ...statement.beneath.functions]) {
      if (!this.#functions.some((pattern) => pattern.mayMean(use))) continue
      return { object: `function ${relationText(use)}`, what: `function ${relationText(use)}` }
    }
    return null
  }

  #matchSettings(statement: StatementFacts): Match | null {
    for (const use of statement.settings) {
      if (use.action === 'show') continue
      // `*` is every setting, or one whose name is not known yet.
      if (!this.#settings.some((glob) => use.name === '*' || glob.matches(use.name))) continue
      return { object: `setting ${use.name}`, what: `${use.action} of setting ${use.name}` }
    }
    return null
  }

  #matchSwitches(statement: StatementFacts): Match | null {
    if (this.#rule.unboundedWrites && statement.unboundedWrite) {
      const write = statement.accesses.find(({ action }) => isWrite(action))
      const object = relationText(write?.relation ?? null)
      return { object, what: 'an UPDATE or DELETE without a WHERE that narrows it' }
    }
    const [file] = statement.files
    if (this.#rule.files && file !== undefined) return { object: `file ${file}`, what: 'a file of the server' }
    const [program] = statement.programs
    if (this.#rule.programs && program !== undefined) {
      return { object: `program ${program}`, what: 'a program on the server' }
    }
    if (this.#rule.dynamicSql && statement.dynamicSql) {
      return { object: 'dynamic SQL', what: 'text that is run as SQL inside the server' }
    }
    return null
  }
}

function mayConcern(pattern: ObjectPattern, action: Action, relation: RelationName): boolean {
  if (isOnSchema(action) && pattern.isInSchema(relation.name)) return true
  return isOutsideSchemas(action) ? pattern.covers(relation) : pattern.mayMean(relation)
}

function matched(action: Action, relation: RelationName | null): Match {
  if (relation === null) return { object: action, what: action }
  return { object: relationText(relation), what: `${action} on ${relationText(relation)}` }
}

function readColumns(statement: StatementFacts): readonly ColumnName[] {
  const columnOf = (source: LineageSource): ColumnName => source.column
  return [
    ...(statement.output ?? []).flatMap((output) => output.sources.map(columnOf)),
    ...statement.decides.map(({ column }) => column),
    ...statement.writes.flatMap((write) => write.sources.map(columnOf)),
  ]
}
