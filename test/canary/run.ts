import { parseArgs } from 'node:util'
import { startMysql } from '../servers/mysql.ts'
import { startPostgres } from '../servers/postgres.ts'
import { campaign } from './campaign.ts'
import type { Databases } from './databases.ts'
import { openDatabases as openMysql } from './mysql/databases.ts'
import { openDatabases as openPostgres } from './postgres/databases.ts'
import { report, told } from './report.ts'

/**
 * Random statements against the masks, as many as wanted:
 *   node test/canary/run.ts [--engine postgres|mysql|mariadb] [--statements 50000] [--seed N] [--server 18|15]
 * Exit status 1: something of a masked value could be told, or a session was ended.
 */
const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'postgres' },
    statements: { type: 'string', default: '50000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    server: { type: 'string', default: '18' },
  },
})
const seed = Number(values.seed)

interface Opened {
  readonly title: string
  readonly databases: Databases
  readonly stop: () => Promise<void>
}

async function open(): Promise<Opened> {
  switch (values.engine) {
    case 'postgres': {
      const server = await startPostgres({ version: values.server === '15' ? 15 : 18, tls: false })
      const { stop } = server
      return { title: `PostgreSQL ${values.server}`, databases: await openPostgres(server, seed), stop }
    }
    case 'mysql':
    case 'mariadb': {
      const version = values.engine === 'mysql' ? 'mysql-9' : 'mariadb-10.11'
      const server = await startMysql({ version, tls: false })
      const { stop } = server
      return { title: version, databases: await openMysql(server, seed), stop }
    }
    default:
      throw new Error(`no engine ${values.engine}: postgres, mysql or mariadb`)
  }
}

const { title, databases, stop } = await open()
try {
  const started = performance.now()
  let said = 0
  const result = await campaign(databases, {
    seed,
    statements: Number(values.statements),
    progress: (tally, failures) => {
      const rate = Math.round(tally.statements / ((performance.now() - started) / 1000))
      process.stderr.write(
        `\r${String(tally.statements)} statements, ${String(failures.length)} failures, ${String(rate)}/s `,
      )
      for (const failure of failures.slice(said)) process.stderr.write(`\n${told(failure)}\n`)
      said = failures.length
    },
  })
  process.stderr.write('\n')
  await report(databases, `${title}, seed ${String(seed)}`, result, 40)
  process.exitCode = result.failures.length > 0 ? 1 : 0
} finally {
  await databases.close()
  await stop()
}
