import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createDatabase, LOGINS, type MysqlAddress, query } from '../../../../../test/servers/mysql.ts'
import { Secret } from '../../auth/secret.ts'
import { GrowableOutput } from '../cell-output.ts'
import type { MaskSpec } from '../mask-spec.ts'
import { MaskingKeys } from '../masking-keys.ts'
import { kindOf, MYSQL_TYPES } from './column-type.ts'
import type { MysqlCellFormat, MysqlColumnType } from './column-type.ts'
import { checkMysqlMask, compileMysqlCellMask } from './compile-mysql-cell-mask.ts'
import { mysqlColumnTypeOf } from './declared-type.ts'

// Asks real servers whether they take every masked value back, in text and in binary format, as the same value.

const keys = MaskingKeys.single(new Secret('7'.repeat(32)))
const specs: readonly MaskSpec[] = [
  { kind: 'redact' },
  { kind: 'withhold' },
  { kind: 'partial', keepFirst: 1, keepLast: 2 },
  { kind: 'partial', keepFirst: 0, keepLast: 4 },
  { kind: 'email' },
  { kind: 'hash' },
  { kind: 'pseudonym', domain: 'd' },
  ...(['year', 'month', 'day', 'hour', 1, 7, 1000] as const).map((to) => ({ kind: 'truncate', to }) as const),
  ...[
    '0', '7', '-1', '42', '255', '4294967295', '18446744073709551615', '1.5', '1e10', '1999', '0000', '2020-02-29', '2020-02-29 12:34:56',
    '2020-02-29 12:34:56.789', '-838:59:59', '12:34:56.7', '', 'hidden', 'café €', '😀', '{"a": [1]}', '"x"', '0x00ff', '101', '101010101',
    '6ba7b810-9dad-11d1-80b4-00c04fd430c8', '10.1.2.3', '2001:db8::7',
  ].map((value) => ({ kind: 'constant', value }) as const),
] // prettier-ignore

/** Types and literals of values in them. */
const both: readonly (readonly [string, readonly string[]])[] = [
  ['tinyint', ['-128', '-1', '0', '99', '127']],
  ['tinyint unsigned', ['7', '255']],
  ['tinyint(1)', ['0', '1']],
  ['smallint', ['-32768', '31000']],
  ['smallint unsigned', ['40000', '65535']],
  ['mediumint', ['-8388608', '8388607']],
  ['mediumint unsigned', ['16777215']],
  ['int', ['-2147483648', '1234', '2147483647']],
  ['int unsigned', ['4294967295']],
  ['int(7) unsigned zerofill', ['42', '1234']],
  ['bigint', ['-9223372036854775808', '9223372036854775807', '1234567890123']],
  ['bigint unsigned', ['18446744073709551615', '10000000000000000000', '5']],
  ['decimal(12,2)', ['1234.50', '-0.07', '0', '9999999999.99']],
  ['decimal(5,5)', ['0.12345']],
  ['decimal(65,0) unsigned', ['9'.repeat(65), '10000000000000000000']],
  ['decimal(8,2) unsigned zerofill', ['12.5']],
  ['float', ['1234.5', '-0.001']],
  ['double', ['1234.5', '-1.5e-300', '1e300']],
  ['year', ['1901', '1987', '2155', '0']],
  ['date', ["'1985-03-12'", "'9999-12-31'", "'0001-01-01'"]],
  ['datetime', ["'2024-02-29 12:34:56'", "'9999-12-31 23:59:59'"]],
  ['datetime(6)', ["'2024-02-29 12:34:56.789012'", "'2024-02-29 12:34:56.5'", "'2024-02-29 00:00:00'"]],
  ['timestamp(3) null', ["'2024-02-29 12:34:56.789'", "'2037-12-31 23:59:59'", "'1970-01-01 12:00:00'"]],
  ['time', ["'12:34:56'", "'-838:59:59'", "'838:59:59'", "'00:00:00'"]],
  ['time(6)', ["'12:34:56.789'", "'-00:00:00.5'", "'100:00:00.000001'"]],
  ['char(20)', ["'Ada Lovelace'", "''", "'ada@example.com'", "'😀é漢'"]],
  ['varchar(40)', ["'987-65-4320'", "'ada@example.com'", "'Ωμέγα'", "' '"]],
  ['varchar(5)', ["'a@b.c'", "'12345'"]],
  ['varchar(12) character set latin1', ["'M\u00fcller'"]],
  ['varchar(12) character set utf8mb3', ["'Müller'"]],
  ['tinytext', ["'Ada Lovelace'", `'${'x'.repeat(255)}'`]],
  ['text', ["'ada@example.com'", `'${'ab '.repeat(300)}'`]],
  ['longtext', ["'x'"]],
  ['json', ['\'{"a": 1}\'']],
  ['binary(16)', ["x'00112233445566778899aabbccddeeff'", "x'01'"]],
  ['varbinary(20)', ["x'ff00'", "''"]],
  ['varbinary(40)', ["x'ff00ff'"]],
  ['blob', ["x'ff00ff'"]],
  ['bit(1)', ["b'1'"]],
  ['bit(9)', ["b'101010101'"]],
  ['bit(64)', ["x'ffffffffffffffff'"]],
  ["enum('a','b')", ["'b'"]],
  ["set('a','b')", ["'a,b'"]],
  ['point', ['ST_GeomFromText("POINT(1 2)")']],
]
const ofMariadb: readonly (readonly [string, readonly string[]])[] = [
  ['uuid', ["'6ba7b810-9dad-11d1-80b4-00c04fd430c8'"]],
  ['inet4', ["'10.1.2.3'"]],
  ['inet6', ["'2001:db8::7'", "'::ffff:10.1.2.3'", "'::'"]],
]

