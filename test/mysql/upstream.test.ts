import { once } from 'node:events'
import net from 'node:net'
import { afterAll, describe, expect } from 'vitest'
import type { TestTarget } from '../harness/start-gateway.ts'
import { eventually } from '../postgres/scene.ts'
import { LOGINS, type MysqlAddress } from '../servers/mysql.ts'
import { type CommandClient, ServerRefused } from './command-client.ts'
import { type Scene, scenePromises, VERSIONS } from './scene.ts'

let answers: (socket: net.Socket) => void = (socket) => socket.destroy()
const server = net.createServer((socket) => {
  socket.on('error', () => undefined)
  answers(socket)
})
await once(server.listen(0, '127.0.0.1'), 'listening')
const address = server.address()
const port = typeof address === 'object' && address !== null ? address.port : 0
afterAll(() => server.close())

type Login = keyof typeof LOGINS

const ANSWERS: Readonly<Record<MysqlAddress['version'], readonly Login[]>> = {
  'mysql-9': ['caching', 'sha256', 'tls'],
  'mariadb-10.11': ['native', 'ed25519', 'tls'],
}

/** A target for each account, and for each mode of TLS. */
function targets(target: TestTarget, { tls, version }: MysqlAddress): Readonly<Record<string, TestTarget>> {
  const all: Record<string, TestTarget> = { shop: target }
  const verified = (): Readonly<Record<string, unknown>> => ({ mode: 'verify-full', caFile: tls?.caFile })
  for (const login of ANSWERS[version]) {
    const { user, password } = LOGINS[login]
    if (login !== 'tls') all[login] = { ...target, user, password }
    all[`${login}-verified`] = { ...target, user, password, tls: verified() }
  }
  return {
    ...all,
    unverified: { ...target, tls: { mode: 'require-unverified' } },
    // The system's authorities do not vouch for it.
    'unknown-authority': { ...target, tls: { mode: 'verify-full' } },
    'other-name': { ...target, tls: { ...verified(), serverName: 'elsewhere.example.com' } },
    'wrong-password': { ...target, user: LOGINS.empty.user, password: 'wrong' },
    down: { ...target, port: 1, connectTimeoutSeconds: 1 },
  }
}

async function refusal(login: Promise<CommandClient>): Promise<string> {
  try {
    const client = await login
    client.end()
    return 'logged in'
  } catch (error) {
    if (error instanceof ServerRefused) return error.message
    throw error
  }
}

describe.each(VERSIONS)('a target of $version', ({ shared }) => {
  const promise = scenePromises(shared, () => ({
    targets: (target) => ('absent' in shared ? {} : targets(target, shared.address)),
  }))

  const granted = async ({ admin, database, server }: Scene): Promise<readonly Login[]> => {
    const logins = ANSWERS[server.version]
    for (const login of logins) await admin(`GRANT SELECT ON \`${database}\`.* TO ${LOGINS[login].user}`)
    return logins
  }

  promise('is logged in to by each of its plugins, with TLS and without', async (scene) => {
    for (const login of await granted(scene)) {
      for (const target of login === 'tls' ? ['tls-verified'] : [login, `${login}-verified`]) {
        const client = await scene.enter({ database: target })
        const { rows } = await client.query('SELECT CURRENT_USER()')
        expect(rows[0]?.[0], target).toMatch(new RegExp(`^${LOGINS[login].user}@`))
        client.end()
      }
    }
  })

  promise('whose certificate cannot be verified gets no credential', async ({ enter }) => {
    expect(await refusal(enter({ database: 'unverified' }))).toBe('logged in')
    for (const database of ['unknown-authority', 'other-name']) {
      expect(await refusal(enter({ database })), database).toMatch(
        /^1429 \(HY000\): gatehouse: UPSTREAM_UNAVAILABLE: target .*no verified TLS connection/,
      )
    }
  })

  promise('that refuses the gateway or is down is 1429, without the database’s own words', async ({ enter }) => {
    const said = await refusal(enter({ database: 'wrong-password' }))
    expect(said).toMatch(/^1429 \(HY000\): gatehouse: UPSTREAM_UNAVAILABLE: .*refused the gateway \(error 1045\)/)
    expect(said).not.toContain(LOGINS.empty.user)
    expect(await refusal(enter({ database: 'down' }))).toMatch(/^1429 \(HY000\).*cannot be reached/)
  })

  promise('that ends a session ends the client’s with 1429', async ({ enter, admin }) => {
    const client = await enter()
    const id = (await client.query('SELECT CONNECTION_ID()')).rows[0]?.[0] ?? ''
    await admin(`KILL ${id}`)
    expect((await client.query('SELECT 1').catch(() => null))?.error?.errorCode ?? 1429).toBe(1429)
    await client.closed()
  })

  promise(
    'loses no session when the client goes in the middle of a statement: what runs is stopped',
    async ({ enter, admin }) => {
      const client = await enter()
      const running = client.query('SELECT SLEEP(30), 4711').catch(() => null)
      const sleeping = (): ReturnType<typeof admin> =>
        admin("SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(30), 4711%'")
      await eventually('it runs', sleeping)
      client.end()
      await running
      await eventually('it is stopped', async () => (await sleeping()).length === 0)
    },
  )
})

describe.each(VERSIONS)('a server in the place of $version', ({ shared }) => {
  const promise = scenePromises(shared, () => ({
    targets: (target) => ({ shop: target, odd: { ...target, port, connectTimeoutSeconds: 1 } }),
  }))

  promise('that hangs, breaks off or talks nonsense is 1429 within the timeout', async ({ enter }) => {
    const ways: readonly ((socket: net.Socket) => void)[] = [
      () => undefined,
      (socket) => socket.destroy(),
      (socket) => socket.end(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')),
      (socket) => socket.write(Buffer.from([0xff, 0xff, 0xff, 0])),
      (socket) => socket.write(Buffer.from([5, 0, 0, 0, 9, 0x38, 0, 0, 0])),
    ]
    for (const way of ways) {
      answers = way
      expect(await refusal(enter({ database: 'odd' }))).toMatch(/^1429 \(HY000\): gatehouse: UPSTREAM_UNAVAILABLE/)
    }
  })
})
