import { AuthenticationPlugin, Capability } from '@gatehouse/mysql-wire'
import { describe, expect } from 'vitest'
import { ALLOW_ALL, eventually } from '../postgres/scene.ts'
import { scenePromises, VERSIONS } from './scene.ts'
import { ServerRefused, CommandClient } from './command-client.ts'

/** What a refused login is told. */
async function refusal(login: Promise<unknown>): Promise<string> {
  try {
    await login
  } catch (error) {
    if (error instanceof ServerRefused) return error.message
    throw error
  }
  return 'logged in'
}

/** The schema that a client finds itself in. */
async function schema(login: Promise<CommandClient>): Promise<string | null | undefined> {
  const client = await login
  try {
    return (await client.query('SELECT DATABASE()')).rows[0]?.[0]
  } finally {
    client.end()
  }
}

describe.each(VERSIONS)('a login to $version', ({ shared }) => {
  const promise = scenePromises(shared)

  promise('takes a token as the password through caching_sha2_password over TLS', async ({ enter, database }) => {
    expect(await schema(enter())).toBe(database)
  })

  for (const plugin of [
    AuthenticationPlugin.NATIVE,
    AuthenticationPlugin.CLEAR,
    AuthenticationPlugin.OPENID_CONNECT,
    AuthenticationPlugin.SHA256,
  ]) {
    promise(`takes it from a client that begins with ${plugin}`, async ({ enter, database }) => {
      expect(await schema(enter({ plugin }))).toBe(database)
    })
  }

  promise(
    'over loopback without TLS asks clients that can for the clear password by a switch',
    async ({ enter, database }) => {
      const attributes = { _client_name: 'libmysql' }
      expect(await schema(enter({ clear: true, attributes }))).toBe(database)
      expect(await schema(enter({ clear: true, attributes, plugin: AuthenticationPlugin.NATIVE }))).toBe(database)
    },
  )

  promise(
    'over loopback without TLS takes the password under its key from any other',
    async ({ driver, enter, database, gateway }) => {
      // mysql2 as it comes: it sends no clear password where there is no TLS.
      for (const password of [await gateway.token(), await gateway.token({ padding: 'x'.repeat(1000) })]) {
        const connection = await driver({ ssl: undefined as never, password })
        expect((await connection.query('SELECT DATABASE() AS here'))[0]).toEqual([{ here: database }])
        await connection.end()
      }
      // Takes loopback for safe.
      expect(await schema(enter({ clear: true }))).toBe(database)
      expect(await refusal(enter({ clear: true, password: 'x' }))).toMatch(/^1045/)
    },
  )

  promise(
    'takes a token of 15 KiB, and says of a longer one that it is too long',
    async ({ enter, gateway, database }) => {
      const long = await gateway.token({ padding: 'x'.repeat(11 * 1024) })
      expect(long.length).toBeGreaterThan(15_000)
      expect(await schema(enter({ password: long }))).toBe(database)
      const longer = await gateway.token({ padding: 'x'.repeat(15 * 1024) })
      expect(await refusal(enter({ password: longer }))).toMatch(
        /^1045 \(28000\): gatehouse: TOKEN_REFUSED: The token is too long/,
      )
    },
  )

  promise('is refused with 1045 for a token that is wrong, expired or missing', async ({ enter, gateway }) => {
    const expired = await gateway.token({ exp: Math.floor(Date.now() / 1000) - 600 })
    expect(await refusal(enter({ password: 'secret' }))).toMatch(
      /^1045 \(28000\): gatehouse: TOKEN_REFUSED: The password is not an OIDC/,
    )
    expect(await refusal(enter({ password: expired }))).toMatch(/^1045 \(28000\): gatehouse: TOKEN_EXPIRED/)
    expect(await refusal(enter({ password: '' }))).toMatch(/^1045 \(28000\): gatehouse: TOKEN_WANTED/)
  })

  promise('names no target to who is not logged in, and all of them to who is', async ({ enter }) => {
    expect(await refusal(enter({ database: 'nowhere' }))).toMatch(
      /^1049 \(42000\): gatehouse: UNKNOWN_TARGET.*: shop\.$/,
    )
    expect(await refusal(enter({ database: 'nowhere', password: 'x' }))).not.toContain('shop')
  })

  promise(
    'finds the target in the user name, or without a name where there is only one',
    async ({ enter, database }) => {
      expect(await schema(enter({ user: 'copilot+shop', database: '' }))).toBe(database)
      expect(await schema(enter({ database: '' }))).toBe(database)
      expect(await schema(enter({ user: 'copilot+shop', database: 'information_schema' }))).toBe('information_schema')
    },
  )

  promise('refuses a character set in which a quote can hide, and serves any other in utf8mb4', async ({ enter }) => {
    expect(await refusal(enter({ characterSet: 28 }))).toMatch(
      /^1235 \(42000\): gatehouse: STARTUP_SETTING: the character set gbk/,
    )
    const latin1 = await enter({ characterSet: 8 })
    expect((await latin1.query('SELECT @@character_set_client, @@character_set_results')).rows).toEqual([
      ['utf8mb4', 'utf8mb4'],
    ])
    latin1.end()
  })

  promise('tells the database who it is', async ({ enter, server }, context) => {
    if (server.version !== 'mysql-9')
      context.skip('MariaDB keeps connection attributes only with performance_schema on')
    const client = await enter()
    const { rows } = await client.query(
      "SELECT attr_name, attr_value FROM performance_schema.session_connect_attrs WHERE processlist_id = CONNECTION_ID() AND attr_name IN ('program_name', 'gatehouse_session') ORDER BY 1",
    )
    expect(rows).toEqual([
      ['gatehouse_session', expect.stringMatching(/^[0-9a-f]{16}$/)],
      ['program_name', 'gatehouse:alice'],
    ])
    client.end()
  })

  promise('offers neither compression nor LOCAL INFILE nor what changes how texts are read', async ({ enter }) => {
    const client = await enter({ with: 0xffff_ffff & ~(Capability.SSL | Capability.CONNECT_WITH_DB) })
    const { COMPRESS, ZSTD_COMPRESSION_ALGORITHM, LOCAL_FILES, NO_SCHEMA, ODBC } = Capability
    const offered = client.handshake?.capabilities ?? 0
    expect(offered & (COMPRESS | ZSTD_COMPRESSION_ALGORITHM | LOCAL_FILES | NO_SCHEMA | ODBC)).toBe(0)
    expect((await client.query('SELECT 1')).rows).toEqual([['1']])
    client.end()
  })

  promise('is recorded when it is refused, without the password', async ({ enter, records }) => {
    await refusal(enter({ user: 'mallory', password: 'not-a-token' }))
    const refused = await eventually('the refused login is recorded', () =>
      records((record) => record.kind === 'login_refused' && JSON.stringify(record).includes('mallory')),
    )
    expect(refused).toMatchObject([{ engine: 'mysql', refusal: { code: 'TOKEN_REFUSED' } }])
    expect(JSON.stringify(refused)).not.toContain('not-a-token')
  })
})

