import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BodyReader } from './body-reader.ts'
import { CellWalker } from './cell-walker.ts'
import type { CellValue, FormatCode } from './formats.ts'
import { FrameCursor } from './frame-cursor.ts'
import { BACKEND_LIMITS, FRONTEND_LIMITS } from './frame-limits.ts'
import { MessageWriter } from './message-writer.ts'
import type { BackendMessage, FrontendMessage } from './messages.ts'
import { decodeBackendMessage, decodeFrontendMessage, encodeBackendMessage, encodeFrontendMessage } from './messages.ts'
import { ProtocolError } from './protocol-error.ts'
import { commandTagRows } from './result-set.ts'
import { BackendTag, FrontendTag } from './tags.ts'

const text = fc.string({ unit: 'binary' }).map((value) => value.replaceAll('\0', '').toWellFormed())
const bytes = fc.uint8Array({ maxLength: 60 }).map((value) => Buffer.from(value))
const value: fc.Arbitrary<CellValue> = fc.option(bytes)
const values = fc.array(value, { maxLength: 8 })
const format: fc.Arbitrary<FormatCode> = fc.constantFrom(0, 1)
const formats = fc.array(format, { maxLength: 8 })
const oid = fc.integer({ min: 0, max: 0xffff_ffff })
const int32 = fc.integer()
const int16 = fc.integer({ min: -0x8000, max: 0x7fff })
const kind = <K extends string>(...kinds: K[]): fc.Arbitrary<K> => fc.constantFrom(...kinds)

const frontend: fc.Arbitrary<FrontendMessage> = fc.oneof(
  fc.record({ kind: kind('Query'), text }),
  fc.record({ kind: kind('Parse'), name: text, text, parameterTypes: fc.array(oid) }),
  fc
    .record({
      kind: kind('Bind'),
      portal: text,
      statement: text,
      parameterFormats: formats,
      parameters: values,
      resultFormats: formats,
    })
    .filter((bind) => bind.parameterFormats.length < 2 || bind.parameterFormats.length === bind.parameters.length),
  fc.record({ kind: kind('Describe', 'Close'), target: kind('statement', 'portal'), name: text }),
  fc.record({ kind: kind('Execute'), portal: text, maxRows: int32 }),
  fc.record({
    kind: kind('FunctionCall'),
    functionOid: oid,
    argumentFormats: formats,
    arguments: values,
    resultFormat: format,
  }),
  fc.record({ kind: kind('CopyData'), data: bytes }),
  fc.record({ kind: kind('CopyFail'), reason: text }),
  fc.record({ kind: kind('AuthenticationResponse'), data: bytes }),
  fc.record({ kind: kind('CopyDone') }),
  fc.record({ kind: kind('Sync', 'Flush', 'Terminate') }),
)

const backend: fc.Arbitrary<BackendMessage> = fc.oneof(
  fc.record({
    kind: kind(
      'AuthenticationOk',
      'AuthenticationKerberosV5',
      'AuthenticationCleartextPassword',
      'AuthenticationSCMCredential',
      'AuthenticationGSS',
      'AuthenticationSSPI',
    ),
  }),
  fc.record({
    kind: kind('AuthenticationMD5Password'),
    salt: fc.uint8Array({ minLength: 4, maxLength: 4 }).map((salt) => Buffer.from(salt)),
  }),
  fc.record({
    kind: kind('AuthenticationGSSContinue', 'AuthenticationSASLContinue', 'AuthenticationSASLFinal'),
    data: bytes,
  }),
  fc.record({ kind: kind('AuthenticationSASL'), mechanisms: fc.array(text.filter((name) => name !== '')) }),
  fc.record({ kind: kind('NegotiateProtocolVersion'), newestVersion: int32, unknownOptions: fc.array(text) }),
  fc.record({
    kind: kind('BackendKeyData'),
    processId: int32,
    secretKey: fc.uint8Array({ minLength: 4, maxLength: 256 }).map((key) => Buffer.from(key)),
  }),
  fc.record({ kind: kind('ParameterStatus'), name: text, value: text }),
  fc.record({ kind: kind('ReadyForQuery'), status: kind('I', 'T', 'E') }),
  fc.record({
    kind: kind('ErrorResponse', 'NoticeResponse'),
    fields: fc.array(fc.tuple(kind(...'SVCMDHPpqWstcdnFLR'.split('')), text)).map((fields) => new Map(fields)),
  }),
  fc.record({ kind: kind('NotificationResponse'), processId: int32, channel: text, payload: text }),
  fc.record({ kind: kind('ParameterDescription'), parameterTypes: fc.array(oid) }),
  fc.record({
    kind: kind('RowDescription'),
    fields: fc.array(
      fc.record({
        name: text,
        tableOid: oid,
        attributeNumber: int16,
        typeOid: oid,
        typeSize: int16,
        typeModifier: int32,
        format,
      }),
    ),
  }),
  fc.record({ kind: kind('DataRow'), cells: values }),
  fc.record({ kind: kind('CommandComplete'), commandTag: text }),
  fc.record({
    kind: kind('CopyInResponse', 'CopyOutResponse', 'CopyBothResponse'),
    format,
    columnFormats: formats,
  }),
  fc.record({ kind: kind('CopyData'), data: bytes }),
  fc.record({ kind: kind('FunctionCallResponse'), value }),
  fc.record({ kind: kind('CopyDone') }),
  fc.record({ kind: kind('EmptyQueryResponse') }),
  fc.record({ kind: kind('ParseComplete', 'BindComplete', 'CloseComplete', 'NoData', 'PortalSuspended') }),
)

