import { type Gate, type Judgement, type StatementFacts, gatewayRefusal } from '@gatehouse/core'
import type { ReplyQueue } from '@gatehouse/postgres-wire'
import type { NameEnvironment } from '@gatehouse/sql-analysis'
import type { Connection } from '../connection.ts'
import { namesTouched, type SessionUses, type Touched } from '../shared-names.ts'
import type { Asked } from './asked.ts'
import type { CatalogSource } from './catalog-source.ts'
import { readSchemas, readSchemasAndRole, SCHEMAS_AND_ROLE_QUESTION, SCHEMAS_QUESTION } from './schemas-query.ts'
import { touchedBy } from './touched-names.ts'
import { makesName, SqlNames } from './sql-names.ts'

/** An unknown name makes the catalog be read again, but not more often than this. */
const CATALOG_RETRY_MILLISECONDS = 1000

/** A cancel or a timeout may hit the gateway's own question instead of the client's statement. */
const PROBE_TRIES = 3

/** How long to wait for other sessions before looking again whether they are still in the way. */
const OTHERS_RETRY_MILLISECONDS = 1000

export const STATUS_IDLE = 0x49 // I
const STATUS_IN_BLOCK = 0x54 // T
export const STATUS_FAILED = 0x45 // E

/** The role that a session keeps in the database, whatever its statements run. */
export interface PinnedRole {
  readonly role: string
  /** Called, once, when the session has another one, or does not say which it has. */
  readonly lost: () => void
}

/** What one session's names mean: its search path over the target's catalog, kept true while statements change them. */
export class SessionNames {
  environment: NameEnvironment
  /** The same without the names that SQL gave in this session. */
  #shared: NameEnvironment
  readonly #sqlNames = new SqlNames()
  /** What of them `environment` has. */
  #sqlNamesVersion = 0
  /** Status byte of the last ReadyForQuery: I, T or E. */
  transactionStatus: number = STATUS_IDLE
  /** Counts statements on their way that may change settings or names of the session. */
  changes = 0
  readonly #source: CatalogSource
  #searchPath: readonly string[]
  #pathStale = false
  #failedProbes = 0
  /** A statement of the open transaction changed names: rolled back or not, they have to be looked at again. */
  #changedInTransaction = false
  #definitionsInTransaction = false
  readonly #uses: SessionUses
  readonly #pinned: PinnedRole | null

  /** `pinned` null: the session has the rights of its user. */
  constructor(source: CatalogSource, searchPath: readonly string[], pinned: PinnedRole | null) {
    this.#source = source
    this.#pinned = pinned
    this.#searchPath = searchPath
    this.#shared = source.environment(searchPath)
    this.environment = this.#shared
    this.#uses = source.shared.enter()
  }

