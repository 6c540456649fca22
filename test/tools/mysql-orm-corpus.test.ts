import { existsSync, readFileSync } from 'node:fs'
import { encodePrepare, type PacketWriter, ResponseKind } from '@gatehouse/mysql-wire'
import { describe, expect } from 'vitest'
import { eventually } from '../postgres/scene.ts'
import { scenePromises, type SceneOptions, VERSIONS } from '../mysql/scene.ts'

const corpus = new URL('../../../shared/corpus/statements/orm-mysql.jsonl', import.meta.url)

/** Everything is permitted; and there is a masked column, in a table that none of the statements names. */
const options = (database: string): SceneOptions => ({
  sql: 'CREATE TABLE hidden (id INT, secret VARCHAR(20))',
  policy: `
rules:
  - { name: everything, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] } }
masks:
  - { columns: [${database}.hidden.secret], with: redact }
`,
})

describe.each(VERSIONS)(
  'Statements recorded from query builders, object mappers and mysqldump, on $version',
  ({ shared }) => {
    const promise = scenePromises(shared, options)

    promise(
      'are all understood and permitted, but for those that the server itself does not take',
      async ({ enter, direct, admin }, context) => {
        if (!existsSync(corpus)) context.skip('the corpus is not beside this checkout (../shared/corpus)')
        const statements = readFileSync(corpus, 'utf8')
          .trim()
          .split('\n')
          .map((line) => (JSON.parse(line) as { readonly sql: string }).sql)
        for (const sql of statements) {
          // As the superuser: what one server does not take of the other's is no matter.
          if (/^\s*(?:create|alter)\s+table/i.test(sql)) await admin(sql).catch(() => undefined)
        }
        const [client, straight] = [await enter(), await direct()]
        // Made behind the gateway's back: it knows them when it has looked again.
        const made = await admin('SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()')
        for (const [table] of made) {
          await eventually(`${String(table)} is known`, async () => {
            const { error } = await client.query(`SELECT * FROM \`${String(table)}\` LIMIT 0`)
            return error === null
          })
        }
        const refused: [string, string][] = []
        for (const sql of statements) {
          const prepare = (writer: PacketWriter): void => encodePrepare(sql, writer)
          const { error } = await client.command(ResponseKind.Prepare, prepare)
          if (error?.errorMessage.startsWith('gatehouse: ') !== true) continue
          if ((await straight.command(ResponseKind.Prepare, prepare)).error === null)
            refused.push([sql, error.errorMessage])
        }
        client.end()
        straight.end()
        expect(refused).toEqual([])
      },
    )
  },
)
