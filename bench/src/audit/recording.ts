import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createDatabase, LOGINS, startPostgres } from '@gatehouse/test/servers/postgres.ts'
import type { Address } from '../engine.ts'
import { type GatewayProcess, startGatewayProcess, TARGET } from '../gateway-setup.ts'
import { startIssuer } from '../issuer.ts'
import type { Options } from '../options.ts'
import { POSTGRES } from '../postgres/engine.ts'
import { Pgbench } from '../postgres/pgbench.ts'
import { BENCH_FOLDER } from '../scene.ts'
import { median } from '../statistics.ts'

const CLIENTS = [1, 8] as const
const MODES = ['simple', 'prepared'] as const

/** What full recording costs: `pgbench -S` through a gateway that records every session, and through one that records none. As Markdown. */
export async function measureRecording(options: Options, tell: (text: string) => void): Promise<string> {
  tell('starting PostgreSQL 18 and two gateways')
  mkdirSync(BENCH_FOLDER, { recursive: true })
  const folder = mkdtempSync(join(BENCH_FOLDER, 'run-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const server = await startPostgres({ version: 18, settings: { shared_buffers: '128MB' } })
  const issuer = await startIssuer()
  try {
    await createDatabase(server, TARGET, `grant all on schema public to ${LOGINS.md5.user}`)
    const pgbench = await Pgbench.find(folder)
    await pgbench.initialise({ port: server.port, database: TARGET, ...LOGINS.md5 }, 1)
    const start = (name: string, more: string): Promise<GatewayProcess> =>
      startGatewayProcess({
        engine: POSTGRES,
        folder: join(folder, name),
        issuer: issuer.url,
        upstream: { port: server.port, ...LOGINS.md5, caFile: null },
        listenerTls: null,
        more,
      })
    const without = await start('without', '')
    const recording = await start('recording', 'recording: { mode: on }\n')
    try {
      const password = issuer.token('ada@example.com')
      const address = (port: number): Address => ({ port, user: 'copilot', database: TARGET, password })
      const lines = ['| `pgbench -S` | throughput with recording / without | rounds |', '| --- | ---: | --- |']
      for (const name of MODES) {
        for (const clients of CLIENTS) {
          const ratios: number[] = []
          for (let round = 0; round < options.rounds; round++) {
            const off = await pgbench.run(address(without.port), { name, clients }, options.seconds, () => [])
            const on = await pgbench.run(address(recording.port), { name, clients }, options.seconds, () => [])
            ratios.push(on.statementsPerSecond / off.statementsPerSecond)
            tell(
              `${name}, ${String(clients)} clients: ${(on.statementsPerSecond / off.statementsPerSecond).toFixed(2)}`,
            )
          }
          const rounds = ratios.map((ratio) => ratio.toFixed(2)).join(' ')
          lines.push(`| ${name}, ${String(clients)} clients | ${median(ratios).toFixed(2)} | ${rounds} |`)
        }
      }
      return lines.join('\n')
    } finally {
      await recording.stop()
      await without.stop()
    }
  } finally {
    issuer.close()
    await server.stop()
  }
}
