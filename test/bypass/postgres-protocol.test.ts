import { readFileSync } from 'node:fs'
import type { BackendMessage, FrontendMessage } from '@gatehouse/postgres-wire'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findLeak, needlesOf } from '../corpus/canaries.ts'
import { bind, closeOf, describeOf, execute, FLUSH, parse, query, SYNC } from '../postgres/messages.ts'
import { openScene, type Scene, SHARED } from '../postgres/scene.ts'
import { encodedMessages, errorOf, rowsOf, sqlstates, type WireClient } from '../postgres/wire-client.ts'
import { CANARIES, WRITER } from './bypass-policy.ts'

const schema = readFileSync(new URL('schema.sql', import.meta.url), 'utf8')
const needles = needlesOf(CANARIES)

/** A text whose values are masked only if it is read for what it is. */
const SECRET = `SELECT ssn || '' AS note FROM users`
const PLAIN = 'SELECT note FROM orders ORDER BY id'

describe.skipIf('absent' in SHARED)('A client that plays with the protocol gets no masked value', () => {
  let scene: Scene
  let client: WireClient
  let received: Buffer[] = []
  beforeAll(async () => {
    if ('absent' in SHARED) throw new Error(SHARED.absent)
    scene = await openScene(SHARED.address, { sql: schema, policy: WRITER })
  })
  afterAll(() => scene.close())
  beforeEach(async () => {
    client = await scene.enter()
    received = []
    client.socket.on('data', (chunk: Buffer) => received.push(chunk))
  })
  afterEach(() => {
    client.destroy()
    expect(findLeak(Buffer.concat(received), '', needles)).toBeNull()
  })
  /** Sends all at once; reads up to the ReadyForQuery of each Query and Sync. */
  const go = (...messages: readonly FrontendMessage[]): Promise<BackendMessage[]> => client.exchange(...messages)

  describe('by a prepared statement whose name SQL takes over', () => {
    test.each([
      { how: 'in flight', taking: [query('DEALLOCATE x'), query(`PREPARE x AS ${SECRET}`)] },
      { how: 'in flight, in one text', taking: [query(`DEALLOCATE x; PREPARE x AS ${SECRET}`)] },
      { how: 'after DEALLOCATE ALL', taking: [query('DEALLOCATE ALL'), query(`PREPARE x AS ${SECRET}`)] },
      {
        how: 'in a batch',
        taking: [parse('DEALLOCATE x'), bind(), execute(), parse(`PREPARE x AS ${SECRET}`), bind(), execute(), SYNC],
      },
    ])('$how', async ({ taking }) => {
      await go(parse(PLAIN, 'x'), SYNC, ...taking)
      expect(sqlstates(await go(bind([], 'x'), execute(), SYNC))).toEqual(['26000'])
    })
    test('in the same batch as the Bind', async () => {
      await go(parse(PLAIN, 'x'), SYNC)
      const taking = [parse('DEALLOCATE x'), bind(), execute(), parse(`PREPARE x AS ${SECRET}`), bind(), execute()]
      expect(sqlstates(await go(...taking, bind([], 'x'), execute(), SYNC))).toEqual(['26000'])
    })
  })

  describe('by a portal whose name a cursor takes over', () => {
    test.each([
      { how: 'one by one', taking: [query('CLOSE p'), query(`DECLARE p CURSOR FOR ${SECRET}`)] },
      { how: 'in one text', taking: [query(`CLOSE p; DECLARE p CURSOR FOR ${SECRET}`)] },
      { how: 'after CLOSE ALL', taking: [query('CLOSE ALL'), query(`DECLARE p CURSOR FOR ${SECRET}`)] },
    ])('$how', async ({ taking }) => {
      await go(query('BEGIN'), parse(PLAIN, 's'), SYNC)
      await go(bind([], 's', 'p'), SYNC, ...taking)
      expect(sqlstates(await go(execute(0, 'p'), SYNC))).toEqual(['34000'])
    })
  })

  describe('by a temporary table that hides the masked one until it is gone', () => {
    const hide = 'CREATE TEMP TABLE users(id int, ssn text)'
    beforeEach(() => client.query(hide))
    test.each([
      { how: 'dropped', gone: [query('DROP TABLE pg_temp.users')] },
      { how: 'renamed', gone: [query('ALTER TABLE pg_temp.users RENAME TO other')] },
      { how: 'discarded', gone: [query('DISCARD TEMP')] },
      { how: 'dropped in a transaction', gone: [query('BEGIN'), query('DROP TABLE pg_temp.users')] },
      { how: 'discarded in a transaction', gone: [query('BEGIN'), query('DISCARD TEMP')] },
      { how: 'dropped in the same batch', gone: [parse('DROP TABLE pg_temp.users'), bind(), execute()] },
      { how: 'discarded in the same batch', gone: [parse('DISCARD TEMP'), bind(), execute()] },
    ])('$how', async ({ gone }) => {
      await go(parse(`SELECT ssn || '' FROM users`, 's'), SYNC)
      await go(...gone, bind([], 's'), execute(), SYNC, query(`SELECT ssn || '' FROM users`))
      await go(query('ROLLBACK'), parse(`SELECT ssn || '' FROM users`), bind(), execute(), SYNC)
    })
    test('and what was prepared on it works again when the drop is rolled back', async () => {
      await go(parse(`SELECT count(ssn) FROM users`, 's'), SYNC, query('BEGIN'), query('DROP TABLE pg_temp.users'))
      expect(sqlstates(await go(bind([], 's'), execute(), SYNC))).toEqual(['42501'])
      await go(query('ROLLBACK'))
      expect(rowsOf(await go(bind([], 's'), execute(), SYNC))).toEqual([['0']])
    })
    test('dropped behind a ReadyForQuery that is still to come', async () => {
      await go(
        query('SELECT 1'),
        query('BEGIN'),
        query('DROP TABLE pg_temp.users'),
        query(`SELECT ssn || '' FROM users`),
      )
      await go(
        query('ROLLBACK'),
        parse('SELECT 1'),
        SYNC,
        query('BEGIN'),
        query('DISCARD TEMP'),
        query(`SELECT ssn || '' FROM users`),
      )
    })
    test('made and dropped at the end of one transaction', async () => {
      await go(query('DROP TABLE pg_temp.users'), query('BEGIN'), query(`${hide} ON COMMIT DROP`))
      await go(query('COMMIT'), query(`SELECT ssn || '' FROM users`))
    })
    test('by a search path that looks there last', async () => {
      await go(query('SET search_path = public, pg_temp'), query(`SELECT ssn || '' FROM users`))
    })
  })

  describe('by a search path that moves', () => {
    beforeEach(() => client.query('SET search_path = app'))
    const read = query(`SELECT ssn || '' FROM users`)
    test.each([
      { how: 'in a pipeline', move: [query('SET search_path = public')] },
      { how: 'by set_config()', move: [query(`SELECT set_config('search_path', 'public', false)`)] },
      {
        how: 'back, at the end of a block',
        move: [query('RESET search_path'), query('BEGIN'), query('SET LOCAL search_path = app'), query('COMMIT')],
      },
      {
        how: 'back, at a savepoint',
        move: [
          query('SET search_path = public'),
          query('BEGIN; SAVEPOINT a'),
          query('SET search_path = app'),
          query('ROLLBACK TO a'),
        ],
      },
      { how: 'by RESET', move: [query('RESET search_path')] },
      {
        how: 'under a timeout that hits the question for it',
        move: [query('SET statement_timeout = 1'), query('SET search_path = public')],
      },
    ])('$how', async ({ move }) => {
      await go(...move, read)
    })
    test('between Parse and Bind', async () => {
      await go(parse(`SELECT ssn || '' FROM users`, 's'), SYNC)
      await go(parse('SET search_path = public'), bind(), execute(), bind([], 's'), execute(), SYNC)
    })
    test('while a statement of the name that asks for it exists', async () => {
      await go(parse('SELECT 1', 'gatehouse_names'), SYNC, query('SET search_path = public'), read)
    })
  })

  describe('by what is said aside', () => {
    test('an error put off until Sync', async () => {
      const messages = await go(parse(`INSERT INTO ledger VALUES (1, 'x')`), bind(), execute(), SYNC)
      expect(errorOf(messages)?.fields.get('C')).toBe('P0001')
    })
    test('an error put off until COMMIT', async () => {
      await go(query('BEGIN'), query(`INSERT INTO ledger VALUES (1, 'x')`), parse('COMMIT'), bind(), execute(), SYNC)
      await go(query(`BEGIN; INSERT INTO ledger VALUES (1, 'x'); COMMIT`))
    })
    test('a notification that the database itself sends', async () => {
      expect(sqlstates(await client.query('LISTEN news'))).toEqual([])
      await scene.admin(`SELECT pg_notify('news', (SELECT ssn FROM users WHERE id = 1))`)
      const heard = (await client.query('SELECT 1')).find(({ kind }) => kind === 'NotificationResponse')
      expect(heard ?? (await client.next())).toMatchObject({ channel: 'news', payload: '' })
    })
    test('debug messages about the statement', async () => {
      await go(query('SET client_min_messages = debug5'), query(SECRET))
      await go(parse(SECRET), bind(), execute(), SYNC)
    })
  })

  describe('by messages out of their order', () => {
    test.each<{ how: string; messages: readonly FrontendMessage[] }>([
      {
        how: 'a Query inside a batch',
        messages: [parse(PLAIN, 'm'), bind([], 'm', 'p'), query(SECRET), execute(0, 'p'), SYNC],
      },
      {
        how: 'Parse of a name that is taken, then Bind',
        messages: [parse(PLAIN, 'n'), SYNC, parse(SECRET, 'n'), SYNC, bind([], 'n'), execute(), SYNC],
      },
      {
        how: 'Parse that fails, then Bind of the unnamed',
        messages: [parse(SECRET), SYNC, parse('SELEC'), SYNC, bind(), execute(), SYNC],
      },
      {
        how: 'Close, then Parse and Bind in flight',
        messages: [
          parse(PLAIN, 'c'),
          SYNC,
          closeOf('statement', 'c'),
          parse(SECRET, 'c'),
          bind([], 'c'),
          execute(),
          SYNC,
        ],
      },
      {
        how: 'Close and Parse in one batch after an error',
        messages: [
          parse(PLAIN, 'c'),
          SYNC,
          parse('SELEC'),
          closeOf('statement', 'c'),
          parse(SECRET, 'c'),
          SYNC,
          bind([], 'c'),
          execute(),
          SYNC,
        ],
      },
      {
        how: 'a portal run row by row',
        messages: [query('BEGIN'), parse(SECRET), bind(), execute(1), execute(1), FLUSH, execute(), SYNC],
      },
      {
        how: 'Describe of the statement and of the portal first',
        messages: [parse(SECRET), describeOf('statement'), bind(), describeOf('portal'), execute(), SYNC],
      },
      {
        how: 'one result format too many',
        messages: [parse(SECRET), { ...bind(), resultFormats: [1, 0, 1] }, execute(), SYNC],
      },
      {
        how: 'binary results of every type',
        messages: [parse('SELECT * FROM users'), { ...bind(), resultFormats: [1] }, execute(), SYNC],
      },
      {
        how: 'FETCH from a portal of the protocol',
        messages: [query('BEGIN'), parse(SECRET), bind([], '', 'z'), SYNC, query('FETCH ALL FROM z')],
      },
      { how: 'EXECUTE of a statement of the protocol', messages: [parse(SECRET, 'z'), SYNC, query('EXECUTE z')] },
    ])('$how', async ({ messages }) => {
      await go(...messages)
    })
    test('a Query in the middle of COPY', async () => {
      client.send(query('COPY orders FROM STDIN'), query(SECRET), { kind: 'CopyDone' }, query(SECRET))
      await client.untilReady(3)
    })
    test('a batch in the middle of COPY', async () => {
      client.send(parse('COPY orders FROM STDIN'), bind(), execute(), parse(SECRET), bind(), execute(), SYNC)
      client.send({ kind: 'CopyFail', reason: 'enough' }, SYNC, query(SECRET))
      await client.untilReady(3)
    })
    test('messages that come one byte at a time', async () => {
      const messages = [parse(SECRET), bind(), execute(), SYNC, query(SECRET)]
      for (const byte of encodedMessages(messages)) {
        client.socket.write(Buffer.of(byte))
        await new Promise(setImmediate)
      }
      expect(rowsOf(await client.untilReady(2))).toHaveLength(6)
    })
    test('a text that is not UTF-8, or goes on behind a NUL', async () => {
      for (const text of [
        Buffer.from('SELECT \xff, ssn FROM users\0', 'latin1'),
        Buffer.from(`SELECT 1\0 UNION ${SECRET}\0`),
      ]) {
        const own = await scene.enter()
        own.socket.on('data', (chunk: Buffer) => received.push(chunk))
        own.write((writer) => void writer.begin(0x51).bytes(text).end())
        expect(errorOf(await own.untilReady())).not.toBeNull()
        own.destroy()
      }
    })
  })

  test('what is not masked goes through all the same', async () => {
    await go(
      query('CREATE TEMP TABLE users(id int)'),
      query('DROP TABLE pg_temp.users'),
      query(`PREPARE q AS ${PLAIN}`),
    )
    const messages = await go(parse(PLAIN, 'a'), bind([], 'a'), execute(), SYNC, query('DEALLOCATE q'), query(PLAIN))
    expect(rowsOf(messages)).toEqual([['x'], ['y'], ['x'], ['y']])
  })
})
