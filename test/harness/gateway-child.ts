/**
 * The gateway as a process of its own: `gateway-child.ts <configuration file>`. Its first line on standard output is
 * `{"port":…}`; it answers each line `memory` with its memory after a full collection (needs --expose-gc), and `heap FILE` by a
 * snapshot of its heap after one. Its log goes to standard error. It ends when its standard input does.
 */
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeHeapSnapshot } from 'node:v8'
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
console.log(JSON.stringify({ port: (gateway.postgres ?? gateway.mysql)?.port }))

for await (const line of createInterface({ input: process.stdin })) {
  const heapFile = /^heap (.+)$/.exec(line)?.[1]
  if (heapFile === undefined && line !== 'memory') continue
  for (let pass = 0; pass < 3; pass++) {
    globalThis.gc?.()
    await sleep(1)
  }
  if (heapFile !== undefined) {
    console.log(JSON.stringify({ file: writeHeapSnapshot(heapFile) }))
    continue
  }
  console.log(JSON.stringify({ ...process.memoryUsage(), sessions: gateway.sessions.size }))
}
await gateway.close()
process.exit()
