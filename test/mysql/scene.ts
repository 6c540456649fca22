import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, inject, test, type TestContext } from 'vitest'
import { createConnection, type Connection, type ConnectionOptions } from 'mysql2/promise'
import {
  startTestGateway,
  type TestGateway,
  type TestGatewayOptions,
  type TestTarget,
} from '../harness/start-gateway.ts'
import { ALLOW_ALL, listenerTls, recordsOf, type TrailRecord } from '../postgres/scene.ts'
import type { SharedMysql } from '../servers/global-setup.ts'
import { createDatabase, openConnection, type MysqlAddress } from '../servers/mysql.ts'
import { type LoginRequest, CommandClient } from './command-client.ts'

const { mysql9, mariadb10 } = inject('servers')

/** Both servers, for `describe.each`. */
export const VERSIONS: readonly { readonly version: string; readonly shared: SharedMysql }[] = [
  { version: 'MySQL 9.7', shared: mysql9 },
  { version: 'MariaDB 10.11', shared: mariadb10 },
]

/** A database of one's own, a gateway in front of it, and the ways in. */
export interface Scene {
  readonly server: MysqlAddress
  readonly database: string
  readonly gateway: TestGateway
  /** The authority that vouches for the listener: PEM, and the file it is in. */
  readonly ca: string
  readonly caFile: string
  /** Logged in through the gateway, over TLS unless it says `clear`. */
  readonly enter: (request?: Partial<LoginRequest> & { readonly clear?: true }) => Promise<CommandClient>
  /** Logged in at the server itself. */
  readonly direct: () => Promise<CommandClient>
  /** Logged in through the gateway with mysql2 over TLS; the caller ends it. */
  readonly driver: (options?: ConnectionOptions) => Promise<Connection>
  /** One statement on a connection of its own, as superuser, straight to the server. */
  readonly admin: (sql: string) => Promise<readonly (readonly (string | null)[])[]>
  readonly records: (match?: (record: TrailRecord) => boolean) => Promise<TrailRecord[]>
  readonly close: () => Promise<void>
}

export interface SceneOptions extends Partial<Omit<TestGatewayOptions, 'targets'>> {
  readonly sql?: string
  readonly targets?: (target: TestTarget) => TestGatewayOptions['targets']
}

/** Declares one test in the scene of its describe block. */
export type SceneTest = (
  name: string,
  body: (scene: Scene, context: TestContext) => Promise<void>,
  timeout?: number,
) => void

/** A scene for a describe block, and how to declare tests in it: they skip, with the reason, where the server is absent. */
export function scenePromises(
  shared: SharedMysql,
  options: SceneOptions | ((database: string) => SceneOptions) = {},
): SceneTest {
  let scene: Scene | null = null
  beforeAll(async () => {
    if (!('absent' in shared)) scene = await openScene(shared.address, options)
  })
  afterAll(async () => scene?.close())
  return (name, body, timeout) =>
    test(
      name,
      async (context) => {
        if ('absent' in shared) context.skip(shared.absent)
        if (scene === null) throw new Error('the scene was not opened')
        await body(scene, context)
      },
      timeout,
    )
}

/** `options` may depend on the database's name, which rules name. */
export async function openScene(
  server: MysqlAddress,
  options: SceneOptions | ((database: string) => SceneOptions) = {},
): Promise<Scene> {
  const name = `e2e_${randomBytes(6).toString('hex')}`
  const { sql, targets, policy, listener, ...others } = typeof options === 'function' ? options(name) : options
  const { database, url, drop } = await createDatabase(server, name, sql)
  const target = targetOf(server, database)
  const tls = listenerTls()
  const gateway = await startTestGateway({
    ...others,
    targets: targets?.(target) ?? { shop: target },
    policy: policy ?? ALLOW_ALL,
    listener: { tls: tls.files, ...listener },
  })
  const { host, port } = gateway
  const { superuser: user, password } = server
  return {
    server,
    database,
    gateway,
    ca: tls.ca,
    caFile: tls.caFile,
    enter: async ({ clear, ...request } = {}) =>
      CommandClient.login(
        { host, port, ...(clear === true ? {} : { ca: tls.ca }) },
        { database: 'shop', password: request.password ?? (await gateway.token()), ...request },
      ),
    direct: () => CommandClient.login({ host: server.host, port: server.port }, { database, user, password }),
    driver: async (more = {}) =>
      createConnection({
        host: 'localhost',
        port,
        user: 'copilot',
        password: await gateway.token(),
        database: 'shop',
        ssl: { ca: tls.ca },
        ...more,
      }),
    admin: async (statement) => {
      const connection = await openConnection(url)
      try {
        return await connection.rows(statement)
      } finally {
        await connection.close()
      }
    },
    records: (match) => recordsOf(gateway.trailDirectory, match),
    close: async () => {
      await gateway.close()
      await drop()
      tls.remove()
    },
  }
}

export function targetOf(server: MysqlAddress, database: string): TestTarget {
  const { host, port, superuser: user, password } = server
  return { engine: 'mysql', host, port, database, user, password }
}
