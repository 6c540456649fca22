import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { verifyTrail } from '@gatehouse/audit-trail'
import type { BackendMessage, FrontendMessage } from '@gatehouse/postgres-wire'
import { describe, expect, test, type TestContext } from 'vitest'
import { startGatewayProcess } from '../harness/gateway-process.ts'
import { SmallDisk } from '../harness/small-disk.ts'
import { createDatabase } from '../servers/postgres.ts'
import { bind, execute, parse, query, run, SYNC } from './messages.ts'
import {
  ALLOW_ALL,
  eventually,
  openScene,
  present,
  recordsOf,
  type Scene,
  scenePromises,
  SHARED,
  targetOf,
  VERSIONS,
} from './scene.ts'
import { errorOf, sqlstates, statusOf, WireClient } from './wire-client.ts'

// Its end cannot be part of a hash.
const SECRET = 'pass-98765-ZQXW'

describe('a record', () => {
  const promise = scenePromises(SHARED, {
    policy: `${ALLOW_ALL}
  - { name: no-drop, deny: { actions: [drop] } }
masks:
  - { columns: [public.users.ssn], with: { partial: { keepLast: 4 } } }
limits:
  - { rowsPerStatement: 50 }
`.replace('\n\n  - {', '\n  - {'),
    sql: `create table users(id int, ssn text); insert into users values (1, '${SECRET}'), (2, '${SECRET}');
          create table t(n int primary key)`,
  })

  promise(
    'of an intent has text, parameters and decision; of an outcome rows, bytes, error and duration',
    async ({ enter, records }) => {
      const client = await enter()
      await client.exchange(
        parse('insert into t select $1::int + generate_series(1, $2::int)'),
        bind(['10', '3']),
        execute(),
        SYNC,
      )
      await client.query('select pg_sleep(0.05), generate_series(1,4)')
      await client.query('insert into t values (11)')
      await client.query('drop table t')
      await client.query('select 1; select 2')
      await client.end()
      const all = await eventually('the session has ended', async () => {
        const found = await records()
        return found.some(({ kind }) => kind === 'session_end') ? found : []
      })
      const intents = all.filter(({ kind }) => kind === 'intent')
      const outcomeOf = (index: number): unknown =>
        all.find(
          (record) =>
            record.kind === 'outcome' &&
            JSON.stringify(record.statement) === JSON.stringify({ intent: intents[index]?.seq }),
        )?.outcome
      expect(intents).toHaveLength(5)
      expect(intents[0]).toMatchObject({
        principal: { subject: 'alice', actor: 'copilot', groups: ['ai-agents'] },
        target: 'shop',
        engine: 'postgres',
        statement: { text: 'insert into t select $1::int + generate_series(1, $2::int)', parameters: ['10', '3'] },
        actions: ['insert'],
        relations: ['public.t'],
        decision: { effect: 'permit', rule: 'everything' },
      })
      expect(outcomeOf(0)).toMatchObject({ rows: 3, error: null })
      expect(outcomeOf(1)).toMatchObject({ rows: 4, error: null })
      expect((outcomeOf(1) as { duration_us: number }).duration_us).toBeGreaterThan(45_000)
      expect((outcomeOf(1) as { bytes: number }).bytes).toBeGreaterThan(10)
      expect(outcomeOf(2)).toMatchObject({ rows: 0, error: '23505' })
      expect(intents[3]).toMatchObject({ decision: { effect: 'deny', rule: 'no-drop', code: 'DENIED_BY_RULE' } })
      expect(outcomeOf(4)).toMatchObject({ rows: 2, error: null })
      expect(all.filter(({ kind }) => kind === 'session_end').at(-1)).toMatchObject({
        end: { reason: 'client_closed' },
      })
    },
  )

  promise('names masked columns, and no masked value is anywhere in the trail', async ({ enter, records, gateway }) => {
    const client = await enter()
    for (const text of [
      'select ssn from users',
      'select upper(ssn) from users',
      'select ssn from users where id = 1',
    ]) {
      await client.query(text)
      await client.exchange(...run(text), SYNC)
    }
    await client.query('select (select ssn from users limit 1)::int')
    await client.end()
    const intents = await eventually('all are recorded', async () => {
      const found = await records(({ kind, masked }) => kind === 'intent' && JSON.stringify(masked).includes('ssn'))
      return found.length >= 6 ? found : []
    })
    for (const { masked } of intents) expect(masked).toEqual(['public.users.ssn'])
    const bytes = readdirSync(gateway.trailDirectory)
      .map((name) => readFileSync(join(gateway.trailDirectory, name), 'utf8'))
      .join('')
    expect(bytes).not.toContain(SECRET)
    expect(bytes).not.toContain('ZQXW')
  })
})

