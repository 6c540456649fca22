import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeAuthenticationPacket, encodeAuthenticationPacket } from './authentication-packets.ts'
import { Capability, MariadbCapability } from './capabilities.ts'
import { type ChangeUser, decodeChangeUser, encodeChangeUser } from './change-user.ts'
import {
  decodeHandshake,
  encodeHandshake,
  type HandshakeV10,
  makeScramble,
  SCRAMBLE_RANDOM_BYTES,
} from './handshake.ts'
import {
  decodeHandshakeResponse,
  encodeHandshakeResponse,
  encodeSSLRequest,
  type HandshakeResponse41,
} from './handshake-response.ts'
import { PacketWriter } from './packet-writer.ts'
import { PayloadReader } from './payload-reader.ts'
import { ProtocolError } from './protocol-error.ts'

const NEEDED = Capability.PROTOCOL_41 | Capability.SECURE_CONNECTION
const text = fc.string({ unit: 'binary', maxLength: 40 }).map((value) => value.replaceAll('\0', '').toWellFormed())
const name = text.map((value) => value.replaceAll(/[^!-~]/g, ''))
const flags = fc.nat(0xffff_ffff).map((value) => (value | NEEDED) >>> 0)
const bytes = fc.uint8Array({ maxLength: 200 }).map((value) => Buffer.from(value))

function payloadOf(write: (writer: PacketWriter) => void): PayloadReader {
  const writer = new PacketWriter()
  write(writer)
  return new PayloadReader(writer.take(), 4)
}

describe('a handshake', () => {
  const handshake: fc.Arbitrary<HandshakeV10> = fc
    .record({
      kind: fc.constant('HandshakeV10'),
      serverVersion: text,
      threadId: fc.nat(0xffff_ffff),
      authPluginData: fc.uint8Array({ minLength: 40, maxLength: 40 }).map((value) => makeScramble(Buffer.from(value))),
      capabilities: flags,
      mariadbCapabilities: fc.nat(0xffff_ffff),
      characterSet: fc.nat(255),
      statusFlags: fc.nat(0xffff),
      authPluginName: name,
    } as const)
    .map((value) => ({
      ...value,
      mariadbCapabilities: (value.capabilities & Capability.LONG_PASSWORD) === 0 ? value.mariadbCapabilities : 0,
      authPluginName: (value.capabilities & Capability.PLUGIN_AUTH) === 0 ? '' : value.authPluginName,
    }))

  it('survives being written and read, with whatever capabilities', () => {
    fc.assert(
      fc.property(handshake, (sent) => {
        expect(decodeHandshake(payloadOf((writer) => encodeHandshake(sent, writer)))).toEqual(sent)
      }),
    )
  })

  it('may be an error at once', () => {
    expect(decodeHandshake(new PayloadReader(Buffer.from('ff1004546f6f', 'hex')))).toMatchObject({
      kind: 'ERR',
      errorCode: 1040,
    })
  })

  it('of another protocol is refused in so many words', () => {
    expect(() => decodeHandshake(new PayloadReader(Buffer.from('0935', 'hex')))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }) as Error,
    )
  })

  it('has a scramble of printable ASCII and no $, whatever the random bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: SCRAMBLE_RANDOM_BYTES, maxLength: SCRAMBLE_RANDOM_BYTES }), (random) => {
        expect(makeScramble(Buffer.from(random)).toString('latin1')).toMatch(/^[!-#%-~]{20}$/)
      }),
    )
    expect(() => makeScramble(Buffer.alloc(39))).toThrow(RangeError)
  })
})

