import { mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, resolve } from 'node:path'
import { changedSettings, type ListenAddress } from '@gatehouse/configuration'
import { type GatewayConfig, needsRestart, type WorkerPorts } from '@gatehouse/gateway'
import type { Logger } from 'pino'
import { type ConfigChanges, followConfig } from '../config-changes.ts'
import type { ToldToEnd } from '../told-to-end.ts'
import type { ConfigText } from './messages.ts'
import { WorkerPool } from './worker-pool.ts'

/** What the primary goes by beside its configuration: where it is from, and how it is read again. */
export type PrimaryOptions = Omit<ConfigChanges<GatewayConfig>, 'take'>

/** Starts the workers of a gateway, has them take over what changes, and ends them when it is told to: they drain, and end at once when it is told again. */
export async function runPrimary(config: GatewayConfig, options: PrimaryOptions, told: ToldToEnd): Promise<void> {
  const { file, log } = options
  const readText = (): ConfigText => ({ text: readFileSync(file, 'utf8'), directory: dirname(resolve(file)) })
  const pool = await startWorkers(config, readText(), log)
  let current = config
  const stopFollowing = followConfig({
    ...options,
    take: (next) => {
      if (next === null || !mayTakeOver(current, next, log)) pool.reload(null)
      else {
        pool.reload(readText())
        log.level = next.log.level
        current = next
      }
      return Promise.resolve()
    },
  })
  await told.once
  stopFollowing()
  await Promise.race([pool.drain(), told.again.then(() => pool.close())])
}

/** Workers cannot take over what a gateway cannot; what they can, each says by itself. */
function mayTakeOver(current: GatewayConfig, next: GatewayConfig, log: Logger): boolean {
  const restart = needsRestart(changedSettings(current, next))
  if (restart.length === 0) return true
  log.error({ needsRestart: restart }, 'the changed configuration was not taken over; the last good one stays in force')
  return false
}

/** Makes what workers need before, and starts them: the directory above their trails, and a port where the system chooses it. */
async function startWorkers(config: GatewayConfig, text: ConfigText, log: Logger): Promise<WorkerPool> {
  makeDirectory(config.audit.directory)
  const { postgres, mysql } = config.listeners
  const ports: WorkerPorts = {
    ...(postgres === null ? {} : { postgres: await freeAt(postgres.address) }),
    ...(mysql === null ? {} : { mysql: await freeAt(mysql.address) }),
  }
  const pool = new WorkerPool({ workers: config.workers, config: text, ports, log })
  await pool.start()
  log.info({ workers: config.workers, ports }, 'gateway is listening with all its workers')
  return pool
}

/** The port of an address, where nobody listens on it: workers would share it with whoever does. Rejects where somebody does. */
function freeAt({ host, port }: ListenAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port))
    })
  })
}

/** As with a trail: the directory above must be there, for a volume that was not mounted is not replaced by a folder of the same name. */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}
