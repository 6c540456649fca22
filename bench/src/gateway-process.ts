/**
 * The gateway as a process of its own: `gateway-process.ts <configuration file>`. Its first line on standard output is
 * `{"port":…}`; it answers each line `memory` with its memory after a full collection (needs --expose-gc), and ends
 * when its standard input does. Its log goes to standard error.
 */
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { createInterface } from 'node:readline'
import { formatProblems } from '@gatehouse/configuration'
import { loadGatewayConfig, startGateway } from '@gatehouse/gateway'

const file = process.argv[2] ?? ''
const loading = loadGatewayConfig(file, process.env)
if (loading.kind === 'problems') {
  console.error(formatProblems(file, loading.problems))
  process.exit(1)
}
const gateway = await startGateway(loading.config, logger(loading.config.log.level))
console.log(JSON.stringify({ port: (gateway.postgres ?? gateway.mysql)?.port }))

for await (const line of createInterface({ input: process.stdin })) {
  if (line !== 'memory') continue
  for (let pass = 0; pass < 3; pass++) globalThis.gc?.()
  console.log(
    JSON.stringify({
      ...process.memoryUsage(),
      sessions: gateway.sessions.size,
      collected: globalThis.gc !== undefined,
    }),
  )
}
await gateway.close()
process.exit()

/** The gateway's own copy of pino. */
function logger(level: string): Parameters<typeof startGateway>[1] {
  const { pino, destination } = createRequire(fileURLToPath(import.meta.resolve('@gatehouse/gateway')))('pino') as {
    readonly pino: (options: { readonly level: string }, stream: unknown) => Parameters<typeof startGateway>[1]
    readonly destination: (descriptor: number) => unknown
  }
  return pino({ level }, destination(2))
}
