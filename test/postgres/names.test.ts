import type { BackendMessage } from '@gatehouse/postgres-wire'
import { describe, expect } from 'vitest'
import { bind, closeOf, execute, parse, query, run, SYNC } from './messages.ts'
import { ALLOW_ALL, eventually, scenePromises, SHARED, VERSIONS } from './scene.ts'
import { errorOf, rowsOf, sqlstates, type WireClient } from './wire-client.ts'

const SECRET = '987-65-4321'
const MASKED = '*******4321'

const POLICY = `${ALLOW_ALL}
masks:
  - { who: { groups: [ai-agents] }, columns: [public.users.ssn], with: { partial: { keepLast: 4 } } }
`
/** Nothing is masked for them: what they define, agents may meet. */
const OWNER = { groups: ['owners'] }
const SQL = `
create table users(id int, ssn text); insert into users values (1, '${SECRET}');
create schema other; create table other.users(id int, ssn text); insert into other.users values (1, 'plain of other');
create table t(n int)
`

describe.each(VERSIONS)('what a name means on $version', ({ shared }) => {
  const promise = scenePromises(shared, { policy: POLICY, sql: SQL })
  const READ = 'select ssn from users'

  /** The rows, and never the secret in any of the messages. */
  const safe = (messages: readonly BackendMessage[]): (string | null)[][] => {
    expect(JSON.stringify(messages.map(textOf))).not.toContain(SECRET)
    return rowsOf(messages)
  }

  promise('follows SET search_path', async ({ enter }) => {
    const client = await enter()
    expect(safe(await client.query(READ))).toEqual([[MASKED]])
    await client.query('set search_path = other')
    expect(safe(await client.query(READ))).toEqual([['plain of other']])
    await client.query('set search_path = other, public')
    expect(safe(await client.query(READ))).toEqual([['plain of other']])
    await client.query('reset search_path')
    expect(safe(await client.query(READ))).toEqual([[MASKED]])
    await client.end()
  })

  promise('follows it through transactions, rolled back or not, and savepoints', async ({ enter }) => {
    const client = await enter()
    for (const { steps, path } of [
      { steps: ['begin', 'set search_path = other', 'rollback'], path: 'public' },
      { steps: ['begin', 'set search_path = other', 'commit'], path: 'other' },
      { steps: ['begin', 'set search_path = public', 'rollback'], path: 'other' },
      { steps: ['set search_path = public'], path: 'public' },
      { steps: ['begin', 'set local search_path = other', 'commit'], path: 'public' },
      { steps: ['begin', 'set search_path = other', 'selec', 'commit'], path: 'public' },
      { steps: ['begin', 'set search_path = other', 'select 1/0', 'commit'], path: 'public' },
      { steps: ['begin', 'savepoint s', 'set search_path = other', 'rollback to s', 'commit'], path: 'public' },
      { steps: ['begin', 'savepoint s', 'set search_path = other', 'release s', 'commit'], path: 'other' },
      { steps: ['discard all'], path: 'public' },
      { steps: ['begin; set search_path = other; commit'], path: 'other' },
      { steps: ['begin; set search_path = public; rollback'], path: 'other' },
      { steps: ['set search_path = public'], path: 'public' },
    ]) {
      for (const step of steps) await client.query(step)
      expect(safe(await client.query(READ)), steps.join('; ')).toEqual([
        [path === 'public' ? MASKED : 'plain of other'],
      ])
    }
    await client.end()
  })

  promise('follows it inside a transaction, at each point of it', async ({ enter }) => {
    const client = await enter()
    await client.query('begin')
    await client.query('set local search_path = other')
    expect(safe(await client.query(READ))).toEqual([['plain of other']])
    await client.query('savepoint s')
    await client.query('set local search_path = public')
    expect(safe(await client.query(READ))).toEqual([[MASKED]])
    await client.query('rollback to s')
    expect(safe(await client.query(READ))).toEqual([['plain of other']])
    await client.query('rollback')
    expect(safe(await client.query(READ))).toEqual([[MASKED]])
    await client.end()
  })

  promise('follows set_config, with a value that is written, and takes no computed one', async ({ enter }) => {
    const client = await enter()
    await client.query("select set_config('search_path', 'other', false)")
    expect(safe(await client.query(READ))).toEqual([['plain of other']])
    await client.query("select set_config('search_path', 'public', false)")
    expect(safe(await client.query(READ))).toEqual([[MASKED]])
    for (const text of [
      "select set_config('search_path', 'oth' || 'er', false)",
      "select set_config('search' || '_path', 'other', false)",
      "select set_config(n, 'other', false) from (values ('search_path')) v(n)",
    ]) {
      await client.query(text)
      expect(safe(await client.query(READ)), text).toHaveLength(1)
      const path = (await client.rows('show search_path'))[0]?.[0]
      expect(safe(await client.query(READ)), text).toEqual([[path === 'other' ? 'plain of other' : MASKED]])
      await client.query('set search_path = public')
    }
    await client.exchange(parse("select set_config('search_path', $1, false)"), bind(['other']), execute(), SYNC)
    const path = (await client.rows('show search_path'))[0]?.[0]
    expect(safe(await client.query(READ))).toEqual([[path === 'other' ? 'plain of other' : MASKED]])
    await client.end()
  })

  promise('follows it in pipelines, where nothing was answered yet', async ({ enter }) => {
    const client = await enter()
    const there = [['plain of other']]
    expect(safe(await client.exchange(...run('set search_path = other'), ...run(READ), SYNC))).toEqual(there)
    expect(safe(await client.exchange(...run('set search_path = public'), ...run(READ), SYNC))).toEqual([[MASKED]])
    const both = await client.exchange(
      ...run(READ),
      ...run('set search_path = other'),
      ...run(READ),
      ...run('set search_path = public'),
      ...run(READ),
      SYNC,
    )
    expect(safe(both)).toEqual([[MASKED], ...there, [MASKED]])
    // The batch fails at its end: what it set is undone.
    await client.exchange(...run('set search_path = other'), ...run('select 1/0'), SYNC)
    expect(safe(await client.exchange(...run(READ), SYNC))).toEqual([[MASKED]])
    const queries = await client.exchange(
      query('set search_path = other'),
      query(READ),
      query('set search_path = public'),
      query(READ),
    )
    expect(safe(queries)).toEqual([...there, [MASKED]])
    await client.end()
  })

  promise('in one text cannot change on the way unseen', async ({ enter }) => {
    const client = await enter()
    await client.query('set search_path = other')
    safe(await client.query(`set search_path = public; ${READ}`))
    await client.query('set search_path = other')
    safe(await client.query(`select set_config('search_path', 'public', false); ${READ}`))
    await client.query('set search_path = other')
    safe(await client.query(`create temp table users as table public.users; ${READ}`))
    safe(await client.query(`drop table if exists pg_temp.users; set search_path = public; ${READ}`))
    await client.end()
  })

  promise(
    'is a temporary table where one hides it, and what is copied there stays masked or is refused',
    async ({ enter }) => {
      const client = await enter()
      safe(await client.query('create temp table users as select * from public.users'))
      safe(await client.query('select * from users'))
      safe(await client.query('drop table if exists pg_temp.users'))
      expect(errorOf(await client.query('create temp table users(id int, ssn text, note text)'))).toBeNull()
      expect(errorOf(await client.query("insert into users values (1, 'mine', 'a note')"))).toBeNull()
      const mine = safe(await client.query('select note from users'))
      expect(mine).toEqual([['a note']])
      safe(await client.query('insert into users select id, ssn, ssn from public.users'))
      safe(await client.query('select * from users'))
      safe(await client.query('select * from public.users'))
      await client.query('drop table pg_temp.users')
      expect(safe(await client.query(READ))).toEqual([[MASKED]])
      await client.end()
    },
  )

  promise('made in a transaction that is not committed hides nothing that is masked', async ({ enter, admin }) => {
    const client = await enter()
    for (const sent of [
      ['begin', 'alter table users rename to people', 'select * from people', 'rollback'],
      ['begin', 'alter table users rename column ssn to number', 'select number from users', 'rollback'],
      ['begin', 'create view seen as select ssn as s from users', 'select s from seen', 'rollback'],
      ['begin', 'create table copy as table users', 'select * from copy', 'rollback'],
      ['begin', 'alter table users set schema other', 'rollback'],
      ['begin', 'alter table t rename to users2; alter table users rename to t', 'select * from t', 'rollback'],
    ]) {
      for (const text of sent) safe(await client.query(text))
    }
    expect(safe(await client.query(READ))).toEqual([[MASKED]])
    expect(await admin('select ssn from users')).toEqual([{ ssn: SECRET }])
    await client.end()
  })

  promise('is known at once when the session itself, or another, makes it', async ({ enter }) => {
    const [client, other, owner] = [await enter(), await enter(), await enter(OWNER)]
    expect(errorOf(await client.query('create table fresh(n int, note text)'))).toBeNull()
    expect(errorOf(await client.query("insert into fresh values (1, 'new')"))).toBeNull()
    for (const each of [client, other]) expect(safe(await each.query('select note from fresh'))).toEqual([['new']])
    expect(sqlstates(await client.query('create view people as select id, ssn as number from users'))).toEqual([
      '42501',
    ])
    await owner.query('create view people as select id, ssn as number from users')
    for (const each of [client, other]) expect(safe(await each.query('select number from people'))).toEqual([[MASKED]])
    await owner.query('create or replace view people as select id, id::text as number from users')
    for (const each of [client, other]) expect(safe(await each.query('select number from people'))).toEqual([['1']])
    await owner.query('drop view people')
    await client.query('drop table fresh')
    for (const each of [client, other]) expect(sqlstates(await each.query('select note from fresh'))).toHaveLength(1)
    for (const each of [client, other, owner]) await each.end()
  })

  promise('becomes known when it was made at the server itself', async ({ enter, admin }) => {
    const client = await enter()
    await admin(
      'create table direct(n int); insert into direct values (5); create view spy as select ssn as s from users',
    )
    expect(
      await eventually('the table is known', async () => safe(await client.query('select n from direct'))),
    ).toEqual([['5']])
    await eventually('the view is known', async () => safe(await client.query('select s from spy')))
    expect(safe(await client.query('select s from spy'))).toEqual([[MASKED]])
    await admin('drop view spy; drop table direct')
    await client.end()
  })

  promise(
    'that is changed at the server itself gives no secret, even before it is noticed',
    async ({ enter, admin }) => {
      const client = await enter()
      await admin("create view turncoat as select id, 'harmless'::text as s from users")
      await eventually('the view is known', async () => safe(await client.query('select s from turncoat')))
      const named = parse('select s from turncoat', 'turncoat')
      await client.exchange(named, bind([], 'turncoat'), execute(), SYNC)
      // From here on the gateway's catalog is behind. Renames keep the number of the relation; its columns tell.
      await admin('alter table users rename to users_before; alter table users_before rename to users')
      await admin("create table decoy(id int, ssn text); insert into decoy values (1, 'decoy')")
      await admin(
        'begin; alter table users rename to was_users; alter table decoy rename to users; alter table was_users rename to decoy; commit',
      )
      const swapped = await client.query('select ssn from decoy').catch(() => [])
      const leaked = JSON.stringify(swapped.map(textOf)).includes(SECRET)
      await admin(
        'begin; alter table decoy rename to was_users; alter table users rename to decoy; alter table was_users rename to users; drop table decoy; drop view turncoat; commit',
      )
      expect(leaked).toBe(false)
      client.destroy()
    },
  )
})

