import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BackendMessage, FrontendMessage } from '@gatehouse/postgres-wire'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findLeak, needlesOf } from '../corpus/canaries.ts'
import { bind, execute, parse, query, SYNC } from '../postgres/messages.ts'
import { eventually, openScene, type Scene, SHARED } from '../postgres/scene.ts'
import { errorOf, rowsOf, type WireClient } from '../postgres/wire-client.ts'
import { CANARIES, WRITER } from './bypass-policy.ts'

const schema = readFileSync(new URL('schema.sql', import.meta.url), 'utf8')
const needles = needlesOf(CANARIES)

/** Means scratch.users while there is one, and public.users, whose column is masked, once it is gone. */
const READ = `SELECT ssn || '' FROM users`
const SLOW = 'SELECT count(*) FROM generate_series(1, 1000000)'
const ready = (messages: readonly FrontendMessage[]): number =>
  messages.filter(({ kind }) => kind === 'Query' || kind === 'Sync').length

describe.skipIf('absent' in SHARED)('Two sessions of one agent, one of which takes away what the other names', () => {
  let scene: Scene
  let reader: WireClient
  let definer: WireClient
  let received: Buffer[] = []
  beforeAll(async () => {
    if ('absent' in SHARED) throw new Error(SHARED.absent)
    scene = await openScene(SHARED.address, { sql: schema, policy: WRITER })
  })
  afterAll(() => scene.close())
  beforeEach(async () => {
    reader = await scene.enter()
    definer = await scene.enter()
    received = []
    await definer.query('DROP TABLE IF EXISTS scratch.base CASCADE')
    await definer.query('CREATE TABLE scratch.base(id int, ssn text)')
    await definer.query('CREATE VIEW scratch.users AS SELECT id, ssn FROM scratch.base')
    await reader.query('SET search_path = scratch, public')
    expect(rowsOf(await reader.query(READ))).toEqual([])
    reader.socket.on('data', (chunk: Buffer) => received.push(chunk))
  })
  afterEach(() => {
    reader.destroy()
    definer.destroy()
    expect(findLeak(Buffer.concat(received), '', needles)).toBeNull()
  })

  /** Sends, waits until a moment when the server works on it, changes, and reads the answers. */
  const beside = async (
    messages: readonly FrontendMessage[],
    change: () => Promise<unknown>,
  ): Promise<BackendMessage[]> => {
    reader.send(...messages)
    await sleep(30)
    await change()
    return reader.untilReady(ready(messages))
  }

  test.each([
    { how: 'dropped', taking: 'DROP VIEW scratch.users' },
    { how: 'dropped with what it rests on', taking: 'DROP TABLE scratch.base CASCADE' },
    { how: 'renamed', taking: 'ALTER VIEW scratch.users RENAME TO other' },
    { how: 'moved', taking: 'ALTER VIEW scratch.users SET SCHEMA pg_temp' },
  ])('a relation $how in a transaction that commits while the other waits', async ({ taking }) => {
    await definer.query('BEGIN')
    await definer.query(taking)
    await beside([query(READ)], () => definer.query('COMMIT'))
    await definer.query('DROP VIEW IF EXISTS scratch.other')
  })

  test.each<{ how: string; messages: readonly FrontendMessage[] }>([
    { how: 'behind a slow statement of one text', messages: [query(`${SLOW}; ${READ}`)] },
    { how: 'behind a slow text', messages: [query(SLOW), query(READ)] },
    {
      how: 'behind a slow statement of a pipeline',
      messages: [parse(SLOW), bind(), execute(), parse(READ), bind(), execute(), SYNC],
    },
  ])('a relation dropped $how', async ({ messages }) => {
    await beside(messages, () => definer.query('DROP VIEW scratch.users'))
  })

  test('a relation dropped between Parse and Bind', async () => {
    await reader.exchange(parse(READ, 's'), SYNC)
    await definer.query('BEGIN')
    await definer.query('DROP VIEW scratch.users')
    await beside([bind([], 's'), execute(), SYNC], () => definer.query('COMMIT'))
  })

  test('a relation read before, but behind a savepoint that is gone', async () => {
    await reader.exchange(query('BEGIN'), query('SAVEPOINT a'), query(READ), query('ROLLBACK TO a'))
    await definer.query('BEGIN')
    await definer.query('DROP VIEW scratch.users')
    await beside([query(READ)], () => definer.query('COMMIT'))
  })

  test('a column dropped that then means the one further out', async () => {
    await definer.query('BEGIN')
    await definer.query('ALTER TABLE scratch.base DROP COLUMN ssn CASCADE')
    const inner = `SELECT (SELECT ssn || '' FROM scratch.base) FROM public.users`
    await beside([query(inner)], () => definer.query('COMMIT'))
    await beside(
      [query(`INSERT INTO scratch.base(id) ${inner.replace("ssn || ''", 'length(ssn)')}`)],
      async () => undefined,
    )
  })

  test('one that reads in a transaction is not held up by a definition that waits for it', async () => {
    await reader.query('BEGIN')
    await reader.query('SELECT * FROM scratch.base')
    definer.send(query('ALTER TABLE scratch.base ADD COLUMN more int'))
    await sleep(30)
    expect(errorOf(await reader.query('SELECT * FROM scratch.base'))).toBeNull()
    await reader.query('COMMIT')
    expect(errorOf(await definer.untilReady())).toBeNull()
  })

  test('reads of other names, and what only adds, wait for nobody', async () => {
    await definer.query('BEGIN')
    await definer.query('CREATE TABLE scratch.fresh(id int)')
    expect(errorOf(await reader.query('SELECT id FROM scratch.base'))).toBeNull()
    await definer.query('ALTER TABLE scratch.base ADD COLUMN more int')
    expect(errorOf(await reader.query('SELECT note FROM orders'))).toBeNull()
    await definer.query('ROLLBACK')
  })

  test('a relation dropped by one that is gone before its lock is given', async () => {
    const holder = await scene.enter()
    await holder.query('BEGIN')
    await holder.query('SELECT FROM scratch.users')
    definer.send(query('DROP VIEW scratch.users'))
    await sleep(30)
    definer.destroy()
    await beside([query(READ)], async () => {
      await holder.query('COMMIT')
      await eventually('the cancelled drop is over', async () => {
        const [row] = await scene.admin<{ n: string }>(
          `SELECT count(*) AS n FROM pg_stat_activity WHERE query LIKE 'DROP VIEW%' AND state = 'active'`,
        )
        return row?.n === '0'
      })
    })
    holder.destroy()
  }, 60_000)
})
