import { availableParallelism } from 'node:os'
import * as z from 'zod'
import { workerTrail } from '@gatehouse/audit-trail'
import type { ListenAddress } from '@gatehouse/configuration'
import type { GatewayConfig, ListenerConfig } from './gateway-config.ts'

/** More processes than any host has use for. */
const MAX_WORKERS = 256

/** Where the system spreads connections over the processes that listen on one port (`SO_REUSEPORT`). */
const SPREADING: ReadonlySet<string> = new Set(['linux', 'freebsd', 'dragonfly', 'sunos', 'aix'])

/** How many processes a gateway has: a number, or `auto`. */
export const workersSchema: z.ZodType<number> = z
  .union([z.literal('auto'), z.int().min(1).max(MAX_WORKERS)], {
    error: `must be a number from 1 to ${String(MAX_WORKERS)}, or auto`,
  })
  .transform((given) => (given === 'auto' ? availableParallelism() : given))

/** Why there cannot be so many workers; null: there can. */
export function workersFault({
  workers,
  coordination,
}: Pick<GatewayConfig, 'workers' | 'coordination'>): string | null {
  if (workers === 1) return null
  if (coordination.kind === 'memory')
    return `is ${String(workers)}, and workers share nothing but coordination, which is kept in the memory of one process: set coordination.kind to redis, or workers to 1`
  if (!SPREADING.has(process.platform))
    return `is ${String(workers)}, and this system (${process.platform}) does not spread connections over processes: set workers to 1`
  return null
}

/** The ports that all workers listen on, by engine; of an engine without a listener there is none. */
export type WorkerPorts = Readonly<Partial<Record<keyof GatewayConfig['listeners'], number>>>

/**
 * The configuration of one worker, from 1 on: a gateway of its own, with its own id, trail and files of checkpoints, so that every chain has one
 * writer. `ports`: in place of those that are configured.
 */
export function workerConfig(config: GatewayConfig, worker: number, ports: WorkerPorts): GatewayConfig {
  const { audit, listeners, monitoring } = config
  const files = audit.checkpoints.files.map((file) => `${file}.worker-${String(worker)}`)
  return {
    ...config,
    gatewayId: `${config.gatewayId}-${String(worker)}`,
    audit: { ...audit, directory: workerTrail(audit.directory, worker), checkpoints: { ...audit.checkpoints, files } },
    listeners: { postgres: at(listeners.postgres, ports.postgres), mysql: at(listeners.mysql, ports.mysql) },
    monitoring: monitoring === null ? null : { ...monitoring, address: nextTo(monitoring.address, worker) },
  }
}

/** Where one worker is watched: each answers for itself, so they cannot share a port. */
function nextTo({ host, port }: ListenAddress, worker: number): ListenAddress {
  return { host, port: port === 0 ? 0 : port + worker - 1 }
}

function at<Listener extends ListenerConfig>(listener: Listener | null, port: number | undefined): Listener | null {
  if (listener === null || port === undefined) return listener
  const address: ListenAddress = { ...listener.address, port }
  return { ...listener, address }
}
