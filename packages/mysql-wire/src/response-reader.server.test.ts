import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createDatabase, type MysqlAddress, query } from '../../../test/servers/mysql.ts'
import { Capability, MariadbCapability, ServerStatus } from './capabilities.ts'
import { encodeHandshakeResponse } from './handshake-response.ts'
import { LARGEST_PACKET } from './packet-limits.ts'
import { ANY_SEQUENCE_ID, PacketCursor } from './packet-cursor.ts'
import { PacketWriter } from './packet-writer.ts'
import { PayloadReader } from './payload-reader.ts'
import { responseKindOf, ResponseKind, ResponsePart } from './response-kind.ts'
import { ResponseReader } from './response-reader.ts'
import { decodeColumnDefinition, type ColumnDefinition } from './result-column.ts'
import { BinaryRowWalker } from './row-binary.ts'
import { TextRowWalker } from './row-text.ts'

// Asks real servers, under every set of capabilities that changes what responses look like, and holds what they answer
// against what the reader makes of it.

const USER = 'reader_login'
const BASE =
  Capability.LONG_FLAG |
  Capability.PROTOCOL_41 |
  Capability.TRANSACTIONS |
  Capability.SECURE_CONNECTION |
  Capability.PLUGIN_AUTH |
  Capability.CONNECT_WITH_DB |
  Capability.MULTI_STATEMENTS |
  Capability.MULTI_RESULTS |
  Capability.PS_MULTI_RESULTS
const { DEPRECATE_EOF, SESSION_TRACK, OPTIONAL_RESULTSET_METADATA, LONG_PASSWORD } = Capability
const { CACHE_METADATA, EXTENDED_METADATA, PROGRESS } = MariadbCapability
const EXTENDED = CACHE_METADATA | EXTENDED_METADATA | PROGRESS
const { ColumnCount, ColumnDefinition: Definition, DefinitionsEnd, Row, ResultEnd, Ok, Err } = ResponsePart

/** One packet of a response: what the reader says it is, and its payload. */
interface Part {
  readonly part: ResponsePart
  readonly payload: Buffer
}

const NOTHING_SAID = { resultIndex: 0, cursorOpened: false, definitionsFollow: true, flags: 0 }

/** A connection that speaks with chosen capabilities. Each response must end where the reader says: nothing may come behind it. */
class Client {
  readonly reader: ResponseReader
  readonly extended: boolean
  /** What the reader said at the end of the last response. */
  last: { resultIndex: number; cursorOpened: boolean; definitionsFollow: boolean; flags: number } = NOTHING_SAID
  readonly #socket: Socket
  readonly #cursor = new PacketCursor(1 << 26)
  readonly #packets: Buffer[] = []
  #arrived: (() => void) | null = null
  #loggingIn = true
  #fault: unknown = null

  private constructor(socket: Socket, capabilities: number, mariadbCapabilities: number) {
    this.#socket = socket
    this.#cursor.joined = true
    this.reader = new ResponseReader({ capabilities, mariadbCapabilities })
    this.extended = (mariadbCapabilities & EXTENDED_METADATA) !== 0
    socket.on('data', (chunk: Buffer) => {
      try {
        this.#take(chunk)
      } catch (error) {
        this.#fault = error
      }
      this.#arrived?.()
    })
  }

  #take(chunk: Buffer): void {
    const cursor = this.#cursor
    cursor.feed(chunk, 0, chunk.length)
    for (;;) {
      if (this.#loggingIn) cursor.nextSequenceId = ANY_SEQUENCE_ID
      if (!cursor.next()) return
      this.#packets.push(Buffer.from(cursor.bytes.subarray(cursor.payload, cursor.end)))
    }
  }

