import type { StatementFacts } from '@gatehouse/core'
import {
  LibpgParser,
  type NameEnvironment,
  PostgresReader,
  readFacts,
  readNamedStatement,
  Work,
} from '@gatehouse/sql-analysis'
import { againstAccount, againstResult } from './agreement.ts'
import { literalVariants } from './literal-variants.ts'
import { type Reach, readReach } from './reachable.ts'
import { accountOf, type ServerAccount } from './server-account.ts'
import { SessionCatalogs, type SessionNames } from './session-catalog.ts'
import type { Tally } from './tally.ts'
import type { Answer, Onlooker, TappedSession } from './tapped-session.ts'
import { againstDependencies } from './view-dependencies.ts'

/** What is remembered of one session. */
interface Remembered {
  readonly prepared: Map<string, StatementFacts | null>
  readonly cursors: Map<string, StatementFacts | null>
  names: SessionNames | null
  reach: { readonly version: string; readonly reach: Reach } | null
  read: { readonly facts: readonly StatementFacts[]; readonly account: ServerAccount | null } | null
}

/** What a text begins with that is not to be looked at. */
export const UNSEEN = '/* between statements */'

const VARIANTS = 4
const PLANNED = new Set(['select', 'insert', 'update', 'delete', 'merge'])

/** Reads each text just before the server gets it, with the names as the session then has them, and compares with what the server says of it. */
export class AgreementOnlooker implements Onlooker {
  readonly #tally: Tally
  readonly #parser: LibpgParser
  readonly #reader: PostgresReader
  readonly #catalogs: SessionCatalogs
  readonly #sessions = new WeakMap<TappedSession, Remembered>()
  readonly #compared = new WeakSet<object>()
  readonly #viewsSeen = new Set<string>()

  private constructor(url: string, tally: Tally, parser: LibpgParser, reader: PostgresReader) {
    this.#catalogs = new SessionCatalogs(url)
    this.#tally = tally
    this.#parser = parser
    this.#reader = reader
  }

  /** `url`: the database that the sessions will be in. */
  static async create(url: string, tally: Tally): Promise<AgreementOnlooker> {
    const reader = await PostgresReader.create({ catalogRows: () => undefined })
    return new AgreementOnlooker(url, tally, await LibpgParser.create(), reader)
  }

  async close(): Promise<void> {
    await this.#catalogs.close()
    await this.#reader.close()
  }

