import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BackendMessage, Report } from '@gatehouse/postgres-wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type GatewayMemory, type GatewayProcess, startGatewayProcess } from '../harness/gateway-process.ts'
import { createDatabase } from '../servers/postgres.ts'
import { bind, execute, parse, query, run, SYNC } from './messages.ts'
import { ALLOW_ALL, ask, eventually, present, scenePromises, SHARED, targetOf, VERSIONS } from './scene.ts'
import { encodedMessages, errorOf, rowsOf, sqlstates, statusOf, WireClient } from './wire-client.ts'

const MEBIBYTE = 1024 * 1024
/** What a peer that does not read may make the gateway hold. */
const SLOW_PEER_BYTES = MEBIBYTE
/** An upstream that does not read: what one turn of the loop had read of the client comes to it. */
const SLOW_UPSTREAM_BYTES = 5 * MEBIBYTE
/** Where it also makes the gateway work: the objects of its statements wait for the collector. */
const BUSY_PEER_BYTES = 10 * MEBIBYTE

describe.each(VERSIONS)('rowsPerStatement on $version', ({ shared }) => {
  const promise = scenePromises(shared, {
    policy: `${ALLOW_ALL}
limits:
  - { name: few-rows, rowsPerStatement: 5 }
`,
    sql: 'create table t(n int); insert into t select generate_series(1, 100)',
  })

  promise(
    'cuts a simple query: at most so many rows, one error, and a connection that goes on',
    async ({ enter, records }) => {
      const client = await enter()
      for (const many of [6, 100, 100_000]) {
        const messages = await client.query(`select generate_series(1, ${String(many)})`)
        expectCut(messages, 5)
        expect(statusOf(messages)).toBe('I')
        expect(await client.rows('select 1')).toEqual([['1']])
      }
      for (const many of [0, 4, 5]) {
        expect(await client.rows(`select generate_series(1, ${String(many)})`)).toHaveLength(many)
      }
      await client.end()
      const outcomes = await eventually('every statement has an outcome', async () => {
        const found = await records(({ kind }) => kind === 'outcome')
        return found.length === 9 ? found : []
      })
      const cut = outcomes.slice(0, 6).filter((_, index) => index % 2 === 0)
      for (const { outcome } of cut) expect(outcome).toMatchObject({ rows: 5, error: '53400' })
    },
  )

  promise('counts for each statement of a text', async ({ enter }) => {
    const client = await enter()
    expect(await client.rows('select generate_series(1,5); select generate_series(1,5)')).toHaveLength(10)
    const messages = await client.query('select generate_series(1,5); select generate_series(1,50); select 7')
    expectCut(messages, 10)
    expect(rowsOf(messages)).not.toContainEqual(['7'])
    expect(await client.rows('select 1')).toEqual([['1']])
    await client.end()
  })

  promise(
    'a limited SELECT and a write do not go in one text: the error of the one would not undo the other',
    async ({ enter, admin }) => {
      const client = await enter()
      for (const text of [
        'select generate_series(1,50); insert into t values (777)',
        'insert into t values (777); select generate_series(1,50)',
      ]) {
        expect(sqlstates(await client.query(text))).toEqual(['0A000'])
      }
      await client.end()
      expect(await admin('select count(*)::int as n from t where n = 777')).toEqual([{ n: 0 }])
    },
  )

  promise('cuts the extended protocol', async ({ enter }) => {
    const client = await enter()
    const messages = await client.exchange(...run('select generate_series(1, 100)'), SYNC)
    expectCut(messages, 5)
    expect(statusOf(messages)).toBe('I')
    expect(rowsOf(await client.exchange(...run('select 1'), SYNC))).toEqual([['1']])
    await client.end()
  })

  promise('cuts a portal that is read in pieces, wherever the piece ends', async ({ enter }) => {
    const client = await enter()
    for (const piece of [1, 2, 3, 5, 6]) {
      await client.query('begin')
      await client.exchange(parse('select generate_series(1, 100)'), bind([], '', 'p'), SYNC)
      const rows: unknown[] = []
      let last: BackendMessage[] = []
      for (let left = 12; left > 0 && errorOf(last) === null; left--) {
        last = await client.exchange(execute(piece, 'p'), SYNC)
        rows.push(...rowsOf(last))
      }
      expect(sqlstates(last), `pieces of ${String(piece)}`).toEqual(['53400'])
      expect(rows).toHaveLength(5)
      await client.query('rollback')
      expect(await client.rows('select 1')).toEqual([['1']])
    }
    await client.end()
  })

  promise('leaves the transaction as the server says it is', async ({ enter }) => {
    const client = await enter()
    for (const many of [6, 100_000]) {
      await client.query('begin')
      const messages = await client.query(`select generate_series(1, ${String(many)})`)
      expectCut(messages, 5)
      const next = await client.query('select 1')
      expect(sqlstates(next)).toEqual(statusOf(messages) === 'E' ? ['25P02'] : [])
      expect(statusOf(next)).toBe(statusOf(messages))
      await client.query('rollback')
    }
    await client.end()
  })

  promise('does not hit the statement that comes next', async ({ enter }) => {
    const client = await enter()
    for (let round = 0; round < 15; round++) {
      expectCut(await client.query(`select generate_series(1, ${String(6 + round)})`), 5)
      expect(await client.rows('select 1 from pg_sleep(0.01)')).toEqual([['1']])
    }
    await client.end()
  })

  promise('counts rows that a write returns, and what was cut is not kept', async ({ enter, admin }) => {
    const client = await enter()
    const messages = await client.query('update t set n = n + 1000 returning n')
    expectCut(messages, 5)
    const [row] = await admin<{ many: string }>('select count(*) as many from t where n > 1000')
    // The server had finished before it heard of the limit, or it undid everything: nothing between.
    expect(['0', '100']).toContain(row?.many)
    await client.end()
  })

  promise('counts rows of a cursor by each FETCH, and of COPY', async ({ enter }) => {
    const client = await enter()
    await client.query('begin')
    await client.query('declare c cursor for select generate_series(1, 100)')
    expect(rowsOf(await client.query('fetch 5 from c'))).toHaveLength(5)
    expectCut(await client.query('fetch 6 from c'), 5)
    await client.query('rollback')
    await client.end()
  })
})

