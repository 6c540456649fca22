import type { BackendMessage, FrontendMessage } from '@gatehouse/postgres-wire'
import { describe, expect } from 'vitest'
import { bind, execute, parse, query, SYNC } from './messages.ts'
import { ALLOW_ALL, eventually, type Scene, scenePromises, SHARED, VERSIONS } from './scene.ts'
import { errorOf, rowsOf } from './wire-client.ts'

const CARD = '4111 1111 1111 1111'
const PLAIN_CARD = '4111111111111111'
const MAIL = 'lena.weber@example.com'
const SSN = '123-45-6789'
/** Nothing of them may be in what comes back. */
const SECRETS = [CARD, PLAIN_CARD, MAIL, SSN, 'lena.weber', '1111 1111']

const POLICY = `${ALLOW_ALL}
classify:
  - name: nothing-sensitive-in-text
    detect: [credit_card, us_ssn, email, iban, phone, private_key, jwt, secret_key]
    except: [public.excepted.note]
`

const SCHEMA = `
create extension if not exists hstore;
create extension if not exists citext;
create domain short as text;
create type pair as (a int, b text);
create table notes(id int primary key, note text);
insert into notes values (1, 'card ${CARD}, mail ${MAIL}'), (2, 'nothing here'), (3, null), (4, 'ssn ${SSN} - é漢'), (5, '');
create table excepted(note text, other text);
insert into excepted values ('${MAIL}', '${MAIL}');
create function leak(text) returns text language sql as 'select note from notes where id = 1';
create view excepted_view as select note as v from excepted;
create procedure told(out said text) language sql as 'select note from notes where id = 1';
create table strict_notes(note text check (note not like '%@%'), code text unique);
insert into strict_notes values ('x', '${MAIL}-1');
`

/** SQL for one column, and what it comes back as; text format where \`binary\` is not given. */
interface Case {
  readonly sql: string
  readonly text: string | null
  /** In binary format, where that is not the same bytes; null: only that nothing leaks is looked at. */
  readonly binary?: string | null
}

const json = `'{"card":"${CARD}","n":${PLAIN_CARD},"${MAIL}":[1,"a\\nb ${SSN}","ok\\u0041"]}'`
const CASES: readonly Case[] = [
  { sql: `select note from notes where id = 1`, text: 'card [redacted credit_card], mail [redacted email]' },
  { sql: `select note from notes where id = 2`, text: 'nothing here' },
  { sql: `select note from notes where id = 3`, text: null },
  { sql: `select note from notes where id = 4`, text: 'ssn [redacted us_ssn] - é漢' },
  { sql: `select note from notes where id = 5`, text: '' },
  { sql: `select note::varchar(60) from notes where id = 1`, text: `card ${'*'.repeat(19)}, mail ${'*'.repeat(22)}` },
  { sql: `select '${PLAIN_CARD}'::char(20)`, text: `${'*'.repeat(16)}    ` },
  { sql: `select '${MAIL}'::name`, text: '*'.repeat(22) },
  { sql: `select '${MAIL}'::citext`, text: '[redacted email]' },
  { sql: `select '${MAIL}'::short`, text: '[redacted email]' },
  { sql: `select '${MAIL}'`, text: '[redacted email]' },
  { sql: `select '１２３-45-６７８９'::text`, text: '[redacted us_ssn]' },
  {
    sql: `select ${json}::json`,
    text: '{"card":"[redacted credit_card]","n":"[redacted credit_card]","[redacted email]":[1,"a\\u000ab [redacted us_ssn]","ok\\u0041"]}',
  },
  {
    sql: `select ${json}::jsonb`,
    text: '{"n": "[redacted credit_card]", "card": "[redacted credit_card]", "[redacted email]": [1, "a\\u000ab [redacted us_ssn]", "okA"]}',
    binary:
      '\u0001{"n": "[redacted credit_card]", "card": "[redacted credit_card]", "[redacted email]": [1, "a\\u000ab [redacted us_ssn]", "okA"]}',
  },
  {
    sql: `select '<a href="mailto:${MAIL}">${CARD} &amp; <b>ok</b></a>'::xml`,
    text: `<a href="mailto:${'*'.repeat(22)}">${'*'.repeat(19)} &amp; <b>ok</b></a>`,
  },
  {
    sql: `select hstore('note', '${MAIL}') || hstore('a"b', 'c\\d ${SSN}') || hstore('k', null)`,
    text: '"k"=>NULL, "a\\"b"=>"c\\\\d [redacted us_ssn]", "note"=>"[redacted email]"',
    binary: null,
  },
  {
    sql: `select array['${MAIL}', null, 'a, "b" ${CARD}', 'NULL', '']`,
    text: '{"[redacted email]",NULL,"a, \\"b\\" [redacted credit_card]","NULL",""}',
    binary: null,
  },
  { sql: `select '[2:3]={a,"b c"}'::text[]`, text: '[2:3]={a,"b c"}', binary: null },
  { sql: `select array['${PLAIN_CARD}']::varchar(16)[]`, text: `{${'*'.repeat(16)}}`, binary: null },
  { sql: `select array['{"m":"${MAIL}"}']::jsonb[]`, text: '{"{\\"m\\": \\"[redacted email]\\"}"}', binary: null },
  { sql: `select array['${MAIL}']::short[]`, text: '{"[redacted email]"}', binary: null },
  { sql: `select row(1, 'x "${MAIL}"', null)`, text: `(1,"x ""${'*'.repeat(22)}""",)`, binary: null },
  { sql: `select (1, '${MAIL}')::pair`, text: `(1,${'*'.repeat(22)})`, binary: null },
  { sql: `select array[(1, '${MAIL}')::pair]`, text: `{"(1,${'*'.repeat(22)})"}`, binary: null },
  { sql: `select to_tsvector('simple', '${MAIL}')`, text: `'${'*'.repeat(22)}':1`, binary: null },
  {
    sql: `select row(1, row('${MAIL}', array['${CARD}']))`,
    text: `(1,"(${'*'.repeat(22)},""{""""${'*'.repeat(19)}""""}"")")`,
    binary: null,
  },
  { sql: `select 'postgres://app:hunter2@db:5432/x'::text`, text: 'postgres://app:[redacted secret_key]@db:5432/x' },
  { sql: `select note from excepted`, text: MAIL },
  { sql: `select other from excepted`, text: '[redacted email]' },
  { sql: `select note || '' from excepted`, text: '[redacted email]' },
  { sql: `select leak(note) from excepted`, text: 'card [redacted credit_card], mail [redacted email]' },
  { sql: `select v from excepted_view`, text: MAIL },
  { sql: `select note || other from excepted`, text: '[redacted email]' },
  { sql: `select 4111111111111111::int8`, text: PLAIN_CARD, binary: null },
  { sql: `select max(note) from notes where id = 1`, text: 'card [redacted credit_card], mail [redacted email]' },
  {
    sql: `select n from notes, lateral (select upper(note) n) l where id = 1`,
    text: 'CARD [redacted credit_card], MAIL [redacted email]',
  },
  {
    sql: `select string_agg(c, '' order by i) from unnest(array['4111 11','11 1111 ','1111']) with ordinality u(c, i)`,
    text: '[redacted credit_card]',
  },
]

