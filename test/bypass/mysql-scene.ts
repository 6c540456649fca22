import { readFileSync } from 'node:fs'
import { type Canary, mysqlDateBytes, mysqlNumberBytes } from '../corpus/canaries.ts'
import { backToTheStart, type Form, send } from '../corpus/mysql-run.ts'
import type { CommandClient } from '../mysql/command-client.ts'
import { openScene, type Scene } from '../mysql/scene.ts'
import type { SharedMysql } from '../servers/global-setup.ts'

const SCHEMA = readFileSync(new URL('mysql-schema.sql', import.meta.url), 'utf8')

/** Everything is permitted but one table: masks alone stand between a value and the client. */
const policyOf = (database: string): string => `
rules:
  - name: everything
    allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"], files: ["*"] }
  - { name: vault-is-closed, deny: { relations: [${database}.vault] } }
masks:
  - columns: [users.ssn, users.salary, users.dob, users.doc, users.photo, people.ssn, holders.ssn, bands.salary, paid.salary, keepers.ssn]
    with: redact
  - { columns: [users.email], with: { partial: { keepLast: 4 } } }
`

export const CANARIES: readonly Canary[] = [
  ...['987-65-4320', '123-45-6789', '111-22-3333'].map((value) => ({ name: 'ssn', value })),
  ...[91_234, 81_234].map((value) => ({ name: 'salary', value: String(value), binary: mysqlNumberBytes(value) })),
  ...['1981-02-03', '1992-03-04'].map((value) => ({ name: 'dob', value, binary: [mysqlDateBytes(value)] })),
  ...['ann', 'bob'].map((local) => ({ name: 'email', value: `${local}@corp` })),
]

/** Changes every masked value and no other: what is hidden must look the same before and after. */
const OTHER_VALUES = `
UPDATE people SET ssn = CONCAT('000-11-222', id);
UPDATE holders SET ssn = '000-11-2222';
UPDATE bands SET salary = 50;
UPDATE paid SET salary = 1000 + id;
DROP TRIGGER keep; UPDATE keepers SET ssn = '000-11-2222';
CREATE TRIGGER keep AFTER UPDATE ON keepers FOR EACH ROW INSERT INTO ledger VALUES (NEW.id + 100, NEW.ssn);
UPDATE users SET ssn = '000-11-2222', salary = 45678, dob = '2001-09-09', doc = '{"tags": []}', photo = x'1234';
`

/** What came of a text in one form. */
export interface Seen {
  /** Every byte that the client received, the database's name replaced. */
  readonly bytes: Buffer
  readonly messages: readonly string[]
  readonly rows: string
  /** Rows and messages, the database's name replaced in the messages. */
  readonly told: string
}

/** The schema behind a gateway, and a client that begins anew for each text. */
export class Side {
  readonly scene: Scene
  #client: CommandClient | null = null
  readonly #chunks: Buffer[] = []

  private constructor(scene: Scene) {
    this.scene = scene
  }

  static async open(shared: SharedMysql, which: 'these values' | 'other values'): Promise<Side> {
    if ('absent' in shared) throw new Error(shared.absent)
    const sql = which === 'these values' ? SCHEMA : SCHEMA + OTHER_VALUES
    return new Side(await openScene(shared.address, (database) => ({ sql, policy: policyOf(database) })))
  }

  async see(sql: string, form: Form): Promise<Seen> {
    const client = (this.#client ??= await this.#enter())
    this.#chunks.length = 0
    const { messages, rows } = await send(client, sql, form)
    const text = Buffer.concat(this.#chunks).toString('latin1').replaceAll(this.scene.database, 'database')
    if (!(await backToTheStart(client))) throw new Error(`the connection is not usable after ${sql}`)
    const said = messages.join('\n').replaceAll(this.scene.database, 'database')
    return {
      bytes: Buffer.from(text, 'latin1'),
      messages,
      rows: JSON.stringify(rows),
      told: JSON.stringify([rows, said]),
    }
  }

  async #enter(): Promise<CommandClient> {
    const client = await this.scene.enter({ clear: true })
    client.socket.on('data', (chunk: Buffer) => this.#chunks.push(chunk))
    return client
  }

  async close(): Promise<void> {
    this.#client?.end()
    await this.scene.close()
  }
}
