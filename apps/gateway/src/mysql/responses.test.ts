import {
  type Admission,
  type AuditTrail,
  Gate,
  MaskingKeys,
  NO_PART,
  type OutputColumn,
  parsePolicy,
  RateLimiter,
  DEFAULT_RECORD_LIMITS,
  DEFAULT_REDACTION,
  encodeSessionPart,
  Secret,
  type StatementFacts,
} from '@gatehouse/core'
import {
  Capability,
  type ColumnDefinition,
  ColumnType,
  decodeErr,
  decodeOk,
  encodeColumnDefinition,
  encodeEof,
  encodeErr,
  encodeOk,
  LARGEST_PACKET,
  PacketCursor,
  PacketWriter,
  PayloadReader,
  ResponseKind,
  ServerStatus,
  type SessionStateChange,
} from '@gatehouse/mysql-wire'
import type { MysqlNames } from '@gatehouse/sql-analysis'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Asked, PreparedStatement } from './asked.ts'
import { MysqlResponses } from './responses.ts'

const PROTOCOL = Capability.PROTOCOL_41 | Capability.MULTI_RESULTS | Capability.PS_MULTI_RESULTS
const NEW_EOF = PROTOCOL | Capability.DEPRECATE_EOF | Capability.SESSION_TRACK
const { MORE_RESULTS_EXISTS, CURSOR_EXISTS, LAST_ROW_SENT } = ServerStatus

const ALLOW = `rules:
  - { name: all, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"], files: ["*"], programs: ["*"] } }
`
const MASKS = `${ALLOW}masks:
  - { name: ssn, columns: ["shop.users.ssn"], with: redact }
  - { name: phone, columns: ["shop.users.phone"], with: "null" }
  - { name: note, columns: ["shop.users.note"], with: { constant: "a text that is longer than what was there" } }
`

function statement(facts: Partial<StatementFacts>): StatementFacts {
  return {
    action: 'select',
    accesses: [{ action: 'select', relation: { schema: 'shop', name: 'users' }, columns: null }],
    functions: [],
    unboundedWrite: false,
    settings: [],
    files: [],
    programs: [],
    dynamicSql: false,
    output: null,
    decides: [],
    writes: [],
    beneath: { accesses: [], functions: [] },
    names: { prepared: null, cursor: null },
    changesNames: false,
    complete: true,
    reason: null,
    ...facts,
  }
}

function columns(...names: readonly string[]): OutputColumn[] {
  return names.map((name) => ({
    name,
    sources: [{ column: { schema: 'shop', relation: 'users', column: name }, how: 'copied' as const }],
    through: [],
    complete: true,
    reason: null,
  }))
}

function definition(name: string, type: number = ColumnType.VAR_STRING): ColumnDefinition {
  const origin = { schema: 'shop', table: 'users', orgTable: 'users', orgName: name, typeName: null, format: null }
  return { ...origin, name, type, characterSet: 45, columnLength: 1020, flags: 0, decimals: 0 }
}

/** Writes a response as a server does under the capabilities. */
class Server {
  readonly writer = new PacketWriter()
  readonly capabilities: number
  constructor(capabilities: number, firstId = 1) {
    this.capabilities = capabilities
    this.writer.nextSequenceId = firstId
  }

  get #deprecateEof(): boolean {
    return (this.capabilities & Capability.DEPRECATE_EOF) !== 0
  }

  header(...definitions: readonly ColumnDefinition[]): this {
    this.writer.begin().lenencInt(definitions.length).end()
    for (const column of definitions) encodeColumnDefinition(column, false, this.writer)
    if (!this.#deprecateEof) this.#eof(0)
    return this
  }

  row(...cells: readonly (string | Buffer | null)[]): this {
    this.writer.begin()
    for (const cell of cells) {
      if (cell === null) this.writer.int1(0xfb)
      else this.writer.lenencBytes(Buffer.from(cell))
    }
    this.writer.end()
    return this
  }

  /** A binary row of texts. */
  binaryRow(...cells: readonly (string | null)[]): this {
    const bitmap = Buffer.alloc((cells.length + 9) >> 3)
    for (const [index, cell] of cells.entries()) {
      if (cell === null) bitmap[(index + 2) >> 3] = (bitmap[(index + 2) >> 3] ?? 0) | (1 << ((index + 2) & 7))
    }
    this.writer.begin().int1(0).bytes(bitmap)
    for (const cell of cells) if (cell !== null) this.writer.lenencText(cell)
    this.writer.end()
    return this
  }

  end(statusFlags = 0, warnings = 0): this {
    return this.#deprecateEof
      ? this.ok({ statusFlags, warnings, affectedRows: 0n }, 0xfe)
      : this.#eof(statusFlags, warnings)
  }

  ok(more: Partial<Parameters<typeof encodeOk>[0]> = {}, header: 0x00 | 0xfe = 0): this {
    const ok = {
      kind: 'OK' as const,
      affectedRows: 0n,
      lastInsertId: 0n,
      statusFlags: 0,
      warnings: 0,
      info: '',
      stateChanges: [],
    }
    encodeOk({ ...ok, ...more }, this.capabilities, this.writer, header)
    return this
  }

  #eof(statusFlags: number, warnings = 0): this {
    encodeEof({ kind: 'EOF', warnings, statusFlags }, this.writer)
    return this
  }

  err(errorCode: number, sqlState: string, errorMessage: string): this {
    encodeErr({ kind: 'ERR', errorCode, sqlState, errorMessage }, this.writer)
    return this
  }

  payload(bytes: Uint8Array): this {
    this.writer.begin().bytes(bytes).end()
    return this
  }
}