describe.each(['mysql9', 'mariadb10'] as const)('%s', (name) => {
  const server = inject('servers')[name]
  if (!('address' in server)) {
    it.skip(`there is none: ${server.absent}`, () => undefined)
    return
  }
  const { address } = server
  let client: RawClient
  let drop: () => Promise<void>
  const columns = name === 'mariadb10' ? [...both, ...ofMariadb] : both

  beforeAll(async () => {
    const database = await createDatabase(
      address,
      `masked_${process.pid}_${Date.now()}`,
      columns
        .map(
          ([type, values], index) =>
            `CREATE TABLE t${index} (v ${type}); CREATE TABLE back${index} (id int auto_increment primary key, v ${type});` +
            values.map((value) => `INSERT INTO t${index} VALUES (${value});`).join(''),
        )
        .join(''),
    )
    ;({ drop } = database)
    await query(address.url, `GRANT ALL ON \`${database.database}\`.* TO ${LOGINS.empty.user}@'%'`)
    client = await RawClient.connect(address, database.database)
    await client.run("SET sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE', time_zone = '+00:00'")
  })
  afterAll(async () => {
    client.close()
    await drop()
  })

  it.each(columns.map(([type], index) => [type, index] as const))(
    'takes back every masked value of %s',
    async (declared, index) => {
      const select = `SELECT v FROM t${index}`
      const inText = await client.run(select)
      const inBinary = await client.execute(await client.prepare(select), null)
      const { type } = inText
      expect(inText.cells.length).toBeGreaterThan(0)
      expect(kindOf(inBinary.type)).toBe(kindOf(type))
      // MariaDB's JSON is declared as a longtext: only its extended metadata tells.
      if (name === 'mariadb10' && declared === 'json') {
        expect(type.extendedType).toBe('json')
        expect(kindOf(type)).toBe('json')
      } else {
        expect(kindOf(mysqlColumnTypeOf(declared)), 'as declared').toBe(kindOf(type))
      }
      const insert = await client.prepare(`INSERT INTO back${index} (v) VALUES (?)`)

      const seen = new Set<string>()
      const written: { readonly spec: string; readonly text: Buffer }[] = []
      await client.run('BEGIN')
      for (const spec of specs) {
        if (checkMysqlMask(spec, type) !== null) continue
        // Of which character set the column itself is, a result does not say.
        if (spec.kind === 'constant' && spec.value === '😀' && declared.includes('character set')) continue
        for (const [row, cell] of inText.cells.entries()) {
          const text = masked(spec, type, 'text', cell)
          const binary = masked(spec, inBinary.type, 'binary', inBinary.cells[row] ?? Buffer.alloc(0))
          expect(text === null).toBe(binary === null)
          if (text === null || binary === null) continue
          const key = `${text.toString('hex')} ${binary.toString('hex')}`
          if (seen.has(key)) continue
          seen.add(key)
          written.push({ spec: JSON.stringify(spec), text })
          await client.execute(insert, { type: parameterType(type, 'text'), cell: encoded(type, 'text', text) })
          await client.execute(insert, { type: parameterType(type, 'binary'), cell: encoded(type, 'binary', binary) })
        }
      }
      await client.run('COMMIT')
      const { cells } = await client.run(`SELECT v FROM back${index} ORDER BY id`)
      expect(cells.length).toBe(written.length * 2)
      for (const [at, { spec, text }] of written.entries()) {
        expect(cells[at * 2]?.toString('latin1'), spec).toBe(cells[at * 2 + 1]?.toString('latin1'))
        if (sameText(type)) expect(cells[at * 2]?.toString('latin1'), spec).toBe(text.toString('latin1'))
      }
      const isNull = /^(?:enum|set|point)/.test(declared)
      expect(written.length > 0).toBe(!isNull)
    },
  )
})