  static async open(server: MysqlAddress, database: string, flags: number, mariadb: number): Promise<Client> {
    const socket = connect(server.port, server.host)
    await once(socket, 'connect')
    const capabilities = (BASE | flags | (mariadb === 0 ? LONG_PASSWORD : 0)) >>> 0
    const client = new Client(socket, capabilities, mariadb)
    await client.#next()
    const writer = new PacketWriter()
    writer.nextSequenceId = 1
    const response = {
      maxPacketSize: 1 << 26,
      characterSet: 45,
      username: USER,
      authResponse: Buffer.alloc(0),
      database,
    }
    const plugin = { authPluginName: 'mysql_native_password', attributes: new Map(), zstdCompressionLevel: 0 }
    encodeHandshakeResponse(
      { kind: 'HandshakeResponse41', capabilities, mariadbCapabilities: mariadb, ...response, ...plugin },
      writer,
    )
    socket.write(writer.take())
    for (let packet = await client.#next(); packet[0] !== 0; packet = await client.#next()) {
      if (packet[0] === 0xff) throw new Error(packet.toString())
      // Asked to switch to another plugin: no password is an empty answer in all of them.
      if (packet[0] === 0xfe) socket.write(Buffer.from([0, 0, 0, 3]))
    }
    client.#loggingIn = false
    return client
  }

  async #next(): Promise<Buffer> {
    for (;;) {
      const packet = this.#packets.shift()
      if (packet !== undefined) return packet
      if (this.#fault !== null) throw this.#fault
      await new Promise<void>((resolve) => {
        this.#arrived = resolve
      })
    }
  }

