import type { BackendMessage, FrontendMessage } from '@gatehouse/postgres-wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { copied, copyOut } from './copy-client.ts'
import { bind, execute, parse, query, run, SYNC } from './messages.ts'
import { ALLOW_ALL, eventually, openScene, type Scene, scenePromises, SHARED, VERSIONS } from './scene.ts'
import { TamperingWire, type Tamper } from './tampering-wire.ts'
import { errorOf, rowsOf, sqlstates, statusOf } from './wire-client.ts'

const SCHEMA = `
CREATE TABLE people (id int, name text, ssn text, born date, code varchar(6),
  shout text GENERATED ALWAYS AS (upper(ssn)) STORED);
INSERT INTO people VALUES (1, 'Ada', '123-45-6789', '1990-07-14', 'AB-123'), (2, 'Bob', NULL, NULL, NULL);
CREATE TABLE kids () INHERITS (people);
INSERT INTO kids VALUES (3, 'Kid', '333-33-3333', '2015-05-05', 'K');
CREATE VIEW seen AS SELECT id, ssn AS tag, lower(ssn) AS quiet FROM ONLY people;
CREATE TABLE parts (id int, ssn text) PARTITION BY RANGE (id);
CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (10);
INSERT INTO parts VALUES (4, '444-44-4444');
CREATE TABLE wide (id int, secret text, body text);
CREATE TABLE numbers AS SELECT n, 'secret ' || n AS secret FROM generate_series(1, 100) n;
`

const MASKS = `
masks:
  - { columns: [public.people.ssn, public.parts.ssn], with: { partial: { keepLast: 4 } } }
  - { columns: [public.people.born], with: { truncate: year } }
  - { columns: [public.people.code, public.wide.secret, public.numbers.secret], with: redact }
`

/** What everybody may see. */
const SHOWN: Readonly<Record<string, string>> = {
  'COPY people TO STDOUT': '1\tAda\t*******6789\t1990-01-01\t[redac\n2\tBob\t\\N\t\\N\t\\N\n',
  'COPY people (code, ssn, id) TO STDOUT': '[redac\t*******6789\t1\n\\N\t\\N\t2\n',
  'COPY kids TO STDOUT': '3\tKid\t*******3333\t2015-01-01\t[redac\n',
  'COPY parts_low TO STDOUT': '4\t*******4444\n',
  'COPY (TABLE parts) TO STDOUT': '4\t*******4444\n',
  'COPY (SELECT ssn AS name, id FROM people ORDER BY id) TO STDOUT': '*******6789\t1\n\\N\t2\n*******3333\t3\n',
  'COPY (SELECT id, tag FROM seen) TO STDOUT': '1\t*******6789\n2\t\\N\n',
  'COPY (WITH w(x) AS (SELECT ssn FROM kids) SELECT x, x FROM w) TO STDOUT': '*******3333\t*******3333\n',
  'COPY (SELECT (p).ssn, (SELECT k.ssn FROM kids k) FROM ONLY people p) TO STDOUT':
    '*******6789\t*******3333\n\\N\t*******3333\n',
  'COPY (SELECT ssn FROM parts UNION ALL SELECT ssn FROM kids) TO STDOUT': '*******4444\n*******3333\n',
  'COPY (UPDATE parts SET id = id RETURNING id, ssn) TO STDOUT': '4\t*******4444\n',
  'COPY (DELETE FROM parts WHERE id = 99 RETURNING ssn) TO STDOUT': '',
  'COPY BINARY kids (id) TO STDOUT': 'PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x04\0\0\0\x03\xff\xff',
  'COPY kids (ssn, id) TO STDOUT BINARY':
    'PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\0\x02\0\0\0\x0b*******3333\0\0\0\x04\0\0\0\x03\xff\xff',
  "COPY people (id, ssn) TO STDOUT USING DELIMITERS '*' WITH NULL AS '\\_none'":
    '1*\\*\\*\\*\\*\\*\\*\\*6789\n2*\\_none\n',
  "COPY people (id, ssn, code) TO STDOUT WITH CSV HEADER DELIMITER AS ';' NULL AS 'none' QUOTE AS '''' FORCE QUOTE ssn":
    "id;ssn;code\n1;'*******6789';[redac\n2;none;none\n",
  "COPY people (id, ssn) TO STDOUT (FORMAT csv, HEADER, ENCODING 'utf-8', DELIMITER '*')":
    'id*ssn\n1*"*******6789"\n2*\n',
  'COPY people (ssn) TO STDOUT (HEADER true, FORMAT text)': 'ssn\n*******6789\n\\N\n',
  // What is computed says not even which of its values are NULL; where the type is not known, no other value is certain to be one.
  "COPY (SELECT id, upper(ssn), nullif(ssn, '123-45-6789') FROM ONLY people) TO STDOUT": '1\t\\N\t\\N\n2\t\\N\t\\N\n',
  'COPY (SELECT quiet FROM seen) TO STDOUT (FORMAT csv)': '\n\n',
  'COPY (SELECT p FROM kids p) TO STDOUT': '\\N\n',
  "COPY (SELECT ssn FROM kids UNION ALL SELECT 'x') TO STDOUT": '\\N\n\\N\n',
  'COPY (SELECT ssn FROM kids UNION ALL SELECT code FROM kids) TO STDOUT': '\\N\n\\N\n',
}

