import type { Judgement, StatementFacts, TemporaryTable } from '@gatehouse/core'
import type { SessionStateChange } from '@gatehouse/mysql-wire'
import { type Dialect, type MysqlNames, readPreparedMysqlStatement, withTemporary } from '@gatehouse/sql-analysis'
import type { SessionUses } from '../shared-names.ts'
import type { CatalogSource } from './catalog-source.ts'
import { dialectOf, type ServerVersion } from './server-version.ts'
import type { SessionSettings } from './session-settings.ts'
import { definesNames, touchedBy } from './touched-names.ts'

/** An unknown name makes the catalog be read again, but not more often than this. */
const CATALOG_RETRY_MILLISECONDS = 1000

/** How long to wait for other sessions before looking again whether they are still in the way. */
const OTHERS_RETRY_MILLISECONDS = 1000

/** Character sets that texts can be in: the same bytes for the same characters, as far as the set goes. */
const UTF8 = new Set(['utf8mb4', 'utf8mb3', 'utf8'])

const UTF8_COLLATION = /^utf8(?:mb[34])?_/

const NO_TABLES: MysqlNames['temporary'] = []

type PreparedNode = Parameters<typeof readPreparedMysqlStatement>[0]

interface PreparedBySql {
  /** The PREPARE. */
  readonly node: PreparedNode
  /** What its names were resolved against: its schema and modes stay. */
  readonly names: MysqlNames
}

/**
 * What one session's names mean, and how the server reads its texts: kept true by what the server tells of the session's state
 * (MySQL manual, "Server Tracking of Client Session State").
 */
export class SessionNames {
  environment: MysqlNames
  /** Rows may come in another character set than masks know: to be set back before the next command. */
  resultsUnpinned = false
  /** The server may no longer tell what changes: to be asked, and set back, before the next command. */
  trackingLost = false
  readonly #source: CatalogSource
  readonly #version: ServerVersion
  #schema: string | null
  #sqlMode: string
  #dialect: Dialect
  readonly #uses: SessionUses
  #temporary: MysqlNames['temporary'] = NO_TABLES
  /** What SQL's PREPARE has made, by name in lower case; null: a statement of which nothing is known. */
  readonly #prepared = new Map<string, PreparedBySql | null>()

  constructor(source: CatalogSource, version: ServerVersion, { schema, sqlMode }: SessionSettings) {
    this.#sqlMode = sqlMode
    this.#source = source
    this.#version = version
    this.#schema = schema
    this.environment = source.environment(schema, dialectOf(version, sqlMode))
    this.#dialect = this.environment.dialect
    this.#uses = source.shared.enter()
  }

  /** The current schema; null: none. */
  get schema(): string | null {
    return this.#schema
  }

  /** `@@sql_mode` of the session. */
  get sqlMode(): string {
    return this.#sqlMode
  }

  /** The session was reset: what it made is gone. */
  forget(): void {
    this.#temporary = NO_TABLES
    this.#prepared.clear()
  }

  /** The server was asked what the session is set to, and it is told to tell. */
  settle({ schema, sqlMode }: SessionSettings): void {
    this.#schema = schema
    this.#sqlMode = sqlMode
    this.#dialect = dialectOf(this.#version, sqlMode)
    this.resultsUnpinned = false
    this.trackingLost = false
    this.#resolve()
  }

  /** Takes in what the server tells. Returns why texts cannot be read any more; null: they can. */
  stateChanged(changes: readonly SessionStateChange[]): string | null {
    for (const change of changes) {
      if (change.kind === 'SCHEMA') this.#schema = change.name === '' ? null : change.name
      else if (change.kind === 'SYSTEM_VARIABLE') {
        const fault = this.#variable(change.name.toLowerCase(), change.value)
        if (fault !== null) return fault
      }
    }
    this.#resolve()
    return null
  }

