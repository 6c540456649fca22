import {
  constants,
  generateKeyPairSync,
  privateDecrypt,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  pbkdf2Sync,
} from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AuthMoreData, AuthSwitchRequest } from './authentication-packets.ts'
import { AuthenticationPlugin } from './authentication-plugin.ts'
import { ClientAuthentication, type ClientAuthenticationOptions } from './client-authentication.ts'
import { ed25519Proof } from './mariadb-ed25519.ts'
import { decodeOpenIdConnect, encodeOpenIdConnect } from './openid-connect.ts'
import { cachingSha2Scramble, nativeScramble, storePassword, xor } from './password-scramble.ts'
import { ProtocolError } from './protocol-error.ts'
import { ServerAuthentication, type ServerAuthenticationOptions } from './server-authentication.ts'

const SCRAMBLE = Buffer.from('abcdefghij0123456789')
const PASSWORD = Buffer.from('correct horse')
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
const NEVER = expect.objectContaining({ code: 'UNSUPPORTED' }) as Error

function client(options: Partial<ClientAuthenticationOptions> = {}): ClientAuthentication {
  return new ClientAuthentication({ password: PASSWORD, secure: false, random: Buffer.alloc(32, 7), ...options })
}
function server(options: Partial<ServerAuthenticationOptions> = {}): ServerAuthentication {
  return new ServerAuthentication({
    scramble: SCRAMBLE,
    clearPassword: true,
    secure: true,
    pluginAuth: true,
    ...options,
  })
}
function more(...data: number[]): AuthMoreData {
  return { kind: 'AuthMoreData', data: Buffer.from(data) }
}
function ask(pluginName: string, pluginData: Buffer = Buffer.concat([SCRAMBLE, Buffer.alloc(1)])): AuthSwitchRequest {
  return { kind: 'AuthSwitchRequest', pluginName, pluginData }
}

describe('scrambles', () => {
  it('are accepted with their password, and with no other', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.uint8Array({ minLength: 1 }), (right, wrong) => {
        const stored = storePassword(Buffer.from(right))
        for (const [plugin, make] of [
          [AuthenticationPlugin.CACHING_SHA2, cachingSha2Scramble],
          [AuthenticationPlugin.NATIVE, nativeScramble],
        ] as const) {
          expect(server({ stored }).start(plugin, make(Buffer.from(right), SCRAMBLE)).kind).toBe('accepted')
          const same = Buffer.from(right).equals(Buffer.from(wrong))
          const step = server({ stored }).start(plugin, make(Buffer.from(wrong), SCRAMBLE))
          expect(step.kind).toBe(same ? 'accepted' : 'send')
        }
      }),
    )
  })
})

