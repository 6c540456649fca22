import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeOAuthBearer, encodeOAuthBearer, encodeOAuthChallenge, isOAuthAcknowledgement } from './oauthbearer.ts'
import { ProtocolError } from './protocol-error.ts'

const decode = (text: string): unknown => decodeOAuthBearer(Buffer.from(text, 'latin1'))

describe('OAUTHBEARER', () => {
  it('reads what a client sends, whatever else it says', () => {
    const token = { kind: 'token', token: 'abc.DEF-_~+/==' }
    expect(decodeOAuthBearer(encodeOAuthBearer('abc.DEF-_~+/=='))).toEqual(token)
    expect(decode('y,,\x01auth=bEaReR   abc.DEF-_~+/==\x01\x01')).toEqual(token)
    expect(decode('n,,\x01host=db.example\x01port=5432\x01auth=Bearer abc.DEF-_~+/==\x01\x01')).toEqual(token)
  })

  it('takes an empty auth as the question where to get a token', () => {
    expect(decodeOAuthBearer(encodeOAuthBearer(''))).toEqual({ kind: 'discovery' })
  })

  it.each([
    ['channel binding', 'p=tls-server-end-point,,\x01auth=Bearer a\x01\x01'],
    ['an authorization identity', 'n,a=admin,\x01auth=Bearer a\x01\x01'],
    ['no auth', 'n,,\x01host=x\x01\x01'],
    ['no pairs', 'n,,\x01\x01'],
    ['two auths', 'n,,\x01auth=Bearer a\x01auth=Bearer b\x01\x01'],
    ['another scheme', 'n,,\x01auth=Basic a\x01\x01'],
    ['a token with a space', 'n,,\x01auth=Bearer a b\x01\x01'],
    ['a token with a NUL', 'n,,\x01auth=Bearer a\0\x01\x01'],
    ['no token', 'n,,\x01auth=Bearer \x01\x01'],
    ['no end', 'n,,\x01auth=Bearer a\x01'],
    ['more after the end', 'n,,\x01auth=Bearer a\x01\x01auth=Bearer b\x01\x01'],
    ['nothing', ''],
  ])('refuses a message with %s', (_, text) => {
    expect(() => decode(text)).toThrow(expect.objectContaining({ code: 'BAD_VALUE' }) as Error)
  })

  it('never repeats the token in what it throws', () => {
    expect(() => decode('n,,\x01auth=Bearer sec ret\x01\x01')).toThrow(expect.not.stringContaining('sec') as string)
  })

  it('tells a client why its token is not accepted, as JSON', () => {
    const challenge = encodeOAuthChallenge({
      status: 'invalid_token',
      openidConfiguration: 'https://i/"x',
      scope: 'openid',
    })
    expect(JSON.parse(challenge.toString())).toEqual({
      status: 'invalid_token',
      'openid-configuration': 'https://i/"x',
      scope: 'openid',
    })
    expect(isOAuthAcknowledgement(Buffer.from([1]))).toBe(true)
    expect(isOAuthAcknowledgement(Buffer.from([1, 1]))).toBe(false)
  })

  it('reads any bytes at all, or refuses them with a ProtocolError', () => {
    const pieces = fc.array(fc.constantFrom('n,,', 'y,', 'auth=', 'Bearer ', 'a', '\x01', '=', ',', '\xff'), {
      maxLength: 10,
    })
    fc.assert(
      fc.property(pieces, (parts) => {
        try {
          decode(parts.join(''))
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
