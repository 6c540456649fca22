import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createDatabase, LOGINS } from '../../../../test/servers/postgres.ts'
import { Secret } from '../auth/secret.ts'
import { GrowableOutput } from './cell-output.ts'
import { checkMask, compileCellMask } from './compile-cell-mask.ts'
import type { MaskSpec } from './mask-spec.ts'
import { MaskingKeys } from './masking-keys.ts'
import { isSafeForType, typeRows } from './type-table.ts'
import type { CellFormat, ValueType } from './value-type.ts'

// Asks real servers whether they take every masked value back, in text and in binary format, as the same value.

const keys = MaskingKeys.single(new Secret('7'.repeat(32)))

const specs: readonly MaskSpec[] = [
  { kind: 'redact' },
  { kind: 'partial', keepFirst: 1, keepLast: 2 },
  { kind: 'partial', keepFirst: 0, keepLast: 4 },
  { kind: 'partial', keepFirst: 0, keepLast: 0 },
  { kind: 'email' },
  { kind: 'hash' },
  { kind: 'pseudonym', domain: 'd' },
  { kind: 'null' },
  { kind: 'withhold' },
  ...(['year', 'month', 'day', 'hour', 1, 7, 1000] as const).map((to) => ({ kind: 'truncate', to }) as const),
]

/** Constants that `checkMask` must take for at least one declared type, and then the server too. */
const constants = [
  '',
  'x',
  'hidden',
  'ünï',
  'café €',
  '😀',
  'a b,"c"\\{}',
  'NULL',
  '0',
  '7',
  '-1',
  '42',
  '-32768',
  '2147483647',
  '9223372036854775807',
  '4294967295',
  '1.5',
  '-0.001',
  '12345.6789',
  '1e10',
  '1.5e-300',
  '3.4e38',
  'NaN',
  'Infinity',
  'true',
  'f',
  '2020-02-29',
  '0044-03-15 BC',
  'infinity',
  '-infinity',
  '12:34:56',
  '23:59:59.999999',
  '12:00:00+05:30',
  '01:02:03-11',
  '2020-02-29 12:34:56',
  '2020-02-29 12:34:56.5+05:30',
  '0001-01-01 00:00:00 BC',
  '5874897-12-31',
  '4714-11-24 BC',
  '1 year',
  '1 year 2 mons 3 days 04:05:06.7',
  '-3 days',
  '2 mons 01:00:00',
  'sad',
  'happy; "so"',
  '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  '{"a":[1,null,"x"]}',
  '[]',
  '"s"',
  '1e400',
  '\\x',
  '\\xDEADbeef',
  '10.1.2.3',
  '10.1.2.0/24',
  '::1',
  '2001:db8::/32',
  'fe80::1:2/64',
  '08:00:2b:01:02:03',
  '08:00:2b:01:02:03:04:05',
  '101',
  '10110',
  '1010101010101010',
  'plain text',
  '<redacted/>',
  ...typeRows.filter((row) => row.kind === 'other').map((row) => row.text),
]