function bodyOf(encoded: Buffer): BodyReader {
  expect(encoded.readInt32BE(1)).toBe(encoded.length - 1)
  return new BodyReader(encoded, 5)
}

describe('every message', () => {
  it('of a client is read back as it was written', () => {
    fc.assert(
      fc.property(frontend, (message) => {
        const writer = new MessageWriter(1)
        encodeFrontendMessage(message, writer)
        const encoded = writer.take()
        expect(decodeFrontendMessage(encoded[0] ?? 0, bodyOf(encoded))).toEqual(message)
      }),
      { numRuns: 1000 },
    )
  })

  it('of a server is read back as it was written', () => {
    fc.assert(
      fc.property(backend, (message) => {
        const writer = new MessageWriter(1)
        encodeBackendMessage(message, writer)
        const encoded = writer.take()
        expect(decodeBackendMessage(encoded[0] ?? 0, bodyOf(encoded))).toEqual(message)
      }),
      { numRuns: 1000 },
    )
  })

  it('has a tag that its side may send, and no other tag has a limit', () => {
    const allowed = (limits: Uint32Array): number[] => [...limits.keys()].filter((tag) => limits[tag] !== 0)
    const sorted = (tags: object): unknown[] => Object.values(tags).sort((a, b) => a - b)
    expect(allowed(FRONTEND_LIMITS(1000))).toEqual(sorted(FrontendTag))
    expect(allowed(BACKEND_LIMITS(1000))).toEqual(sorted(BackendTag))
  })

  it('that is cut short or goes on is refused, wherever', () => {
    fc.assert(
      fc.property(backend, fc.nat(), (message, at) => {
        const writer = new MessageWriter()
        encodeBackendMessage(message, writer)
        const encoded = writer.take()
        const longer = Buffer.concat([encoded, Buffer.from([0])])
        const unbounded = ['CopyData', 'BackendKeyData', 'AuthenticationGSSContinue'].includes(message.kind)
        if (!unbounded && !message.kind.startsWith('AuthenticationSASL')) {
          expect(() => decodeBackendMessage(encoded[0] ?? 0, new BodyReader(longer, 5))).toThrow(ProtocolError)
        }
        if (encoded.length === 5) return
        const shorter = new BodyReader(encoded, 5, 5 + (at % (encoded.length - 5)))
        try {
          expect(decodeBackendMessage(encoded[0] ?? 0, shorter)).not.toEqual(message)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
    )
  })

  it('of any bytes at all is read or refused with a ProtocolError', () => {
    const smallNumbers = fc
      .array(fc.constantFrom(0, 0, 0, 1, 2, 4, 255, 65), { maxLength: 60 })
      .map((list) => Buffer.from(list))
    fc.assert(
      fc.property(fc.nat({ max: 255 }), fc.oneof(bytes, smallNumbers), (tag, body) => {
        for (const decode of [decodeFrontendMessage, decodeBackendMessage]) {
          try {
            decode(tag, new BodyReader(body))
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError)
          }
        }
      }),
      { numRuns: 5000 },
    )
  })
})

describe('text', () => {
  it('with a NUL inside is never sent: what follows it would become other fields', () => {
    const writer = new MessageWriter()
    expect(() => encodeFrontendMessage({ kind: 'Query', text: 'select 1\0; drop table t' }, writer)).toThrow('NUL')
    writer.abandon()
    expect(writer.take().length).toBe(0)
  })

  it('of a statement with a NUL inside is refused: the server would stop reading there', () => {
    expect(() => decodeFrontendMessage(FrontendTag.Query, new BodyReader(Buffer.from('select 1\0; drop\0')))).toThrow(
      expect.objectContaining({ code: 'TRAILING_BYTES' }) as Error,
    )
  })

  it('that is not UTF-8 is refused, so that two names never become one', () => {
    for (const name of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82]]) {
      const body = new BodyReader(Buffer.from([0x53, ...name, 0]))
      expect(() => decodeFrontendMessage(FrontendTag.Describe, body)).toThrow(
        expect.objectContaining({ code: 'BAD_TEXT' }) as Error,
      )
    }
  })

  it('that holds a replacement character or a byte order mark of its own is kept', () => {
    const described = decodeFrontendMessage(FrontendTag.Describe, new BodyReader(Buffer.from('P\uFFFD\uFEFFx\0')))
    expect(described).toEqual({ kind: 'Describe', target: 'portal', name: '\uFFFD\uFEFFx' })
  })

  it('of a report in another encoding is shown as well as it can be', () => {
    const report = decodeBackendMessage(BackendTag.ErrorResponse, new BodyReader(Buffer.from('Mgr\xfcn\0\0', 'latin1')))
    expect(report).toEqual({ kind: 'ErrorResponse', fields: new Map([['M', 'gr\uFFFDn']]) })
  })
})