describe('statementsPerMinute', () => {
  const promise = scenePromises(SHARED, {
    policy: `${ALLOW_ALL}
limits:
  - { name: slowly, statementsPerMinute: 5, who: { subjects: [busy-*] } }
`,
  })

  promise('refuses with 53400 and says when to come back; others go on', async ({ enter }) => {
    for (const extended of [false, true]) {
      const who = { sub: `busy-${String(extended)}` }
      const [client, second] = [await enter(who), await enter(who)]
      const once = (from: WireClient): Promise<BackendMessage[]> =>
        extended ? from.exchange(...run('select 1'), SYNC) : from.query('select 1')
      const all: BackendMessage[][] = []
      for (let round = 0; round < 6; round++) all.push(await once(round % 2 === 0 ? client : second))
      expect(all.slice(0, 5).map(sqlstates)).toEqual([[], [], [], [], []])
      const refused = all[5] ?? []
      expect(sqlstates(refused)).toEqual(['53400'])
      expect(statusOf(refused)).toBe('I')
      const detail = detailOf(errorOf(refused))
      expect(detail).toMatchObject({ code: 'RATE_LIMIT', rule: 'slowly' })
      expect(detail.retryAfterSeconds).toBeGreaterThan(0)
      expect(detail.retryAfterSeconds).toBeLessThanOrEqual(60)
      const other = await enter({ sub: 'somebody' })
      for (let round = 0; round < 8; round++) expect(await other.rows('select 1')).toEqual([['1']])
      for (const each of [client, second, other]) await each.end()
    }
  })

  promise('in a transaction, it fails the transaction', async ({ enter }) => {
    const client = await enter({ sub: 'busy-transaction' })
    await client.query('begin')
    for (let round = 0; round < 4; round++) await client.query('select 1')
    const refused = await client.query('select 1')
    expect(sqlstates(refused)).toEqual(['53400'])
    expect(statusOf(refused)).toBe('E')
    await client.end()
  })
})