/** Declared type, then values of it. */
const declared: readonly (readonly [string, ...string[]])[] = [
  ['text', 'Ada Lovelace', '', 'ada@example.com', 'ü€😀xyzäö', 'a"b\\c,{d}'],
  ['varchar', 'Ada Lovelace'],
  ['varchar(5)', 'Ada L', 'a@b.c', 'a', '', 'äöüß€'],
  ['varchar(12)', 'ab@x.example', '123-45-6789'],
  ['varchar(100)', 'grace.hopper@navy.example.org'],
  ['char(3)', 'abc', 'a', 'äö'],
  ['char(12)', 'Ada Lovelace', 'x', 'ada@x.org', 'ü€😀xyz'],
  ['char(40)', 'ada@example.com'],
  ['bpchar', 'Ada   '],
  ['name', 'pg_class_relname', 'x'.repeat(63)],
  ['"char"', 'a', 'Z'],
  ['citext', 'Ada@Example.com'],
  ['refcursor', 'cursor_1'],
  ['int2', '0', '-32768', '32767', '1234'],
  ['int4', '0', '-2147483648', '2147483647', '123456'],
  ['int8', '0', '-9223372036854775808', '9223372036854775807', '123456789012'],
  ['oid', '0', '4294967295'],
  [
    'numeric',
    '0',
    '-0.00001234',
    '123456789012345678901234567890.123456',
    'NaN',
    'Infinity',
    '-Infinity',
    '1e130',
    '10000',
  ],
  ['numeric(10,2)', '0', '99999999.99', '-12345.67', 'NaN', '10000'],
  ['numeric(2,4)', '0.0099'],
  ['numeric(3,-2)', '99900', '-1200'],
  ['numeric(8)', '12345678', '1'],
  ['float4', '0', '-1.5', '3.4028235e38', '1e-45', 'NaN', 'Infinity', '-Infinity', '12345.678'],
  ['float8', '0', '-1.5', '1.7976931348623157e308', '5e-324', 'NaN', '-Infinity', '123456789.123'],
  ['money', '0', '1234.56', '-9'],
  ['bool', 't', 'f'],
  [
    'date',
    '2024-02-29',
    'infinity',
    '-infinity',
    '0044-03-15 BC',
    '4714-11-24 BC',
    '5874897-12-31',
    '1969-12-31',
    '0001-01-01',
  ],
  ['time', '12:34:56.789', '24:00:00'],
  ['time(0)', '12:34:56'],
  ['timetz', '12:34:56.789+05:30'],
  [
    'timestamp',
    '2024-02-29 23:59:59.999999',
    'infinity',
    '-infinity',
    '0044-03-15 11:22:33 BC',
    '4714-11-24 00:00:00 BC',
    '294276-12-31 23:59:59.999999',
    '1969-12-31 23:59:59.5',
    '1999-12-31 23:59:59.5',
  ],
  ['timestamp(0)', '2024-02-29 23:59:59'],
  [
    'timestamptz',
    '2024-02-29 23:59:59.999999+05:30',
    'infinity',
    '-infinity',
    '0044-03-15 11:22:33+00 BC',
    '2024-07-01 00:30:00+00',
    '4714-11-24 00:00:00+00 BC',
    '294276-12-31 23:59:59.999999+00',
    '1700-01-01 00:00:00+00',
    '2024-01-01 00:30:00+00',
  ],
  ['interval', '1 year 2 mons 3 days 04:05:06.7', '-1 day'],
  ['interval day to second', '3 days 04:05:06'],
  ['uuid', '6ba7b810-9dad-11d1-80b4-00c04fd430c8'],
  ['json', '{"ssn": "123-45-6789"}', '[1, null]', '"x"'],
  ['jsonb', '{"ssn": "123-45-6789"}', '[1, null]', '"x"'],
  ['jsonpath', '$.ssn'],
  ['xml', '<a>secret</a>', 'plain'],
  ['bytea', '\\x', '\\xdeadbeef00', '\\x5c41'],
  ['bit', '1'],
  ['bit(5)', '10101'],
  ['bit(16)', '1010101010101010'],
  ['varbit', '', '1011'],
  ['varbit(3)', '101'],
  ['inet', '10.1.2.3', '10.1.2.3/8', '2001:db8::1', '2001:db8::1/64', '::ffff:10.1.2.3', '::1', '::'],
  ['cidr', '10.1.2.0/24', '10.16.0.0/13', '0.0.0.0/0', '10.1.2.3/32', '2001:db8::/32', '2001:db8::/29'],
  ['macaddr', '08:00:2b:01:02:03'],
  ['macaddr8', '08:00:2b:01:02:03:04:05'],
  ['point', '(1,2)'],
  ['lseg', '[(1,2),(3,4)]'],
  ['path', '[(1,2),(3,4)]'],
  ['box', '(3,4),(1,2)'],
  ['polygon', '((1,2),(3,4),(5,6))'],
  ['line', '{1,2,3}'],
  ['circle', '<(1,2),3>'],
  ['tsvector', 'a:1 fat:2 cat:3'],
  ['tsquery', 'fat & cat'],
  ['int4range', '[1,5)', 'empty'],
  ['numrange', '[1.5,)'],
  ['tsrange', '["2020-01-01 00:00:00","2021-01-01 00:00:00")'],
  ['tstzrange', '["2020-01-01 00:00:00+00",)'],
  ['daterange', '[2020-01-01,2020-02-01)'],
  ['int8range', '[1,5)'],
  ['int4multirange', '{[1,5),[7,9)}'],
  ['nummultirange', '{[1.5,2)}'],
  ['tsmultirange', '{}'],
  ['tstzmultirange', '{}'],
  ['datemultirange', '{[2020-01-01,2020-02-01)}'],
  ['int8multirange', '{[1,5)}'],
  ['xid', '42'],
  ['cid', '42'],
  ['xid8', '42'],
  ['tid', '(1,2)'],
  ['pg_lsn', '16/B374D848'],
  ['regproc', 'now'],
  ['regprocedure', 'abs(integer)'],
  ['regoper', '+(integer,integer)'],
  ['regoperator', '+(integer,integer)'],
  ['regclass', 'pg_class'],
  ['regtype', 'integer'],
  ['regrole', 'pg_monitor'],
  ['regnamespace', 'pg_catalog'],
  ['regconfig', 'english'],
  ['regdictionary', 'simple'],
  ['regcollation', '"C"'],
  ['hstore', 'a=>1'],
  ['ltree', 'Top.Science'],
  ['mood', 'sad', 'happy; "so"'],
  ['composite', '(1,secret)'],
  [
    'text[]',
    '{}',
    '{Ada,"",NULL,"null","a\\"b\\\\c,{d}","ü€😀 x"}',
    '{{a@b.example,bcdefgh},{c,NULL}}',
    '[5:6]={abcdefghijk,y}',
  ],
  ['varchar(5)[]', '{Ada,abcde}'],
  ['char(4)[]', '{Ada,abcd}'],
  ['citext[]', '{Ada}'],
  ['int4[]', '{1,2,NULL,-5000}', '{{{1},{2}}}'],
  ['int8[]', '{9223372036854775807}'],
  ['numeric(10,2)[]', '{1234.56,NULL,-0.01}'],
  ['date[]', '{2024-02-29,infinity,"0044-03-15 BC"}'],
  ['timestamptz[]', '{"2024-02-29 23:59:59.999999+05:30"}'],
  ['timestamp[]', '{"2024-02-29 23:59:59.999999"}'],
  ['uuid[]', '{6ba7b810-9dad-11d1-80b4-00c04fd430c8}'],
  ['bytea[]', '{"\\\\xdeadbeef",NULL}'],
  ['jsonb[]', '{"{\\"a\\": 1}"}'],
  ['bool[]', '{t,f,NULL}'],
  ['bit(3)[]', '{101}'],
  ['point[]', '{"(1,2)"}'],
  ['box[]', '{(3,4),(1,2);(7,8),(5,6)}'],
  ['inet[]', '{10.1.2.3}'],
  ['tsvector[]', '{"a b"}'],
  ['int4range[]', '{"[1,5)"}'],
  ['mood[]', '{sad,NULL,"happy; \\"so\\""}'],
  ['composite[]', '{"(1,secret)"}'],
  ['name[]', '{pg_class}'],
  ['"char"[]', '{a,b}'],
  ['int2vector', '1 2 3'],
  ['oidvector', '1 2 3'],
]