describe('a prepared statement is judged again', () => {
  const promise = scenePromises(SHARED, { policy: POLICY, sql: SQL })

  const again = (client: WireClient, name: string): Promise<BackendMessage[]> =>
    client.exchange(bind([], name), execute(), SYNC)

  promise('after the search_path changed', async ({ enter }) => {
    const client = await enter()
    await client.exchange(parse('select ssn from users', 'a'), SYNC)
    expect(rowsOf(await again(client, 'a'))).toEqual([[MASKED]])
    await client.query('set search_path = other')
    const moved = await again(client, 'a')
    expect(JSON.stringify(moved.map(textOf))).not.toContain(SECRET)
    expect(rowsOf(moved)).toEqual([['plain of other']])
    await client.query('set search_path = public')
    expect(rowsOf(await again(client, 'a'))).toEqual([[MASKED]])
    await client.end()
  })

  promise('prepared where it was harmless, then run where it is not, in one pipeline too', async ({ enter }) => {
    const client = await enter()
    await client.query('set search_path = other')
    await client.exchange(parse('select ssn from users', 'b'), SYNC)
    expect(rowsOf(await again(client, 'b'))).toEqual([['plain of other']])
    const piped = await client.exchange(...run('set search_path = public'), bind([], 'b'), execute(), SYNC)
    expect(JSON.stringify(piped.map(textOf))).not.toContain(SECRET)
    const after = await again(client, 'b')
    expect(rowsOf(after)).toEqual([[MASKED]])
    await client.end()
  })

  promise('after the view under it changed', async ({ enter }) => {
    const [client, owner] = [await enter(), await enter(OWNER)]
    await owner.query("create view v as select id, 'harmless'::text as s from users")
    await client.exchange(parse('select s from v', 'c'), SYNC)
    expect(rowsOf(await again(client, 'c'))).toEqual([['harmless']])
    await owner.query('create or replace view v as select id, ssn as s from users')
    expect(rowsOf(await again(client, 'c'))).toEqual([[MASKED]])
    await owner.query('drop view v')
    await client.end()
    await owner.end()
  })

  promise('made by PREPARE, when EXECUTE runs it under another path', async ({ enter }) => {
    const client = await enter()
    await client.query('set search_path = other')
    await client.query('prepare p as select ssn from users')
    expect(JSON.stringify((await client.query('execute p')).map(textOf))).not.toContain(SECRET)
    await client.query('set search_path = public')
    expect(JSON.stringify((await client.query('execute p')).map(textOf))).not.toContain(SECRET)
    await client.end()
  })

  promise('is asked for without a word about it to the client', async ({ enter }) => {
    const client = await enter()
    await client.query('set client_min_messages = debug5')
    const messages = [
      await client.query('set search_path = other, public'),
      await client.query('select n from t'),
      await client.exchange(parse('select ssn from public.users'), SYNC),
    ].flat()
    expect(messages.map(({ kind }) => kind)).toContain('NoticeResponse')
    expect(JSON.stringify(messages.map(textOf))).not.toMatch(/gatehouse_names|current_schemas/)
    await client.end()
  })

  promise('whose name was taken over by another in a batch that failed', async ({ enter }) => {
    const client = await enter()
    await client.exchange(parse("select 'first'", 'd'), SYNC)
    await client.exchange(closeOf('statement', 'd'), parse('select ssn from users', 'd'), ...run('select 1/0'), SYNC)
    const messages = await again(client, 'd')
    expect(JSON.stringify(messages.map(textOf))).not.toContain(SECRET)
    await client.query('deallocate all')
    expect(sqlstates(await again(client, 'd'))).toEqual(['26000'])
    await client.end()
  })
})

/** A message with its bytes as text, so that a value shows wherever it is. */
function textOf(message: BackendMessage): unknown {
  switch (message.kind) {
    case 'DataRow':
      return message.cells.map((cell) => cell?.toString('latin1') ?? null)
    case 'ErrorResponse':
    case 'NoticeResponse':
      return [...message.fields]
    case 'CopyData':
      return message.data.toString('latin1')
    default:
      return message
  }
}