interface SceneOptions {
  readonly policy?: string
  readonly capabilities?: number
  readonly clientTracksSession?: boolean
  readonly refuseState?: string
}

/** A session's responses side, with a real gate under a real policy; what the client gets and what is recorded. */
class Scene {
  readonly capabilities: number
  readonly responses: MysqlResponses
  readonly states: SessionStateChange[] = []
  readonly answered: [Asked, boolean][] = []
  readonly records: string[] = []
  over: { kind: string; detail: string } | null = null
  cancels = 0
  readonly #gate: Gate<MysqlNames>
  readonly #sent: Buffer[] = []
  #facts: readonly StatementFacts[] = []
  #shapes = 0

  constructor({ policy = MASKS, capabilities = NEW_EOF, clientTracksSession = true, refuseState }: SceneOptions = {}) {
    this.capabilities = capabilities
    const parsed = parsePolicy(policy)
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
    const principal = { subject: 'ada', actor: null, groups: [], issuer: 'i', claims: {}, expiresAt: 0 }
    const identity = { id: 's', principal, target: 'shop', engine: 'mysql' as const }
    const trail: AuditTrail = {
      append: (members, before = NO_PART, after = NO_PART) => this.records.push(before.text + members + after.text),
      owe: (members, before = NO_PART, after = NO_PART) => void this.records.push(before.text + members + after.text),
      commit: () => undefined,
    }
    this.#gate = new Gate<MysqlNames>(
      { ...identity, credential: null, encoded: encodeSessionPart(identity) },
      {
        reader: {
          inlineLimitBytes: 1 << 20,
          read: () => this.#reading(),
          readLarge: () => Promise.resolve(this.#reading()),
          withoutLiterals: () => null,
        },
        policy: { current: parsed.policy },
        trail,
        rates: new RateLimiter(),
        clock: { now: () => 0, monotonic: () => 0 },
        recordLimits: DEFAULT_RECORD_LIMITS,
        redaction: DEFAULT_REDACTION,
        observer: null,
      },
    )
    this.responses = new MysqlResponses({
      client: {
        recording: null,
        stage: (source, start, end) => void this.#sent.push(Buffer.from(source.subarray(start, end))),
      },
      gate: this.#gate,
      maskingKeys: MaskingKeys.single(new Secret('a key that is long enough to be one')),
      agreed: { capabilities, mariadbCapabilities: 0 },
      clientTracksSession,
      maxMessageBytes: 1 << 26,
      cancelRunning: () => void this.cancels++,
      stateChanged: (changes) => {
        this.states.push(...changes)
        return refuseState ?? null
      },
      over: (why) => {
        this.over = why
      },
    })
    this.responses.answering({ answered: (asked, failed) => void this.answered.push([asked, failed]) })
  }

