import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import type { GatewayConfig } from './config/index.ts'

/** So many a listener leaves for what sessions and the trail need: without them the trail cannot be written, and everything stops. */
export const KEPT_DESCRIPTORS = 64

/** Descriptors that are no connections: files of the trail, Redis, looks at catalogs, the runtime's own. */
const OTHERS = 200

/** Most descriptors that this process may have; null: it cannot be told, or there is no limit. Node has raised it as far as it may be raised. */
export function mostDescriptors(limits: string = readLimits()): number | null {
  const most = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1])
  return Number.isNaN(most) ? null : most
}

/** `mostDescriptors`. Says so where they are fewer than connections may need: one of the client and one of the upstream each. */
export function descriptorsFor({ listeners }: Pick<GatewayConfig, 'listeners'>, log: Logger): number | null {
  const most = mostDescriptors()
  const connections = (listeners.postgres?.maxConnections ?? 0) + (listeners.mysql?.maxConnections ?? 0)
  const needed = connections * 2 + OTHERS
  if (most === null || most >= needed) return most
  const enough = Math.max(0, Math.floor((most - OTHERS) / 2))
  log.warn(
    { maxConnections: connections, descriptors: most, needed, enough },
    `the limit of open files (ulimit -n) is enough for ${String(enough)} sessions: raise it, or lower maxConnections`,
  )
  return most
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return ''
  }
}
