import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { startTestGateway, type TestGateway } from '../harness/start-gateway.ts'
import { createDatabase, type PostgresAddress } from '../servers/postgres.ts'

const SCHEMA = `
  CREATE TABLE public.people (id int, note text); INSERT INTO public.people VALUES (1, 'CANARY-MASKED');
  CREATE SCHEMA app; CREATE TABLE app.people (id int, note text); INSERT INTO app.people VALUES (1, 'harmless');
`
const POLICY = `
rules:
  - name: read
    allow: { actions: [select], relations: [public.*, app.*], settings: [search_path] }
masks:
  - columns: [public.people.note]
    with: redact
`

const servers = inject('servers')

describe.skipIf('absent' in servers.postgres15)(
  'what a transaction did to names is undone at its end, and so is not relied on behind it',
  () => {
    let database: Awaited<ReturnType<typeof createDatabase>>
    let gateway: TestGateway
    beforeAll(async () => {
      const server = 'address' in servers.postgres15 ? servers.postgres15.address : unreachable()
      database = await createDatabase(server, 'names_at_end', SCHEMA)
      const url = new URL(database.url)
      gateway = await startTestGateway({
        targets: {
          shop: {
            host: server.host,
            port: server.port,
            database: url.pathname.slice(1),
            user: server.superuser,
            password: server.password,
          },
        },
        policy: POLICY,
      })
    })
    afterAll(async () => {
      await gateway.close()
      await database.drop()
    })

    const answers = async (run: (client: Client) => Promise<unknown>): Promise<string> => {
      const client = new Client({ connectionString: await gateway.url('shop') })
      client.on('error', () => undefined)
      await client.connect()
      try {
        return JSON.stringify(await run(client))
      } finally {
        await client.end()
      }
    }
    const settled = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => String(error))

    test('behind COMMIT in the same text', async () => {
      const seen = await answers(async (client) => {
        await client.query('BEGIN')
        await client.query('SET LOCAL search_path = app')
        return [
          await client.query("SELECT note || '' AS x FROM people"),
          await settled(client.query("COMMIT; SELECT note || '' AS x FROM people")),
        ]
      })
      expect(seen).toContain('harmless')
      expect(seen).not.toContain('CANARY')
    })

    test('behind ROLLBACK of a failed transaction in the same text', async () => {
      const seen = await answers(async (client) => {
        await client.query('BEGIN')
        await client.query('SET search_path = app')
        await settled(client.query('SELECT 1/0'))
        return await settled(client.query("ROLLBACK; SELECT note || '' AS x FROM people"))
      })
      expect(seen).not.toContain('CANARY')
    })

    test('behind COMMIT, ROLLBACK TO and the end of an implicit transaction in a pipeline', async () => {
      const seen = await answers(async (client) => {
        await client.query('BEGIN')
        await client.query('SAVEPOINT s')
        await client.query('SET search_path = app')
        const pipelined = [
          'ROLLBACK TO s',
          "SELECT note || '' AS x FROM people",
          'COMMIT',
          "SELECT note || '' AS x FROM people",
        ]
        const first = await Promise.all(pipelined.map((sql) => settled(client.query({ text: sql, values: [] }))))
        const second = ['SET LOCAL search_path = app', "SELECT note || '' AS x FROM people"]
        return [first, await Promise.all(second.map((sql) => settled(client.query({ text: sql, values: [] }))))]
      })
      expect(seen).not.toContain('CANARY')
    })

    test('after SET in a transaction that was rolled back', async () => {
      const seen = await answers(async (client) => {
        await client.query('BEGIN')
        await client.query('SET search_path = app')
        await client.query('ROLLBACK')
        return await client.query("SELECT note || '' AS x FROM people")
      })
      expect(seen).toContain('[redacted]')
      expect(seen).not.toContain('CANARY')
    })
  },
)

function unreachable(): PostgresAddress {
  throw new Error('skipped')
}