/** Numbers and fractions are written back with the column's own number of decimals. */
function sameText(type: MysqlColumnType): boolean {
  return !['decimal', 'float', 'datetime', 'timestamp', 'time', 'json'].includes(kindOf(type))
}

function masked(spec: MaskSpec, type: MysqlColumnType, format: MysqlCellFormat, cell: Buffer): Buffer | null {
  const out = new GrowableOutput(16)
  return compileMysqlCellMask(spec, type, format, keys).apply(cell, 0, cell.length, out)
    ? Buffer.from(out.bytes.subarray(0, out.length))
    : null
}

/** What a parameter says it is: a text, or the column's own type. Flag 0x8000: unsigned. */
function parameterType(type: MysqlColumnType, format: MysqlCellFormat): number {
  const kind = kindOf(type)
  if (kind === 'bytes' || kind === 'bit') return MYSQL_TYPES.blob
  if (format === 'text' || isText(type)) return MYSQL_TYPES.varString
  if (kind === 'year') return MYSQL_TYPES.short
  const own = type.type === MYSQL_TYPES.int24 ? MYSQL_TYPES.long : type.type
  return own | ((type.flags & 0x20) === 0 ? 0 : 0x8000)
}

function isText(type: MysqlColumnType): boolean {
  return ['text', 'foreign text', 'json', 'uuid', 'inet4', 'inet6', 'decimal'].includes(kindOf(type))
}

function encoded(type: MysqlColumnType, format: MysqlCellFormat, cell: Buffer): Buffer {
  if (format === 'binary' && !isLengthEncoded(type, 'binary')) return cell
  return Buffer.concat([lengthEncoded(cell.length), cell])
}

/** In binary rows and parameters, a length stands before everything but numbers. */
function isLengthEncoded(type: MysqlColumnType, format: MysqlCellFormat): boolean {
  return format === 'text' || !['integer', 'year', 'float'].includes(kindOf(type))
}

function lengthEncoded(length: number): Buffer {
  if (length < 251) return Buffer.from([length])
  const bytes = Buffer.alloc(3, 0xfc)
  bytes.writeUInt16LE(length, 1)
  return bytes
}

interface Result {
  readonly type: MysqlColumnType
  readonly cells: readonly Buffer[]
}
const none: Result = { type: mysqlColumnTypeOf('int'), cells: [] }

/** A client of results with one column, none of them NULL: enough to see the very bytes. MySQL manual, "Command Phase". */
class RawClient {
  readonly #socket: Socket
  readonly #mariadb: boolean
  #buffered: Buffer = Buffer.alloc(0)

  private constructor(socket: Socket, mariadb: boolean) {
    this.#socket = socket
    this.#mariadb = mariadb
  }