describe.each(VERSIONS)('a gateway killed under load in front of $version', ({ shared }) => {
  test('has recorded every statement that the server saw, and its trail goes on', async (context) => {
    const server = present(shared, context)
    const logFile = server.logFile ?? context.skip('the server was started by somebody else: its log cannot be read')
    const database = await createDatabase(server, `e2e_kill_${String(process.pid)}_${String(server.version)}`)
    const marker = `killed_${String(process.pid)}_${String(server.version)}_`
    const gateway = await startGatewayProcess({
      targets: { shop: targetOf(server, database.database) },
      policy: ALLOW_ALL,
    })
    try {
      const admin = await WireClient.login(
        { host: server.host, port: server.port },
        { database: 'postgres', user: server.superuser, password: server.password },
      )
      await admin.query(`alter database ${database.database} set log_statement = 'all'`)
      const { host, port } = gateway
      let sent = 0
      const agent = async (name: number): Promise<void> => {
        const client = await WireClient.login({ host, port }, { database: 'shop', password: await gateway.token() })
        for (let round = 0; gateway.alive(); round++) {
          const text = `select '${marker}${String(name)}_${String(round)}'`
          sent++
          if (name % 2 === 0) client.send(query(text), query(`${text} /* again */`))
          else client.send(...run(text), ...run(`${text} /* again */`), SYNC)
          const messages = await client.untilReady(name % 2 === 0 ? 2 : 1)
          if (messages.at(-1)?.kind !== 'ReadyForQuery') return
        }
      }
      const agents = Promise.all(Array.from({ length: 8 }, (_, name) => agent(name).catch(() => undefined)))
      await eventually('there is load', () => sent > 400)
      await sleep(50)
      await gateway.kill()
      await agents
      await admin.rows('select 1')
      await admin.end()
      await sleep(300)
      const pattern = new RegExp(`${marker}\\d+_\\d+'(?: /\\* again)?`, 'g')
      const seen = new Set(readFileSync(logFile, 'utf8').match(pattern))
      const recorded = new Set(
        (await recordsOf(gateway.trailDirectory, ({ kind }) => kind === 'intent')).flatMap(
          ({ statement }) => JSON.stringify(statement).match(pattern) ?? [],
        ),
      )
      expect(seen.size).toBeGreaterThan(400)
      expect([...seen].filter((text) => !recorded.has(text))).toEqual([])

      const again = await gateway.restart()
      const client = await WireClient.login(
        { host: again.host, port: again.port },
        { database: 'shop', password: await again.token() },
      )
      await client.query(`select '${marker}afterwards'`)
      await client.end()
      expect(await verifyTrail(gateway.trailDirectory)).toMatchObject({ firstBreak: null })
      await again.close()
    } finally {
      await gateway.close()
      await database.drop()
    }
  })
})