  #variable(name: string, value: string | null): string | null {
    switch (name) {
      case 'sql_mode':
        if (value === null) return 'sql_mode was changed to what is not known'
        this.#sqlMode = value
        this.#dialect = dialectOf(this.#version, value)
        return null
      case 'character_set_client':
      case 'character_set_connection':
        return value !== null && UTF8.has(value) ? null : `${name} was changed to ${value ?? 'NULL'}`
      case 'collation_connection':
        return value !== null && UTF8_COLLATION.test(value) ? null : `${name} was changed to ${value ?? 'NULL'}`
      case 'character_set_results':
        this.resultsUnpinned = value === null || !UTF8.has(value)
        return null
      case 'session_track_system_variables':
      case 'session_track_schema':
        this.trackingLost = true
        return null
      default:
        return null
    }
  }

  /** True when `environment` can be relied on; picks up a newer catalog by itself. */
  get settled(): boolean {
    if (this.#source.stale) return false
    if (this.environment.catalog !== this.#source.catalog) this.#resolve()
    return true
  }

  /** Not settled, and waiting does not help. */
  get unreadable(): boolean {
    return this.#source.unreadable
  }

  /** What names mean now to a statement that was prepared under these: its schema and modes stay what they were. */
  environmentOf(names: MysqlNames): MysqlNames {
    if (names.schema === this.#schema && names.dialect === this.#dialect) return this.environment
    return this.#around(this.#source.environment(names.schema, names.dialect))
  }

  /**
   * True while the server reads texts as it did under these names. When definitions change, it reads a prepared text again under
   * the modes of that moment, so under others it is not known what it means.
   */
  readsAs({ schema, dialect }: MysqlNames): boolean {
    if (dialect === this.#dialect) return true
    return this.#source.environment(schema, dialect) === this.#source.environment(schema, this.#dialect)
  }

  /** True when reading the catalog again may make an unknown name known. */
  mayKnowMore(): boolean {
    return this.#source.ageMilliseconds >= CATALOG_RETRY_MILLISECONDS
  }

  /** Reads the catalog again. Never rejects: on failure the older one stays, and names stay as unknown as they were. */
  async refresh(): Promise<void> {
    await this.#source.refresh()
    this.#resolve()
  }

  #resolve(): void {
    const shared = this.#source.environment(this.#schema, this.#dialect)
    // The one object that all sessions share for such a dialect: it is compared for each execution.
    this.#dialect = shared.dialect
    this.environment = this.#around(shared)
  }

  /** The names that all sessions share, with those of this one. */
  #around(shared: MysqlNames): MysqlNames {
    if (this.#temporary.length === 0 && this.#prepared.size === 0) return shared
    return { ...shared, temporary: this.#temporary, prepared: (name) => this.#preparedFacts(name) }
  }

  /** What EXECUTE of this name does: read under the names that hold now, in the schema and modes it was prepared in. */
  #preparedFacts(name: string): StatementFacts | null {
    const prepared = this.#prepared.get(name.toLowerCase()) ?? null
    if (prepared === null) return null
    const { schema, dialect } = prepared.names
    if (!this.readsAs(prepared.names)) return null
    const names = { ...this.#source.environment(schema, dialect), temporary: this.#temporary }
    return readPreparedMysqlStatement(prepared.node, names)
  }

  /** An admitted text is on its way: the server is about to look its names up, and to change them if it defines any. */
  runs(judgement: Judgement): void {
    if (judgement.authority.guarded) this.#uses.reading.push(judgement)
    if (judgement.changesNames) this.#source.shared.touch(this.#uses, this.#touched(judgement))
  }

  /**
   * The command that ran it is answered. `names`: what it was read under; `sql`: its text. Definitions are committed by
   * themselves, so they count from now on.
   */
  answered(judgement: Judgement, failed: boolean, names: MysqlNames, sql: string, inTransaction: boolean): void {
    if (judgement.changesNames || judgement.takesNames) this.#changed(judgement, failed, names, sql)
    this.#source.shared.release(this.#uses)
    if (this.#uses.reading.length > 0) this.#source.shared.read(this.#uses, inTransaction)
    if (!inTransaction) this.#uses.held.clear()
  }

  #changed({ facts, takesNames }: Judgement, failed: boolean, names: MysqlNames, sql: string): void {
    const statements = facts?.statements ?? []
    if (facts === null || statements.some(changesTracking)) this.trackingLost = true
    if (facts === null || statements.some(definesNames)) this.#source.markStale()
    for (const { temporary } of statements)
      if (temporary !== undefined) this.#temporaryTables(temporary, failed, statements.length === 1)
    if (takesNames) this.#preparedBySql(statements, failed, names, sql)
    this.#resolve()
  }

  /**
   * INVARIANT: a temporary table hides a table whose columns may be masked, so it is believed in only while it is sure to be
   * there. Of a text that failed, nobody knows how much was done; but a statement `alone` in it that only makes a table has
   * made none, and one of that name that was there still is.
   */
  #temporaryTables(changes: readonly TemporaryTable[], failed: boolean, alone: boolean): void {
    if (failed && alone && changes.every(({ columns }) => columns !== null)) return
    const sure = failed ? changes.map((change) => ({ ...change, columns: null })) : changes
    this.#temporary = withTemporary({ ...this.environment, temporary: this.#temporary }, sure).temporary
  }

  #preparedBySql(statements: readonly StatementFacts[], failed: boolean, names: MysqlNames, sql: string): void {
    let nodes: ReturnType<NonNullable<MysqlNames['parse']>> = null
    for (const [index, { action, names: used }] of statements.entries()) {
      if (used.prepared === null || (action !== 'prepare' && action !== 'deallocate')) continue
      const name = used.prepared.toLowerCase()
      if (action === 'deallocate' && !failed) this.#prepared.delete(name)
      else if (failed) this.#prepared.set(name, null)
      else {
        nodes ??= names.parse?.(sql) ?? []
        const node = nodes[index]
        this.#prepared.set(name, node === undefined ? null : { node, names })
      }
    }
  }

  /** The session is over. */
  leave(): void {
    this.#source.shared.leave(this.#uses, () => this.#source.markStale())
  }

  /** True when another session is changing what this text names, or reading what it changes. */
  othersInTheWay(judgement: Judgement): boolean {
    const { shared } = this.#source
    if (!judgement.changesNames && shared.quiet) return false
    if (!judgement.authority.guarded) return false
    return shared.conflicts(this.#uses, judgement.facts?.statements ?? [], this.#touched(judgement))
  }

  /** Calls when it may be worth another try. */
  whenOthersMove(call: () => void): void {
    this.#source.shared.whenChanged(OTHERS_RETRY_MILLISECONDS, call)
  }

  #touched(judgement: Judgement): ReturnType<typeof touchedBy> {
    return judgement.changesNames ? touchedBy(judgement.facts?.statements ?? []) : []
  }
}

function changesTracking({ settings }: StatementFacts): boolean {
  return settings.some(({ action, name }) => action !== 'show' && (name === '*' || name.startsWith('session_track_')))
}