  /** True when `environment` can be relied on; picks up a newer catalog by itself. */
  get settled(): boolean {
    if (this.#pathStale || this.#source.stale) return false
    if (this.environment.catalog !== this.#source.catalog) this.#resolve()
    return true
  }

  /** Not settled, and waiting does not help. */
  get unreadable(): boolean {
    return this.#source.unreadable
  }

  /** Makes names settled, then calls `resume`: asks the session for its schemas, and reads the catalog when it is stale. */
  settle(upstream: Connection, queue: ReplyQueue<Asked>, inBatch: boolean, resume: () => void): void {
    if (!this.#pathStale) {
      void this.refresh().then(resume)
      return
    }
    const question = this.#pinned === null ? SCHEMAS_QUESTION : SCHEMAS_AND_ROLE_QUESTION
    question.ask(upstream, queue, inBatch, (answer) => {
      if (!this.#keepsRole(answer)) return
      if (this.#source.stale) void this.refresh().then(resume)
      else {
        this.#resolve()
        // Called from the middle of the replies: the client's next request must not overtake them.
        setImmediate(resume)
      }
    })
  }

  /** False: the session is over, for it has another role than the one that it was given. */
  #keepsRole(answer: string | null): boolean {
    if (this.#pinned === null) {
      this.#learn(answer === null ? null : readSchemas(answer))
      return true
    }
    const said = answer === null ? null : readSchemasAndRole(answer)
    this.#learn(said?.schemas ?? null)
    if (said?.role === this.#pinned.role || (said === null && this.#pathStale)) return true
    this.#pinned.lost()
    return false
  }

  /** What ran may have changed the role that the session keeps: nothing more runs before it is looked at. */
  get roleInDoubt(): boolean {
    return this.#pinned !== null && this.#pathStale
  }

  /** What the session said its schemas are; null: it could not say. An older path is never taken for the answer. */
  #learn(path: readonly string[] | null): void {
    if (path !== null) {
      this.#searchPath = path
      this.#pathStale = false
      this.#failedProbes = 0
    } else if (++this.#failedProbes >= PROBE_TRIES) {
      // Until something changes names again, no unqualified name can be told.
      this.#searchPath = []
      this.#pathStale = false
      this.#failedProbes = 0
    }
  }

  /** True when reading the catalog again may make an unknown name known. */
  mayKnowMore(): boolean {
    return this.#source.ageMilliseconds >= CATALOG_RETRY_MILLISECONDS
  }

  /** The schemas that the session sees, in order. */
  get searchPath(): readonly string[] {
    return this.#searchPath
  }

  /** Reads the catalog again. Never rejects: on failure the older one stays, and names stay as unknown as they were. */
  async refresh(): Promise<void> {
    await this.#source.refresh()
    this.#resolve()
  }

  #resolve(): void {
    this.#shared = this.#source.environment(this.#searchPath)
    this.environment = this.#sqlNames.around(this.#shared)
    this.#sqlNamesVersion = this.#sqlNames.version
  }

  /** `environment` has the names of SQL that are known now. */
  #sqlNamesMayHaveChanged(): void {
    if (this.#sqlNamesVersion !== this.#sqlNames.version) this.#resolve()
  }

  /** A cursor that DECLARE made has this name. */
  hasCursor(name: string): boolean {
    return this.#sqlNames.hasCursor(name)
  }

  /** True when names mean what they meant under that environment. */
  stillMean(names: NameEnvironment): boolean {
    return this.settled && names === this.environment
  }

  /** An admitted text is on its way; `text`: what the server gets, `environment`: what it was read under. */
  runs(judgement: Judgement, text: string, environment: NameEnvironment): void {
    this.reads(judgement)
    this.#sent(judgement, text, environment)
    if (judgement.changesNames) {
      this.changes++
      this.#changedBy(judgement, text)
    }
    if (judgement.endsTransaction) this.#transactionEnds()
  }

  #sent(judgement: Judgement, text: string, environment: NameEnvironment): void {
    this.#sqlNames.sent(judgement, text, environment === this.environment ? this.#shared : null)
    this.#sqlNamesMayHaveChanged()
    // What comes next may FETCH or EXECUTE it, and waits for the server's word: asking for the path again does that.
    if (judgement.takesNames && judgement.facts?.statements.some(makesName) === true) this.#pathStale = true
  }

  /** The server is about to look up the names of this text. */
  reads(judgement: Judgement): void {
    if (judgement.authority.guarded) this.#uses.reading.push(judgement)
  }

  /** Everything that was sent is answered. */
  answered(): void {
    if (this.#uses.reading.length > 0) this.#source.shared.read(this.#uses, this.transactionStatus === STATUS_IN_BLOCK)
  }

  /** The session is over. */
  leave(): void {
    this.#source.shared.leave(this.#uses, () => this.#source.markStale())
  }

  /** True when another session is changing what this text names, or reading what it changes. `text`: asked for rarely. */
  othersInTheWay(judgement: Judgement, text: () => string): boolean {
    const { shared } = this.#source
    if (!judgement.changesNames && shared.quiet) return false
    if (!judgement.authority.guarded) return false
    const statements = judgement.facts?.statements ?? []
    return shared.conflicts(this.#uses, statements, this.#touched(judgement, text))
  }

  /** Calls when it may be worth another try. */
  whenOthersMove(call: () => void): void {
    this.#source.shared.whenChanged(OTHERS_RETRY_MILLISECONDS, call)
  }

  #touched(judgement: Judgement, text: () => string): Touched {
    if (!judgement.changesNames) return []
    return touchedBy(judgement.facts?.statements ?? [], text, this.environment.catalog)
  }

  /** The client closes the portal of this name, or makes one: cursors and portals share their names. */
  portalNamed(name: string): void {
    this.#sqlNames.portalNamed(name)
    this.#sqlNamesMayHaveChanged()
  }

  /** The client closes the prepared statement of this name: it may be one that PREPARE made. */
  statementClosed(name: string): void {
    this.#sqlNames.statementClosed(name)
    this.#sqlNamesMayHaveChanged()
  }

  /** The server has run this statement of an admitted text. */
  ran(judgement: Judgement, statementIndex: number): void {
    if (!judgement.takesNames) return
    this.#sqlNames.ran(judgement, statementIndex)
    this.#sqlNamesMayHaveChanged()
  }

  /** An admitted statement that changes names is on its way. */
  #changedBy(judgement: Judgement, text: string): void {
    this.#source.shared.touch(
      this.#uses,
      this.#touched(judgement, () => text),
    )
    this.#pathStale = true
    this.#changedInTransaction = true
    for (const statement of judgement.facts?.statements ?? []) {
      if (!SETTINGS_ONLY.has(statement.action) || this.#dropsTemporary(statement)) this.#definitionsInTransaction = true
    }
  }

  /** A temporary table hides another of its name; DISCARD, and any function that is not built in, may drop it. */
  #dropsTemporary({ action, functions }: StatementFacts): boolean {
    if (!this.#searchPath.some((schema) => schema.startsWith('pg_temp_'))) return false
    return (
      action === 'discard' ||
      functions.some(({ trust }) => trust === 'expanded' || trust === 'user' || trust === 'unknown')
    )
  }

  /** A Sync was sent: outside of a transaction block it ends the batch's implicit transaction. */
  batchEnds(): void {
    if (this.transactionStatus !== STATUS_IN_BLOCK) this.#transactionEnds()
  }

  /** A transaction ends with what was just sent: what it did to names may be undone. */
  #transactionEnds(): void {
    this.#uses.held.clear()
    if (this.#changedInTransaction) this.#pathStale = true
  }

  /**
   * ReadyForQuery: at the end of a transaction what it did to names counts, or is undone. `last`: nothing else is under way;
   * otherwise the change may be one that was sent behind what this answers.
   */
  ready(status: number, last: boolean): void {
    this.transactionStatus = status
    if (status !== STATUS_IN_BLOCK) this.#uses.held.clear()
    if (status === STATUS_IDLE) {
      this.#sqlNames.transactionOver()
      this.#sqlNamesMayHaveChanged()
    }
    if (status !== STATUS_IDLE || !this.#changedInTransaction) return
    this.#pathStale = true
    if (!last) return
    this.#changedInTransaction = false
    if (this.#definitionsInTransaction) {
      this.#definitionsInTransaction = false
      this.#source.markStale()
      this.#source.shared.release(this.#uses)
    }
  }

  /**
   * Why a judgement must not stand: its names may mean something else by the time it runs. Null: no objection.
   * A text is read before any of it runs, so what follows the end of a transaction that changed names was misread.
   */
  objection(judgement: Judgement, gate: Gate<NameEnvironment>): Judgement | null {
    if (judgement.refusal !== null || !judgement.authority.guarded) return null
    if (this.#changedInTransaction && judgement.endsTransaction && namesAfterEnd(judgement)) {
      return gate.decline(SEND_APART, judgement.facts)
    }
    return this.#uncommitted(judgement) ? gate.decline(COMMIT_FIRST, judgement.facts) : null
  }

  /**
   * Definitions that are not committed are invisible to the gateway's own look at the catalog: a name may mean another
   * relation by now. Where columns are masked, nothing is read until the transaction is over.
   */
  #uncommitted({ facts, authority }: Judgement): boolean {
    // Whatever the status says: the requests of one batch are a transaction of their own until its Sync.
    if (!this.#definitionsInTransaction) return false
    if (!authority.masksAny) return namesTouched(facts?.statements ?? [], this.#uses.touching)
    return facts?.statements.some(({ accesses }) => accesses.some(({ relation }) => relation !== null)) ?? false
  }
}

/** True when a statement behind the end of a transaction names anything. */
function namesAfterEnd({ facts }: Judgement): boolean {
  let ended = false
  for (const { action, accesses, functions } of facts?.statements ?? []) {
    if (ended && (functions.length > 0 || accesses.some(({ relation }) => relation !== null))) return true
    ended ||= TRANSACTION_ENDS.has(action)
  }
  return false
}

const TRANSACTION_ENDS = new Set(['commit', 'rollback', 'rollback_to', 'prepare_transaction'])

const SEND_APART = gatewayRefusal(
  'NOT_UNDERSTOOD',
  'end of transaction',
  'the transaction has changed what names mean, and its end in the middle of this text may change it back',
  'Send the statements one at a time.',
)

const COMMIT_FIRST = gatewayRefusal(
  'NOT_UNDERSTOOD',
  'uncommitted definitions',
  'this transaction has changed definitions that are not committed, so names cannot be told apart from masked ones',
  'Commit first, then run this statement in a transaction of its own.',
)

/** Statements that change names without changing what the catalog holds. */
const SETTINGS_ONLY = new Set([
  'set',
  'set_constraints',
  'set_transaction',
  'reset',
  'set_role',
  'set_session_authorization',
  'discard',
  'select',
  'prepare',
  'deallocate',
  'declare_cursor',
  'close_cursor',
  'fetch',
  'execute',
  'commit',
  'rollback',
  'rollback_to',
  'savepoint',
  'release',
  'begin',
])
