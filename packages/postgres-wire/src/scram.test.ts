import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { md5PasswordResponse } from './md5.ts'
import { ProtocolError } from './protocol-error.ts'
import { saslPrep } from './saslprep.ts'
import type { ScramChannelBinding } from './scram-client.ts'
import { ScramClient } from './scram-client.ts'
import type { ScramVerifier } from './scram-secrets.ts'
import {
  formatScramVerifier,
  makeScramVerifier,
  mockScramVerifier,
  parseScramVerifier,
  saltPassword,
} from './scram-secrets.ts'
import type { ScramMechanism } from './scram-server.ts'
import { ScramServer } from './scram-server.ts'

// RFC 7677, section 3.
const RFC = {
  clientNonce: 'rOprNGfwEbeRWgbNEkqO',
  serverNonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
  clientFirst: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
  serverFirst: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  clientFinal:
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
} as const
const SALT = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
const END_POINT = Buffer.from('the hash of a certificate')

interface Exchange {
  readonly password?: string
  readonly binding?: ScramChannelBinding
  readonly mechanism?: ScramMechanism
  readonly endPoint?: Buffer | undefined
  readonly verifier?: ScramVerifier
}

async function exchange(options: Exchange): Promise<void> {
  const verifier = options.verifier ?? (await makeScramVerifier('pencil', SALT, 10))
  const client = new ScramClient('client nonce'.replace(' ', '-'), options.binding ?? { kind: 'unsupported' })
  const server = new ScramServer(verifier, 'server-nonce', options.endPoint)
  const challenge = client.readChallenge(server.first(options.mechanism ?? 'SCRAM-SHA-256', client.first()))
  const salted = await saltPassword(options.password ?? 'pencil', challenge.salt, challenge.iterations)
  client.verify(server.final(client.final(salted)))
}

const withCode = (code: string): Error => expect.objectContaining({ code }) as Error