describe("a client's response", () => {
  const response: fc.Arbitrary<HandshakeResponse41> = fc
    .record({
      kind: fc.constant('HandshakeResponse41'),
      capabilities: flags,
      mariadbCapabilities: fc.nat(0xffff_ffff),
      maxPacketSize: fc.nat(0xffff_ffff),
      characterSet: fc.nat(255),
      username: text,
      authResponse: bytes,
      database: text,
      authPluginName: name,
      attributes: fc.array(fc.tuple(text, text), { maxLength: 5 }).map((pairs) => new Map(pairs)),
      zstdCompressionLevel: fc.nat(255),
    } as const)
    .map((value) => {
      const has = (flag: number): boolean => (value.capabilities & flag) !== 0
      const database = value.database === '' ? 0 : Capability.CONNECT_WITH_DB
      return {
        ...value,
        capabilities: ((value.capabilities & ~Capability.CONNECT_WITH_DB) | database) >>> 0,
        mariadbCapabilities: has(Capability.LONG_PASSWORD) ? 0 : value.mariadbCapabilities,
        authPluginName: has(Capability.PLUGIN_AUTH) ? value.authPluginName : '',
        attributes: has(Capability.CONNECT_ATTRS) ? value.attributes : new Map<string, string>(),
        zstdCompressionLevel: has(Capability.ZSTD_COMPRESSION_ALGORITHM) ? value.zstdCompressionLevel : 0,
      }
    })

  it('survives being written and read, with whatever capabilities', () => {
    fc.assert(
      fc.property(response, (sent) => {
        expect(decodeHandshakeResponse(payloadOf((writer) => encodeHandshakeResponse(sent, writer)))).toEqual(sent)
      }),
    )
  })

  it('that asks for TLS is told from one that logs in', () => {
    const capabilities = (NEEDED | Capability.SSL) >>> 0
    const mariadbCapabilities = MariadbCapability.STMT_BULK_OPERATIONS
    const request = {
      kind: 'SSLRequest',
      capabilities,
      maxPacketSize: 5,
      characterSet: 45,
      mariadbCapabilities,
    } as const
    const payload = payloadOf((writer) => encodeSSLRequest(request, writer))
    expect(payload.remaining).toBe(32)
    expect(decodeHandshakeResponse(payload)).toEqual(request)
  })

  it('as before MySQL 4.1 is refused in so many words', () => {
    // HandshakeResponse320: flags, max packet size, user, scrambled password.
    for (const old of [
      '0524000001 6f6c6400 474453435d4f5f5a',
      '0502000000000000 21 00000000000000000000000000000000000000 00000000 7500 00',
    ])
      expect(() => decodeHandshakeResponse(new PayloadReader(Buffer.from(old.replaceAll(' ', ''), 'hex')))).toThrow(
        expect.objectContaining({ code: 'UNSUPPORTED' }) as Error,
      )
  })

  it('with a token of 64 KiB fits the limit of the connection phase and is read whole', () => {
    const authResponse = Buffer.alloc(65_536, 'x')
    const capabilities = NEEDED | Capability.PLUGIN_AUTH_LENENC_CLIENT_DATA
    const sent = { ...emptyResponse, capabilities, authResponse }
    const read = decodeHandshakeResponse(payloadOf((writer) => encodeHandshakeResponse(sent, writer)))
    expect(read).toMatchObject({ authResponse })
    expect(() => encodeHandshakeResponse({ ...sent, capabilities: NEEDED }, new PacketWriter())).toThrow(RangeError)
  })

  it('with attributes that overrun their length, or more than the server takes, is refused', () => {
    const head = payloadOf((writer) =>
      encodeHandshakeResponse({ ...emptyResponse, capabilities: NEEDED }, writer),
    ).rest()
    head.writeUInt32LE((NEEDED | Capability.CONNECT_ATTRS) >>> 0, 0)
    for (const attributes of ['0301610562', '0301610162', '0501610162', 'fd010001'])
      expect(() =>
        decodeHandshakeResponse(new PayloadReader(Buffer.concat([head, Buffer.from(attributes, 'hex')]))),
      ).toThrow(ProtocolError)
  })
})

const emptyResponse: HandshakeResponse41 = {
  kind: 'HandshakeResponse41',
  capabilities: NEEDED,
  mariadbCapabilities: 0,
  maxPacketSize: 0,
  characterSet: 45,
  username: 'u',
  authResponse: Buffer.alloc(0),
  database: '',
  authPluginName: '',
  attributes: new Map(),
  zstdCompressionLevel: 0,
}

describe('the packets of authentication', () => {
  it('survive being written and read', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('AuthSwitchRequest', 'AuthNextFactor'),
        name,
        bytes,
        (kind, pluginName, pluginData) => {
          const sent = { kind, pluginName, pluginData }
          expect(
            decodeAuthenticationPacket(
              payloadOf((writer) => encodeAuthenticationPacket(sent, writer)),
              NEEDED,
            ),
          ).toEqual(sent)
          const more = { kind: 'AuthMoreData', data: pluginData } as const
          expect(
            decodeAuthenticationPacket(
              payloadOf((writer) => encodeAuthenticationPacket(more, writer)),
              NEEDED,
            ),
          ).toEqual(more)
        },
      ),
    )
  })

  it('refuse the switch to old passwords', () => {
    expect(() => decodeAuthenticationPacket(new PayloadReader(Buffer.from([0xfe])), NEEDED)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }) as Error,
    )
  })
})

describe('COM_CHANGE_USER', () => {
  it('survives being written and read', () => {
    const capabilities = NEEDED | Capability.PLUGIN_AUTH | Capability.CONNECT_ATTRS
    const message: fc.Arbitrary<ChangeUser> = fc.record({
      kind: fc.constant('COM_CHANGE_USER'),
      username: text,
      authResponse: bytes,
      database: text,
      characterSet: fc.nat(0xffff),
      authPluginName: name,
      attributes: fc.array(fc.tuple(text, text), { maxLength: 5 }).map((pairs) => new Map(pairs)),
    } as const)
    fc.assert(
      fc.property(message, (sent) => {
        expect(
          decodeChangeUser(
            payloadOf((writer) => encodeChangeUser(sent, capabilities, writer)),
            capabilities,
          ),
        ).toEqual(sent)
      }),
    )
  })
})

describe('any bytes', () => {
  it('read in the connection phase end in a value or a ProtocolError', () => {
    const start = fc.constantFrom('', '0a35002a000000', '85a6ff01', 'fe', '11', '02', '01', '00')
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 150 }), flags, (head, tail, capabilities) => {
        const payload = Buffer.concat([Buffer.from(head, 'hex'), tail])
        for (const decode of [decodeHandshake, decodeHandshakeResponse, decodeAuthenticationPacket, decodeChangeUser]) {
          try {
            decode(new PayloadReader(payload), capabilities)
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError)
          }
        }
      }),
      { numRuns: 2000 },
    )
  })
})
