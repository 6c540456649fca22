import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect } from 'vitest'
import { eventually, listenerTls, type Scene, scenePromises, VERSIONS } from './scene.ts'
import { run, SYNC } from './messages.ts'
import { encoded, errorOf, sqlstates, statusOf, WireClient } from './wire-client.ts'

const tlsFiles = listenerTls()
afterAll(() => tlsFiles.remove())

describe.each(VERSIONS)('a running statement on $version', ({ shared }) => {
  const promise = scenePromises(shared, {
    listener: { tls: tlsFiles.files },
    sql: 'create table t(n int)',
  })

  promise('is cancelled by CancelRequest, in clear text and over TLS, and the session goes on', async (scene) => {
    for (const tls of [undefined, 'request', 'direct'] as const) {
      const client = await scene.enter()
      client.send({ kind: 'Query', text: 'select pg_sleep(60)' })
      await running(scene, 1)
      await cancel(scene, keyOf(client), tls)
      const messages = await client.untilReady()
      expect(sqlstates(messages)).toEqual(['57014'])
      expect(errorOf(messages)?.fields.get('S')).toBe('ERROR')
      expect(statusOf(messages)).toBe('I')
      expect(await client.rows('select 1')).toEqual([['1']])
      await client.end()
    }
  })

  promise('is cancelled in the extended protocol of 3.2, in a transaction', async (scene) => {
    const { gateway } = scene
    const { host, port } = gateway
    const client = await WireClient.login(
      { host, port },
      { database: 'shop', password: await gateway.token(), minorVersion: 2 },
    )
    await client.query('begin')
    client.send(...run('select pg_sleep(60)'), SYNC)
    await running(scene, 1)
    await cancel(scene, keyOf(client))
    const messages = await client.untilReady()
    expect(sqlstates(messages)).toEqual(['57014'])
    expect(statusOf(messages)).toBe('E')
    await client.query('rollback')
    await client.end()
  })

  promise('runs on when the key is wrong in any way', async (scene) => {
    const [client, bystander] = [await scene.enter(), await scene.enter()]
    client.send({ kind: 'Query', text: 'select pg_sleep(60)' })
    await running(scene, 1)
    const { processId, secretKey } = keyOf(client)
    const wrong = Buffer.from(secretKey)
    wrong[0] = (wrong[0] ?? 0) ^ 1
    const [row] = await scene.admin<{ pid: number }>(
      `select pid from pg_stat_activity where datname = '${scene.database}' and query = 'select pg_sleep(60)'`,
    )
    for (const key of [
      { processId, secretKey: wrong },
      { processId, secretKey: Buffer.concat([secretKey, Buffer.alloc(4)]) },
      { processId, secretKey: Buffer.alloc(256) },
      { processId: processId ^ 1, secretKey },
      { processId: keyOf(bystander).processId, secretKey },
      { processId, secretKey: keyOf(bystander).secretKey },
      { processId: row?.pid ?? 0, secretKey },
      { processId: -1, secretKey },
    ]) {
      await cancel(scene, key)
    }
    // A key that is too short is not a CancelRequest at all.
    const short = net.connect({ host: scene.gateway.host, port: scene.gateway.port })
    short.on('error', () => undefined)
    short.resume()
    short.end(Buffer.from('0000000e04d2162e000000010000', 'hex'))
    await once(short, 'close')
    await sleep(200)
    expect(await count(scene)).toBe(1)
    await cancel(scene, { processId, secretKey })
    expect(sqlstates(await client.untilReady())).toEqual(['57014'])
    await client.end()
    await bystander.end()
  })

  promise('is not hit by the cancel of one before it, nor by a cancel while idle', async (scene) => {
    const client = await scene.enter()
    for (let round = 0; round < 5; round++) {
      await cancel(scene, keyOf(client))
      expect(await client.rows('select 1 from pg_sleep(0.02)')).toEqual([['1']])
    }
    await client.end()
    await cancel(scene, keyOf(client))
  })

  promise('is cancelled upstream when its client vanishes', async (scene) => {
    for (const vanish of [
      (client: WireClient) => client.socket.destroy(),
      (client: WireClient) => client.socket.resetAndDestroy(),
      (client: WireClient) => client.socket.end(),
    ]) {
      const client = await scene.enter()
      client.send({ kind: 'Query', text: 'insert into t select 1 from pg_sleep(60)' })
      await running(scene, 1)
      vanish(client)
      await running(scene, 0)
      client.destroy()
    }
    expect(await scene.admin('select n from t')).toEqual([])
    await eventually('the session is gone', () => scene.gateway.gateway.sessions.size === 0)
    await eventually('each has an outcome', async () => {
      const [intents, outcomes] = [
        await scene.records(({ kind }) => kind === 'intent'),
        await scene.records(({ kind }) => kind === 'outcome'),
      ]
      return intents.length === outcomes.length
    })
  })

  promise('runs to its end when Terminate comes behind it, as at the server', async (scene) => {
    await scene.admin('truncate t')
    const client = await scene.enter()
    client.send(
      { kind: 'Query', text: 'begin; insert into t select 1 from pg_sleep(0.2)' },
      { kind: 'Query', text: 'commit' },
      { kind: 'Terminate' },
      { kind: 'Query', text: 'insert into t values (2)' },
    )
    const said = await client.untilReady(3)
    expect(said.flatMap((message) => (message.kind === 'CommandComplete' ? [message.commandTag] : []))).toEqual([
      'BEGIN',
      'INSERT 0 1',
      'COMMIT',
    ])
    expect(sqlstates(said)).toEqual([])
    expect(client.closed).toBe(true)
    expect(await scene.admin('select n from t')).toEqual([{ n: 1 }])
    await eventually('the session is gone', () => scene.gateway.gateway.sessions.size === 0)
    const started = (await scene.records(({ kind }) => kind === 'session_start')).at(-1)
    const ends = await eventually('the end is recorded', () =>
      scene.records(({ kind, session }) => kind === 'session_end' && session === started?.session),
    )
    expect(ends).toMatchObject([{ end: { reason: 'client_closed' } }])
  })

  promise('is cancelled when the client vanishes in the middle of a result it does not read', async (scene) => {
    const client = await scene.enter()
    client.socket.pause()
    client.send({ kind: 'Query', text: "select repeat('x', 100000), 'pg_sleep' from generate_series(1, 1000000)" })
    await running(scene, 1)
    await sleep(300)
    client.socket.resetAndDestroy()
    await running(scene, 0)
  })

  promise('is cancelled when the client vanishes in the middle of COPY, and nothing of it is kept', async (scene) => {
    const client = await scene.enter()
    await client.query('truncate t')
    client.send({ kind: 'Query', text: 'copy t from stdin /* pg_sleep */' })
    await client.until('CopyInResponse')
    client.send({ kind: 'CopyData', data: Buffer.from('1\n2\n') })
    await running(scene, 1)
    client.socket.destroy()
    await running(scene, 0)
    expect(await scene.admin('select n from t')).toEqual([])
  })
})

interface Key {
  readonly processId: number
  readonly secretKey: Buffer
}

function keyOf(client: WireClient): Key {
  const key = client.greeting.find((message) => message.kind === 'BackendKeyData')
  if (key === undefined) throw new Error('no key')
  return key
}

/** Sends a CancelRequest and waits until the gateway has closed the connection, without a word. */
async function cancel({ gateway }: Scene, key: Key, tls?: 'request' | 'direct'): Promise<void> {
  const { host, port } = gateway
  const client = await WireClient.open({
    host,
    port,
    ...(tls === undefined ? {} : { tls, ca: tlsFiles.ca, alpn: ['postgresql'] }),
  })
  client.socket.write(encoded({ ...key, kind: 'CancelRequest' }))
  expect(await client.next()).toBeNull()
  client.destroy()
}

async function count({ admin, database }: Scene): Promise<number> {
  const rows = await admin(
    `select 1 from pg_stat_activity where datname = '${database}' and state = 'active' and query like '%pg_sleep%' and pid <> pg_backend_pid()`,
  )
  return rows.length
}

async function running(scene: Scene, many: number): Promise<void> {
  await eventually(`${String(many)} statements run`, async () => (await count(scene)) === many)
}
