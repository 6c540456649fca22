import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { openScene, present, type Scene, VERSIONS } from '../postgres/scene.ts'
import { createDatabase } from '../servers/postgres.ts'
import { openSources, type Sources, STATIC } from './sources.ts'

describe.each(VERSIONS)('the credential of $version', ({ shared }) => {
  const user = `app_${randomBytes(4).toString('hex')}`
  let scene: Scene
  let sources: Sources
  let dropOwn: () => Promise<void>

  beforeAll(async () => {
    if ('absent' in shared) return
    const server = shared.address
    const own = await createDatabase(
      server,
      `creds_${randomBytes(4).toString('hex')}`,
      'CREATE TABLE t AS SELECT 7 AS n',
    )
    dropOwn = own.drop
    const admin = async (sql: string): Promise<void> => {
      const client = new Client({ connectionString: own.url })
      // A database that is dropped takes who is in it along.
      client.on('error', () => undefined)
      await client.connect()
      await client.query(sql)
      await client.end()
    }
    const grant = (name: string, password: string): Promise<void> =>
      admin(`CREATE ROLE "${name}" LOGIN PASSWORD '${password}'; GRANT SELECT ON t TO "${name}"`)
    await grant(user, 'first password')
    const { host, port } = server
    sources = await openSources(
      { host, port, database: own.database },
      { user, password: 'first password' },
      {
        make: grant,
        drop: (name) => admin(`DROP OWNED BY "${name}"; DROP ROLE "${name}"`),
      },
    )
    const { targets, environment } = sources
    scene = await openScene(server, { targets: () => targets, environment })
  })
  afterAll(async () => {
    if ('absent' in shared) return
    await scene.gateway.close()
    await sources.close()
    await dropOwn()
    await scene.admin(`DROP ROLE "${user}"`)
    await scene.close()
  })

  async function enter(target: string): Promise<Client> {
    const client = new Client({ connectionString: await scene.gateway.url(target) })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  const whoIn = async (client: Client): Promise<unknown> =>
    (await client.query<{ who: string; n: number }>('SELECT current_user AS who, n FROM t')).rows
  const exists = async (name: string): Promise<boolean> =>
    (await scene.admin(`SELECT 1 FROM pg_roles WHERE rolname = '${name}'`)).length > 0

  beforeEach((context) => void present(shared, context))

  test.each(STATIC)('is had %s', async (target) => {
    const client = await enter(target)
    expect(await whoIn(client)).toEqual([{ who: user, n: 7 }])
    await client.end()
  })

  test('may be changed where it is kept: the next session has the new one, without a restart', async () => {
    await scene.admin(`ALTER ROLE "${user}" PASSWORD 'second, pässword'`)
    await expect(enter('by-file')).rejects.toThrow(/refused the gateway/)
    sources.rotate('second, pässword')
    for (const target of ['by-file', 'by-json', 'by-command']) {
      const client = await enter(target)
      expect(await whoIn(client)).toEqual([{ who: user, n: 7 }])
      await client.end()
    }
  })

  test('is a user of each session, gone with it', async () => {
    const [one, other] = [await enter('dynamic'), await enter('dynamic')]
    const names = [await whoIn(one), await whoIn(other)].map((rows) => (rows as { who: string }[])[0]?.who ?? '')
    expect(new Set(names).size).toBe(2)
    for (const name of names) expect(await exists(name)).toBe(true)
    await one.end()
    await vi.waitFor(async () => expect(await exists(names[0] ?? '')).toBe(false), 20_000)
    expect(await whoIn(other)).toEqual([{ who: names[1], n: 7 }])
    await other.end()
    await vi.waitFor(async () => expect(await exists(names[1] ?? '')).toBe(false), 20_000)
  })

  test('is renewed in mid-session, and where it cannot be the session ends and says so', async () => {
    const { short } = sources
    const client = await enter('short')
    const ended = new Promise<Error>((resolve) => client.once('error', resolve))
    const renewals = (): number => short.asked.filter((asked) => asked === 'POST sys/leases/renew').length
    await vi.waitFor(() => expect(renewals()).toBeGreaterThan(3), 20_000)
    expect(await whoIn(client)).toMatchObject([{ n: 7 }])
    short.renewsNothing = true
    const running = client.query('SELECT pg_sleep(60)').catch((error: unknown) => error)
    const said = await Promise.race([running, ended])
    expect(said).toMatchObject({
      code: '57P01',
      message: expect.stringContaining('credential of this session has ended'),
    })
    await vi.waitFor(async () => {
      const [left] = await scene.admin(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%'`,
      )
      expect(left).toEqual({ n: 0 })
    }, 20_000)
    short.renewsNothing = false
    const next = await enter('short')
    expect(await whoIn(next)).toMatchObject([{ n: 7 }])
    await next.end()
  })

  test('that cannot be had is said without an address or a secret', async () => {
    sources.vault.sealed = true
    await expect(enter('dynamic')).rejects.toThrow(/target dynamic: no credential could be had from Vault$/)
    sources.vault.sealed = false
    const client = await enter('dynamic')
    await client.end()
  })
})