describe('a full disk', () => {
  /** A scene whose trail lies on a small file system of its own. */
  const onSmallDisk = async (
    context: TestContext,
    body: (scene: Scene, disk: SmallDisk) => Promise<void>,
  ): Promise<void> => {
    const server = present(SHARED, context)
    const disk = SmallDisk.mount()
    if (disk === null) return context.skip('a tmpfs cannot be mounted here')
    try {
      const scene = await openScene(server, {
        audit: { directory: join(disk.directory, 'trail') },
        sql: 'create table t(n int)',
      })
      try {
        await body(scene, disk)
      } finally {
        disk.release()
        await scene.close()
      }
    } finally {
      disk.unmount()
    }
  }

  test('refuses a statement with 53100 and the reason; nothing ran; it works again on the same connection', (context) =>
    onSmallDisk(context, async (scene, disk) => {
      const client = await scene.enter()
      for (const sent of [[query('insert into t values (1)')], [...run('insert into t values (1)'), SYNC]]) {
        disk.fill()
        const messages = await untilFull(client, [query(`select '${'x'.repeat(3000)}'`)])
        expectTrailRefusal(messages)
        expect(statusOf(messages)).toBe('I')
        const refused = await client.exchange(...sent)
        expectTrailRefusal(refused)
        expect(statusOf(refused)).toBe('I')
        expect(await scene.admin('select n from t')).toEqual([])
        disk.release()
        await eventually('statements run again', async () => errorOf(await client.query('select 1')) === null)
        expect(errorOf(await client.exchange(...sent))).toBeNull()
        expect(await scene.admin('select n from t')).toEqual([{ n: 1 }])
        await scene.admin('truncate t')
      }
      await client.end()
      expect(await verifyTrail(scene.gateway.trailDirectory)).toMatchObject({ firstBreak: null })
      expect((await scene.records(({ kind }) => kind === 'alarm')).length).toBeGreaterThan(0)
    }))

  test('refuses also the first statement that hits it: nothing runs whose record was not written', (context) =>
    onSmallDisk(context, async (scene, disk) => {
      const client = await scene.enter()
      disk.fill()
      // Records of a few kilobytes, until one does not fit: exactly the rows of those that were told to have run are there.
      let ran = 0
      let last: BackendMessage[] = []
      for (let n = 0; n < 200 && errorOf(last) === null; n++) {
        last = await client.query(`insert into t values (${String(n)}) /* ${'y'.repeat(2000)} */`)
        if (errorOf(last) === null) ran++
      }
      expectTrailRefusal(last)
      expect(await scene.admin('select n from t')).toHaveLength(ran)
      disk.release()
      await eventually('statements run again', async () => errorOf(await client.query('select 1')) === null)
      await client.end()
      const intents = await scene.records(
        ({ kind, statement }) => kind === 'intent' && JSON.stringify(statement).includes('insert into t'),
      )
      expect(intents.length).toBeGreaterThanOrEqual(ran)
      expect(await verifyTrail(scene.gateway.trailDirectory)).toMatchObject({ firstBreak: null })
    }))

  test('in a pipeline, undoes the batch as a failed statement would', (context) =>
    onSmallDisk(context, async (scene, disk) => {
      const client = await scene.enter()
      disk.fill()
      let messages: BackendMessage[] = []
      let ran = 0
      for (let round = 0; round < 200 && errorOf(messages) === null; round++) {
        const text = `insert into t values (${String(round)}) /* ${'z'.repeat(1500)} */`
        messages = await client.exchange(...run(text), ...run(text), ...run(text), SYNC)
        if (errorOf(messages) === null) ran += 3
      }
      expectTrailRefusal(messages)
      expect(statusOf(messages)).toBe('I')
      expect(await scene.admin('select n from t')).toHaveLength(ran)
      disk.release()
      await eventually('statements run again', async () => errorOf(await client.query('select 1')) === null)
      await client.end()
    }))

  test('in a transaction, fails the transaction', (context) =>
    onSmallDisk(context, async (scene, disk) => {
      for (const extended of [false, true]) {
        const client = await scene.enter()
        await client.query('begin')
        await client.query('insert into t values (1)')
        disk.fill()
        const text = `insert into t values (2) /* ${'w'.repeat(3000)} */`
        const messages = await untilFull(client, extended ? [...run(text), SYNC] : [query(text)])
        expectTrailRefusal(messages)
        expect(statusOf(messages)).toBe('E')
        disk.release()
        await eventually('the transaction can be ended', async () => errorOf(await client.query('rollback')) === null)
        expect(errorOf(await client.query('select 1'))).toBeNull()
        await client.end()
        expect(await scene.admin('select n from t')).toEqual([])
      }
    }))

  test('lets no session begin, and says why', (context) =>
    onSmallDisk(context, async (scene, disk) => {
      const client = await scene.enter()
      disk.fill()
      await untilFull(client, [query(`select '${'v'.repeat(3000)}'`)])
      const refused = await scene.enter().then(
        () => 'the session began',
        (error: unknown) => String(error),
      )
      expect(refused).toMatch(/58030|53100/)
      disk.release()
      await eventually('sessions begin again', async () => {
        const again = await scene.enter().catch(() => null)
        await again?.end()
        return again
      })
      await client.end()
    }))
})

/** Sends the same again until the trail takes no more; the messages that say so. */
async function untilFull(client: WireClient, sent: readonly FrontendMessage[]): Promise<BackendMessage[]> {
  for (let round = 0; round < 300; round++) {
    const messages = await client.exchange(...sent)
    if (errorOf(messages) !== null) return messages
  }
  throw new Error('the disk never became full')
}

function expectTrailRefusal(messages: readonly BackendMessage[]): void {
  expect(sqlstates(messages)).toEqual(['53100'])
  const fields = errorOf(messages)?.fields
  expect(fields?.get('M')).toMatch(/^gatehouse: .*record/)
  expect(fields?.get('M')).toMatch(/space|ENOSPC/i)
  expect(JSON.parse(fields?.get('D') ?? '')).toMatchObject({ code: 'TRAIL_UNAVAILABLE' })
}