const noRow = Buffer.from('ERROR no row')

/** How NULL is shown beside values: no value looks like this. */
const nullShown = 'NULL, not a value'

/** Types no column can have. */
const notColumns = new Set(['unknown', 'cstring'])

const { postgres18, postgres15 } = inject('servers')

describe.each([
  { version: 'PostgreSQL 18', shared: postgres18 },
  { version: 'PostgreSQL 15', shared: postgres15 },
])('the types of $version', ({ version, shared }) => {
  if ('absent' in shared) it.skip(`(${shared.absent})`, () => undefined)
  else acceptance(shared.address, `mask_types_${version.slice(-2)}`)
})

function acceptance(address: Parameters<typeof createDatabase>[0], name: string): void {
  let server: Client
  let database: Awaited<ReturnType<typeof createDatabase>> | undefined
  const types = new Map<string, ValueType>()

  beforeAll(async () => {
    const tables = declared.map(([type], index) => `create table t${index} (v ${type});`)
    database = await createDatabase(
      address,
      name,
      `create extension citext; create extension hstore; create extension ltree;
       create type mood as enum ('sad', 'happy; "so"'); create type composite as (a int, b text);
       ${tables.join(' ')}
       grant all on all tables in schema public to ${LOGINS.trust.user}`,
    )
    server = await Client.login(address.host, address.port, LOGINS.trust.user, name)
    await server.run(`set timezone to 'America/St_Johns'`)
    for (const [index, [type]] of declared.entries()) types.set(type, await readType(server, `t${index}`))
  })

  afterAll(async () => {
    server.close()
    await database?.drop()
  })

  it('has a case for every row of the type table', () => {
    const seen = new Set([...types.values()].map((type) => type.name))
    const missing = typeRows.filter((row) => !seen.has(row.name) && !notColumns.has(row.name))
    expect(missing.map((row) => row.name)).toEqual([])
  })

  it('gives the built-in types the OIDs of the table, or they would not be known', () => {
    const unsafe = [...types].filter(([, type]) => !isSafeForType(type)).map(([name]) => name)
    expect(unsafe).toEqual(['composite', 'composite[]', 'int2vector', 'oidvector'])
  })

  for (const [index, [name, ...values]] of declared.entries()) {
    it(`takes back every masked ${name}, and the same one in text and in binary`, async () => {
      const type = types.get(name)
      if (type === undefined) throw new Error('the type was not read')
      const asStored = await server.echoAll(
        index,
        type.oid,
        values.flatMap((value) => [0, 1].map((result) => ({ value: Buffer.from(value), format: 0, result }))),
      )
      const applicable = [...specs, ...constants.map((value) => ({ kind: 'constant', value }) as const)].filter(
        (spec) => checkMask(spec, type) === null,
      )
      const cases = values.flatMap((value, at) =>
        applicable.map((spec) => ({
          spec,
          value,
          masked: ([0, 1] as const).map((format) => maskOf(spec, type, format, asStored[at * 2 + format] ?? noRow)),
        })),
      )
      const echoes = await server.echoAll(
        index,
        type.oid,
        cases.flatMap(({ masked }) =>
          masked.flatMap((bytes, format) => (bytes === null ? [] : [{ value: bytes, format, result: 0 }])),
        ),
      )
      const problems: string[] = []
      for (const { spec, value, masked } of cases) {
        const shown = masked.map((bytes) => (bytes === null ? nullShown : (echoes.shift() ?? noRow).toString()))
        const problem = shown.find((text) => text.startsWith('ERROR'))
        const said = `${JSON.stringify(spec)} of ${value}: ${shown.join(' <> ')}`
        if (problem !== undefined || shown[0] !== shown[1]) problems.push(said)
        const becomesNull = spec.kind === 'null' || (spec.kind === 'withhold' && name === 'bool')
        if ((shown[0] === nullShown) !== (becomesNull || !isSafeForType(type))) problems.push(said)
      }
      expect(problems).toEqual([])
      expect(echoes).toEqual([])
    })
  }

  it('has a constant for every type that takes constants', () => {
    const without = [...types].filter(
      ([, type]) => !constants.some((value) => checkMask({ kind: 'constant', value }, type) === null),
    )
    expect(without.map(([name]) => name)).toEqual([])
  })

  it('writes booleans, numbers and dates the server means the same by as the constant says', async () => {
    for (const [name, value, shown] of [
      ['numeric', '-0.001', '-0.001'],
      ['numeric', '12345.6789', '12345.6789'],
      ['timestamptz', '2020-02-29 12:34:56.5+05:30', '2020-02-29 03:34:56.5-03:30'],
      ['timetz', '12:00:00+05:30', '12:00:00+05:30'],
      ['interval', '1 year 2 mons 3 days 04:05:06.7', '1 year 2 mons 3 days 04:05:06.7'],
      ['inet', '2001:db8::/32', '2001:db8::/32'],
      ['bit(5)', '10110', '10110'],
      ['date', '0044-03-15 BC', '0044-03-15 BC'],
    ] as const) {
      const type = types.get(name)
      if (type === undefined) throw new Error('the type was not read')
      const index = declared.findIndex(([declaredName]) => declaredName === name)
      const masked = maskOf({ kind: 'constant', value }, type, 1, Buffer.from('x'))
      expect((await server.echo(index, type.oid, masked ?? Buffer.alloc(0), 1, 0)).toString()).toBe(shown)
    }
  })

  it('truncates as the server does', async () => {
    const zone = 'UTC'
    for (const unit of ['year', 'month', 'day', 'hour'] as const) {
      for (const name of ['timestamp', 'timestamptz'] as const) {
        const type = types.get(name)
        const index = declared.findIndex(([declaredName]) => declaredName === name)
        const values = declared[index]?.slice(1).filter((value) => !value.startsWith('4714')) ?? []
        if (type === undefined || values.length === 0) throw new Error('the type was not read')
        for (const value of values) {
          const cell = await server.echo(index, type.oid, Buffer.from(value), 0, 0)
          const masked = maskOf({ kind: 'truncate', to: unit }, type, 0, cell)
          const truncated = `date_trunc('${unit}', '${value}'::${name} ${name === 'timestamptz' ? `, '${zone}'` : ''})`
          const [expected] = await server.run(`select ${truncated}`)
          const shown = await server.echo(index, type.oid, masked ?? Buffer.alloc(0), 0, 0)
          expect(`${value} ${unit} ${shown.toString()}`).toBe(`${value} ${unit} ${expected?.[0]}`)
        }
      }
    }
  })
}

