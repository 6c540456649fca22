import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Address, Database, Engine } from './engine.ts'
import { type GatewayProcess, startGatewayProcess, TARGET } from './gateway-setup.ts'
import { type Issuer, startIssuer } from './issuer.ts'
import { portOf, startOwn } from './own-process.ts'
import { cpuSeconds } from './process-figures.ts'

export const ROADS = ['direct', 'peer', 'gateway', 'relay'] as const
export type RoadName = (typeof ROADS)[number]

/** A way to the database. */
export interface Road {
  readonly name: RoadName
  readonly address: Address
  /** CPU seconds that what stands between client and database has used. 0 on the direct road. */
  readonly cpuSeconds: () => { readonly user: number; readonly system: number }
}

/** The database and the four roads to it. */
export interface Scene {
  /** Scratch space of this run; removed by `close`. */
  readonly folder: string
  readonly engine: Engine
  readonly database: Database
  readonly issuer: Issuer
  readonly token: string
  readonly gateway: GatewayProcess
  /** In the order each round takes them. */
  readonly roads: readonly Road[]
  readonly gatewayRoad: Road
  readonly peerVersion: string
  readonly close: () => Promise<void>
}

/** Where results and scratch space go; git ignores it. */
export const BENCH_FOLDER: string = resolve(import.meta.dirname, '..', '..', '.gatehouse', 'bench')

/** Starts everything, fills the database, and undoes what it began when something does not start. */
export async function openScene(engine: Engine, gatewayNodeArgs: readonly string[] = []): Promise<Scene> {
  mkdirSync(BENCH_FOLDER, { recursive: true })
  const folder = mkdtempSync(join(BENCH_FOLDER, 'run-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  // A run that is cut off leaves nothing either; its children end with its pipes.
  process.once('exit', remove)
  const closers: (() => Promise<void> | void)[] = [remove]
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer()
  }
  try {
    const database = await engine.startDatabase(folder)
    closers.push(database.stop)
    const peer = await engine.startPeer(database)
    closers.push(peer.stop)
    const issuer = await startIssuer()
    closers.push(issuer.close)
    const setup = {
      engine,
      folder: join(folder, 'gateway'),
      issuer: issuer.url,
      upstream: { port: database.port, ...database.login, caFile: null },
      listenerTls: null,
      nodeArgs: gatewayNodeArgs,
    }
    const gateway = await startGatewayProcess(setup)
    closers.push(gateway.stop)
    const relay = await startOwn('bare-relay.ts', [String(database.port)], { logFile: join(folder, 'relay.log') })
    closers.push(relay.stop)
    const token = issuer.token('ada@example.com')
    const at = (port: number): Address => ({ port, ...database.login, database: TARGET })
    const gatewayRoad: Road = {
      name: 'gateway',
      address: { port: gateway.port, user: 'copilot', database: TARGET, password: token },
      cpuSeconds: () => cpuSeconds(gateway.pid),
    }
    const roads: readonly Road[] = [
      { name: 'direct', address: at(database.port), cpuSeconds: () => ({ user: 0, system: 0 }) },
      { name: 'peer', address: at(peer.port), cpuSeconds: () => cpuSeconds(peer.pid) },
      gatewayRoad,
      { name: 'relay', address: at(portOf(relay.ready)), cpuSeconds: () => cpuSeconds(relay.pid) },
    ]
    return {
      folder,
      engine,
      database,
      issuer,
      token,
      gateway,
      roads,
      gatewayRoad,
      peerVersion: peer.version,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
