/**
 * The gateway as a process of its own: `gateway-child.ts <configuration file>`. Its first line on standard output is
 * `{"port":…}`; it answers each line `memory` with its memory after a full collection (needs --expose-gc). Its log goes
 * to standard error. It ends when its standard input does.
 */
import { createInterface } from 'node:readline'
import { formatProblems } from '@gatehouse/configuration'
import { loadGatewayConfig, startGateway } from '@gatehouse/gateway'
import { destination, pino } from 'pino'

const file = process.argv[2] ?? ''
const loading = loadGatewayConfig(file, process.env)
if (loading.kind === 'problems') {
  console.error(formatProblems(file, loading.problems))
  process.exit(1)
}
const gateway = await startGateway(loading.config, pino({ level: loading.config.log.level }, destination(2)))
console.log(JSON.stringify({ port: gateway.postgres?.port }))

for await (const line of createInterface({ input: process.stdin })) {
  if (line !== 'memory') continue
  for (let pass = 0; pass < 3; pass++) globalThis.gc?.()
  console.log(JSON.stringify({ ...process.memoryUsage(), sessions: gateway.sessions.size }))
}
await gateway.close()
process.exit()