function maskOf(spec: MaskSpec, type: ValueType, format: CellFormat, cell: Buffer): Buffer | null {
  const out = new GrowableOutput(16)
  const present = compileCellMask(spec, type, format, keys).apply(cell, 0, cell.length, out)
  return present ? Buffer.from(out.bytes.subarray(0, out.length)) : null
}

async function readType(server: Client, table: string): Promise<ValueType> {
  const [column] = await server.run(
    `select atttypid, atttypmod from pg_attribute where attrelid = '${table}'::regclass and attname = 'v'`,
  )
  return typeByOid(server, column?.[0] ?? '', Number(column?.[1]))
}

async function typeByOid(server: Client, oid: string, modifier: number): Promise<ValueType> {
  const [row] = await server.run(`select typname, typelem, typtype from pg_type where oid = ${oid}`)
  const labels = await server.run(`select enumlabel from pg_enum where enumtypid = ${oid} order by enumsortorder`)
  const [name = '', element = '0', kind = ''] = row ?? []
  return {
    name: name ?? '',
    oid: Number(oid),
    element: element === '0' ? null : await typeByOid(server, element ?? '', -1),
    enumLabels: kind === 'e' ? labels.map(([label]) => label ?? '') : null,
    modifier,
  }
}

interface Echo {
  readonly value: Buffer
  readonly format: number
  readonly result: number
}