describe.each(VERSIONS)('COM_CHANGE_USER at $version', ({ shared }) => {
  const promise = scenePromises(shared)

  promise(
    'is a new login: the token is verified again, and what the session had is gone',
    async ({ enter, gateway, database, records }) => {
      const client = await enter()
      await client.query('CREATE TEMPORARY TABLE kept (a int)')
      await client.query("SET sql_mode = 'ANSI_QUOTES'")
      await client.changeUser({ database: 'shop', password: await gateway.token({ sub: 'bob' }) })
      expect((await client.query('SELECT DATABASE(), @@sql_mode LIKE "%ANSI%"')).rows).toEqual([[database, '0']])
      expect((await client.query('SELECT * FROM kept')).error?.errorCode).toBe(1146)
      client.end()
      const started = await records((record) => record.kind === 'session_start')
      expect(started.map(({ principal }) => principal)).toMatchObject([{ subject: 'alice' }, { subject: 'bob' }])
    },
  )

  promise('with a token that is not accepted ends the connection', async ({ enter }) => {
    const client = await enter()
    expect(await refusal(client.changeUser({ database: 'shop', password: 'x' }))).toMatch(/^1045/)
    await client.closed()
  })
})

describe.each(VERSIONS)('a listener before $version', ({ shared }) => {
  const promise = scenePromises(shared, { listener: { allowClearTextPasswordOnLoopback: false }, policy: ALLOW_ALL })

  promise('takes no token without TLS unless it was told to', async ({ enter }) => {
    expect(await refusal(enter({ clear: true }))).toMatch(/^1045 \(28000\): gatehouse: TLS_REQUIRED/)
  })

  promise('lets a health check go without a word in the trail', async ({ gateway, enter, records }) => {
    const { host, port } = gateway
    const client = await CommandClient.connect({ host, port })
    await client.next()
    client.end()
    await client.closed()
    await refusal(enter({ user: 'afterwards', password: 'x' }))
    const refused = await eventually('the refused login is recorded', async () => {
      const all = await records((record) => record.kind === 'login_refused')
      return JSON.stringify(all).includes('afterwards') ? all : null
    })
    expect(JSON.stringify(refused)).not.toContain('"user":null')
  })
})

describe.each(VERSIONS)('a principal without rights at $version', ({ shared }) => {
  const promise = scenePromises(shared, {
    policy: 'rules: [{ name: others, who: { groups: [humans] }, allow: { actions: [select], relations: ["*"] } }]\n',
  })

  promise('gets no session', async ({ enter }) => {
    expect(await refusal(enter())).toMatch(/^1227 \(42000\): gatehouse: NOTHING_ALLOWED/)
  })
})