const asked = (text: string, extended: boolean): FrontendMessage[] => (extended ? [...run(text), SYNC] : [query(text)])

describe.each(VERSIONS)('COPY TO STDOUT on $version', ({ shared }) => {
  const promise = scenePromises(shared, { sql: SCHEMA, policy: ALLOW_ALL + MASKS })

  promise('is masked by every road to a masked column, in both protocols', async ({ enter }) => {
    const client = await enter()
    for (const [text, shown] of Object.entries(SHOWN)) {
      for (const extended of [false, true])
        expect((await copyOut(client, text, extended)).toString('latin1'), text).toBe(shown)
    }
    await client.end()
  })

  promise('is masked by what stands at its place in a text of several statements', async ({ enter }) => {
    const client = await enter()
    const messages = await client.query(
      'SELECT ssn FROM kids; COPY kids (name, code) TO STDOUT; COPY kids (ssn) TO STDOUT; COPY kids (name) TO STDOUT (FORMAT binary); SELECT born FROM kids; COPY kids (born, id) TO STDOUT CSV',
    )
    expect(sqlstates(messages)).toEqual([])
    expect(rowsOf(messages)).toEqual([['*******3333'], ['2015-01-01']])
    expect(copied(messages).toString('latin1')).toBe(
      'Kid\t[redac\n*******3333\nPGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x03Kid\xff\xff2015-01-01,3\n',
    )
    await client.end()
  })

  promise('is masked in a statement that was prepared before, again and again', async ({ enter }) => {
    const client = await enter()
    await client.exchange(parse('COPY kids (ssn, id) TO STDOUT', 'kept'), SYNC)
    for (let round = 0; round < 3; round++) {
      const messages = await client.exchange(
        bind([], 'kept'),
        execute(),
        bind([], 'kept'),
        execute(1),
        ...run('SELECT ssn FROM kids'),
        SYNC,
      )
      expect(copied(messages).toString()).toBe('*******3333\t3\n'.repeat(2))
      expect(rowsOf(messages)).toEqual([['*******3333']])
    }
    await client.end()
  })

  promise('is refused with the reason where its stream cannot be masked, and only there', async ({ enter, direct }) => {
    const [client, other] = [await enter(), await direct()]
    const reasons: Readonly<Record<string, RegExp>> = {
      "(ENCODING 'LATIN1')": /ENCODING is not UTF8/,
      "(NULL '')": /NULL "" is also how a value is written/,
      "(NULL '123-45-6789')": /NULL "123-45-6789" is also how a value is written/,
      "NULL AS 'a\\\\b'": /also how a value is written/,
    }
    for (const [option, reason] of Object.entries(reasons)) {
      for (const extended of [false, true]) {
        const messages = await client.exchange(...asked(`COPY people (id, ssn) TO STDOUT ${option}`, extended))
        expect(copied(messages)).toHaveLength(0)
        expect(errorOf(messages)?.fields.get('D')).toContain('MASK_NOT_POSSIBLE')
        expect(errorOf(messages)?.fields.get('M')).toMatch(reason)
        const free = `COPY people (id, name) TO STDOUT ${option}`
        expect((await copyOut(client, free, extended)).equals(await copyOut(other, free, extended))).toBe(true)
      }
    }
    await client.end()
    other.destroy()
  })

  promise('two texts that differ in an option’s literal alone are each masked by their own', async ({ enter }) => {
    const client = await enter()
    for (const delimiter of ['|', '*', '6', '-', ';', '7'])
      expect(
        (await copyOut(client, `COPY kids (id, ssn, name) TO STDOUT CSV DELIMITER '${delimiter}'`)).toString(),
      ).toBe(`3${delimiter}${delimiter === '*' ? '"*******3333"' : '*******3333'}${delimiter}Kid\n`)
    for (const nothing of ['\\N', '\\M', '\\x'])
      expect((await copyOut(client, `COPY people (ssn) TO STDOUT NULL '${nothing}'`)).toString()).toBe(
        `*******6789\n${nothing}\n`,
      )
    await client.end()
  })

  promise(
    'carries rows of megabytes, masked or not, and leaves a record of both',
    async ({ enter, admin, records }) => {
      await admin(
        `INSERT INTO wide SELECT g, repeat('s"\\ ', 700000), repeat('b,' || chr(10), 900000) FROM generate_series(1, 2) g`,
      )
      const client = await enter()
      for (const format of ['text', 'csv', 'binary']) {
        const direct = await copyOut(client, `COPY wide (body) TO STDOUT (FORMAT ${format})`)
        expect(direct.length).toBeGreaterThan(5_000_000)
        const masked = await copyOut(client, `COPY wide (secret, body) TO STDOUT (FORMAT ${format})`)
        expect(masked.includes('s"')).toBe(false)
        expect(masked.toString('latin1').split('[redacted]')).toHaveLength(3)
        expect(masked.length - direct.length).toBe({ text: 22, csv: 22, binary: 28 }[format])
      }
      await client.end()
      const outcomes = await eventually('every COPY has an outcome', async () => {
        const found = await records(
          ({ kind, outcome }) => kind === 'outcome' && (outcome as { bytes: number }).bytes > 5e6,
        )
        return found.length === 6 ? found : []
      })
      const [plain, masked] = outcomes
      expect(plain?.outcome).toMatchObject({ rows: 2, error: null })
      expect(masked?.outcome).toMatchObject({ rows: 2, error: null })
      expect(masked?.masked).toEqual(['public.wide.secret'])
    },
  )
})