describe('SCRAM-SHA-256', () => {
  it('as a client says what RFC 7677 says', async () => {
    const client = new ScramClient(RFC.clientNonce, { kind: 'unsupported' }, 'user')
    expect(client.first().toString()).toBe(RFC.clientFirst)
    const challenge = client.readChallenge(Buffer.from(RFC.serverFirst))
    const salted = await saltPassword('pencil', challenge.salt, challenge.iterations)
    expect(client.final(salted).toString()).toBe(RFC.clientFinal)
    client.verify(Buffer.from(RFC.serverFinal))
  })

  it('as a server says what RFC 7677 says', async () => {
    const server = new ScramServer(await makeScramVerifier('pencil', SALT, 4096), RFC.serverNonce, undefined)
    expect(server.first('SCRAM-SHA-256', Buffer.from(RFC.clientFirst)).toString()).toBe(RFC.serverFirst)
    expect(server.final(Buffer.from(RFC.clientFinal)).toString()).toBe(RFC.serverFinal)
  })

  it('lets the right password in, with and without channel binding', async () => {
    const bound: ScramChannelBinding = { kind: 'tls-server-end-point', data: END_POINT }
    await exchange({})
    await exchange({ binding: { kind: 'not-offered' } })
    await exchange({ endPoint: END_POINT })
    await exchange({ binding: bound, mechanism: 'SCRAM-SHA-256-PLUS', endPoint: END_POINT })
  })

  it.each<[string, Exchange, string]>([
    ['a wrong password', { password: 'pencils' }, 'BAD_PROOF'],
    ['a user that there is not', { verifier: mockScramVerifier('nobody', END_POINT, 10) }, 'BAD_PROOF'],
    ['a binding negotiated away', { binding: { kind: 'not-offered' }, endPoint: END_POINT }, 'BAD_PROOF'],
    [
      'another certificate in between',
      {
        binding: { kind: 'tls-server-end-point', data: Buffer.from('of another') },
        mechanism: 'SCRAM-SHA-256-PLUS',
        endPoint: END_POINT,
      },
      'BAD_PROOF',
    ],
    ['-PLUS without a binding', { mechanism: 'SCRAM-SHA-256-PLUS', endPoint: END_POINT }, 'BAD_VALUE'],
    [
      'a binding without -PLUS',
      { binding: { kind: 'tls-server-end-point', data: END_POINT }, endPoint: END_POINT },
      'BAD_VALUE',
    ],
    [
      '-PLUS that was not offered',
      { binding: { kind: 'tls-server-end-point', data: END_POINT }, mechanism: 'SCRAM-SHA-256-PLUS' },
      'BAD_VALUE',
    ],
  ])('does not let in %s', async (_, options, code) => {
    await expect(exchange(options)).rejects.toThrow(withCode(code))
  })

  it('takes each step once', async () => {
    const server = new ScramServer(await makeScramVerifier('pencil', SALT, 4096), RFC.serverNonce, undefined)
    expect(() => server.final(Buffer.from(RFC.clientFinal))).toThrow(withCode('UNEXPECTED_MESSAGE'))
    server.first('SCRAM-SHA-256', Buffer.from(RFC.clientFirst))
    expect(() => server.first('SCRAM-SHA-256', Buffer.from(RFC.clientFirst))).toThrow(withCode('UNEXPECTED_MESSAGE'))
    expect(() => server.final(Buffer.from(RFC.clientFinal.replace('p=d', 'p=e')))).toThrow(withCode('BAD_PROOF'))
    expect(() => server.final(Buffer.from(RFC.clientFinal))).toThrow(withCode('UNEXPECTED_MESSAGE'))
  })

  it.each([
    ['a nonce that is not ours', 'r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096', 'BAD_PROOF'],
    ['our nonce and nothing of its own', `r=${RFC.clientNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`, 'BAD_PROOF'],
    ['a thousand million iterations', `r=${RFC.clientNonce}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=999999999`, 'BAD_VALUE'],
    ['no iterations', `r=${RFC.clientNonce}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0`, 'BAD_PROOF'],
    ['a mandatory extension', `m=x,r=${RFC.clientNonce}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`, 'BAD_PROOF'],
    ['nonsense', 'e=other-error', 'BAD_PROOF'],
  ])('as a client refuses a server that sends %s', (_, serverFirst, code) => {
    const client = new ScramClient(RFC.clientNonce, { kind: 'unsupported' })
    expect(() => client.readChallenge(Buffer.from(serverFirst))).toThrow(withCode(code))
  })

  it('as a client believes no server that cannot prove that it knows the password', async () => {
    const verify = async (serverFinal: string): Promise<void> => {
      const client = new ScramClient(RFC.clientNonce, { kind: 'unsupported' }, 'user')
      const challenge = client.readChallenge(Buffer.from(RFC.serverFirst))
      client.final(await saltPassword('pencil', challenge.salt, challenge.iterations))
      client.verify(Buffer.from(serverFinal))
    }
    await verify(RFC.serverFinal)
    for (const wrong of ['', 'v=', 'v=AAAA', RFC.serverFinal.replace('=6r', '=7r'), 'e=invalid-proof']) {
      await expect(verify(wrong)).rejects.toThrow(withCode('BAD_PROOF'))
    }
    const client = new ScramClient(RFC.clientNonce, { kind: 'unsupported' })
    expect(() => client.verify(Buffer.from(RFC.serverFinal))).toThrow(withCode('UNEXPECTED_MESSAGE'))
  })

  it('ends with a ProtocolError, whatever the peer says', () => {
    const verifier = mockScramVerifier('x', END_POINT, 10)
    const pieces = fc.array(
      fc.constantFrom(
        'n,,',
        'y,,',
        'p=x,,',
        'n=',
        'r=',
        's=',
        'i=',
        ',',
        'c=biws',
        'p=',
        'v=',
        'a',
        '=',
        '\0',
        'AAAA',
        '9',
      ),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(
        pieces.map((parts) => Buffer.from(parts.join(''))),
        (message) => {
          const attempts = [
            () => new ScramServer(verifier, 'n', undefined).first('SCRAM-SHA-256', message),
            () => {
              const server = new ScramServer(verifier, 'n', undefined)
              server.first('SCRAM-SHA-256', Buffer.from(RFC.clientFirst))
              server.final(message)
            },
            () => new ScramClient('a', { kind: 'unsupported' }).readChallenge(message),
          ]
          for (const attempt of attempts) {
            try {
              attempt()
            } catch (error) {
              expect(error).toBeInstanceOf(ProtocolError)
            }
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('a stored verifier', () => {
  it('is read and written as PostgreSQL stores it', async () => {
    const text =
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU='
    const verifier = parseScramVerifier(text)
    if (verifier === undefined) throw new Error('not read')
    expect(verifier).toEqual(await makeScramVerifier('pencil', SALT, 4096))
    expect(formatScramVerifier(verifier)).toBe(text)
  })

  it.each(['', 'md5abc', 'SCRAM-SHA-256$0:AAAA$', 'SCRAM-SHA-1$4096:AAAA$AAAA:AAAA'])('is not %j', (text) => {
    expect(parseScramVerifier(text)).toBeUndefined()
  })

  it('of an unknown user looks the same each time, and different for each', () => {
    expect(mockScramVerifier('a', SALT, 9)).toEqual(mockScramVerifier('a', SALT, 9))
    expect(mockScramVerifier('a', SALT, 9).salt).not.toEqual(mockScramVerifier('b', SALT, 9).salt)
    expect(mockScramVerifier('a', SALT, 9).salt.length).toBe(16)
  })
})

describe('a password', () => {
  it.each([
    ['user', 'user'],
    ['I\u00ADX', 'IX'],
    ['\u00AA', 'a'],
    ['\u2168', 'IX'],
    ['\u0007', '\u0007'],
    ['a\u00A0b', 'a b'],
    ['\u00AD', '\u00AD'],
    ['\u2168\uE000', '\u2168\uE000'],
  ])('%j is prepared as %j (RFC 4013, section 3)', (password, prepared) => {
    expect(saslPrep(password)).toBe(prepared)
  })

  it('answers an md5 challenge', () => {
    expect(md5PasswordResponse('md5user', 'pencil', Buffer.from('01020304', 'hex'))).toBe(
      'md5d8952cad425cbeb4f00aba7f8e35ff33',
    )
  })
})
