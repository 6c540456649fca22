import { randomBytes } from 'node:crypto'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { openScene, type Scene, VERSIONS } from '../mysql/scene.ts'
import { createDatabase, openConnection } from '../servers/mysql.ts'
import { openSources, type Sources, STATIC } from './sources.ts'

describe.each(VERSIONS)('the credential of $version', ({ shared }) => {
  const user = `app_${randomBytes(4).toString('hex')}`
  let scene: Scene
  let sources: Sources
  let dropOwn: () => Promise<void>
  beforeEach((context) => ('absent' in shared ? context.skip(shared.absent) : undefined))

  beforeAll(async () => {
    if ('absent' in shared) return
    const server = shared.address
    const name = `creds_${randomBytes(4).toString('hex')}`
    const own = await createDatabase(server, name, 'CREATE TABLE t AS SELECT 7 AS n')
    dropOwn = own.drop
    const admin = async (...statements: string[]): Promise<void> => {
      const connection = await openConnection(own.url)
      try {
        for (const statement of statements) await connection.rows(statement)
      } finally {
        await connection.close()
      }
    }
    const grant = (made: string, password: string): Promise<void> =>
      admin(
        `CREATE USER '${made}'@'%' IDENTIFIED BY '${password}'`,
        `GRANT SELECT ON ${own.database}.* TO '${made}'@'%'`,
      )
    await grant(user, 'first password')
    const { host, port } = server
    sources = await openSources(
      { engine: 'mysql', host, port, database: own.database },
      { user, password: 'first password' },
      { make: grant, drop: (made) => admin(`DROP USER '${made}'@'%'`) },
    )
    const { targets, environment } = sources
    scene = await openScene(server, { targets: () => targets, environment })
  })
  afterAll(async () => {
    if ('absent' in shared) return
    await scene.gateway.close()
    await sources.close()
    await dropOwn()
    await scene.admin(`DROP USER '${user}'@'%'`)
    await scene.close()
  })

  async function enter(database: string): Promise<Connection> {
    const connection = await scene.driver({ database })
    // What the server says in between is heard where a query waits for it.
    connection.on('error', () => undefined)
    return connection
  }
  async function whoIn(connection: Connection): Promise<{ who: string; n: number }> {
    const [rows] = await connection.query<RowDataPacket[]>("SELECT SUBSTRING_INDEX(USER(), '@', 1) AS who, n FROM t")
    return rows[0] as { who: string; n: number }
  }
  const count = async (from: string): Promise<number> =>
    Number((await scene.admin(`SELECT COUNT(*) FROM ${from}`))[0]?.[0])
  const exists = async (name: string): Promise<boolean> => (await count(`mysql.user WHERE User = '${name}'`)) > 0
  const sleeping = (): Promise<number> =>
    count(`information_schema.processlist WHERE Info LIKE 'SELECT SLEEP(61)%' AND Command <> 'Killed'`)

  test.each(STATIC)('is had %s', async (target) => {
    const connection = await enter(target)
    expect(await whoIn(connection)).toEqual({ who: user, n: 7 })
    await connection.end()
  })

  test('may be changed where it is kept: the next session has the new one, without a restart', async () => {
    await scene.admin(`ALTER USER '${user}'@'%' IDENTIFIED BY 'second, password'`)
    await expect(enter('by-file')).rejects.toThrow(/refused the gateway/)
    sources.rotate('second, password')
    for (const target of ['by-file', 'by-json', 'by-command']) {
      const connection = await enter(target)
      expect(await whoIn(connection)).toEqual({ who: user, n: 7 })
      await connection.end()
    }
  })

  test('is a user of each session, gone with it', async () => {
    const [one, other] = [await enter('dynamic'), await enter('dynamic')]
    const names = [(await whoIn(one)).who, (await whoIn(other)).who]
    expect(new Set(names).size).toBe(2)
    await one.end()
    await vi.waitFor(async () => expect(await exists(names[0] ?? '')).toBe(false), 20_000)
    expect(await exists(names[1] ?? '')).toBe(true)
    await other.end()
    await vi.waitFor(async () => expect(await exists(names[1] ?? '')).toBe(false), 20_000)
  })

  test('stops what a session of its own runs, though no other user may', async () => {
    const [one, other] = [await enter('dynamic'), await enter('dynamic')]
    const [[id]] = (await one.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id')) as unknown as [[{ id: number }]]
    const slept = one.query('SELECT SLEEP(61)').catch((error: unknown) => error)
    await vi.waitFor(async () => expect(await sleeping()).toBe(1), 20_000)
    await other.query(`KILL QUERY ${id.id}`)
    await slept
    await vi.waitFor(async () => expect(await sleeping()).toBe(0), 20_000)
    expect(await whoIn(one)).toMatchObject({ n: 7 })
    const { who } = await whoIn(one)
    const cut = one.query('SELECT SLEEP(61)').catch((error: unknown) => error)
    await vi.waitFor(async () => expect(await sleeping()).toBe(1), 20_000)
    one.destroy()
    await vi.waitFor(async () => expect(await sleeping()).toBe(0), 20_000)
    await vi.waitFor(async () => expect(await exists(who)).toBe(false), 20_000)
    void cut
    await other.end()
  })

  test('is renewed in mid-session, and where it cannot be the session ends and says so', async () => {
    const { short } = sources
    const connection = await enter('short')
    const renewals = (): number => short.asked.filter((asked) => asked === 'POST sys/leases/renew').length
    await vi.waitFor(() => expect(renewals()).toBeGreaterThan(3), 20_000)
    expect(await whoIn(connection)).toMatchObject({ n: 7 })
    short.renewsNothing = true
    const said = await connection.query('SELECT SLEEP(61)').catch((error: unknown) => error)
    expect(said).toMatchObject({
      errno: 1053,
      message: expect.stringContaining('credential of this session has ended') as string,
    })
    await vi.waitFor(async () => expect(await sleeping()).toBe(0), 20_000)
    short.renewsNothing = false
    const next = await enter('short')
    expect(await whoIn(next)).toMatchObject({ n: 7 })
    await next.end()
  })
})
