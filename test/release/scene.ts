import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigningKey, LoopbackIssuer } from '@gatehouse/identity/testing'
import { Client } from 'pg'
import { stringify } from 'yaml'
import type { Service } from '../harness/service-process.ts'
import { createDatabase, type PostgresAddress } from '../servers/postgres.ts'
import { freePort } from '../servers/local-tools.ts'

const SHOP = `CREATE TABLE customers (id int, ssn text); INSERT INTO customers VALUES (1, '123-45-6789')`
const POLICY = `rules:
  - { name: read, who: { groups: [ai-agents] }, target: shop, allow: { actions: [select], relations: ['public.*', 'pg_catalog.*'] } }
masks:
  - { columns: ['customers.ssn'], with: { partial: { keepLast: 4 } } }
`

/** What a gateway of a release is configured with: a folder of its own, a database with one customer, an issuer. */
export interface Scene {
  /** Configuration and policy, readable to everybody. */
  readonly etc: string
  /** Where the gateway writes: the trail is `trail` in it. */
  readonly state: string
  readonly configFile: string
  readonly environment: Readonly<Record<string, string>>
  readonly ports: { readonly postgres: number }
  /** One login, one masked statement: what the client gets to see of the customer. */
  readonly askForCustomer: () => Promise<unknown>
  readonly close: () => Promise<void>
}

/** Makes one. `seen`: where the gateway finds both folders, if not where they lie; `user`: who it runs as. Close it in the end. */
export async function makeScene(
  server: PostgresAddress,
  seen: { readonly state: string } | null = null,
  user: number | null = null,
): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-release-scene-'))
  chmodSync(folder, 0o755)
  const issuer = await LoopbackIssuer.start([await createSigningKey('test', 'ES256')])
  const shop = await createDatabase(server, `release_${String(Math.random()).slice(2)}`, SHOP)
  const [etc, state] = [join(folder, 'etc'), join(folder, 'state')]
  for (const one of [etc, state]) mkdirSync(one)
  if (user !== null) chownSync(state, user, user)
  const port = await freePort()
  const { hostname, port: serverPort, username, password } = new URL(shop.url)
  const configFile = join(etc, 'gateway.yaml')
  writeFileSync(join(etc, 'policy.yaml'), POLICY)
  writeFileSync(
    configFile,
    stringify({
      gatewayId: 'released',
      listeners: { postgres: { address: `127.0.0.1:${String(port)}`, allowClearTextPasswordOnLoopback: true } },
      issuers: [{ issuer: issuer.url, audience: 'gatehouse', allowHttp: true }],
      targets: {
        shop: {
          engine: 'postgres',
          host: hostname,
          port: Number(serverPort),
          database: shop.database,
          user: decodeURIComponent(username),
          // oxlint-disable-next-line no-template-curly-in-string
          password: '${SHOP_PASSWORD}',
          tls: { mode: 'disable' },
        },
      },
      policyFile: 'policy.yaml',
      // oxlint-disable-next-line no-template-curly-in-string
      maskingKey: '${MASKING_KEY}',
      audit: { directory: join(seen?.state ?? state, 'trail') },
    }),
  )
  return {
    etc,
    state,
    configFile,
    environment: { SHOP_PASSWORD: decodeURIComponent(password), MASKING_KEY: 'a masking key for tests, 32 characters' },
    ports: { postgres: port },
    askForCustomer: async () => {
      const token = await issuer.token({ groups: ['ai-agents'] })
      const client = new Client({ host: '127.0.0.1', port, user: 'agent', password: token, database: 'shop' })
      await client.connect()
      try {
        return (await client.query<Record<string, unknown>>('SELECT id, ssn FROM customers')).rows
      } finally {
        await client.end()
      }
    },
    close: async () => {
      await shop.drop()
      await issuer.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Runs what is given against a service that is started for it, and ends both. */
export async function during<Result>(starting: Promise<Service>, run: () => Promise<Result>): Promise<Result> {
  const service = await starting
  try {
    return await run()
  } finally {
    await service.stop()
  }
}
