import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../harness/start-gateway.ts'
import { createDatabase } from '../servers/postgres.ts'
import { query, RawClient } from './raw-client.ts'

const server = inject('servers').postgres15
const absent = 'absent' in server ? server.absent : null

const TABLES = `
CREATE SCHEMA open;
CREATE TABLE open.people (id int, ssn text);
CREATE TABLE public.people (id int, ssn text);
INSERT INTO open.people VALUES (1, 'nobody''s');
INSERT INTO public.people VALUES (1, '078-05-1120');
`
const POLICY = `
rules:
  - name: read
    allow: { actions: [select, set], relations: [public.*, open.*], settings: [search_path] }
masks:
  - columns: [public.people.ssn]
    with: redact
`

describe.skipIf(absent !== null)(
  `a session whose schemas cannot be asked for${absent === null ? '' : ` (${absent})`}`,
  () => {
    let gateway: TestGateway
    let client: RawClient
    let other: Client
    let drop: () => Promise<void>

    beforeAll(async () => {
      if ('absent' in server) throw new Error('not to be run')
      const { address } = server
      const database = await createDatabase(address, 'settling_names', TABLES)
      drop = database.drop
      gateway = await startTestGateway({
        targets: {
          names: {
            host: address.host,
            port: address.port,
            user: address.superuser,
            password: address.password,
            database: database.database,
          },
        },
        policy: POLICY,
      })
      client = await RawClient.open({
        host: gateway.host,
        port: gateway.port,
        user: 'agent',
        database: 'names',
        password: await gateway.token(),
      })
      other = new Client({ connectionString: database.url })
      await other.connect()
    })

    afterAll(async () => {
      client.close()
      await other.end()
      await gateway.close()
      await drop()
    })

    const say = async (sql: string): Promise<string> => {
      client.send(query(sql))
      return (await client.untilReady()).map(({ tag, body }) => `${tag} ${body.toString('utf8')}`).join('\n')
    }

    it('never has its names resolved by the schemas of before', async () => {
      await say('SET search_path = open')
      expect(await say('SELECT upper(ssn) FROM people')).toContain("NOBODY'S")
      await say('SET statement_timeout = 200')
      // The session has to look the schema up anew, and waits for the lock: the gateway's question runs into the timeout.
      await other.query('GRANT USAGE ON SCHEMA public TO pg_monitor')
      await other.query('BEGIN')
      await other.query('LOCK pg_catalog.pg_namespace IN ACCESS EXCLUSIVE MODE')
      await say('SET search_path = public')
      const meanwhile = await say('SELECT upper(ssn) FROM people')
      await other.query('ROLLBACK')
      // One error for one statement: the question's own never shows.
      expect(meanwhile.match(/^E /gm)).toHaveLength(1)
      expect(meanwhile).not.toContain('D ')
      expect(await say('SELECT upper(ssn) FROM people')).not.toContain('078-05')
    })

    it('may read again once they can', async () => {
      await say('SET search_path = open')
      expect(await say('SELECT upper(ssn) FROM people')).toContain("NOBODY'S")
      await say('SET search_path = public')
      const masked = await say('SELECT ssn FROM people')
      expect(masked).toContain('C SELECT 1')
      expect(masked).not.toContain('078-05')
    })
  },
)