/** Just enough of a PostgreSQL client to send one parameter in a chosen format and read one cell in another. */
class Client {
  readonly #socket: Socket
  #received = Buffer.alloc(0)

  constructor(socket: Socket) {
    this.#socket = socket
  }

  static async login(host: string, port: number, user: string, database: string): Promise<Client> {
    const socket = connect(port, host)
    await once(socket, 'connect')
    const client = new Client(socket)
    const parameters = `user\0${user}\0database\0${database}\0\0`
    socket.write(Buffer.concat([int32(8 + parameters.length), int32(196_608), Buffer.from(parameters)]))
    await client.#untilReady()
    return client
  }

  close(): void {
    this.#socket.destroy()
  }

  async run(sql: string): Promise<(string | null)[][]> {
    this.#socket.write(message('Q', Buffer.from(`${sql}\0`)))
    const { rows, error } = await this.#untilReady()
    if (error !== null) throw new Error(`${error}: ${sql}`)
    return rows.map((row) => row.map((cell) => cell?.toString() ?? null))
  }

  /** What a column holds after the value was stored in it; text that starts with ERROR where the server refused the value. */
  async echo(index: number, oid: number, value: Buffer, format: CellFormat, result: CellFormat): Promise<Buffer> {
    return (await this.echoAll(index, oid, [{ value, format, result }]))[0] ?? noRow
  }

