import type { Connection, RowDataPacket } from 'mysql2/promise'
import type { CommandClient } from '../mysql/command-client.ts'
import { openScene, type Scene } from '../mysql/scene.ts'
import type { SharedMysql } from '../servers/global-setup.ts'
import { openSession } from '../servers/mysql.ts'
import { corpusText, type SqlCase } from './cases.ts'
import type { Outcome } from './judge-case.ts'
import { backToTheStart, type Form, send, type State, stateOf, unmasked } from './mysql-run.ts'
import { mysqlPolicies } from './reference-policy.ts'
import { mysqlToken, splitStatements } from './split-statements.ts'

/** The corpus's schema behind a gateway, for one who reads or one who also writes. */
export class Place {
  readonly scene: Scene
  /** The corpus calls its databases `app` and `other`: here they have names of their own. */
  readonly local: (sql: string) => string
  readonly #admin: Connection
  readonly #schemas: readonly string[]
  readonly #before: State
  readonly #chunks: Buffer[] = []
  #client: CommandClient | null = null

  private constructor(scene: Scene, local: (sql: string) => string, admin: Connection, before: State) {
    this.scene = scene
    this.local = local
    this.#admin = admin
    this.#schemas = schemasOf(scene.database)
    this.#before = before
  }

  /** `more`: SQL behind the corpus's own schema. */
  static async open(shared: SharedMysql, role: 'reader' | 'writer', more = ''): Promise<Place> {
    if ('absent' in shared) throw new Error(shared.absent)
    let local: Place['local'] = (sql) => sql
    const scene = await openScene(shared.address, (app) => {
      const [, other = ''] = schemasOf(app)
      local = (sql) => sql.replaceAll(/\bapp\b/g, app).replaceAll(/\bother\b/g, other)
      return { sql: local(SCHEMA + more), policy: mysqlPolicies(app, other)[role] }
    })
    const admin = await openSession(shared.address.url)
    await admin.query(`USE ${scene.database}`)
    return new Place(scene, local, admin, await stateOf(admin, schemasOf(scene.database)))
  }

  /** Sends a case through the gateway, in a session as it is after the login. */
  async run({ sql }: SqlCase, form: Form): Promise<Outcome> {
    const client = (this.#client ??= await this.#enter())
    this.#chunks.length = 0
    let errors: readonly string[] = []
    let rows: readonly unknown[] = []
    try {
      const came = await send(client, this.local(sql), form)
      errors = came.errors
      rows = came.rows
    } catch {
      // The connection ended: told by `usable`.
    }
    const bytes = Buffer.concat(this.#chunks)
    const usable = await backToTheStart(client)
    if (!usable) this.#leave()
    const state = await stateOf(this.#admin, this.#schemas)
    const redefined = state.definitions !== this.#before.definitions
    const changed = redefined || state.rows !== this.#before.rows
    const stored = changed ? await unmasked(this.#admin, this.#schemas) : ''
    if (changed && !redefined) await this.#putBackRows()
    return { errors, rows: JSON.stringify(rows), bytes, usable, changed, redefined, stored }
  }

  async #enter(): Promise<CommandClient> {
    const client = await this.scene.enter({ clear: true })
    client.socket.on('data', (chunk: Buffer) => this.#chunks.push(chunk))
    return client
  }

  async #putBackRows(): Promise<void> {
    const inserts = splitStatements(this.local(SCHEMA), mysqlToken).filter((text) => /^\s*INSERT/.test(text))
    const [tables] = await this.#admin.query<(RowDataPacket & { name: string })[]>(
      "SELECT CONCAT(table_schema, '.', table_name) AS name FROM information_schema.tables WHERE table_schema IN (?) AND table_type = 'BASE TABLE'",
      [this.#schemas],
    )
    const texts = [...tables.map(({ name }) => `DELETE FROM ${name}`), ...inserts]
    await this.#admin.query(texts.join(';\n'))
  }

  #leave(): void {
    this.#client?.end()
    this.#client = null
  }

  async close(): Promise<void> {
    this.#leave()
    await this.scene.close()
    await this.#admin.query(`DROP DATABASE IF EXISTS ${this.#schemas[1] ?? ''}`)
    await this.#admin.end()
  }
}

const SCHEMA = corpusText('mysql-schema.sql')

function schemasOf(app: string): readonly string[] {
  return [app, `${app}_other`]
}

/** The cases among those that want rows which the server itself answers with an error, whoever asks. Nothing of it stays. */
export async function impossibleCases(place: Place, cases: readonly SqlCase[]): Promise<ReadonlySet<string>> {
  const direct = await place.scene.direct()
  const found = new Set<string>()
  for (const { id, sql, expect } of cases) {
    if (expect !== 'MASK' && expect !== 'ALLOW') continue
    await direct.query('BEGIN')
    const { errors } = await send(direct, place.local(sql), 'text')
    await direct.query('ROLLBACK')
    if (errors.length > 0) found.add(id)
  }
  direct.end()
  return found
}