describe('a login as client', () => {
  it('by caching_sha2_password needs no more than the scramble when the server remembers the password', () => {
    const login = client()
    const { pluginName, authResponse } = login.begin(AuthenticationPlugin.CACHING_SHA2, SCRAMBLE)
    expect(pluginName).toBe(AuthenticationPlugin.CACHING_SHA2)
    expect(authResponse).toEqual(cachingSha2Scramble(PASSWORD, SCRAMBLE))
    expect(login.next(more(3))).toBeUndefined()
    expect(() => login.next(more(4))).toThrow(ProtocolError)
  })

  it('sends the password itself only where that is safe', () => {
    const safe = client({ secure: true })
    safe.begin(AuthenticationPlugin.CACHING_SHA2, SCRAMBLE)
    expect(safe.next(more(4))).toEqual(Buffer.from('correct horse\0'))
    for (const [plugin, plugins] of [
      [AuthenticationPlugin.SHA256, undefined],
      [AuthenticationPlugin.CLEAR, [AuthenticationPlugin.CLEAR]],
      [AuthenticationPlugin.OPENID_CONNECT, [AuthenticationPlugin.OPENID_CONNECT]],
    ] as const) {
      const unsafe = client({ plugins })
      unsafe.begin(AuthenticationPlugin.CACHING_SHA2, SCRAMBLE)
      expect(() => unsafe.next(ask(plugin))).toThrow(NEVER)
    }
    const unsafe = client()
    unsafe.begin(AuthenticationPlugin.CACHING_SHA2, SCRAMBLE)
    expect(() => unsafe.next(more(4))).toThrow(NEVER)
  })

  it('gives no clear password to a server that merely asks for one, TLS or not', () => {
    for (const plugin of [AuthenticationPlugin.CLEAR, AuthenticationPlugin.OPENID_CONNECT, 'dialog']) {
      const login = client({ secure: true })
      expect(login.begin(plugin, SCRAMBLE).pluginName).toBe(AuthenticationPlugin.CACHING_SHA2)
      expect(() => login.next(ask(plugin))).toThrow(NEVER)
    }
  })

  it('without TLS encrypts the password for the server, by a known key or one that may be trusted', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string
    const open = (sent: Buffer | undefined): string => {
      const padding = constants.RSA_PKCS1_OAEP_PADDING
      return xor(privateDecrypt({ key: privateKey, padding }, sent ?? Buffer.alloc(0)), SCRAMBLE).toString()
    }
    const known = client({ publicKey: pem })
    known.begin(AuthenticationPlugin.CACHING_SHA2, SCRAMBLE)
    expect(open(known.next(more(4)))).toBe('correct horse\0')

    for (const [plugin, request] of [
      [AuthenticationPlugin.CACHING_SHA2, 2],
      [AuthenticationPlugin.SHA256, 1],
    ] as const) {
      const asking = client({ trustSentPublicKey: true })
      asking.begin(AuthenticationPlugin.CACHING_SHA2, SCRAMBLE)
      const first = asking.next(ask(plugin))
      const wanted = plugin === AuthenticationPlugin.SHA256 ? first : asking.next(more(4))
      expect(wanted).toEqual(Buffer.from([request]))
      expect(open(asking.next({ kind: 'AuthMoreData', data: Buffer.from(pem) }))).toBe('correct horse\0')
    }
    const long = client({ publicKey: pem, password: Buffer.alloc(300, 'x') })
    long.begin(AuthenticationPlugin.CACHING_SHA2, SCRAMBLE)
    expect(() => long.next(more(4))).toThrow(expect.objectContaining({ code: 'BAD_VALUE' }) as Error)
  })

  it('takes no key that is none, or too small a one', () => {
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'pem' })
    const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' })
    for (const key of ['', 'x', '-----BEGIN PUBLIC KEY-----\nAA\n', small, other]) {
      const login = client({ trustSentPublicKey: true })
      login.begin(AuthenticationPlugin.CACHING_SHA2, SCRAMBLE)
      login.next(more(4))
      expect(() => login.next({ kind: 'AuthMoreData', data: Buffer.from(key) })).toThrow(ProtocolError)
    }
  })

  it('by client_ed25519 signs as Ed25519 does with a seed, since a password of 32 bytes is one', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ maxLength: 64 }),
        (seed, message) => {
          const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' })
          expect(ed25519Proof(Buffer.from(seed), Buffer.from(message))).toEqual(sign(null, Buffer.from(message), key))
        },
      ),
      { numRuns: 10 },
    )
  })

  it('by parsec signs both scrambles with the key that the salt makes', () => {
    const login = client()
    login.begin(AuthenticationPlugin.NATIVE, SCRAMBLE)
    const scramble = Buffer.alloc(32, 's')
    expect(login.next(ask(AuthenticationPlugin.PARSEC, scramble))).toEqual(Buffer.alloc(0))
    const salt = Buffer.from('0123456789abcdefgh')
    const proof =
      login.next({ kind: 'AuthMoreData', data: Buffer.concat([Buffer.from('P\0'), salt]) }) ?? Buffer.alloc(0)
    const seed = pbkdf2Sync(PASSWORD, salt, 1024, 32, 'sha512')
    const key = createPublicKey(
      createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' }),
    )
    const random = proof.subarray(0, 32)
    expect(random).toEqual(Buffer.alloc(32, 7))
    expect(verify(null, Buffer.concat([scramble, random]), key, proof.subarray(32))).toBe(true)
    const greedy = client()
    greedy.begin(AuthenticationPlugin.NATIVE, SCRAMBLE)
    greedy.next(ask(AuthenticationPlugin.PARSEC, scramble))
    expect(() => greedy.next({ kind: 'AuthMoreData', data: Buffer.from('P\x14salt') })).toThrow(ProtocolError)
  })

  it('is not led on for ever', () => {
    const login = client()
    login.begin(AuthenticationPlugin.NATIVE, SCRAMBLE)
    expect(() => {
      for (let index = 0; index < 100; index++) login.next(ask(AuthenticationPlugin.NATIVE))
    }).toThrow(expect.objectContaining({ code: 'TOO_MANY' }) as Error)
  })

  it('takes no scramble of another length', () => {
    for (const size of [0, 8, 19, 22, 32])
      expect(() => client().begin(AuthenticationPlugin.NATIVE, Buffer.alloc(size, 'x'))).toThrow(ProtocolError)
  })
})