  async before(session: TappedSession, text: string): Promise<void> {
    const known = this.#remembered(session)
    known.read = null
    if (text.startsWith(UNSEEN)) return
    // Questions of ours would be the transaction's first query.
    if (!/transaction/i.test(text)) known.names = (await this.#catalogs.namesOf(session)) ?? known.names
    if (known.names === null) return
    const { facts, accounted } = this.#read(text, known, known.names)
    if (facts === null) return
    let account: ServerAccount | null = null
    if (accounted && session.status !== 'E') {
      account = await accountOf(session, text, known.names.searchPath)
      const { version } = known.names.catalog
      if (account !== null && (known.reach?.version !== version || this.#doubts(facts, account, known.reach.reach)))
        // Policies come and go without the catalog's version changing.
        known.reach = { version, reach: await readReach(session) }
      for (const one of await againstDependencies(
        session,
        known.names,
        this.#environment(known, known.names),
        this.#viewsSeen,
      )) {
        this.#tally.views++
        if (this.#tally.disagree(one.disagreements, one.view)) this.#tally.viewsAgreeing++
      }
    }
    known.read = { facts, account }
  }

  after(session: TappedSession, text: string, answer: Answer): void {
    const known = this.#remembered(session)
    const accepted = answer.error === null
    if (known.read === null) {
      if (accepted && !text.startsWith(UNSEEN)) {
        this.#tally.unreadable++
        this.#tally.detail({ kind: 'unreadable', text })
      }
      return
    }
    const { facts, account } = known.read
    for (const one of facts) this.#tally.statement(one, accepted, text)
    const [only] = facts
    if (facts.length !== 1 || only === undefined || known.names === null) return
    if (account !== null && known.reach !== null && only.complete) {
      const found = againstAccount(only, account, known.reach.reach)
      this.#tally.planned++
      if (this.#tally.disagree(found, text)) this.#tally.plannedAgreeing++
    }
    const [fields] = answer.descriptions
    if (accepted && fields !== undefined && only.complete) {
      const names = known.names
      const found = againstResult(only, fields, names.catalog, (schema, name) =>
        this.#viewOutput(this.#environment(known, names), schema, name),
      )
      this.#tally.described++
      if (this.#tally.disagree(found, text)) this.#tally.describedAgreeing++
    }
    if (accepted) this.#remember(text, known, known.names)
  }

  #doubts([only]: readonly StatementFacts[], account: ServerAccount, reach: Reach): boolean {
    return only !== undefined && againstAccount(only, account, reach).length > 0
  }

  #read(
    text: string,
    known: Remembered,
    names: SessionNames,
  ): { readonly facts: readonly StatementFacts[] | null; readonly accounted: boolean } {
    const bytes = Buffer.from(text)
    const environment = this.#environment(known, names)
    let facts: readonly StatementFacts[]
    if (bytes.length <= this.#reader.inlineLimitBytes) {
      const reading = this.#reader.read(bytes, 0, bytes.length, environment)
      if (reading.kind === 'unreadable') return { facts: null, accounted: false }
      facts = reading.facts.statements
      this.#compareVariants(text, reading, environment)
    } else {
      const parsed = this.#parser.parse(text)
      if (parsed.kind !== 'tree') return { facts: null, accounted: false }
      facts = readFacts(parsed.tree, environment, new Work(bytes.length))
    }
    return { facts, accounted: facts.length === 1 && PLANNED.has(facts[0]?.action ?? '') }
  }

  /** Texts that share the reading of this one must have its facts when they are read by themselves. */
  #compareVariants(text: string, reading: ReturnType<PostgresReader['read']>, environment: NameEnvironment): void {
    if (reading.kind !== 'read' || this.#compared.has(reading)) return
    this.#compared.add(reading)
    for (const other of literalVariants(this.#parser, text, VARIANTS)) {
      const bytes = Buffer.from(other)
      if (bytes.length > this.#reader.inlineLimitBytes) continue
      if (this.#reader.read(bytes, 0, bytes.length, environment) !== reading) continue
      const parsed = this.#parser.parse(other)
      if (parsed.kind !== 'tree') continue
      this.#tally.shared++
      const own = readFacts(parsed.tree, environment, new Work(bytes.length))
      if (JSON.stringify(own) !== JSON.stringify(reading.facts.statements))
        this.#tally.disagree(
          [{ check: 'shape', what: 'another text of the shape has other facts', explanation: null }],
          other,
        )
    }
  }

  #environment(known: Remembered, { catalog, searchPath }: SessionNames): NameEnvironment {
    return {
      catalog,
      searchPath,
      parse: (sql) => this.#reader.parseQuery(sql),
      parsePlpgsql: (sql) => this.#reader.parsePlpgsql(sql),
      prepared: (name) => known.prepared.get(name) ?? null,
      cursor: (name) => known.cursors.get(name) ?? null,
    }
  }

  #remember(text: string, known: Remembered, names: SessionNames): void {
    const parsed = this.#parser.parse(text)
    if (parsed.kind !== 'tree') return
    for (const { stmt } of parsed.tree.stmts ?? []) {
      if (stmt === undefined) continue
      const prepared = 'PrepareStmt' in stmt ? stmt.PrepareStmt.name : undefined
      const cursor = 'DeclareCursorStmt' in stmt ? stmt.DeclareCursorStmt.portalname : undefined
      if (prepared === undefined && cursor === undefined) continue
      const facts = readNamedStatement(stmt, this.#environment(known, names))
      if (prepared !== undefined) known.prepared.set(prepared, facts)
      if (cursor !== undefined) known.cursors.set(cursor, facts)
    }
  }

  #viewOutput(environment: NameEnvironment, schema: string, name: string): StatementFacts['output'] {
    const quoted = [schema, name].map((part) => `"${part.replaceAll('"', '""')}"`).join('.')
    const parsed = this.#parser.parse(`SELECT * FROM ${quoted}`)
    return parsed.kind === 'tree' ? (readFacts(parsed.tree, environment)[0]?.output ?? null) : null
  }

  #remembered(session: TappedSession): Remembered {
    let known = this.#sessions.get(session)
    if (known === undefined) {
      known = { prepared: new Map(), cursors: new Map(), names: null, reach: null, read: null }
      this.#sessions.set(session, known)
    }
    return known
  }
}
