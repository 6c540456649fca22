import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readRecords } from '@gatehouse/audit-trail'
import { Client } from 'pg'
import { afterAll, beforeAll, inject, test, type TestContext } from 'vitest'
import type { TestGateway, TestGatewayOptions, TestTarget } from '../harness/start-gateway.ts'
import { startTestGateway } from '../harness/start-gateway.ts'
import { makeAuthority } from '../servers/certificates.ts'
import type { SharedServer } from '../servers/global-setup.ts'
import { createDatabase, type PostgresAddress } from '../servers/postgres.ts'
import { WireClient } from './wire-client.ts'

const { postgres18, postgres15 } = inject('servers')

/** Both servers, for `describe.each`. */
export const VERSIONS: readonly { readonly version: string; readonly shared: SharedServer }[] = [
  { version: 'PostgreSQL 18', shared: postgres18 },
  { version: 'PostgreSQL 15', shared: postgres15 },
]

/** The server most promises are tested on. */
export const SHARED: SharedServer = postgres18

/** Everything but what a promise is about is permitted. */
export const ALLOW_ALL = `
rules:
  - { name: everything, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] } }
`

/** A database of one's own, a gateway in front of it, and the ways in. */
export interface Scene {
  readonly server: PostgresAddress
  readonly database: string
  readonly gateway: TestGateway
  /** Logged in through the gateway. */
  readonly enter: (claims?: Readonly<Record<string, unknown>>) => Promise<WireClient>
  /** Logged in at the server itself, as the role the gateway uses. */
  readonly direct: () => Promise<WireClient>
  /** Of the database at the server itself, for the superuser. */
  readonly serverUrl: string
  /** On a connection of its own, as superuser, straight to the server. */
  readonly admin: <Row extends Record<string, unknown>>(sql: string) => Promise<Row[]>
  readonly records: (match?: (record: TrailRecord) => boolean) => Promise<TrailRecord[]>
  readonly close: () => Promise<void>
}

/** A record of the trail, loosely: tests look at members that one kind has. */
export type TrailRecord = Readonly<Record<string, unknown>> & { readonly kind: string; readonly seq: number }

export interface SceneOptions extends Partial<Omit<TestGatewayOptions, 'targets'>> {
  readonly sql?: string
  readonly targets?: (target: TestTarget) => TestGatewayOptions['targets']
}

/** The address of a server that is there; else the test is skipped, with the reason. */
export function present(shared: SharedServer, context: Pick<TestContext, 'skip'>): PostgresAddress {
  return 'absent' in shared ? context.skip(shared.absent) : shared.address
}

/** Declares one test in the scene of its describe block. */
export type SceneTest = (
  name: string,
  body: (scene: Scene, context: TestContext) => Promise<void>,
  timeout?: number,
) => void

/** A scene for a describe block, and how to declare tests in it: they skip, with the reason, where the server is absent. */
export function scenePromises(shared: SharedServer, options: SceneOptions | (() => SceneOptions) = {}): SceneTest {
  let scene: Scene | null = null
  beforeAll(async () => {
    if (!('absent' in shared))
      scene = await openScene(shared.address, typeof options === 'function' ? options() : options)
  })
  afterAll(async () => scene?.close())
  return (name, body, timeout) =>
    test(
      name,
      async (context) => {
        present(shared, context)
        if (scene === null) throw new Error('the scene was not opened')
        await body(scene, context)
      },
      timeout,
    )
}

export async function openScene(server: PostgresAddress, options: SceneOptions = {}): Promise<Scene> {
  const name = `e2e_${randomBytes(6).toString('hex')}`
  const { database, url, drop } = await createDatabase(server, name, options.sql)
  const target = targetOf(server, database)
  const gateway = await startTestGateway({
    targets: options.targets?.(target) ?? { shop: target },
    policy: options.policy ?? ALLOW_ALL,
    ...(options.listener === undefined ? {} : { listener: options.listener }),
    ...(options.login === undefined ? {} : { login: options.login }),
    ...(options.audit === undefined ? {} : { audit: options.audit }),
    ...(options.recording === undefined ? {} : { recording: options.recording }),
    ...(options.approvals === undefined ? {} : { approvals: options.approvals }),
    ...(options.shared === undefined ? {} : { shared: options.shared }),
    ...(options.coordination === undefined ? {} : { coordination: options.coordination }),
    ...(options.issuer === undefined ? {} : { issuer: options.issuer }),
    ...(options.issuerSettings === undefined ? {} : { issuerSettings: options.issuerSettings }),
    ...(options.environment === undefined ? {} : { environment: options.environment }),
    ...(options.logged === undefined ? {} : { logged: options.logged }),
  })
  const { host, port } = gateway
  const { superuser: user, password } = server
  return {
    server,
    database,
    gateway,
    enter: async (claims) =>
      WireClient.login({ host, port }, { database: 'shop', password: await gateway.token(claims) }),
    direct: () => WireClient.login({ host: server.host, port: server.port }, { database, user, password }),
    serverUrl: url,
    admin: (sql) => ask(url, sql),
    records: (match) => recordsOf(gateway.trailDirectory, match),
    close: async () => {
      await gateway.close()
      await drop()
    },
  }
}

/** Every record of a trail that matches, oldest first. */
export async function recordsOf(
  directory: string,
  match: (record: TrailRecord) => boolean = () => true,
): Promise<TrailRecord[]> {
  const records: TrailRecord[] = []
  await readRecords(directory, {}, (found) => {
    const record = found as unknown as TrailRecord
    if (match(record)) records.push(record)
    return true
  })
  return records
}

export function targetOf(server: PostgresAddress, database: string): TestTarget {
  return { host: server.host, port: server.port, database, user: server.superuser, password: server.password }
}

/** One statement on a connection of its own. */
export async function ask<Row extends Record<string, unknown>>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}

/** Waits until `look` says true (not null, not empty); throws with `what` after `patience`. */
export async function eventually<T>(what: string, look: () => Promise<T> | T, patience = 20_000): Promise<T> {
  const deadline = performance.now() + patience
  for (;;) {
    const seen = await look()
    if (seen !== false && seen !== null && seen !== undefined && !(Array.isArray(seen) && seen.length === 0))
      return seen
    if (performance.now() > deadline) throw new Error(`it did not come to pass: ${what}`)
    await sleep(20)
  }
}

/** A listener certificate for 127.0.0.1 with its authority. */
export function listenerTls(): {
  readonly files: { readonly certificateFile: string; readonly keyFile: string }
  readonly ca: string
  /** The same, for programs. */
  readonly caFile: string
  readonly remove: () => void
} {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-tls-'))
  const authority = makeAuthority('Gatehouse listener authority')
  const { certificate, key } = authority.forServer(['localhost', '127.0.0.1'])
  const files = { certificateFile: join(folder, 'listener.crt'), keyFile: join(folder, 'listener.key') }
  writeFileSync(files.certificateFile, certificate)
  writeFileSync(files.keyFile, key, { mode: 0o600 })
  const caFile = join(folder, 'ca.crt')
  writeFileSync(caFile, authority.certificate)
  return { files, ca: authority.certificate, caFile, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
