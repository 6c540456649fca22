import { startPgbouncer } from '@gatehouse/test/servers/pgbouncer.ts'
import { createDatabase, LOGINS, query, startPostgres } from '@gatehouse/test/servers/postgres.ts'
import type { Address, Answer, CountingClient, Database, Engine, Peer, Workload } from '../engine.ts'
import { TARGET } from '../gateway-setup.ts'
import { Pgbench } from './pgbench.ts'
import { POLICY } from './policy.ts'
import { WireClient } from './wire-client.ts'

/** Who logs in at the database: by md5, which costs every road the same next to nothing. */
export const LOGIN: { readonly user: string; readonly password: string } = LOGINS.md5

/** PostgreSQL 18, beside PgBouncer. */
export const POSTGRES: Engine = {
  name: 'postgres',
  databaseName: 'PostgreSQL 18',
  peerName: 'PgBouncer',
  loadName: '`pgbench -S`',
  latencyOf: 'statement',
  policy: POLICY,
  throughputTarget: { to: 'peer', least: 1 },
  cpuTarget: 1.5,
  rowFormats: ['text', 'binary', 'COPY text', 'COPY csv', 'COPY binary'],
  workloads: (quick) =>
    (quick ? ['simple', 'prepared'] : ['simple', 'extended', 'prepared']).flatMap((name) =>
      (quick ? [8, 64] : [1, 8, 64]).map((clients): Workload => ({ name, clients })),
    ),
  profiled: [
    { name: 'simple', clients: 8 },
    { name: 'prepared', clients: 8 },
  ],
  decisionTimer: 'postgres/decision-timer.ts',
  standIn: 'postgres/fake-upstream.ts',
  startDatabase,
  startPeer,
  connect,
}

/** 500,000 accounts: more than one session touches often, and all in the database's memory. */
const SCALE = 5

async function startDatabase(folder: string): Promise<Database> {
  const server = await startPostgres({ version: 18, settings: { shared_buffers: '128MB', max_connections: 1200 } })
  try {
    const { url } = await createDatabase(server, TARGET, TABLES)
    for (const table of ['people_plain', 'people_masked']) await query(url, `VACUUM ANALYZE ${table}`)
    const pgbench = await Pgbench.find(folder)
    await pgbench.initialise({ port: server.port, ...LOGIN, database: TARGET }, SCALE)
    const { port, pid, stop, tls } = server
    return { port, pid, stop, login: LOGIN, caFile: tls?.caFile ?? null, load: pgbench }
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function startPeer({ port, login }: Database): Promise<Peer> {
  return startPgbouncer({
    upstream: { host: '127.0.0.1', port },
    logins: { [login.user]: login.password },
    poolMode: 'session',
    settings: { auth_type: 'md5' },
  })
}

async function connect(address: Address): Promise<CountingClient> {
  const client = await WireClient.connect(address)
  return {
    people: (format, table) => ask(client, format, `SELECT id, name, email, ssn, age, seen FROM ${table}`),
    close: () => client.close(),
  }
}

async function ask(client: WireClient, format: string, sql: string): Promise<Answer> {
  switch (format) {
    case 'text':
      return client.simple(sql)
    case 'binary':
      return client.binary(sql)
    case 'COPY text':
    case 'COPY csv':
      return client.simple(`COPY (${sql}) TO STDOUT (FORMAT ${format.slice(5)})`)
    case 'COPY binary': {
      const answer = await client.simple(`COPY (${sql}) TO STDOUT (FORMAT binary)`)
      // The end of the data is a message of its own.
      return { ...answer, rows: answer.rows - 1 }
    }
    default:
      throw new Error(`no such format: ${format}`)
  }
}

/** Two tables alike, one with masks over it; and the schema's grants, which PostgreSQL 15 and later do not give. */
const TABLES = `
GRANT CREATE ON SCHEMA public TO ${LOGIN.user};
CREATE TABLE people_plain AS
  SELECT id::int8, 'Ada Lovelace ' || id AS name, 'person' || id || '@example.com' AS email,
         lpad(id::text, 9, '0') AS ssn, id % 90 AS age, timestamptz '2026-01-01' + id * interval '1 minute' AS seen
  FROM generate_series(1, 100000) AS id;
CREATE TABLE people_masked AS TABLE people_plain;
CREATE TABLE orders (id int8 PRIMARY KEY, person int8 NOT NULL, total numeric(12, 2) NOT NULL, placed timestamptz NOT NULL);
CREATE TABLE order_items (order_id int8 NOT NULL, line int NOT NULL, article text NOT NULL, price numeric(12, 2) NOT NULL);
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${LOGIN.user};
`