describe('sizes', () => {
  const promise = scenePromises(SHARED, { listener: { maxMessageBytes: 65_536, maxStatementBytes: 2048 } })

  promise(
    'a longer statement is refused, in both protocols, and the connection goes on',
    async ({ enter, records }) => {
      const client = await enter()
      const text = `select 1 /* ${'x'.repeat(3000)} */`
      for (const sent of [[query(text)], [parse(text), SYNC], [query('begin'), query(text), query('rollback')]]) {
        const messages = await client.exchange(...sent)
        expect(sqlstates(messages)).toEqual(['42601'])
        expect(detailOf(errorOf(messages))).toMatchObject({ code: 'STATEMENT_LIMIT' })
        expect(statusOf(messages)).toBe('I')
      }
      expect(await client.rows(`select 1 /* ${'x'.repeat(1900)} */`)).toEqual([['1']])
      await client.end()
      expect(
        await records(({ kind, decision }) => kind === 'intent' && JSON.stringify(decision).includes('deny')),
      ).toHaveLength(3)
    },
  )

  promise('a longer message ends the session before it is buffered', async ({ enter }) => {
    for (const header of ['51', '50', '42', '64']) {
      for (const length of ['00010001', '7fffffff', 'ffffffff', '00000003', '80000000']) {
        const client = await enter()
        client.socket.write(Buffer.from(header + length, 'hex'))
        const said = await client.next()
        expect(said?.kind === 'ErrorResponse' ? said.fields.get('C') : said, `${header} ${length}`).toBe('08P01')
        expect(await client.next()).toBeNull()
      }
    }
  })

  promise('messages without a body are refused with one, unknown ones at once', async ({ enter, gateway }) => {
    for (const bytes of [
      '530000000500',
      '480000000500',
      '580000000500',
      '7000000004',
      '0100000004',
      'ff00000004',
      '5200000004',
    ]) {
      const client = await enter()
      client.socket.write(Buffer.from(bytes, 'hex'))
      const messages = await client.untilReady()
      expect(sqlstates(messages), bytes).toEqual(['08P01'])
      expect(client.closed).toBe(true)
    }
    await eventually('no session is left', () => gateway.gateway.sessions.size === 0)
  })

  promise('too many prepared statements are refused politely; closed ones make room', async ({ enter }) => {
    const client = await enter()
    const first = 10_000
    for (let at = 0; at < first; at += 2500) {
      const batch = Array.from({ length: 2500 }, (_, index) => parse('select 1', `s${String(at + index)}`))
      expect(errorOf(await client.exchange(...batch, SYNC))).toBeNull()
    }
    const messages = await client.exchange(parse('select 1', 'one too many'), SYNC)
    expect(sqlstates(messages)).toEqual(['53400'])
    expect(statusOf(messages)).toBe('I')
    expect(rowsOf(await client.exchange(bind([], 's77'), execute(), SYNC))).toEqual([['1']])
    await client.exchange({ kind: 'Close', target: 'statement', name: 's77' }, SYNC)
    expect(errorOf(await client.exchange(parse('select 1', 'room again'), SYNC))).toBeNull()
    await client.end()
  })
})

describe('memory', () => {
  let gateway: GatewayProcess | null = null
  let database: Awaited<ReturnType<typeof createDatabase>> | null = null
  beforeAll(async () => {
    if ('absent' in SHARED) return
    const { address } = SHARED
    database = await createDatabase(address, `e2e_memory_${String(process.pid)}`, 'create table t(body text)')
    gateway = await startGatewayProcess({
      targets: { shop: targetOf(address, database.database) },
      policy: `${ALLOW_ALL}
masks:
  - { columns: [public.secrets.ssn], with: redact }
`,
    })
  })
  afterAll(async () => {
    await gateway?.close()
    await database?.drop()
  })

  const inProcess = (
    name: string,
    body: (gateway: GatewayProcess, enter: () => Promise<WireClient>, url: string) => Promise<void>,
  ): void => {
    test(
      name,
      async (context) => {
        present(SHARED, context)
        const [process_, database_] = [gateway, database]
        if (process_ === null || database_ === null) throw new Error('the gateway was not started')
        const { host, port, token } = process_
        const enter = async (): Promise<WireClient> =>
          WireClient.login({ host, port }, { database: 'shop', password: await token() })
        await body(process_, enter, database_.url)
      },
      60_000,
    )
  }

  inProcess(
    'is not grown by a client that stops reading a gibibyte, which it then gets whole',
    async (process_, enter) => {
      const gibibyte = "select repeat('x', 1048576) from generate_series(1, 1024)"
      const warm = await enter()
      await drain(warm, "select repeat('x', 1048576) from generate_series(1, 64)")
      await warm.end()
      const before = await settled(process_)
      const client = await enter()
      client.socket.pause()
      client.send(query(gibibyte))
      let worst = 0
      for (let round = 0; round < 10; round++) {
        await sleep(150)
        worst = Math.max(worst, held(await process_.memory()) - held(before))
      }
      expect(worst).toBeLessThan(SLOW_PEER_BYTES)
      const rss = (await process_.memory()).rss - before.rss
      expect(rss).toBeLessThan(48 * MEBIBYTE)
      const bytes = await drained(client)
      expect(bytes).toBeGreaterThan(1024 * MEBIBYTE)
      expect(bytes).toBeLessThan(1025 * MEBIBYTE)
      expect(held(await settled(process_)) - held(before)).toBeLessThan(4 * MEBIBYTE)
      client.destroy()
    },
  )

  inProcess(
    'is not grown by an upstream that does not read COPY data, which it then gets whole',
    async (process_, enter, url) => {
      await ask(
        url,
        `create function wait_for_lock() returns trigger language plpgsql as
         'begin perform pg_advisory_xact_lock_shared(4711); return new; end';
       create trigger wait before insert on t for each row execute function wait_for_lock()`,
      )
      const before = await settled(process_)
      const holder = await enter()
      await holder.query('select pg_advisory_lock(4711)')
      const client = await enter()
      client.send(query('copy t from stdin'))
      await client.until('CopyInResponse')
      const line = Buffer.from(`${'y'.repeat(MEBIBYTE - 1)}\n`)
      const frame = encodedMessages([{ kind: 'CopyData', data: line }])
      let written = 0
      const write = async (): Promise<void> => {
        for (; written < 200; written++) {
          if (!client.socket.write(frame)) await once(client.socket, 'drain')
        }
      }
      const writing = write()
      let worst = 0
      for (let round = 0; round < 10; round++) {
        await sleep(150)
        worst = Math.max(worst, held(await process_.memory()) - held(before))
      }
      expect(written).toBeLessThan(100)
      expect(worst).toBeLessThan(SLOW_UPSTREAM_BYTES)
      await holder.query('select pg_advisory_unlock(4711)')
      await writing
      const messages = await client.exchange({ kind: 'CopyDone' }, query('select count(*), sum(length(body)) from t'))
      // The ReadyForQuery of the COPY came first.
      const rows = rowsOf([...messages, ...(await client.untilReady())])
      expect(rows).toEqual([['200', String(200 * (MEBIBYTE - 1))]])
      await client.end()
      await holder.end()
    },
  )

  inProcess('is not grown by a client that pipelines without reading', async (process_, enter) => {
    const before = await settled(process_)
    const client = await enter()
    client.socket.pause()
    const batch = encodedMessages([...run("select repeat('z', 20000)"), SYNC])
    for (let round = 0; round < 2000; round++) client.socket.write(batch)
    let worst = 0
    for (let round = 0; round < 8; round++) {
      await sleep(150)
      worst = Math.max(worst, held(await process_.memory()) - held(before))
    }
    expect(worst).toBeLessThan(BUSY_PEER_BYTES)
    client.socket.resume()
    const messages = await client.untilReady(2000)
    expect(rowsOf(messages)).toHaveLength(2000)
    await client.end()
  })
})

