import type { TestProject } from 'vitest/node'
import { ServerAbsent } from './found.ts'
import { startPostgres, type PostgresAddress, type PostgresServer } from './postgres.ts'

/** The servers every test of this project shares: make a database of your own on one (`createDatabase`). */
export interface SharedServers {
  readonly postgres18: SharedServer
  readonly postgres15: SharedServer
}

/** A server's address, or why there is none here: the reason to skip with. */
export type SharedServer = { readonly address: PostgresAddress } | { readonly absent: string }

declare module 'vitest' {
  interface ProvidedContext {
    servers: SharedServers
  }
}

/** Starts the shared servers once per run, and ends them after the last test. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const started: PostgresServer[] = []
  const start = async (version: 18 | 15): Promise<SharedServer> => {
    try {
      const server = await startPostgres({ version })
      started.push(server)
      const { pid: _, stop: __, ...address } = server
      return { address }
    } catch (error) {
      if (error instanceof ServerAbsent) return { absent: error.message }
      throw error
    }
  }
  const [postgres18, postgres15] = await Promise.all([start(18), start(15)])
  project.provide('servers', { postgres18, postgres15 })
  return async () => {
    await Promise.all(started.map((server) => server.stop()))
  }
}