  /** Sends a command and reads its response, then a COM_PING, whose OK must come next. */
  async ask(command: number, body: Buffer | string = ''): Promise<Part[]> {
    const parts = await this.#ask(command, body)
    const { resultIndex, cursorOpened, definitionsFollow, status } = this.reader
    this.last = { resultIndex, cursorOpened, definitionsFollow, flags: status.flags }
    expect((await this.#ask(0x0e, '')).map(({ part }) => part)).toEqual([Ok])
    return parts
  }

  async #ask(command: number, body: Buffer | string): Promise<Part[]> {
    const { reader } = this
    this.#socket.write(new PacketWriter().begin(0).int1(command).bytes(Buffer.from(body)).end().take())
    this.#cursor.nextSequenceId = 1
    reader.begin(responseKindOf(command) ?? ResponseKind.None)
    const parts: Part[] = []
    while (!reader.over) {
      const payload = await this.#next()
      parts.push({ part: reader.packet(payload, 0, payload.length, payload.length), payload })
    }
    expect(this.#packets).toHaveLength(0)
    return parts
  }

  query(text: string): Promise<Part[]> {
    return this.ask(0x03, text)
  }

  async prepare(text: string): Promise<number> {
    const parts = await this.ask(0x16, text)
    expect(parts[0]?.part).toBe(ResponsePart.PrepareOk)
    return this.reader.prepared?.statementId ?? 0
  }

  execute(statementId: number, cursor: 0 | 1 = 0): Promise<Part[]> {
    const body = Buffer.alloc(9)
    body.writeUInt32LE(statementId)
    body[4] = cursor
    body.writeUInt32LE(1, 5)
    return this.ask(0x17, body)
  }

  fetch(statementId: number, rows: number): Promise<Part[]> {
    const body = Buffer.alloc(8)
    body.writeUInt32LE(statementId)
    body.writeUInt32LE(rows, 4)
    return this.ask(0x1c, body)
  }

  definitions(parts: readonly Part[]): ColumnDefinition[] {
    return parts
      .filter(({ part }) => part === Definition)
      .map(({ payload }) => {
        const reader = new PayloadReader(payload)
        const definition = decodeColumnDefinition(reader, this.extended)
        reader.end()
        return definition
      })
  }

  close(): void {
    this.#socket.destroy()
  }
}

const kinds = (parts: readonly Part[]): ResponsePart[] => parts.map(({ part }) => part)
const count = (parts: readonly Part[], part: ResponsePart): number => kinds(parts).filter((is) => is === part).length
const only = (parts: readonly Part[], part: ResponsePart): Buffer[] =>
  parts.filter((is) => is.part === part).map(({ payload }) => payload)

const SCHEMA = `
create table n (id int primary key, s varchar(20) not null default 'a default');
insert into n values (1, 'one'), (2, 'two'), (3, 'three'), (4, 'four'), (5, 'five');
create table kinds (
  a tinyint, b smallint unsigned, c mediumint, d int, e bigint unsigned, f float, g double, h decimal(20, 5), i date, j datetime(6),
  k timestamp(3) null, l time(6), m year, n char(10), o varchar(300), p binary(4), q varbinary(10), r mediumtext, s blob, t enum('x', 'y'), u set('x', 'y'),
  v bit(9), w json, x geometry
);
insert into kinds values
  (1, 2, 3, 4, 18446744073709551615, 1.5, 2.5, 12345.67890, '2024-02-29', '2024-02-29 12:34:56.789012', '2024-02-29 12:34:56.789', '-838:59:59', 1999,
   'char', repeat('v', 300), 'bin', 'varbin', repeat('t', 70000), 'blob', 'x', 'x,y', b'101', '{"a": 1}', point(1, 2)),
  (null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
  (0, 0, 0, 0, 0, 0, 0, 0, '2000-01-01', '2000-01-01', '2000-01-01', '00:00:00', 0, '', '', '', '', '', '', null, '', b'0', '[]', null);
create procedure two() begin select id from n where id < 3; select id, s from n; end;
create procedure gives(out x int) begin select 1; set x = 7; end;
`

describe.each(['mysql9', 'mariadb10'] as const)('%s', (version) => {
  const shared = inject('servers')[version]
  const mixes: readonly (readonly [string, number, number])[] = [
    ['EOF packets', 0, 0],
    ['DEPRECATE_EOF and SESSION_TRACK', DEPRECATE_EOF | SESSION_TRACK, 0],
    ...(version === 'mysql9'
      ? ([
          ['optional metadata', OPTIONAL_RESULTSET_METADATA, 0],
          ['optional metadata and DEPRECATE_EOF', OPTIONAL_RESULTSET_METADATA | DEPRECATE_EOF, 0],
        ] as const)
      : ([
          ['cached and extended metadata', 0, EXTENDED],
          ['cached and extended metadata and DEPRECATE_EOF', DEPRECATE_EOF, EXTENDED],
        ] as const)),
  ]
  if ('absent' in shared) {
    it.skip(`is not here: ${shared.absent}`, () => undefined)
    return
  }
  const server = shared.address
  const database = `responses_${version}`
  let drop: () => Promise<void> = () => Promise.resolve()
  beforeAll(async () => {
    const created = await createDatabase(server, database, SCHEMA)
    drop = created.drop
    await query(server.url, `create user if not exists ${USER}@'%'; grant all on ${database}.* to ${USER}@'%'`)
  })
  afterAll(async () => {
    await query(server.url, `drop user if exists ${USER}@'%'`)
    await drop()
  })

  describe.each(mixes)('with %s', (_name, flags, mariadb) => {
    let client: Client
    const deprecateEof = (flags & DEPRECATE_EOF) !== 0
    const header = (columns: number): ResponsePart[] => [
      ColumnCount,
      ...Array.from({ length: columns }, () => Definition),
      ...(deprecateEof ? [] : [DefinitionsEnd]),
    ]
    beforeAll(async () => {
      client = await Client.open(server, database, flags, mariadb)
    })
    afterAll(() => client.close())

    it('OK, ERR and text results end where they end, alone and in a row', async () => {
      expect(kinds(await client.query('do 1'))).toEqual([Ok])
      expect(kinds(await client.query('select nothing'))).toEqual([Err])
      expect(kinds(await client.query('select id, s from n where id < 3'))).toEqual([...header(2), Row, Row, ResultEnd])
      const several = await client.query('select 1; do 2; select 3 from n where false; update n set s = s; selec')
      const first = [...header(1), Row, ResultEnd, Ok, ...header(1), ResultEnd, Ok, Err]
      expect(kinds(several)).toEqual(first)
      expect(client.last.resultIndex).toBe(4)
      // Rows that came before the error stay.
      const failed = kinds(await client.query('select exp(id * id * 100) from n order by id'))
      expect(failed.slice(-2)).toEqual([Row, Err])
    })

    it('rows of every column type are walked to their end, in text and binary, and hold the same number of NULLs', async () => {
      const text = await client.query('select * from kinds')
      const binary = await client.execute(await client.prepare('select * from kinds'))
      // MariaDB leaves out what the reply to COM_STMT_PREPARE has told.
      const definitions = client.definitions(text)
      expect(definitions).toHaveLength(24)
      if (client.extended) expect(definitions[22]?.format).toBe('json')
      const walkers = [
        [new TextRowWalker(24), text],
        [new BinaryRowWalker(definitions.map(({ type }) => type)), binary],
      ] as const
      for (const [walker, parts] of walkers) {
        const rows = only(parts, Row)
        expect(rows).toHaveLength(3)
        const nulls = rows.map((row) => {
          walker.reset(row, 0, row.length)
          let found = 0
          while (walker.next()) if (walker.isNull) found++
          return found
        })
        expect(nulls).toEqual([0, 24, 2])
      }
    })

    it('results of a procedure, and out parameters, are followed by its OK', async () => {
      const called = await client.query('call two()')
      expect(kinds(called)).toEqual([
        ...header(1),
        Row,
        Row,
        ResultEnd,
        ...header(2),
        Row,
        Row,
        Row,
        Row,
        Row,
        ResultEnd,
        Ok,
      ])
      const id = await client.prepare('call gives(?)')
      const body = Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 6, 0])
      body.writeUInt32LE(id)
      const given = await client.ask(0x17, body)
      expect(kinds(given)).toEqual([...header(1), Row, ResultEnd, ...header(1), Row, ResultEnd, Ok])
    })

    it('a cursor is opened, and fetched from to its last row', async () => {
      const id = await client.prepare('select id from n where id > 1')
      const opened = await client.execute(id, 1)
      expect(count(opened, Row)).toBe(0)
      expect(client.last.cursorOpened).toBe(true)
      expect(kinds(await client.fetch(id, 3))).toEqual([Row, Row, Row, ResultEnd])
      const rest = [...(await client.fetch(id, 3)), ...(await client.fetch(id, 3))]
      expect(count(rest, Row)).toBe(1)
      expect(client.last.flags & ServerStatus.LAST_ROW_SENT || rest.at(-1)?.part === Err).toBeTruthy()
    })

    it('commands beside statements end as well', async () => {
      const fields = await client.ask(0x04, 'n\0')
      expect(kinds(fields)).toEqual([ResponsePart.FieldDefinition, ResponsePart.FieldDefinition, ResultEnd])
      expect(kinds(await client.ask(0x09))).toEqual([ResponsePart.Statistics])
      expect(kinds(await client.ask(0x1b, Buffer.from([0, 0])))).toEqual([Ok])
      expect(kinds(await client.ask(0x1b, Buffer.from([1, 0])))).toEqual([Ok])
      expect(kinds(await client.ask(0x02, database))).toEqual([Ok])
      expect([Ok, Err]).toContain((await client.ask(0x0d))[0]?.part)
      expect([ResultEnd, Err]).toContain((await client.ask(0x0a)).at(-1)?.part)
      const id = await client.prepare('select 1')
      const body = Buffer.alloc(4)
      body.writeUInt32LE(id)
      expect(kinds(await client.ask(0x1a, body))).toEqual([Ok])
      expect(kinds(await client.ask(0x19, body))).toEqual([])
      expect(kinds(await client.ask(0x1f))).toEqual([Ok])
    })

    it('metadata that is left out is missed by nobody', async () => {
      if (flags & OPTIONAL_RESULTSET_METADATA) {
        await client.query('set resultset_metadata = none')
        const parts = await client.query('select id, s from n where id = 1')
        expect(kinds(parts)).toEqual([ColumnCount, ...(deprecateEof ? [] : [DefinitionsEnd]), Row, ResultEnd])
        expect(client.last.definitionsFollow).toBe(false)
        await client.query('set resultset_metadata = full')
      } else {
        const id = await client.prepare('select id from n where id = 1')
        const parts = await client.execute(id)
        expect(client.last.definitionsFollow).toBe(mariadb === 0)
        expect(count(parts, Row)).toBe(1)
      }
    })
  })

  it('a row with a cell of 16 MiB in front is a row', async () => {
    await query(server.url, 'set global max_allowed_packet = 67108864')
    const client = await Client.open(server, database, DEPRECATE_EOF, 0)
    const parts = await client.query(`select repeat('x', ${LARGEST_PACKET + 1}), 1`)
    const [row] = only(parts, Row)
    expect(row?.[0]).toBe(0xfe)
    expect(row?.length).toBe(9 + LARGEST_PACKET + 1 + 2)
    client.close()
  })
})
