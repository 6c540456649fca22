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

interface Opened {
  readonly title: string
  readonly databases: Databases
  readonly stop: () => Promise<void>
}

async function open(seed: number): Promise<Opened> {
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

/** Runs until enough statements were run or the server has ended. Returns how many were run. */
async function run(seed: number, statements: number): Promise<number> {
  const { title, databases, stop } = await open(seed)
  const started = performance.now()
  let ran = 0
  let said = 0
  try {
    const result = await campaign(databases, {
      seed,
      statements,
      progress: (tally, failures) => {
        ran = tally.statements
        const rate = Math.round(ran / ((performance.now() - started) / 1000))
        process.stderr.write(`\r${String(ran)} statements, ${String(failures.length)} failures, ${String(rate)}/s `)
        for (const failure of failures.slice(said)) process.stderr.write(`\n${told(failure)}\n`)
        said = failures.length
        if (said > 0) process.exitCode = 1
      },
    })
    process.stderr.write('\n')
    await report(databases, `${title}, seed ${String(seed)}`, result, 40)
    return statements
  } catch (error) {
    // MySQL and MariaDB have statements that end them.
    console.info(`${title}, seed ${String(seed)}: ended after ${String(ran)} statements: ${String(error)}`)
    return Math.max(ran, 1)
  } finally {
    await databases.close().catch(() => undefined)
    await stop()
  }
}

let seed = Number(values.seed)
for (let left = Number(values.statements); left > 0; seed++) left -= await run(seed, left)