  /** The same for many values at once, in their order. */
  async echoAll(index: number, oid: number, values: readonly Echo[]): Promise<Buffer[]> {
    const sql = `insert into t${index} values ($1) returning v\0`
    const parse = message('P', Buffer.concat([Buffer.from(`\0${sql}`), int16(1), int32(oid)]))
    const execute = Buffer.concat([
      message('E', Buffer.concat([Buffer.from('\0'), int32(0)])),
      message('S', Buffer.alloc(0)),
    ])
    const binds = values.map(({ value, format, result }) => {
      const parameter = [int16(1), int16(format), int16(1), int32(value.length), value]
      return message('B', Buffer.concat([Buffer.from('\0\0'), ...parameter, int16(1), int16(result)]))
    })
    this.#socket.write(Buffer.concat(binds.flatMap((bind) => [parse, bind, execute])))
    const echoes: Buffer[] = []
    while (echoes.length < values.length) {
      const { rows, error } = await this.#untilReady()
      echoes.push(error === null ? (rows[0]?.[0] ?? noRow) : Buffer.from(`ERROR ${error}`))
    }
    return echoes
  }

  async #untilReady(): Promise<{ rows: (Buffer | null)[][]; error: string | null }> {
    const rows: (Buffer | null)[][] = []
    let error: string | null = null
    for (;;) {
      while (this.#received.length < 5 || this.#received.length < 1 + this.#received.readInt32BE(1)) {
        const [chunk]: Buffer[] = await once(this.#socket, 'data')
        if (chunk !== undefined) this.#received = Buffer.concat([this.#received, chunk])
      }
      const tag = String.fromCharCode(this.#received[0] ?? 0)
      const length = this.#received.readInt32BE(1)
      const body = this.#received.subarray(5, 1 + length)
      this.#received = this.#received.subarray(1 + length)
      if (tag === 'R' && body.readInt32BE(0) !== 0) throw new Error('this client can only log in without a password')
      if (tag === 'E') error = body.toString().replaceAll('\0', ' ')
      if (tag === 'D') rows.push(readRow(body))
      if (tag === 'Z') return { rows, error }
    }
  }
}

function readRow(body: Buffer): (Buffer | null)[] {
  let at = 2
  return Array.from({ length: body.readInt16BE(0) }, () => {
    const length = body.readInt32BE(at)
    at += 4
    if (length === -1) return null
    at += length
    return Buffer.from(body.subarray(at - length, at))
  })
}

function message(tag: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(tag), int32(body.length + 4), body])
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
