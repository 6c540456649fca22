import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTestGateway, type TestGateway } from '../harness/start-gateway.ts'
import { query, startPostgres, type PostgresServer } from '../servers/postgres.ts'
import { type PsqlRoad, runPsql } from './psql.ts'

/** Everything is allowed, nothing is masked: what then differs is the gateway's own doing. */
export const ALLOW_ALL = `
rules:
  - name: everything
    allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"], files: ["*"], programs: ["*"] }
`

/** The database that scripts run in, under this name on both sides. */
const DATABASE = 'regression'

/** Two equal servers, one reached directly and one through a gateway; each script runs on both in equal new databases. */
export interface TwoRoads {
  /** Makes the template `name` on both sides from `base` by running scripts directly. */
  prepare(name: string, base: string, scripts: readonly string[]): Promise<void>
  /** What psql wrote for one script on each road, in new databases from a template. */
  run(script: string, template: string): Promise<{ readonly direct: Buffer; readonly through: Buffer }>
  close(): Promise<void>
}

interface Side {
  readonly name: 'a' | 'b'
  readonly server: PostgresServer
  readonly folder: string
}

/** `source`: the folder of the regression tests; `secondsPerScript`: when a psql is given up. */
export async function openTwoRoads(psql: string, source: string, secondsPerScript: number): Promise<TwoRoads> {
  const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-regress-'))
  chmodSync(scratch, 0o755)
  // What pg_regress sets for a server of its own.
  const settings = { max_prepared_transactions: 2, log_min_messages: 'fatal', log_min_error_statement: 'panic' }
  const start = async (name: 'a' | 'b'): Promise<Side> => {
    const folder = join(scratch, name)
    cpSync(source, folder, { recursive: true })
    mkdirSync(join(folder, 'results'))
    // The servers run under another account, and write here.
    chmodSync(join(folder, 'results'), 0o777)
    return { name, server: await startPostgres({ version: 15, settings, tls: false }), folder }
  }
  const sides = await Promise.all([start('a'), start('b')])
  const [direct, behind] = sides

  async function newDatabases(template: string): Promise<void> {
    await Promise.all(
      sides.map(async ({ server }) => {
        await query(server.url, `DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`)
        await query(server.url, `CREATE DATABASE ${DATABASE} TEMPLATE ${template} STRATEGY file_copy`)
        await query(server.url, DATABASE_SETTINGS)
      }),
    )
  }

  function road(side: Side, password: string, host: string, port: number): PsqlRoad {
    const scripts = {
      PG_ABS_SRCDIR: side.folder,
      PG_ABS_BUILDDIR: side.folder,
      // There is no regress.so on either side: what needs its functions fails alike.
      PG_LIBDIR: '/nonexistent',
      PG_DLSUFFIX: '.so',
    }
    return { host, port, user: 'postgres', password, database: DATABASE, scripts }
  }

  async function runOn(side: Side, via: PsqlRoad, script: string): Promise<Buffer> {
    const file = join(side.folder, 'sql', `${script}.sql`)
    const output = join(scratch, `${side.name}.out`)
    return samePaths(await runPsql(psql, via, file, output, secondsPerScript), side.folder)
  }

  const straight = (side: Side): PsqlRoad => road(side, side.server.password, side.server.host, side.server.port)

  return {
    async prepare(name, base, scripts) {
      await newDatabases(base)
      for (const script of scripts) await Promise.all(sides.map((side) => runOn(side, straight(side), script)))
      await Promise.all(sides.map(({ server }) => query(server.url, `ALTER DATABASE ${DATABASE} RENAME TO ${name}`)))
    },
    async run(script, template) {
      await newDatabases(template)
      const gateway = await gatewayBefore(behind.server)
      try {
        const via = road(behind, await gateway.token({ sub: 'tester' }), gateway.host, gateway.port)
        const [left, right] = await Promise.all([runOn(direct, straight(direct), script), runOn(behind, via, script)])
        return { direct: left, through: right }
      } finally {
        await gateway.close()
      }
    },
    async close() {
      await Promise.all(sides.map(({ server }) => server.stop()))
      rmSync(scratch, { recursive: true, force: true })
    },
  }
}

/** As pg_regress sets them in `create_database`. */
const DATABASE_SETTINGS = `
ALTER DATABASE ${DATABASE} SET lc_messages TO 'C';
ALTER DATABASE ${DATABASE} SET lc_monetary TO 'C';
ALTER DATABASE ${DATABASE} SET lc_numeric TO 'C';
ALTER DATABASE ${DATABASE} SET lc_time TO 'C';
ALTER DATABASE ${DATABASE} SET bytea_output TO 'hex';
ALTER DATABASE ${DATABASE} SET timezone_abbreviations TO 'Default';
`

function gatewayBefore(server: PostgresServer): Promise<TestGateway> {
  const login = { host: server.host, port: server.port, user: server.superuser, password: server.password }
  return startTestGateway({
    targets: { regression: { ...login, database: DATABASE }, postgres: { ...login, database: 'postgres' } },
    policy: ALLOW_ALL,
  })
}

/** The two sides' own folders, of equal length, under one name. */
function samePaths(output: Buffer, folder: string): Buffer {
  return Buffer.from(output.toString('latin1').replaceAll(folder, folder.replace(/[ab]$/, '_')), 'latin1')
}
