import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import type { ListenAddress } from '@gatehouse/configuration'
import type { GatewayConfig, WorkerPorts } from '@gatehouse/gateway'
import type { Logger } from 'pino'
import type { ToldToEnd } from '../told-to-end.ts'
import type { ConfigText } from './messages.ts'
import { WorkerPool } from './worker-pool.ts'

/** Starts the workers of a gateway, and makes what they need before: the directory above their trails, and a port where the system chooses it. */
export async function startPrimary(config: GatewayConfig, text: ConfigText, log: Logger): Promise<WorkerPool> {
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

/** Ends the workers when it is told to: they drain, and end at once when it is told again. */
export async function endPrimary(pool: WorkerPool, told: ToldToEnd): Promise<void> {
  await told.once
  await Promise.race([pool.drain(), told.again.then(() => pool.close())])
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