/** Bytes a gateway holds outside of the V8 heap's own garbage. */
function held({ heapUsed, external }: GatewayMemory): number {
  return heapUsed + external
}

async function settled(gateway: GatewayProcess): Promise<GatewayMemory> {
  let memory = await gateway.memory()
  for (let round = 0; round < 10; round++) {
    await sleep(60)
    const next = await gateway.memory()
    const moved = Math.abs(held(next) - held(memory))
    memory = next
    if (moved < 64 * 1024) break
  }
  return memory
}

/** Runs a query and counts its bytes, without keeping them. */
async function drain(client: WireClient, text: string): Promise<void> {
  client.send(query(text))
  await drained(client)
}

/** Reads raw bytes to the next ReadyForQuery in idle state, and counts them. */
async function drained(client: WireClient): Promise<number> {
  const { socket } = client
  socket.removeAllListeners('data')
  const { promise, resolve } = Promise.withResolvers<number>()
  let bytes = 0
  let tail: Buffer = Buffer.alloc(0)
  const ready = Buffer.from('5a0000000549', 'hex')
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    tail = Buffer.concat([tail, chunk.subarray(-6)]).subarray(-6)
    if (tail.equals(ready)) resolve(bytes)
  })
  socket.resume()
  return promise
}

function expectCut(messages: readonly BackendMessage[], atMost: number): void {
  expect(rowsOf(messages).length).toBe(atMost)
  expect(sqlstates(messages)).toEqual(['53400'])
  const error = errorOf(messages)
  expect(error?.fields.get('S')).toBe('ERROR')
  expect(error?.fields.get('M')).toMatch(/^gatehouse: .*few-rows/)
  expect(detailOf(error)).toMatchObject({ code: 'ROW_LIMIT', rule: 'few-rows' })
  // Nothing but the end comes behind the error.
  expect(
    messages.slice(messages.findIndex(({ kind }) => kind === 'ErrorResponse') + 1).map(({ kind }) => kind),
  ).toEqual(['ReadyForQuery'])
}

function detailOf(report: Report | null): Record<string, unknown> {
  const text = report?.fields.get('D') ?? ''
  expect(text).not.toContain('\n')
  return JSON.parse(text) as Record<string, unknown>
}