  /** Logs in as the account without a password. */
  static async connect(address: MysqlAddress, database: string): Promise<RawClient> {
    const socket = connect(address.port, address.host)
    await once(socket, 'connect')
    const mariadb = address.version !== 'mysql-9'
    const client = new RawClient(socket, mariadb)
    await client.#packet()
    const response = Buffer.alloc(32)
    // PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH, CONNECT_WITH_DB, DEPRECATE_EOF; of MariaDB the extended metadata
    response.writeUInt32LE(0x0000_0200 | 0x8000 | 0x8_0000 | 0x8 | 0x100_0000 | (mariadb ? 0 : 1))
    response.writeUInt32LE(0x100_0000, 4)
    response[8] = 45
    if (mariadb) response.writeUInt32LE(1 << 3, 28)
    const plugin = mariadb ? 'mysql_native_password' : 'caching_sha2_password'
    client.#send(1, Buffer.concat([response, Buffer.from(`${LOGINS.empty.user}\0\0${database}\0${plugin}\0`)]))
    const reply = await client.#packet()
    if (reply[0] === 0xff) throw new Error(reply.toString('latin1', 9))
    return client
  }

  close(): void {
    this.#socket.destroy()
  }

  /** COM_QUERY */
  async run(sql: string): Promise<Result> {
    this.#send(0, Buffer.from(`\x03${sql}`))
    return this.#result('text')
  }

  /** COM_STMT_PREPARE of a statement with at most one parameter and one column. */
  async prepare(sql: string): Promise<number> {
    this.#send(0, Buffer.from(`\x16${sql}`))
    const reply = await this.#good()
    for (let left = reply.readUInt16LE(5) + reply.readUInt16LE(7); left > 0; left--) await this.#packet()
    return reply.readUInt32LE(1)
  }

  /** COM_STMT_EXECUTE */
  async execute(
    statement: number,
    parameter: { readonly type: number; readonly cell: Buffer } | null,
  ): Promise<Result> {
    const head = Buffer.alloc(10)
    head[0] = 0x17
    head.writeUInt32LE(statement, 1)
    head[6] = 1
    const bound = Buffer.alloc(4)
    bound[1] = 1
    bound.writeUInt16LE(parameter?.type ?? 0, 2)
    this.#send(0, parameter === null ? head : Buffer.concat([head, bound, parameter.cell]))
    return this.#result('binary')
  }

  async #result(format: MysqlCellFormat): Promise<Result> {
    const first = await this.#good()
    if (first[0] === 0) return none
    const type = readColumn(await this.#packet(), this.#mariadb)
    const cells: Buffer[] = []
    for (;;) {
      const row = await this.#good()
      if (row[0] === 0xfe && row.length < 9) return { type, cells }
      let at = format === 'text' ? 0 : 2
      if (isLengthEncoded(type, format)) at += row[at] === 0xfc ? 3 : 1
      cells.push(row.subarray(at))
    }
  }

  async #good(): Promise<Buffer> {
    const packet = await this.#packet()
    if (packet[0] === 0xff) throw new Error(packet.toString('utf8', 9))
    return packet
  }

  #send(sequence: number, payload: Buffer): void {
    const header = Buffer.alloc(4)
    header.writeUIntLE(payload.length, 0, 3)
    header[3] = sequence
    this.#socket.write(Buffer.concat([header, payload]))
  }

  async #packet(): Promise<Buffer> {
    for (;;) {
      const length = this.#buffered.length < 4 ? Infinity : this.#buffered.readUIntLE(0, 3)
      if (this.#buffered.length >= length + 4) {
        const packet = this.#buffered.subarray(4, length + 4)
        this.#buffered = this.#buffered.subarray(length + 4)
        return packet
      }
      const [chunk] = (await once(this.#socket, 'data')) as [Buffer]
      this.#buffered = Buffer.concat([this.#buffered, chunk])
    }
  }
}

/** Protocol::ColumnDefinition41, with MariaDB's extended metadata. */
function readColumn(packet: Buffer, extended: boolean): MysqlColumnType {
  let at = 0
  for (let names = 0; names < 6; names++) at += 1 + (packet[at] ?? 0)
  let extendedType: string | null = null
  if (extended) {
    const end = at + 1 + (packet[at] ?? 0)
    at++
    while (at < end) {
      const length = packet[at + 1] ?? 0
      extendedType ??= packet.toString('latin1', at + 2, at + 2 + length)
      at += 2 + length
    }
  }
  return {
    characterSet: packet.readUInt16LE(at + 1),
    columnLength: packet.readUInt32LE(at + 3),
    type: packet[at + 7] ?? 0,
    flags: packet.readUInt16LE(at + 8),
    decimals: packet[at + 10] ?? 0,
    extendedType,
  }
}