  #reading(): ReturnType<ConstructorParameters<typeof Gate<MysqlNames>>[1]['reader']['read']> {
    const fingerprint = String(this.#shapes++).padStart(16, '0')
    return { kind: 'read', facts: { statements: this.#facts, fingerprint }, forwardText: null }
  }

  admit(...facts: readonly StatementFacts[]): Admission {
    this.#facts = facts
    const judgement = this.#gate.judge(Buffer.from('x'), 0, 1, {} as MysqlNames)
    if (judgement === null) throw new Error('not judged')
    const admission = this.#gate.admit(judgement, 'x', null)
    if (admission.refusal !== null) throw new Error(admission.refusal.message)
    return admission
  }

  query(...facts: readonly StatementFacts[]): Admission {
    return this.ask(ResponseKind.Text, this.admit(...facts))
  }

  ask(
    response: ResponseKind,
    admission: Admission,
    statement: PreparedStatement | null = null,
    sequenceId = 1,
  ): Admission {
    this.responses.expect({ response, sequenceId, admission, judgement: admission.judgement, statement })
    return admission
  }

  prepared(admission: Admission): PreparedStatement {
    return new PreparedStatement(Buffer.from('x'), admission.judgement, {} as MysqlNames)
  }

  server(firstId = 1): Server {
    return new Server(this.capabilities, firstId)
  }

  /** What the server wrote arrives, cut at the places, in chunks that are overwritten once used. */
  receive(server: Server, cuts: readonly number[] = []): void {
    const stream = server.writer.take()
    const places = [...cuts.map((cut) => cut % (stream.length + 1)), 0, stream.length].sort((a, b) => a - b)
    for (const [index, from] of places.entries()) {
      const chunk = Buffer.from(stream.subarray(from, places[index + 1] ?? stream.length))
      this.responses.bytes(chunk, chunk.length)
      chunk.fill(0xee)
    }
  }

  /** Everything that the client got since the last call. */
  take(): Buffer {
    return Buffer.concat(this.#sent.splice(0))
  }

  /** The same as whole payloads; their sequence ids must be in order. */
  payloads(firstId = 1): Buffer[] {
    const cursor = new PacketCursor(1 << 26)
    cursor.nextSequenceId = firstId
    cursor.joined = true
    const bytes = this.take()
    cursor.feed(bytes, 0, bytes.length)
    const found: Buffer[] = []
    while (cursor.next()) found.push(Buffer.from(cursor.bytes.subarray(cursor.payload, cursor.end)))
    expect(cursor.betweenPayloads).toBe(true)
    return found
  }

  outcome(): unknown {
    const last = this.records.at(-1) ?? ''
    return JSON.parse(`{${last}}`).outcome
  }
}

function cells(payload: Buffer | undefined): (string | null)[] {
  const reader = new PayloadReader(payload ?? Buffer.alloc(0))
  const found: (string | null)[] = []
  while (reader.remaining > 0) found.push(reader.lenencBytesOrNull()?.toString('utf8') ?? null)
  return found
}

function lastError(payloads: readonly Buffer[]): ReturnType<typeof decodeErr> {
  return decodeErr(new PayloadReader(payloads.at(-1)))
}

const IDS = { output: columns('id', 'ssn') }
const selectSsn = statement(IDS)

describe('rows', () => {
  it('pass byte for byte where nothing is masked, wherever they are cut', () => {
    const texts = fc.array(fc.array(fc.option(fc.string({ maxLength: 400 })), { minLength: 2, maxLength: 2 }), {
      maxLength: 20,
    })
    fc.assert(
      fc.property(
        texts,
        fc.array(fc.nat(), { maxLength: 10 }),
        fc.constantFrom(PROTOCOL, NEW_EOF),
        (rows, cuts, capabilities) => {
          const scene = new Scene({ policy: ALLOW, capabilities })
          scene.query(selectSsn)
          const server = scene.server().header(definition('id'), definition('ssn'))
          for (const row of rows) server.row(...row)
          server.end(0, 3)
          const sent = Buffer.from(server.writer.written())
          scene.receive(server, cuts)
          expect(scene.take().equals(sent)).toBe(true)
          expect(scene.answered).toHaveLength(1)
          expect(scene.outcome()).toMatchObject({ rows: rows.length, error: null })
        },
      ),
      { numRuns: 50 },
    )
  })

  it('pass byte for byte in pieces when they are of 16 MiB and more', () => {
    const scene = new Scene({ policy: ALLOW })
    scene.query(selectSsn)
    const server = scene
      .server()
      .header(definition('id'), definition('ssn'))
      .row('1', Buffer.alloc(LARGEST_PACKET, 0x61))
    server
      .row(Buffer.alloc(LARGEST_PACKET + 5, 0x62), '2')
      .row('3', null)
      .end()
    const sent = Buffer.from(server.writer.written())
    scene.receive(server, [70_000, 5_000_000, 17_000_000, LARGEST_PACKET + 90])
    expect(scene.take().equals(sent)).toBe(true)
    expect(scene.outcome()).toMatchObject({ rows: 3 })
  })

  it.each([PROTOCOL, NEW_EOF])(
    'are masked cell by cell under capabilities 0x%x, wherever they are cut',
    (capabilities) => {
      const text = fc.option(fc.string({ maxLength: 300 }).map((text) => `secret ${text}`))
      fc.assert(
        fc.property(fc.array(text, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 10 }), (secrets, cuts) => {
          const scene = new Scene({ capabilities })
          scene.query(selectSsn)
          const server = scene.server().header(definition('id'), definition('ssn'))
          for (const [index, secret] of secrets.entries()) server.row(`row ${index}`, secret)
          scene.receive(server.end(), cuts)
          const payloads = scene.payloads()
          const first = capabilities === PROTOCOL ? 4 : 3
          const rows = payloads.slice(first, first + secrets.length).map(cells)
          expect(rows.map(([id]) => id)).toEqual(secrets.map((_, index) => `row ${index}`))
          expect(rows.map(([, ssn]) => ssn === null)).toEqual(secrets.map((secret) => secret === null))
          expect(Buffer.concat(payloads).includes('secret')).toBe(false)
          expect(payloads).toHaveLength(first + secrets.length + 1)
        }),
        { numRuns: 50 },
      )
    },
  )

  it('of the binary form are masked, with NULL told in the bitmap', () => {
    const scene = new Scene()
    const admission = scene.admit(statement({ output: columns('id', 'phone', 'ssn') }))
    scene.ask(ResponseKind.Binary, admission, scene.prepared(admission))
    const server = scene.server().header(definition('id'), definition('phone'), definition('ssn'))
    scene.receive(server.binaryRow('1', '555', 'secret').binaryRow('2', null, null).end())
    const [, , , , one, two] = scene.payloads()
    expect(one?.subarray(0, 2)).toEqual(Buffer.from([0, 1 << 3]))
    expect(cells(one?.subarray(2))[0]).toBe('1')
    expect(one?.includes('secret') === true || one?.includes('555') === true).toBe(false)
    expect(two).toEqual(Buffer.from([0, (1 << 3) | (1 << 4), 1, 0x32]))
  })

  it('that grow over 16 MiB, or shrink below it, are split anew, and what follows is numbered on', () => {
    const scene = new Scene()
    scene.query(statement({ output: columns('id', 'note') }))
    const server = scene.server().header(definition('id', ColumnType.BLOB), definition('note'))
    server
      .row(Buffer.alloc(LARGEST_PACKET - 10, 0x61), 'n')
      .row('2', 'x'.repeat(LARGEST_PACKET))
      .row('3', null)
      .end()
    scene.receive(server, [1_000_000, 16_777_000])
    const [, , , grown, shrunk, third, end] = scene.payloads()
    expect(grown?.length).toBeGreaterThan(LARGEST_PACKET)
    expect(cells(grown)[1]).toBe('a text that is longer than what was there')
    expect(cells(shrunk)).toEqual(['2', 'a text that is longer than what was there'])
    expect(cells(third)).toEqual(['3', null])
    expect(end?.[0]).toBe(0xfe)
  })

  it('pass no further than a row that is not one', () => {
    const scene = new Scene()
    scene.query(selectSsn)
    scene.receive(scene.server().header(definition('id'), definition('ssn')).row('1').row('2', 'secret').end())
    expect(scene.over).toMatchObject({ kind: 'protocol' })
    expect(scene.payloads()).toHaveLength(3)
  })
})

describe('a result that was not foreseen ends the session before a row of it passes:', () => {
  const header = [definition('id'), definition('ssn')] as const
  it.each([
    ['more columns than were read', statement({ output: columns('ssn') }), header],
    ['fewer columns', selectSsn, [definition('ssn')]],
    ['columns of other names', statement({ output: columns('ssn', 'id') }), header],
    ['rows of a statement that returns none', statement({ action: 'update' }), header],
  ])('%s', (_name, facts, definitions) => {
    const scene = new Scene()
    scene.query(facts)
    scene.receive(
      scene
        .server()
        .header(...definitions)
        .row(...definitions.map(() => 'secret'))
        .end(),
    )
    expect(scene.over).toMatchObject({ kind: 'mismatch' })
    expect(scene.take().includes('secret')).toBe(false)
    expect(scene.answered).toHaveLength(0)
  })

  it('a further result', () => {
    const scene = new Scene()
    scene.query(selectSsn)
    const server = scene
      .server()
      .header(...header)
      .row('1', 'secret')
      .end(MORE_RESULTS_EXISTS)
    scene.receive(
      server
        .header(...header)
        .row('2', 'secret')
        .end(),
    )
    expect(scene.over).toMatchObject({ kind: 'mismatch' })
    expect(scene.take().includes('secret')).toBe(false)
  })

  it('results behind EXECUTE in one text, which may be those of a CALL', () => {
    const scene = new Scene()
    scene.query(
      statement({ action: 'execute', output: columns('id') }),
      statement({ output: columns('id') }),
      selectSsn,
    )
    const server = scene
      .server()
      .header(definition('id'))
      .row('1')
      .end(MORE_RESULTS_EXISTS)
      .ok({ statusFlags: MORE_RESULTS_EXISTS })
    scene.receive(server.header(definition('ssn')).row('secret').end())
    expect(scene.over).toMatchObject({ kind: 'mismatch' })
    expect(scene.take().includes('secret')).toBe(false)
  })

  it('rows without a description', () => {
    const scene = new Scene({ capabilities: NEW_EOF | Capability.OPTIONAL_RESULTSET_METADATA })
    scene.query(selectSsn)
    scene.receive(
      scene
        .server()
        .payload(Buffer.from([2, 0]))
        .row('1', 'secret')
        .end(),
    )
    expect(scene.over).toMatchObject({ kind: 'mismatch' })
    expect(scene.take().includes('secret')).toBe(false)
  })

  it('a request for a file of the client', () => {
    const scene = new Scene({ policy: ALLOW })
    scene.query(statement({ action: 'load_data' }))
    scene.receive(scene.server().payload(Buffer.from('\xfb/etc/passwd', 'latin1')))
    expect(scene.over).toMatchObject({ kind: 'protocol' })
    expect(scene.take()).toHaveLength(0)
  })
})

describe('several statements in one text', () => {
  it('are each masked as was read, the results of a procedure counted as one', () => {
    const scene = new Scene()
    scene.query(selectSsn, statement({ action: 'call' }), statement({ action: 'set' }), selectSsn)
    const header = [definition('id'), definition('ssn')]
    const server = scene
      .server()
      .header(...header)
      .row('1', 'secret')
      .end(MORE_RESULTS_EXISTS)
    server.header(definition('x')).row('p1').end(MORE_RESULTS_EXISTS).header(definition('y')).end(MORE_RESULTS_EXISTS)
    server.ok({ statusFlags: MORE_RESULTS_EXISTS }).ok({ statusFlags: MORE_RESULTS_EXISTS })
    scene.receive(
      server
        .header(...header)
        .row('2', 'secret')
        .end(),
    )
    expect(scene.over).toBeNull()
    const bytes = scene.take()
    expect(bytes.includes('p1')).toBe(true)
    expect(bytes.includes('secret')).toBe(false)
    expect(scene.answered).toHaveLength(1)
    expect(scene.outcome()).toMatchObject({ rows: 3, error: null })
  })
})

describe('CALL', () => {
  it('has each of its results masked by position, and none with more columns than were read', () => {
    const facts = statement({ action: 'call', output: columns('id', 'ssn') })
    const scene = new Scene()
    scene.query(facts)
    const server = scene.server().header(definition('a')).row('p1').end(MORE_RESULTS_EXISTS)
    server.header(definition('b'), definition('c')).row('p2', 'secret').end(MORE_RESULTS_EXISTS)
    scene.receive(server)
    const bytes = scene.take()
    expect([bytes.includes('p1'), bytes.includes('p2'), bytes.includes('secret')]).toEqual([true, true, false])
    scene.receive(scene.server(10).header(definition('a'), definition('b'), definition('c')).row('x', 'y', 'secret'))
    expect(scene.over).toMatchObject({ kind: 'mismatch' })
    expect(scene.take().includes('secret')).toBe(false)
  })
})

describe('SHOW and its like', () => {
  it.each(['show', 'show_processlist', 'explain', 'check', 'execute'])(
    '%s returns what the server chooses',
    (action) => {
      for (const policy of [ALLOW, MASKS]) {
        const scene = new Scene({ policy })
        scene.query(statement({ action, accesses: [] }))
        scene.receive(scene.server().header(definition('Tables_in_shop'), definition('x')).row('users', 'y').end())
        expect(scene.over).toBeNull()
        expect(scene.payloads()).toHaveLength(5)
      }
    },
  )
})

describe('what the server reports', () => {
  const update = statement({
    action: 'update',
    accesses: [{ action: 'update', relation: { schema: 'shop', name: 'users' }, columns: ['ssn'] }],
  })

  it('as an error under masks keeps number and SQLSTATE, and no text', () => {
    const scene = new Scene()
    scene.query(update)
    scene.receive(scene.server().err(1062, '23000', "Duplicate entry '123-45-6789' for key 'users.ssn'"))
    const error = lastError(scene.payloads())
    expect(error).toMatchObject({ errorCode: 1062, sqlState: '23000' })
    expect(error.errorMessage).not.toContain('123-45')
    expect(error.errorMessage).toContain('withheld')
    expect(scene.answered[0]?.[1]).toBe(true)
    expect(scene.outcome()).toMatchObject({ error: '1062' })
  })

  it('as an error in the middle of rows ends them, with the rows that came counted', () => {
    const scene = new Scene()
    scene.query(selectSsn)
    const server = scene.server().header(definition('id'), definition('ssn')).row('1', 'secret')
    scene.receive(server.err(1105, 'HY000', "XPATH syntax error: 'secret'"))
    const payloads = scene.payloads()
    expect(lastError(payloads).errorMessage).not.toContain('secret')
    expect(scene.outcome()).toMatchObject({ rows: 1, error: '1105' })
  })

  it('as an error without masks passes as it is', () => {
    const scene = new Scene({ policy: ALLOW })
    scene.query(update)
    scene.receive(scene.server().err(1062, '23000', "Duplicate entry 'x'"))
    expect(lastError(scene.payloads()).errorMessage).toBe("Duplicate entry 'x'")
  })

  it('in OK under masks has no warnings, text or LAST_INSERT_ID(expression), but the state and the id of an INSERT', () => {
    const stateChanges = [{ kind: 'SCHEMA' as const, name: 'shop' }]
    const said = {
      affectedRows: 3n,
      lastInsertId: 300n,
      warnings: 2,
      info: 'Rows matched: 3  Changed: 1',
      stateChanges,
    }
    for (const action of ['update', 'insert']) {
      const scene = new Scene()
      const accesses = [{ action, relation: { schema: 'shop', name: 'users' }, columns: null }]
      scene.query(statement({ action, accesses }))
      scene.receive(scene.server().ok(said))
      const ok = decodeOk(new PayloadReader(scene.payloads()[0]), NEW_EOF)
      const lastInsertId = action === 'insert' ? 300n : 0n
      expect(ok).toMatchObject({ affectedRows: 3n, lastInsertId, warnings: 0, info: '', stateChanges })
      expect(scene.states).toEqual(stateChanges)
      expect(scene.outcome()).toMatchObject({ rows: 3 })
    }
  })

  it('in OK counts the rows that a change of a masked column found, not those that had another value before', () => {
    const target = { schema: 'shop', relation: 'users', column: 'ssn' }
    const writes = [{ target, sources: [], through: [], complete: true }]
    const access = (action: string): StatementFacts['accesses'] => [
      { action, relation: { schema: 'shop', name: 'users' }, columns: null },
    ]
    const upsert = [...access('insert'), ...access('update')]
    for (const [facts, info, affectedRows] of [
      [
        statement({ action: 'update', accesses: access('update'), writes }),
        'Rows matched: 1  Changed: 0  Warnings: 0',
        1n,
      ],
      [statement({ action: 'insert', accesses: upsert, writes }), '', 1n],
      [statement({ action: 'insert', accesses: upsert, writes }), 'Records: 3  Duplicates: 1  Warnings: 0', 3n],
      [statement({ action: 'update', accesses: access('update') }), 'Rows matched: 1  Changed: 0  Warnings: 0', 0n],
      [statement({ action: 'delete', accesses: access('delete'), writes }), '', 0n],
    ] as const) {
      const scene = new Scene()
      scene.query(facts)
      scene.receive(scene.server().ok({ info }))
      expect(decodeOk(new PayloadReader(scene.payloads()[0]), NEW_EOF), info).toMatchObject({ affectedRows, info: '' })
    }
  })

  it('behind rows under masks has no warnings', () => {
    for (const capabilities of [PROTOCOL, NEW_EOF]) {
      const scene = new Scene({ capabilities })
      scene.query(selectSsn)
      scene.receive(scene.server().header(definition('id'), definition('ssn')).end(ServerStatus.IN_TRANS, 7))
      const end = scene.payloads().at(-1)
      const warningsAt = capabilities === PROTOCOL ? 1 : 5
      expect(end?.readUInt16LE(warningsAt)).toBe(0)
      expect(end?.readUInt16LE(3)).toBe(ServerStatus.IN_TRANS)
      expect(scene.responses.statusFlags).toBe(ServerStatus.IN_TRANS)
    }
  })

  it('of the session goes to the gateway alone where the client did not ask for it', () => {
    const scene = new Scene({ policy: ALLOW, clientTracksSession: false })
    scene.query(statement({ action: 'use' }))
    const stateChanges = [{ kind: 'SYSTEM_VARIABLE' as const, name: 'sql_mode', value: 'ANSI_QUOTES' }]
    scene.receive(scene.server().ok({ info: 'done', warnings: 1, stateChanges }))
    const bytes = scene.payloads()[0]
    expect(decodeOk(new PayloadReader(bytes), PROTOCOL)).toMatchObject({ info: 'done', warnings: 1, statusFlags: 0 })
    expect(scene.states).toEqual(stateChanges)
  })

  it('of the session ends it, before the client hears, where it cannot go on', () => {
    const scene = new Scene({ refuseState: 'character_set_client was changed to gbk' })
    scene.query(statement({ action: 'set' }))
    scene.receive(scene.server().ok({ stateChanges: [{ kind: 'SCHEMA', name: 'x' }] }))
    expect(scene.over).toEqual({ kind: 'setting', detail: 'character_set_client was changed to gbk' })
    expect(scene.take()).toHaveLength(0)
  })

  it('of fields under masks is without their default values', () => {
    const scene = new Scene()
    scene.ask(ResponseKind.FieldList, scene.admit(statement({ action: 'show', accesses: selectSsn.accesses })))
    const writer = new PacketWriter()
    encodeColumnDefinition(definition('ssn'), false, writer)
    const field = Buffer.concat([writer.take().subarray(4), Buffer.from('\x06secret')])
    scene.receive(scene.server().payload(field).end())
    const [first] = scene.payloads()
    expect(first?.includes('secret')).toBe(false)
    expect(first?.at(-1)).toBe(0xfb)
    expect(first?.length).toBe(field.length - 6)
  })

  it('unasked, before it closes, ends the session', () => {
    const scene = new Scene({ policy: ALLOW })
    scene.receive(
      scene.server(0).err(4031, 'HY000', 'The client was disconnected by the server because of inactivity.'),
    )
    expect(scene.over).toMatchObject({ kind: 'closed' })
  })
})

describe('limits', () => {
  const limited = `${ALLOW}limits:\n  - { name: few, rowsPerStatement: 2, secondsPerStatement: 10 }\n`

  it('end a result with a refusal that is numbered on, drop the rest, and cancel the statement', () => {
    const scene = new Scene({ policy: limited })
    scene.query(selectSsn)
    const server = scene.server().header(definition('id'), definition('ssn'))
    for (let row = 0; row < 5; row++) server.row(String(row), 'x')
    scene.receive(server)
    expect(scene.cancels).toBe(1)
    expect(scene.answered).toHaveLength(0)
    scene.receive(scene.server(9).err(1317, '70100', 'Query execution was interrupted'))
    const payloads = scene.payloads()
    expect(payloads).toHaveLength(6)
    expect(lastError(payloads)).toMatchObject({ errorCode: 1226, sqlState: '42000' })
    expect(lastError(payloads).errorMessage).toContain('ROW_LIMIT')
    expect(scene.outcome()).toMatchObject({ rows: 2, error: '1226' })
    expect(scene.answered).toHaveLength(1)
  })

  it('hold over all fetches of a cursor, whose rows are masked as its result was described', () => {
    const scene = new Scene({ policy: `${MASKS}limits:\n  - { name: few, rowsPerStatement: 3 }\n` })
    const admission = scene.admit(selectSsn)
    const prepared = scene.prepared(admission)
    scene.ask(ResponseKind.Binary, admission, prepared)
    scene.receive(scene.server().header(definition('id'), definition('ssn')).end(CURSOR_EXISTS))
    expect(prepared.cursor).toBe(admission)
    scene.take()
    scene.ask(ResponseKind.Fetch, admission, prepared)
    scene.receive(scene.server().binaryRow('1', 'secret').binaryRow('2', 'secret').end(CURSOR_EXISTS))
    const first = scene.payloads()
    expect(first).toHaveLength(3)
    scene.ask(ResponseKind.Fetch, admission, prepared)
    scene.receive(scene.server().binaryRow('3', 'secret').binaryRow('4', 'secret').end(CURSOR_EXISTS))
    const second = scene.payloads()
    expect(second).toHaveLength(2)
    expect(lastError(second).errorMessage).toContain('ROW_LIMIT')
    expect(Buffer.concat([...first, ...second]).includes('secret')).toBe(false)
    expect(scene.cancels).toBe(0)
    scene.responses.closeCursor(prepared)
    expect(prepared.cursor).toBeNull()
    expect(scene.outcome()).toMatchObject({ rows: 3 })
  })

  it('of time let a row that began go on to its end', () => {
    const scene = new Scene({ policy: limited })
    scene.query(selectSsn)
    const server = scene
      .server()
      .header(definition('id'), definition('ssn'))
      .row('1', 'x'.repeat(300_000))
      .row('2', 'x')
    const stream = server.end().writer.take()
    scene.responses.bytes(Buffer.from(stream), 200_000)
    scene.responses.checkTime(0)
    scene.responses.checkTime(11_000)
    expect(scene.cancels).toBe(1)
    const rest = Buffer.from(stream.subarray(200_000))
    scene.responses.bytes(rest, rest.length)
    const payloads = scene.payloads()
    expect(cells(payloads[3])[1]).toHaveLength(300_000)
    expect(payloads).toHaveLength(5)
    expect(lastError(payloads).errorMessage).toContain('TIME_LIMIT')
  })
})

describe('cursors', () => {
  it('are over with their last row, and with another execution', () => {
    const scene = new Scene()
    const admission = scene.admit(selectSsn)
    const prepared = scene.prepared(admission)
    const opened = (): void => {
      scene.ask(ResponseKind.Binary, admission, prepared)
      scene.receive(scene.server().header(definition('id'), definition('ssn')).end(CURSOR_EXISTS))
    }
    opened()
    scene.ask(ResponseKind.Fetch, admission, prepared)
    scene.receive(scene.server().binaryRow('1', 'secret').end(LAST_ROW_SENT))
    expect(prepared.cursor).toBeNull()
    expect(scene.outcome()).toMatchObject({ rows: 1, error: null })
    opened()
    scene.ask(ResponseKind.Binary, admission, prepared)
    expect(prepared.cursor).toBeNull()
  })
})

describe('a statement whose record could not be written', () => {
  it('is refused where the server rejects what went in its place', () => {
    const scene = new Scene({ policy: ALLOW })
    scene.query(selectSsn).unrecord(new Error('the disk is full'))
    scene.receive(scene.server().err(1064, '42000', "near 'refused by gatehouse'"))
    const error = lastError(scene.payloads())
    expect(error.errorCode).toBe(1021)
    expect(error.errorMessage).toContain('TRAIL_UNAVAILABLE')
    expect(scene.answered.map(([, failed]) => failed)).toEqual([true])
  })

  it('ends the session where the server answers it', () => {
    const scene = new Scene({ policy: ALLOW })
    scene.query(selectSsn).unrecord(new Error('the disk is full'))
    scene.receive(scene.server().header(definition('id'), definition('ssn')).row('1', 'x').end())
    expect(scene.over).toMatchObject({ kind: 'protocol' })
    expect(scene.take()).toHaveLength(0)
  })
})

describe('a statement that is prepared', () => {
  it('has its id and its parameters from the reply; one that failed has none', () => {
    const scene = new Scene()
    const admission = scene.admit(selectSsn)
    const [good, bad] = [scene.prepared(admission), scene.prepared(admission)]
    const { judgement } = admission
    scene.responses.expect({
      response: ResponseKind.Prepare,
      sequenceId: 1,
      admission: null,
      judgement,
      statement: good,
    })
    scene.receive(
      scene
        .server()
        .payload(Buffer.from([0, 9, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]))
        .payload(Buffer.from([3]))
        .payload(Buffer.from([3])),
    )
    expect(good).toMatchObject({ id: 9, parameters: 2 })
    expect(scene.payloads()).toHaveLength(3)
    scene.responses.expect({
      response: ResponseKind.Prepare,
      sequenceId: 1,
      admission: null,
      judgement,
      statement: bad,
    })
    scene.receive(scene.server().err(1064, '42000', "You have an error near 'secret'"))
    expect(bad.id).toBe(0)
    expect(scene.answered.map(([, failed]) => failed)).toEqual([false, true])
    expect(scene.take().includes('secret')).toBe(false)
  })
})

describe('free text', () => {
  const classify = `${ALLOW}classify:\n  - { name: mail, detect: [email], with: redact }\n`

  it('is looked through in rows and in errors', () => {
    const scene = new Scene({ policy: classify })
    scene.query(selectSsn)
    scene.receive(
      scene
        .server()
        .header(definition('id'), definition('ssn'))
        .row('1', 'write to ada@example.com')
        .row('2', 'no')
        .end(),
    )
    const bytes = scene.take()
    expect(bytes.includes('ada@example.com')).toBe(false)
    expect(bytes.includes('write to')).toBe(true)
    scene.query(selectSsn)
    scene.receive(scene.server().err(1062, '23000', "Duplicate entry 'ada@example.com' for key 'mail'"))
    const error = lastError(scene.payloads())
    expect(error).toMatchObject({ errorCode: 1062, sqlState: '23000' })
    expect(error.errorMessage).not.toContain('ada@example.com')
    expect(error.errorMessage).toContain('Duplicate entry')
  })
})

describe('sequence ids', () => {
  it('go on from where the client’s command ended, whatever the upstream counts', () => {
    const scene = new Scene({ policy: ALLOW })
    const admission = scene.admit(selectSsn)
    scene.ask(ResponseKind.Text, admission, null, 3)
    scene.receive(scene.server(2).header(definition('id'), definition('ssn')).row('1', 'x').end())
    expect(scene.payloads(3)).toHaveLength(5)
  })

  it('wrap after 255', () => {
    const scene = new Scene()
    scene.query(selectSsn)
    const server = scene.server().header(definition('id'), definition('ssn'))
    for (let row = 0; row < 600; row++) server.row(String(row), row % 3 === 0 ? null : 'secret')
    scene.receive(server.end(), [100, 3000])
    expect(scene.payloads()).toHaveLength(604)
  })
})

describe('the end of a session', () => {
  it('gives what runs an outcome', () => {
    const scene = new Scene()
    scene.query(selectSsn)
    scene.responses.end()
    expect(scene.outcome()).toMatchObject({ error: 'unfinished' })
  })

  it('comes with bytes that are no response, never with an exception', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(ResponseKind.Text, ResponseKind.Binary),
        (bytes, kind) => {
          const scene = new Scene()
          const admission = scene.admit(selectSsn)
          scene.ask(kind, admission, scene.prepared(admission))
          scene.responses.bytes(Buffer.from(bytes), bytes.length)
        },
      ),
      { numRuns: 200 },
    )
  })
})