/** Cases in which something passes on purpose. */
const excepted = (sql: string): boolean => /^select (note|v) from excepted|int8/.test(sql)

function extended(sql: string, format: 0 | 1): FrontendMessage[] {
  return [parse(sql), { ...bind(), resultFormats: [format] }, execute(), SYNC]
}

function cell(messages: readonly BackendMessage[]): string | null | undefined {
  expect(errorOf(messages)).toBeNull()
  return rowsOf(messages)[0]?.[0]
}

describe.each(VERSIONS)('classify on $version', ({ shared }) => {
  const promise = scenePromises(shared, { policy: POLICY, sql: SCHEMA })

  promise(
    'what is detected in the text of any type is replaced, in simple and extended, text and binary',
    async (scene) => {
      const client = await scene.enter()
      for (const { sql, text, binary } of CASES) {
        expect(cell(await client.query(sql)), sql).toBe(text)
        expect(cell(await client.exchange(...extended(sql, 0))), sql).toBe(text)
        const raw = await client.exchange(...extended(sql, 1))
        if (binary !== null) expect(cell(raw), `binary: ${sql}`).toBe(binary ?? text)
        expect(errorOf(raw), sql).toBeNull()
        if (!excepted(sql)) for (const secret of SECRETS) expect(JSON.stringify(rowsOf(raw)), sql).not.toContain(secret)
      }
      await client.end()
    },
  )

  promise('what the server reads back in binary is what it would be in text', async (scene) => {
    const client = await scene.enter()
    const direct = await scene.direct()
    const recvable = CASES.filter(({ binary, sql }) => binary === null && !/tsvector|row\(|pair/.test(sql))
    for (const { sql, text } of recvable) {
      const messages = await client.exchange(...extended(sql, 1))
      const [row] = messages.flatMap((message) => (message.kind === 'DataRow' ? [message.cells[0] ?? null] : []))
      const type = (await direct.rows(`select pg_typeof((${sql}))::text`))[0]?.[0] ?? ''
      // Sent back as a parameter in binary format: the server refuses what is no value of the type.
      const back = await direct.exchange(
        parse(`select $1::${type}::text`),
        { ...bind(), parameterFormats: [1], parameters: [row ?? null] },
        execute(),
        SYNC,
      )
      expect(cell(back), sql).toBe(text)
    }
    await client.end()
    await direct.end()
  })
})

describe('classify', () => {
  const promise = scenePromises(SHARED, { policy: POLICY, sql: SCHEMA })

  promise(
    'rows in which nothing is found come as the server sent them, between others that change',
    async ({ enter }) => {
      const client = await enter()
      const sql = `select i, case when i % 7 = 0 then '${MAIL} ' || i else repeat('text ', i % 50) end, i::text from generate_series(1, 2000) i`
      const rows = await client.rows(sql)
      expect(rows).toHaveLength(2000)
      for (const [index, [number, text, digits]] of rows.entries()) {
        const i = index + 1
        expect([number, digits]).toEqual([String(i), String(i)])
        expect(text).toBe(i % 7 === 0 ? `[redacted email] ${String(i)}` : 'text '.repeat(i % 50))
      }
      await client.end()
    },
  )

  promise('a cell of a mebibyte is looked through to its end', async ({ enter }) => {
    const client = await enter()
    const [row] = await client.rows(`select repeat('some words ', 100000) || '${CARD}' || repeat(' more', 20000)`)
    expect(row?.[0]?.length).toBe(1_100_000 + 22 + 100_000)
    expect(row?.[0]?.includes('[redacted credit_card] more')).toBe(true)
    const array = await client.exchange(...extended(`select array[repeat('x ', 500000), '${MAIL}']`, 1))
    expect(errorOf(array)).toBeNull()
    expect(JSON.stringify(rowsOf(array))).not.toContain('lena.weber')
    await client.end()
  })

  promise(
    'rows of cursors, of portals in pieces, of RETURNING and of prepared statements are looked through',
    async ({ enter }) => {
      const client = await enter()
      const results = [
        await client.query(`begin; declare c cursor for select note from notes where id = 1; fetch all from c; commit`),
        await client.exchange(
          query('begin'),
          parse('select note from notes order by id'),
          bind(),
          execute(1),
          execute(1),
          SYNC,
          query('commit'),
        ),
        await client.query(`insert into notes values (9, '${MAIL}') returning note`),
        await client.query(`delete from notes where id = 9 returning *`),
        await client.query(`prepare p as select note from notes where id = 1; execute p; deallocate p`),
        await client.query(`explain (costs off) select * from notes where note = '${MAIL}'`),
        await client.exchange(parse('select note from notes where id = $1', 'named'), SYNC),
        await client.exchange(bind(['1'], 'named'), execute(), SYNC),
        await client.exchange(bind(['1'], 'named'), execute(), SYNC),
      ]
      for (const messages of results) {
        expect(errorOf(messages)).toBeNull()
        for (const secret of SECRETS) expect(JSON.stringify(rowsOf(messages))).not.toContain(secret)
      }
      expect(results.filter((messages) => JSON.stringify(rowsOf(messages)).includes('[redacted'))).toHaveLength(8)
      await client.end()
    },
  )

  promise(
    'in the extended protocol too, statements that are not queries have their rows looked through',
    async ({ enter }) => {
      const client = await enter()
      const statements = [
        `explain (costs off) select * from notes where note = '${MAIL}'`,
        'call told(null)',
        'fetch all from kept',
        'execute prepared',
        'show application_name',
        `select set_config('application_name', '${MAIL}', false)`,
        `values ('${MAIL}')`,
        'table notes',
        `with gone as (update notes set note = note where id = 1 returning note) select * from gone`,
      ]
      await client.query('begin')
      await client.query('declare kept cursor for select note from notes where id = 1')
      await client.query('prepare prepared as select note from notes where id = 1')
      const set = await client.query(`set application_name = '${MAIL}'`)
      expect(set).toContainEqual({ kind: 'ParameterStatus', name: 'application_name', value: '[redacted email]' })
      for (const sql of statements) {
        const messages = await client.exchange(...extended(sql, 0))
        expect(errorOf(messages), sql).toBeNull()
        const seen = JSON.stringify([rowsOf(messages), messages.filter(({ kind }) => kind === 'ParameterStatus')])
        expect(seen, sql).toContain('[redacted')
        for (const secret of SECRETS) expect(seen, sql).not.toContain(secret)
      }
      await client.end()
    },
  )

  promise('what the server says beside rows is looked through too', async ({ enter }) => {
    const client = await enter()
    const listener = await enter()
    await listener.query('listen news')
    const said = [
      await client.query(`insert into strict_notes values ('${MAIL}', 'a')`),
      await client.query(`insert into strict_notes values ('y', '${MAIL}-1')`),
      await client.query(`select ('x ' || note)::int from notes where id = 1`),
      await client.exchange(...extended(`select ('x ' || note)::int from notes where id = 1`, 0)),
      await client.query(`do $$ begin raise notice 'seen % here', (select note from notes where id = 1); end $$`),
      await client.query(`do $$ begin raise exception 'no' using detail = '${CARD}', hint = '${SSN}'; end $$`),
    ]
    for (const messages of said) {
      const texts = JSON.stringify(
        messages.map((message) => ('fields' in message ? [...(message.fields as Map<string, string>)] : [])),
      )
      for (const secret of SECRETS) expect(texts).not.toContain(secret)
      expect(texts).toContain('[redacted')
    }
    expect(errorOf(said[1] ?? [])?.fields.get('C')).toBe('23505')
    await client.query(`select pg_notify('news', 'from ${MAIL}')`)
    const [told] = (await listener.until('NotificationResponse')).slice(-1)
    expect(told).toMatchObject({ channel: 'news', payload: 'from [redacted email]' })
    await client.end()
    await listener.end()
  })

  promise('COPY TO STDOUT is looked through, in text, csv and binary; what is excepted passes', async ({ enter }) => {
    const client = await enter()
    const copied = async (sql: string): Promise<string> => {
      const messages = await client.query(sql)
      expect(errorOf(messages)).toBeNull()
      return messages
        .flatMap((message) => (message.kind === 'CopyData' ? [message.data.toString('latin1')] : []))
        .join('')
    }
    for (const options of ['', ' with csv header', ' with (format binary)']) {
      for (const what of ['notes', "(select 'x ' || note from notes)", '(select note, upper(note) from notes)']) {
        const stream = await copied(`copy ${what} to stdout${options}`)
        for (const secret of SECRETS) expect(stream.toLowerCase()).not.toContain(secret.toLowerCase())
        expect(stream).toContain('[redacted email]')
      }
    }
    const odd = errorOf(await client.query("copy notes to stdout (encoding 'LATIN1')"))
    expect(odd?.fields.get('D')).toContain('MASK_NOT_POSSIBLE')
    expect(await copied('copy excepted(note) to stdout')).not.toContain('[redacted')
    expect(await client.rows('select 1')).toEqual([['1']])
    await client.end()
  })

  promise(
    'nothing is refused for it: statements that cannot be traced run, and their text is looked through',
    async ({ enter }) => {
      const client = await enter()
      const traced = await client.rows(
        `select query_to_xml('select note from notes where id = 1', true, false, '')::text`,
      )
      expect(JSON.stringify(traced)).toContain('[redacted email]')
      expect(
        await client.rows(`select count(*) from notes where note like '%example%' group by id > 2 order by 1 desc`),
      ).toEqual([['1']])
      await client.end()
    },
  )

  promise('the outcome names the rules, and how many of what were replaced, never a value', async (scene: Scene) => {
    const outcomes = (): ReturnType<Scene['records']> => scene.records(({ kind }) => kind === 'outcome')
    const client = await scene.enter()
    await client.query(`select note from notes order by id`)
    await client.query(`select ('x ' || note)::int from notes where id = 4`)
    await client.query(`select 1 from notes`)
    await client.query(`set datestyle to iso`)
    await client.end()
    const session = await eventually('the session', async () => {
      const intents = await scene.records(({ kind }) => kind === 'intent')
      return intents.findLast((record) => JSON.stringify(record).includes('set datestyle to iso'))?.['session']
    })
    const own = await eventually('four outcomes', async () => {
      const found = (await outcomes()).filter((record) => record['session'] === session)
      return found.length === 4 ? found : []
    })
    const rules = ['nothing-sensitive-in-text']
    expect(own.map(({ classified }) => classified)).toEqual([
      { rules, replaced: { credit_card: 1, us_ssn: 1, email: 1 } },
      { rules, replaced: { us_ssn: 1 } },
      { rules, replaced: {} },
      undefined,
    ])
    expect(JSON.stringify(own)).not.toContain(SSN)
  })
})

describe('classify beside masks', () => {
  const promise = scenePromises(SHARED, {
    policy: `${POLICY}masks:
  - { name: mask-mail, columns: [public.people.mail], with: { constant: "someone@example.com" } }
`.replace('    except: [public.excepted.note]\n', '    with: { partial: { keepLast: 4 } }\n'),
    sql: `create table people(id int, mail text, note text); insert into people values (1, '${MAIL}', '${MAIL} ${CARD}')`,
  })

  promise(
    'a masked column has its mask, the others are looked through, with visible ends where the rule says so',
    async ({ enter }) => {
      const client = await enter()
      const expected = [['1', 'someone@example.com', `${'*'.repeat(18)}.com ${'*'.repeat(15)}1111`]]
      expect(await client.rows('select * from people')).toEqual(expected)
      expect(rowsOf(await client.exchange(...extended('select * from people', 0)))).toEqual(expected)
      await client.end()
    },
  )
})