describe('rowsPerStatement', () => {
  const limits = 'limits:\n  - { name: few-rows, rowsPerStatement: 5 }\n'
  const promise = scenePromises(SHARED, { sql: SCHEMA, policy: ALLOW_ALL + MASKS + limits })

  promise('cuts COPY as it cuts SELECT: masked or not, header or not', async ({ enter }) => {
    const client = await enter()
    for (const columns of ['n', 'n, secret', '']) {
      for (const options of ['FORMAT text', 'HEADER', 'FORMAT csv', 'FORMAT csv, HEADER', 'FORMAT binary']) {
        for (const extended of [false, true]) {
          const text = (many: number): string =>
            `COPY (SELECT ${columns} FROM numbers WHERE n <= ${many}) TO STDOUT (${options})`
          for (const many of [0, 4, 5])
            expect(sqlstates(await client.exchange(...asked(text(many), extended))), text(many)).toEqual([])
          for (const many of [6, 100]) {
            const cut = await client.exchange(...asked(text(many), extended))
            expect(sqlstates(cut), text(many)).toEqual(['53400'])
            expect(errorOf(cut)?.fields.get('D')).toContain('ROW_LIMIT')
            expect(rowsIn(cut)).toBe(options.includes('HEADER') ? 6 : 5)
            expect(statusOf(cut)).toBe('I')
          }
        }
      }
    }
    expect(await client.rows('SELECT 1')).toEqual([['1']])
    await client.end()
  })
})

function rowsIn(messages: readonly BackendMessage[]): number {
  return messages.filter(({ kind }) => kind === 'CopyData').length
}