describe('counts and lengths inside a message', () => {
  it.each([
    ['65535 parameters that are not there', FrontendTag.Bind, '\0\0\0\0\xff\xff\0\0'],
    ['a parameter of 2 GiB - 1', FrontendTag.Bind, '\0\0\0\0\0\x01\x7f\xff\xff\xff'],
    ['a parameter of length -2', FrontendTag.Bind, '\0\0\0\0\0\x01\xff\xff\xff\xfe\0\0'],
    ['format code 2', FrontendTag.Bind, '\0\0\0\x01\0\x02\0\0\0\0'],
    ['two formats for one parameter', FrontendTag.Bind, '\0\0\0\x02\0\0\0\0\0\x01\xff\xff\xff\xff\0\0'],
    ['65535 types that are not there', FrontendTag.Parse, '\0\0\xff\xff'],
    ['a Describe of neither kind', FrontendTag.Describe, 'X\0'],
  ])('are refused: %s', (_, tag, body) => {
    expect(() => decodeFrontendMessage(tag, new BodyReader(Buffer.from(body, 'latin1')))).toThrow(ProtocolError)
  })
})

describe('the cells of a row', () => {
  it('are found by offset where the row decoder finds them', () => {
    const walker = new CellWalker()
    fc.assert(
      fc.property(values, (cells) => {
        const writer = new MessageWriter()
        encodeBackendMessage({ kind: 'DataRow', cells }, writer)
        const row = writer.take()
        walker.reset(row, 5, row.length)
        expect(walker.count).toBe(cells.length)
        const seen: CellValue[] = []
        while (walker.next()) seen.push(walker.isNull ? null : row.subarray(walker.start, walker.end))
        expect(seen).toEqual(cells)
      }),
    )
  })

  it('of any bytes at all stay inside their row or are refused', () => {
    const walker = new CellWalker()
    const mixed = fc
      .array(fc.constantFrom(0, 0, 0, 0, 1, 2, 3, 0x7f, 0xff), { maxLength: 40 })
      .map((list) => Buffer.from(list))
    fc.assert(
      fc.property(mixed, (body) => {
        try {
          walker.reset(body, 0, body.length)
          while (walker.next()) expect(walker.end).toBeLessThanOrEqual(body.length)
          expect(walker.end).toBe(body.length)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
      { numRuns: 3000 },
    )
  })

  it('are counted by the command tag', () => {
    expect(['SELECT 5', 'INSERT 0 3', 'BEGIN', 'CREATE TABLE', 'COPY 12'].map(commandTagRows)).toEqual([
      5,
      3,
      undefined,
      undefined,
      12,
    ])
  })
})

describe('a message that an encoder wrote', () => {
  it('passes the frame cursor of the other side', () => {
    fc.assert(
      fc.property(fc.array(frontend), (messages) => {
        const writer = new MessageWriter(8)
        for (const message of messages) encodeFrontendMessage(message, writer)
        const stream = writer.take()
        const cursor = new FrameCursor(FRONTEND_LIMITS(1 << 20))
        const body = new BodyReader()
        const seen: FrontendMessage[] = []
        cursor.feed(stream, 0, stream.length)
        while (cursor.next()) {
          seen.push(decodeFrontendMessage(cursor.tag, body.reset(cursor.bytes, cursor.body, cursor.end)))
        }
        expect(seen).toEqual(messages)
      }),
    )
  })
})