describe('a login as server', () => {
  const full = { kind: 'send', packet: more(4) }

  it('gets the token by caching_sha2_password under TLS, whether the user name is known or not', () => {
    for (const stored of [undefined, storePassword(Buffer.from('another'))]) {
      const login = server({ stored })
      expect(login.start(AuthenticationPlugin.CACHING_SHA2, cachingSha2Scramble(PASSWORD, SCRAMBLE))).toEqual(full)
      const token = Buffer.alloc(65_536, 'x')
      expect(login.next(Buffer.concat([token, Buffer.alloc(1)]))).toEqual({ kind: 'password', password: token })
      expect(() => login.next(token)).toThrow(ProtocolError)
    }
  })

  it('and its client agree, over each plugin that the client may begin with', () => {
    for (const plugin of Object.values(AuthenticationPlugin)) {
      const [there, here] = [server(), client({ secure: true, plugins: Object.values(AuthenticationPlugin) })]
      const begun = here.begin(plugin, SCRAMBLE)
      let step = there.start(plugin, plugin === begun.pluginName ? begun.authResponse : Buffer.alloc(0))
      while (step.kind === 'send') step = there.next(here.next(step.packet) ?? Buffer.alloc(0))
      expect(step).toEqual({ kind: 'password', password: PASSWORD })
    }
  })

  it('without TLS takes a password only by mysql_clear_password, and only where that is allowed', () => {
    const proof = cachingSha2Scramble(PASSWORD, SCRAMBLE)
    const refused = { kind: 'refused', reason: 'needs-tls' }
    expect(server({ secure: false, clearPassword: false }).start(AuthenticationPlugin.CACHING_SHA2, proof)).toEqual(
      refused,
    )
    const no = { secure: false, clearPassword: false }
    expect(server(no).start(AuthenticationPlugin.CLEAR, Buffer.from('secret\0'))).toEqual(refused)
    expect(server(no).start(AuthenticationPlugin.OPENID_CONNECT, encodeOpenIdConnect(PASSWORD))).toEqual(refused)
    const login = server({ secure: false })
    expect(login.start(AuthenticationPlugin.CACHING_SHA2, proof)).toMatchObject({
      packet: { kind: 'AuthSwitchRequest', pluginName: AuthenticationPlugin.CLEAR },
    })
    expect(login.next(Buffer.from('secret\0'))).toEqual({ kind: 'password', password: Buffer.from('secret') })
  })

  it('ends with a client that has no password, or cannot be asked for one', () => {
    expect(server().start(AuthenticationPlugin.CACHING_SHA2, Buffer.alloc(0))).toEqual({
      kind: 'refused',
      reason: 'no-password',
    })
    expect(server({ pluginAuth: false }).start('', nativeScramble(PASSWORD, SCRAMBLE))).toEqual({
      kind: 'refused',
      reason: 'no-plugin',
    })
    const login = server()
    login.start(AuthenticationPlugin.CLEAR, Buffer.alloc(0))
    expect(login.next(Buffer.from('\0'))).toEqual({ kind: 'refused', reason: 'no-password' })
  })

  it('reads a token of any length as the OpenID Connect plugin sends it, and nothing else', () => {
    for (const size of [1, 250, 251, 65_536]) {
      const token = Buffer.alloc(size, 'x')
      expect(decodeOpenIdConnect(encodeOpenIdConnect(token))).toEqual(token)
    }
    for (const hex of ['', '01', '0100', '0201', '010261', '01016162'])
      expect(() => decodeOpenIdConnect(Buffer.from(hex, 'hex'))).toThrow(ProtocolError)
  })

  it('ends in a step or a ProtocolError, whatever the client sends', () => {
    const plugin = fc.oneof(fc.string(), fc.constantFrom(...Object.values(AuthenticationPlugin)))
    const data = fc.array(
      fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(Buffer.alloc(20)), fc.constant(Buffer.alloc(32))),
    )
    fc.assert(
      fc.property(plugin, data, fc.boolean(), fc.boolean(), (name, packets, secure, pluginAuth) => {
        const login = server({ secure, pluginAuth, stored: storePassword(PASSWORD) })
        try {
          let step = login.start(name, Buffer.from(packets[0] ?? []))
          for (const packet of packets.slice(1)) if (step.kind === 'send') step = login.next(Buffer.from(packet))
          expect(step.kind).not.toBe('accepted')
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
    )
  })
})