/** What a server does not send, by format. */
const TAMPERED: readonly (readonly [what: string, options: string, tamper: Tamper])[] = [
  ['a line without its end', '', (data) => [data.subarray(0, -1)]],
  ['two rows at once', '', (data) => [Buffer.concat([data, data])]],
  ['half a row', '', (data) => [data.subarray(0, 8), data.subarray(8)]],
  ['a field more', '', (data) => [Buffer.concat([Buffer.from('x\t'), data])]],
  ['a field less', '', (data) => [data.subarray(data.indexOf('\t') + 1)]],
  ['nothing', '', () => [Buffer.alloc(0)]],
  ['an escape that is none', '', (data) => [Buffer.from(data.toString().replace('123', '\\123'))]],
  ['an escape without a character', '', () => [Buffer.from('1\t2\\\n')]],
  ['a line break within a field', '', (data) => [Buffer.from(data.toString().replace('123', '1\r23'))]],
  ['a quote that is not closed', '(FORMAT csv)', (data) => [Buffer.from(data.toString().replace('123', '"123'))]],
  ['something behind a quote', '(FORMAT csv)', (data) => [Buffer.from(data.toString().replace('123', '"1"23'))]],
  ['a quote within a field', '(FORMAT csv)', (data) => [Buffer.from(data.toString().replace('123', '1"23'))]],
  ['a row in the header’s place', '(FORMAT csv, HEADER)', (data) => [Buffer.concat([data, data])]],
  ['another signature', '(FORMAT binary)', (data) => [Buffer.concat([Buffer.from('X'), data.subarray(1)])]],
  ['flags', '(FORMAT binary)', (data, index) => [index === 0 ? patched(data, 14, 1) : data]],
  ['another number of fields', '(FORMAT binary)', (data, index) => [index === 0 ? patched(data, 20, 1) : data]],
  ['a length beyond the row', '(FORMAT binary)', (data, index) => [index === 0 ? patched(data, 32, 120) : data]],
  ['a length short of the row', '(FORMAT binary)', (data, index) => [index === 0 ? patched(data, 32, 2) : data]],
  [
    'rows after the end',
    '(FORMAT binary)',
    (data, index) => (index === 0 ? [data, Buffer.from('ffff', 'hex'), data.subarray(19)] : []),
  ],
]

function patched(data: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(data)
  copy[at] = byte
  return copy
}

describe.skipIf('absent' in SHARED)('A stream of COPY that is not what it must be', () => {
  let wire: TamperingWire
  let scene: Scene
  beforeAll(async () => {
    if ('absent' in SHARED) throw new Error(SHARED.absent)
    wire = await TamperingWire.open(SHARED.address)
    scene = await openScene(SHARED.address, {
      sql: SCHEMA,
      policy: ALLOW_ALL + MASKS,
      targets: (target) => ({ shop: { ...target, host: '127.0.0.1', port: wire.port } }),
    })
  })
  afterAll(async () => {
    await scene.close()
    wire.close()
  })

  test('that is what it must be passes this wire', async () => {
    wire.tamper = (data) => [data]
    const client = await scene.enter()
    expect((await copyOut(client, 'COPY people (id, ssn) TO STDOUT')).toString()).toBe('1\t*******6789\n2\t\\N\n')
    await client.end()
  })

  test.each(TAMPERED)('ends the session at %s, and nothing of it passes', async (_what, options, tamper) => {
    wire.tamper = tamper
    const client = await scene.enter()
    const bytes: Buffer[] = []
    client.socket.on('data', (chunk: Buffer) => bytes.push(chunk))
    const messages = await client.query(`COPY people (id, ssn) TO STDOUT ${options}`)
    expect(errorOf(messages)?.fields.get('S')).toBe('FATAL')
    expect(errorOf(messages)?.fields.get('D')).toContain('RESULT_MISMATCH')
    expect(client.closed).toBe(true)
    expect(Buffer.concat(bytes).includes('45-6789')).toBe(false)
    expect(Buffer.concat(bytes).includes('123')).toBe(false)
  })

  test('raises an alarm', async () => {
    const alarms = await eventually('an alarm', () => scene.records(({ kind }) => kind === 'alarm'))
    expect(alarms[0]).toMatchObject({ alarm: { code: 'RESULT_MISMATCH' } })
  })
})
