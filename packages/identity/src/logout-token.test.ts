import { Secret } from '@gatehouse/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MAX_LOGOUT_AGE_SECONDS } from './logout-token.ts'
import { createSigningKey, LoopbackIssuer } from './testing/loopback-issuer.ts'
import { TokenVerifier } from './token-verifier.ts'

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} }
const seconds = (): number => Math.floor(Date.now() / 1000)

let issuer: LoopbackIssuer
let verifier: TokenVerifier

beforeAll(async () => {
  issuer = await LoopbackIssuer.start([await createSigningKey('k', 'ES256')])
  verifier = TokenVerifier.create([issuer.config({ audience: ['gatehouse-logout'] })], {
    log: { warn: () => undefined, info: () => undefined },
  })
})

afterAll(async () => {
  verifier.close()
  await issuer.close()
})

type Claims = Readonly<Record<string, unknown>>

/** A logout token as the specification has it, changed. */
function logoutToken(claims: Claims = {}, header: Claims = { typ: 'logout+jwt' }): Promise<string> {
  const usual = { aud: 'gatehouse-logout', azp: undefined, groups: undefined, jti: 'j1', sid: 's1', events: EVENTS }
  return issuer.token({ ...usual, ...claims }, header)
}

const verify = async (token: string): Promise<Claims> => ({
  ...(await verifier.verifyLogout(new Secret(token), Date.now())),
})

describe('a logout token', () => {
  test('says whose tokens are void, and until when they were issued', async () => {
    const iat = seconds() - 5
    expect(await verify(await logoutToken({ iat }))).toEqual({
      kind: 'logout',
      issuer: issuer.url,
      subject: 'alice',
      sid: 's1',
      issuedAt: iat,
      jti: 'j1',
    })
    expect(await verify(await logoutToken({ sid: undefined }))).toMatchObject({ subject: 'alice', sid: null })
    expect(await verify(await logoutToken({ sub: undefined }))).toMatchObject({ subject: null, sid: 's1' })
  })

  test('may be typed as any JWT, and need not end', async () => {
    for (const header of [{}, { typ: 'JWT' }, { typ: 'application/logout+jwt' }]) {
      expect(await verify(await logoutToken({ exp: undefined }, header))).toMatchObject({ kind: 'logout' })
    }
  })

  test.each<[string, Claims, string]>([
    ['no events', { events: undefined }, 'WRONG_TYPE'],
    ['other events', { events: { 'http://schemas.openid.net/event/other': {} } }, 'WRONG_TYPE'],
    ['events as a list', { events: Object.keys(EVENTS) }, 'WRONG_TYPE'],
    ['an event that is text', { events: { 'http://schemas.openid.net/event/backchannel-logout': '' } }, 'WRONG_TYPE'],
    ['a nonce', { nonce: 'n' }, 'INVALID_CLAIM'],
    ['a nonce that is null', { nonce: null }, 'INVALID_CLAIM'],
    ['no iat', { iat: undefined }, 'INVALID_CLAIM'],
    ['an iat to come', { iat: seconds() + 3600 }, 'NOT_YET_VALID'],
    ['an iat long ago', { iat: seconds() - MAX_LOGOUT_AGE_SECONDS - 60 }, 'TOKEN_EXPIRED'],
    ['an exp that is past', { exp: seconds() - 60 }, 'TOKEN_EXPIRED'],
    ['no jti', { jti: undefined }, 'INVALID_CLAIM'],
    ['an empty jti', { jti: '' }, 'INVALID_CLAIM'],
    ['a jti that is a number', { jti: 7 }, 'INVALID_CLAIM'],
    ['a sub that is a list', { sub: ['alice'] }, 'INVALID_CLAIM'],
    ['an empty sub', { sub: '' }, 'INVALID_CLAIM'],
    ['a sid too long', { sid: 's'.repeat(300) }, 'INVALID_CLAIM'],
    ['neither sub nor sid', { sub: undefined, sid: undefined }, 'MISSING_CLAIM'],
    ['another audience', { aud: 'gatehouse' }, 'WRONG_AUDIENCE'],
    ['no audience', { aud: undefined }, 'WRONG_AUDIENCE'],
    ['another issuer', { iss: 'https://evil.example' }, 'UNKNOWN_ISSUER'],
  ])('with %s is refused', async (_, claims, code) => {
    expect(await verify(await logoutToken(claims))).toMatchObject({ kind: 'refused', code })
  })

  test('is refused unsigned, wrongly signed, or typed as something else', async () => {
    const stranger = await createSigningKey('k', 'ES256')
    const claims = { aud: 'gatehouse-logout', jti: 'j', events: EVENTS }
    expect(await verify(await issuer.token(claims, {}, stranger))).toMatchObject({ code: 'BAD_SIGNATURE' })
    const [, body = ''] = (await logoutToken()).split('.')
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`
    expect(await verify(none)).toMatchObject({ code: 'WRONG_ALGORITHM' })
    for (const typ of ['at+jwt', 'secevent+jwt', 'id+jwt']) {
      expect(await verify(await logoutToken({}, { typ }))).toMatchObject({ code: 'WRONG_TYPE' })
    }
    expect(await verify('')).toMatchObject({ code: 'NOT_A_TOKEN' })
    expect(await verify('x'.repeat(50_000))).toMatchObject({ code: 'TOO_LONG' })
  })

  test('lets nobody in, and a token that lets in logs nobody out', async () => {
    const both = TokenVerifier.create([issuer.config()], { log: { warn: () => undefined, info: () => undefined } })
    const logout = await logoutToken({ aud: 'gatehouse' }, {})
    expect(await both.verify(new Secret(logout), Date.now())).toMatchObject({ code: 'WRONG_TYPE' })
    expect(await both.verifyLogout(new Secret(await issuer.token({ jti: 'j' })), Date.now())).toMatchObject({
      code: 'WRONG_TYPE',
    })
    both.close()
  })
})
