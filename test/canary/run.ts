import { parseArgs } from 'node:util'
import { startPostgres } from '../servers/postgres.ts'
import { campaign } from './campaign.ts'
import { openDatabases } from './databases.ts'
import { report } from './report.ts'

/**
 * Random statements against the masks, as many as wanted:
 *   node test/canary/run.ts [--statements 50000] [--seed N] [--server 18|15]
 * Exit status 1: something of a masked value could be told, or a session was ended.
 */
const { values } = parseArgs({
  options: {
    statements: { type: 'string', default: '50000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    server: { type: 'string', default: '18' },
  },
})
const seed = Number(values.seed)
const server = await startPostgres({ version: values.server === '15' ? 15 : 18, tls: false })
try {
  const databases = await openDatabases(server, seed)
  try {
    const started = performance.now()
    const result = await campaign(databases, {
      seed,
      statements: Number(values.statements),
      progress: (tally, failures) => {
        const rate = Math.round(tally.statements / ((performance.now() - started) / 1000))
        process.stderr.write(
          `\r${String(tally.statements)} statements, ${String(failures.length)} failures, ${String(rate)}/s `,
        )
      },
    })
    process.stderr.write('\n')
    await report(databases, `PostgreSQL ${values.server}, seed ${String(seed)}`, result, 40)
    process.exitCode = result.failures.length > 0 ? 1 : 0
  } finally {
    await databases.close()
  }
} finally {
  await server.stop()
}
