import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { startPgbouncer } from '@gatehouse/test/servers/pgbouncer.ts'
import { createDatabase, LOGINS, type PostgresServer, query, startPostgres } from '@gatehouse/test/servers/postgres.ts'
import { type GatewayProcess, startGatewayProcess, TARGET } from './gateway-setup.ts'
import { type Issuer, startIssuer } from './issuer.ts'
import { portOf, startOwn } from './own-process.ts'
import { Pgbench } from './pgbench.ts'
import { cpuSeconds } from './process-figures.ts'
import type { Address } from './wire-client.ts'

export const ROADS = ['direct', 'pgbouncer', 'gateway', 'relay'] as const
export type RoadName = (typeof ROADS)[number]

/** A way to the database. */
export interface Road {
  readonly name: RoadName
  readonly address: Address
  /** CPU seconds that what stands between client and database has used. 0 on the direct road. */
  readonly cpuSeconds: () => { readonly user: number; readonly system: number }
}

/** The database and the four roads to it. */
export interface Scene {
  /** Scratch space of this run; removed by `close`. */
  readonly folder: string
  readonly server: PostgresServer
  readonly issuer: Issuer
  readonly token: string
  readonly gateway: GatewayProcess
  /** In the order each round takes them. */
  readonly roads: readonly Road[]
  readonly gatewayRoad: Road
  readonly pgbouncerVersion: string
  readonly pgbench: Pgbench
  readonly close: () => Promise<void>
}

/** Where results and scratch space go; git ignores it. */
export const BENCH_FOLDER: string = resolve(import.meta.dirname, '..', '..', '.gatehouse', 'bench')

/** Who logs in at the database: by md5, which costs every road the same next to nothing. */
export const LOGIN: { readonly user: string; readonly password: string } = LOGINS.md5

/** Starts everything, fills the database, and undoes what it began when something does not start. */
export async function openScene(gatewayNodeArgs: readonly string[] = []): Promise<Scene> {
  mkdirSync(BENCH_FOLDER, { recursive: true })
  const folder = mkdtempSync(join(BENCH_FOLDER, 'run-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  // A run that is cut off leaves nothing either; its children end with its pipes.
  process.once('exit', remove)
  const closers: (() => Promise<void> | void)[] = [remove]
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer()
  }
  try {
    const server = await startPostgres({ version: 18, settings: { shared_buffers: '128MB', max_connections: 1200 } })
    closers.push(server.stop)
    const { url } = await createDatabase(server, TARGET, TABLES)
    for (const table of ['people_plain', 'people_masked']) await query(url, `VACUUM ANALYZE ${table}`)
    const at = (port: number): Address => ({ port, ...LOGIN, database: TARGET })
    const pgbench = await Pgbench.find(folder)
    await pgbench.initialise(at(server.port), SCALE)
    const pgbouncer = await startPgbouncer({
      upstream: server,
      logins: { [LOGIN.user]: LOGIN.password },
      poolMode: 'session',
      settings: { auth_type: 'md5' },
    })
    closers.push(pgbouncer.stop)
    const issuer = await startIssuer()
    closers.push(issuer.close)
    const upstream = { port: server.port, ...LOGIN, caFile: null }
    const setup = {
      folder: join(folder, 'gateway'),
      issuer: issuer.url,
      upstream,
      listenerTls: null,
      nodeArgs: gatewayNodeArgs,
    }
    const gateway = await startGatewayProcess(setup)
    closers.push(gateway.stop)
    const relay = await startOwn('bare-relay.ts', [String(server.port)], { logFile: join(folder, 'relay.log') })
    closers.push(relay.stop)
    const token = issuer.token('ada@example.com')
    const gatewayRoad: Road = {
      name: 'gateway',
      address: { port: gateway.port, user: 'copilot', database: TARGET, password: token },
      cpuSeconds: () => cpuSeconds(gateway.pid),
    }
    const roads: readonly Road[] = [
      { name: 'direct', address: at(server.port), cpuSeconds: () => ({ user: 0, system: 0 }) },
      { name: 'pgbouncer', address: at(pgbouncer.port), cpuSeconds: () => cpuSeconds(pgbouncer.pid) },
      gatewayRoad,
      { name: 'relay', address: at(portOf(relay.ready)), cpuSeconds: () => cpuSeconds(relay.pid) },
    ]
    return {
      folder,
      server,
      issuer,
      token,
      gateway,
      roads,
      gatewayRoad,
      pgbouncerVersion: pgbouncer.version,
      pgbench,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** 500,000 accounts: more than one session touches often, and all in the database's memory. */
const SCALE = 5

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
