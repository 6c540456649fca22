import { formatProblems } from '@gatehouse/configuration'
import {
  type Gateway,
  type GatewayConfig,
  openGatewayLog,
  parseGatewayConfig,
  startGateway,
  workerConfig,
} from '@gatehouse/gateway'
import type { ServiceLog } from '@gatehouse/monitoring'
import { closeLog } from '../close-log.ts'
import type { ConfigText, FromWorker, ToWorker } from './messages.ts'

/** A worker's life: it is told to start, reloads when it is told to, and ends when it is told to or its primary is no more. */
export async function runWorker(worker: number): Promise<void> {
  const start = Promise.withResolvers<ToWorker & { readonly kind: 'start' }>()
  const drain = Promise.withResolvers<void>()
  const close = Promise.withResolvers<void>()
  let reload: (config: ConfigText | null) => void = () => undefined
  process.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'start':
        return start.resolve(message)
      case 'reload':
        return reload(message.config)
      case 'drain':
        return drain.resolve()
      case 'close':
        drain.resolve()
        return close.resolve()
      default:
        throw message satisfies never
    }
  })
  process.on('disconnect', () => {
    drain.resolve()
    close.resolve()
  })
  // A terminal and a service manager tell the primary and its workers alike: the primary passes on what concerns them. One that is told alone drains, and
  // is replaced.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => drain.resolve())
  process.on('SIGHUP', () => undefined)

  const { config: text, ports, restarts } = await start.promise
  const read = ({ text: yaml, directory }: ConfigText): GatewayConfig => {
    const loading = parseGatewayConfig(yaml, directory, process.env)
    if (loading.kind === 'config') return workerConfig(loading.config, worker, ports)
    throw new Error(formatProblems('configuration', loading.problems))
  }
  const started = await startOrSayWhy(() => read(text), restarts)
  if (started === null) return
  const { gateway, serviceLog } = started
  reload = (changed) => void reloadAll(gateway, () => (changed === null ? null : read(changed)))
  tell({ kind: 'listening' })
  await drain.promise
  await Promise.race([gateway.drain(), close.promise])
  await gateway.close()
  await closeLog(serviceLog)
  // What the primary may still say is not waited for.
  if (process.connected) process.disconnect()
}

async function reloadAll(gateway: Gateway, read: () => GatewayConfig | null): Promise<void> {
  try {
    const config = read()
    if (config !== null) await gateway.reload(config)
  } catch (error) {
    // What the primary has just read may be gone by now: a file that a reference leads to.
    process.stderr.write(
      `the changed configuration was not taken over: ${error instanceof Error ? error.message : String(error)}\n`,
    )
  }
  gateway.reloadPolicy()
  gateway.reloadCertificates()
}

async function startOrSayWhy(
  read: () => GatewayConfig,
  restarts: number,
): Promise<{ readonly gateway: Gateway; readonly serviceLog: ServiceLog } | null> {
  let serviceLog: ServiceLog | null = null
  try {
    const config = read()
    serviceLog = await openGatewayLog(config)
    const { log, lines } = serviceLog
    return { gateway: await startGateway(config, log, null, { restarts, logLines: lines }), serviceLog }
  } catch (error) {
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
    process.exitCode = 1
    if (serviceLog !== null) await closeLog(serviceLog)
    if (process.connected) process.disconnect()
    return null
  }
}

function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message)
}
