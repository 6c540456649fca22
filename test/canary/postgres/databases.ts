import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { startTestGateway, type TestGateway, type TestTarget } from '../../harness/start-gateway.ts'
import { NeedleIndex, needlesOf } from '../../corpus/canaries.ts'
import { createDatabase, type PostgresAddress, query } from '../../servers/postgres.ts'
import { WireClient } from '../../postgres/wire-client.ts'
import { EMPTY, makeSide } from './data.ts'
import { type Databases, LONG } from '../databases.ts'
import { unitOf } from './generate.ts'
import { PostgresLane } from './lane.ts'
import { storedOpenly } from './stored.ts'
import { HIDING_TARGETS, POLICY, SHOWING_TARGETS } from './policy.ts'

const SIDES = { one: 1, two: 2, apart: 1, shown: 1, other: 2 } as const
type DatabaseName = keyof typeof SIDES

/** Makes the databases. `seed` makes their masked values; `policy` is that of the test's targets. */
export async function openDatabases(
  server: PostgresAddress,
  seed: number,
  policy: string = POLICY,
): Promise<Databases> {
  const tag = randomBytes(4).toString('hex')
  const schema = readFileSync(new URL('schema.sql', import.meta.url), 'utf8')
  const empty = await createDatabase(server, `canary_${tag}`, schema)
  const sides = [makeSide(seed * 2), makeSide(seed * 2 + 1)] as const
  const urls = new Map<DatabaseName, string>()
  const targets: Record<string, TestTarget> = {}
  const names = Object.keys(SIDES) as DatabaseName[]
  for (const name of names) {
    // Copies of one database: the same object ids.
    await query(server.url, `CREATE DATABASE canary_${tag}_${name} TEMPLATE canary_${tag}`)
    await query(server.url, `ALTER DATABASE canary_${tag}_${name} SET statement_timeout = '10s'`)
    await query(server.url, `ALTER DATABASE canary_${tag}_${name} SET temp_file_limit = '100MB'`)
    const url = new URL(server.url)
    url.pathname = `/canary_${tag}_${name}`
    urls.set(name, url.href)
    await query(url.href, sides[SIDES[name] - 1]?.rows ?? '')
  }
  const { host, port, superuser: user, password } = server
  const target = (name: DatabaseName): TestTarget => ({ host, port, database: `canary_${tag}_${name}`, user, password })
  targets[HIDING_TARGETS[0]] = target('one')
  targets[HIDING_TARGETS[1]] = target('two')
  targets[SHOWING_TARGETS[0]] = target('shown')
  targets[SHOWING_TARGETS[1]] = target('other')
  const gateway = await startTestGateway({ targets, policy })
  const through = (name: string): PostgresLane => new PostgresLane(() => enter(gateway, name))
  const direct = new PostgresLane(() =>
    WireClient.login({ host, port }, { database: `canary_${tag}_apart`, user, password }),
  )
  const lanes = { one: through('one'), two: through('two'), direct, shown: through('shown'), other: through('other') }
  const { canaries } = sides[0]
  return {
    unitOf: (unitSeed, probes) => unitOf(unitSeed, server.version, probes),
    ...lanes,
    canaries,
    needles: new NeedleIndex(needlesOf(canaries, { text: 5, digits: 5 })),
    longNeedles: new NeedleIndex(
      needlesOf(
        canaries.filter(({ value }) => value.length >= LONG),
        { text: LONG, digits: LONG },
      ),
    ),
    stored: () => Promise.all([storedOpenly(urls.get('one') ?? ''), storedOpenly(urls.get('two') ?? '')]),
    reset: async () => {
      // Sessions have temporary tables.
      for (const lane of Object.values(lanes)) lane.close()
      await Promise.all(
        names.map((name) => query(urls.get(name) ?? '', `${EMPTY}\n${sides[SIDES[name] - 1]?.rows ?? ''}`)),
      )
    },
    close: async () => {
      for (const lane of Object.values(lanes)) lane.close()
      await gateway.close()
      for (const name of names) await query(server.url, `DROP DATABASE IF EXISTS canary_${tag}_${name} WITH (FORCE)`)
      await empty.drop()
    },
  }
}

async function enter(gateway: TestGateway, target: string): Promise<WireClient> {
  const { host, port } = gateway
  return WireClient.login({ host, port }, { database: target, password: await gateway.token() })
}
