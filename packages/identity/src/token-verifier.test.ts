import { createHmac, createPublicKey, createSign, generateKeyPairSync } from 'node:crypto'
import { Secret } from '@gatehouse/core'
import { CompactEncrypt, CompactSign, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSigningKey, issuerConfig, LoopbackIssuer } from './testing/loopback-issuer.ts'
import { MAX_TOKEN_LENGTH } from './token-shape.ts'
import { refused } from './token-verdict.ts'
import type { TokenVerdict } from './token-verdict.ts'
import { TokenVerifier } from './token-verifier.ts'
import type { IssuerConfig } from './issuer-config.ts'

const silent = { warn: (): void => undefined, info: (): void => undefined }
const UNVERIFIED = refused('BAD_SIGNATURE', '').message

let issuer: LoopbackIssuer
let other: LoopbackIssuer
let verifier: TokenVerifier

beforeAll(async () => {
  issuer = await LoopbackIssuer.start([await createSigningKey('rsa-1', 'RS256')])
  other = await LoopbackIssuer.start([await createSigningKey('rsa-1', 'RS256')])
  verifier = TokenVerifier.create([issuer.config(), other.config()], { log: silent, refetchFloorMilliseconds: 0 })
})

afterAll(async () => {
  verifier.close()
  await issuer.close()
  await other.close()
})

async function verify(token: string, now = Date.now()): Promise<TokenVerdict> {
  return await verifier.verify(new Secret(token), now)
}

/** What becomes of `token` under a configuration with these changes. */
async function verifyUnder(changes: Partial<IssuerConfig>, token: string, now = Date.now()): Promise<TokenVerdict> {
  const own = TokenVerifier.create([issuer.config(changes)], { log: silent })
  try {
    return await own.verify(new Secret(token), now)
  } finally {
    own.close()
  }
}

function code(verdict: TokenVerdict): string {
  return verdict.kind === 'principal' ? 'principal' : verdict.code
}

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const seconds = (): number => Math.floor(Date.now() / 1000)

/** Signs exactly this text as the claims set, and `header` as the header, whatever they hold. */
function signRaw(claimsText: string | Buffer, headerText?: string): Promise<string> {
  const key = issuer.keys[0]
  if (key === undefined) throw new Error('no key')
  const head = part(headerText ?? JSON.stringify({ alg: 'RS256', kid: key.kid }))
  const body = Buffer.from(claimsText).toString('base64url')
  return crypto.subtle
    .sign('RSASSA-PKCS1-v1_5', key.privateKey, Buffer.from(`${head}.${body}`))
    .then((signature) => `${head}.${body}.${Buffer.from(signature).toString('base64url')}`)
}

const usual = (): Record<string, unknown> => ({ iss: issuer.url, aud: 'gatehouse', sub: 'alice', exp: seconds() + 300 })

describe('an honest token', () => {
  test('proves subject, actor, groups, issuer, and the end of the right', async () => {
    const exp = seconds() + 300
    const verdict = await verify(await issuer.token({ exp }))
    expect(verdict).toMatchObject({
      kind: 'principal',
      principal: {
        subject: 'alice',
        actor: 'copilot',
        groups: ['ai-agents'],
        issuer: issuer.url,
        expiresAt: exp * 1000,
      },
    })
  })

  test.each(['RS256', 'RS512', 'PS256', 'PS384', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'])(
    'may be signed with %s',
    async (alg) => {
      const key = await createSigningKey(`key-${alg}`, alg)
      issuer.keys.push(key)
      expect(code(await verify(await issuer.token({}, {}, key)))).toBe('principal')
    },
  )

  test('may name no key when several could have signed it', async () => {
    const second = await createSigningKey('rsa-2', 'RS256')
    issuer.keys.push(second)
    await verify(await issuer.token({}, {}, second))
    const token = await issuer.token({}, { kid: undefined }, second)
    expect(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())).not.toHaveProperty('kid')
    expect(code(await verify(token))).toBe('principal')
  })

  test('may list several audiences, of which one must be ours', async () => {
    expect(code(await verify(await issuer.token({ aud: ['api://x', 'gatehouse'] })))).toBe('principal')
    expect(code(await verify(await issuer.token({ aud: ['api://x', 'Gatehouse'] })))).toBe('WRONG_AUDIENCE')
    expect(code(await verify(await issuer.token({ aud: [] })))).toBe('WRONG_AUDIENCE')
  })

  test('of each configured issuer is taken, and names that issuer', async () => {
    expect(await verify(await other.token())).toMatchObject({ principal: { issuer: other.url } })
  })

  test('leaves a principal that nobody can alter', async () => {
    const verdict = await verify(await issuer.token({ deep: { list: [1] } }))
    if (verdict.kind !== 'principal') throw new Error('refused')
    expect(() => Object.assign(verdict.principal, { subject: 'root' })).toThrow(TypeError)
    expect(Object.isFrozen(verdict.principal.claims)).toBe(true)
    expect(Object.isFrozen(verdict.principal.claims['deep'])).toBe(true)
  })
})

describe('time', () => {
  test('a token past its exp is taken for as long as the clocks may differ, and not a second longer', async () => {
    const exp = seconds()
    const token = await issuer.token({ exp, iat: exp - 300 })
    const late = await verify(token, (exp + 29) * 1000)
    expect(late).toMatchObject({ kind: 'principal', principal: { expiresAt: (exp + 30) * 1000 } })
    const expired = await verify(token, (exp + 30) * 1000)
    expect(code(expired)).toBe('TOKEN_EXPIRED')
    expect(expired).toMatchObject({ message: expect.stringContaining('expired') })
    expect(code(await verify(token, (exp + 31) * 1000))).toBe('TOKEN_EXPIRED')
  })

  test('a remembered token is not remembered past its exp', async () => {
    const exp = seconds() + 20
    const token = await issuer.token({ exp })
    expect(code(await verify(token, (exp - 1) * 1000))).toBe('principal')
    expect(code(await verify(token, (exp + 30) * 1000))).toBe('TOKEN_EXPIRED')
  })

  test('a token whose nbf or iat lies further ahead than the clocks may differ is refused', async () => {
    const now = seconds()
    expect(code(await verify(await issuer.token({ nbf: now + 25 })))).toBe('principal')
    expect(code(await verify(await issuer.token({ nbf: now + 60 })))).toBe('NOT_YET_VALID')
    expect(code(await verify(await issuer.token({ iat: now + 25, exp: now + 400 })))).toBe('principal')
    expect(code(await verify(await issuer.token({ iat: now + 60, exp: now + 400 })))).toBe('NOT_YET_VALID')
  })

  test.each([
    ['no exp', { exp: undefined }, 'MISSING_CLAIM'],
    ['exp as text', { exp: '9999999999' }, 'INVALID_CLAIM'],
    ['exp as null', { exp: null }, 'INVALID_CLAIM'],
    ['exp beyond any date', { exp: 1e15 }, 'INVALID_CLAIM'],
    ['iat as text', { iat: 'now' }, 'INVALID_CLAIM'],
    ['nbf as a list', { nbf: [0] }, 'INVALID_CLAIM'],
    ['a negative iat', { iat: -1 }, 'INVALID_CLAIM'],
  ])('%s is refused', async (_, claims, expected) => {
    const token = await signRaw(JSON.stringify({ ...usual(), ...claims }))
    expect(code(await verify(token))).toBe(expected)
  })

  test('an exp too large for a number is refused', async () => {
    const text = JSON.stringify(usual()).replace(/"exp":\d+/, '"exp":1e999')
    expect(code(await verify(await signRaw(text)))).toBe('INVALID_CLAIM')
  })

  test('a token issued for too long is refused where a limit is set, and so is one that does not say when it was issued', async () => {
    const limit = { maxTokenLifetimeSeconds: 3600 }
    const now = seconds()
    expect(code(await verifyUnder(limit, await issuer.token({ iat: now, exp: now + 3600 })))).toBe('principal')
    expect(code(await verifyUnder(limit, await issuer.token({ iat: now, exp: now + 3601 })))).toBe('LIFETIME_TOO_LONG')
    expect(code(await verifyUnder(limit, await issuer.token({ iat: undefined })))).toBe('MISSING_CLAIM')
  })
})

describe('a forged token', () => {
  test('with alg none, in any spelling, is refused', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
      const unsigned = `${part({ alg, typ: 'JWT' })}.${part(usual())}.`
      expect(code(await verify(unsigned))).toBe('WRONG_ALGORITHM')
      expect(code(await verify(`${unsigned}AAAA`))).toBe('WRONG_ALGORITHM')
    }
  })

  test('signed by HMAC with the public key as the secret is refused', async () => {
    const jwk = issuer.keys[0]?.publicJwk
    if (jwk === undefined) throw new Error('no key')
    const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString()
    for (const secret of [pem, pem.trim(), JSON.stringify(jwk), String(jwk.n)]) {
      const text = `${part({ alg: 'HS256', kid: 'rsa-1' })}.${part(usual())}`
      const token = `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
      expect(code(await verify(token))).toBe('WRONG_ALGORITHM')
    }
  })

  test('stays refused when the key set offers a symmetric key', async () => {
    const secret = Buffer.from('0123456789abcdef0123456789abcdef')
    const strange = await LoopbackIssuer.start([])
    const jwk = { kty: 'oct', k: secret.toString('base64url'), kid: 'sym', alg: 'HS256' }
    strange.keysAnswer = (_, response) => response.end(JSON.stringify({ keys: [jwk] }))
    const own = TokenVerifier.create([strange.config()], { log: silent })
    const token = await new SignJWT({ ...usual(), iss: strange.url })
      .setProtectedHeader({ alg: 'HS256', kid: 'sym' })
      .sign(secret)
    expect(code(await own.verify(new Secret(token), Date.now()))).toBe('WRONG_ALGORITHM')
    own.close()
    await strange.close()
  })

  test('signed by the key of another trusted issuer is refused, though the key id is the same', async () => {
    const token = await issuer.token({}, {}, other.keys[0])
    expect(code(await verify(token))).toBe('BAD_SIGNATURE')
  })

  test('that carries or points to its own key is judged by the issuer’s keys alone', async () => {
    const mine = await createSigningKey('rsa-1', 'RS256')
    let asked = 0
    const trap = await LoopbackIssuer.start([mine])
    trap.keysAnswer = (_, response) => {
      asked += 1
      response.end(JSON.stringify({ keys: [mine.publicJwk] }))
    }
    for (const header of [
      { jwk: mine.publicJwk },
      { jku: `${trap.url}/jwks` },
      { x5u: `${trap.url}/jwks` },
      { x5c: ['AAAA'] },
    ]) {
      expect(code(await verify(await issuer.token({}, header, mine)))).toBe('BAD_SIGNATURE')
    }
    expect(asked).toBe(0)
    await trap.close()
  })

  test('with a changed claim, a changed header, or a cut or swapped signature is refused', async () => {
    const [head = '', body = '', signature = ''] = (await issuer.token()).split('.')
    const [, , another = ''] = (await issuer.token({ sub: 'bob' })).split('.')
    const claims: unknown = JSON.parse(Buffer.from(body, 'base64url').toString())
    const altered = part({ ...Object(claims), sub: 'root' })
    const header = part({ alg: 'RS256', kid: 'rsa-1', extra: 1 })
    for (const token of [
      `${head}.${altered}.${signature}`,
      `${header}.${body}.${signature}`,
      `${head}.${body}.${another}`,
      `${head}.${body}.`,
      `${head}.${body}.AAAA`,
    ]) {
      expect(code(await verify(token))).toBe('BAD_SIGNATURE')
    }
  })

  test('whose ECDSA signature is all zeros is refused', async () => {
    const key = await createSigningKey('ec-zero', 'ES256')
    issuer.keys.push(key)
    const text = `${part({ alg: 'ES256', kid: key.kid })}.${part(usual())}`
    expect(code(await verify(`${text}.${Buffer.alloc(64).toString('base64url')}`))).toBe('BAD_SIGNATURE')
  })

  test('that asks for a key of another type than its algorithm is refused', async () => {
    const key = issuer.keys[0]
    if (key === undefined) throw new Error('no key')
    const text = `${part({ alg: 'ES256', kid: 'rsa-1' })}.${part(usual())}`
    expect(code(await verify(`${text}.${Buffer.alloc(64).toString('base64url')}`))).toBe('UNKNOWN_KEY')
    const swapped = await new CompactSign(Buffer.from(JSON.stringify(usual())))
      .setProtectedHeader({ alg: 'PS256', kid: 'rsa-1' })
      .sign((await createSigningKey('x', 'PS256')).privateKey)
    expect(code(await verify(swapped))).toBe('UNKNOWN_KEY')
  })

  test.each([
    'unknown',
    '../../../../etc/passwd',
    '/dev/null',
    "' OR 1=1 --",
    'rsa-1\u0000',
    'RSA-1',
    '',
    '__proto__',
    'http://127.0.0.1/jwks',
  ])('with the key id %j finds no key', async (kid) => {
    expect(code(await verify(await issuer.token({}, { kid })))).toBe('UNKNOWN_KEY')
  })

  test.each([[1], [null], [{}], [['rsa-1']], ['k'.repeat(600)]])('with the key id %j is no token', async (kid) => {
    const token = await signRaw(JSON.stringify(usual()), JSON.stringify({ alg: 'RS256', kid }))
    expect(code(await verify(token))).toBe('NOT_A_TOKEN')
  })

  test('with a critical extension, known or not, is refused', async () => {
    for (const header of [
      { crit: ['x'], x: 1 },
      { crit: ['b64'], b64: false },
      { crit: [] },
      { crit: 'exp' },
      { crit: null },
    ]) {
      const token = await signRaw(JSON.stringify(usual()), JSON.stringify({ alg: 'RS256', kid: 'rsa-1', ...header }))
      expect(code(await verify(token))).toBe('UNSUPPORTED_HEADER')
    }
  })

  test('hears one and the same message, whichever of these checks failed', async () => {
    const verdicts = [
      await verify(`${part({ alg: 'none' })}.${part(usual())}.`),
      await verify(await issuer.token({ iss: 'https://evil.example' })),
      await verify(await issuer.token({ aud: 'somebody-else' })),
      await verify(await issuer.token({}, { kid: 'nope' })),
      await verify(await issuer.token({}, {}, other.keys[0])),
      await verify(await signRaw(JSON.stringify(usual()), '{"alg":"RS256","kid":"rsa-1","crit":["x"],"x":1}')),
    ]
    expect(verdicts.map(code)).toEqual([
      'WRONG_ALGORITHM',
      'UNKNOWN_ISSUER',
      'WRONG_AUDIENCE',
      'UNKNOWN_KEY',
      'BAD_SIGNATURE',
      'UNSUPPORTED_HEADER',
    ])
    for (const verdict of verdicts) expect(verdict).toMatchObject({ message: UNVERIFIED })
  })

  test('is told nothing of claims before its audience is found good', async () => {
    const token = await signRaw(JSON.stringify({ ...usual(), aud: 'other', exp: undefined, sub: undefined }))
    expect(code(await verify(token))).toBe('WRONG_AUDIENCE')
  })
})

describe('issuer and audience', () => {
  test('are compared character by character', async () => {
    const port = new URL(issuer.url).port
    for (const iss of [
      `${issuer.url}/`,
      issuer.url.toUpperCase(),
      `${issuer.url} `,
      `${issuer.url}#`,
      `http://localhost:${port}`,
    ]) {
      expect(code(await verify(await issuer.token({ iss })))).toBe('UNKNOWN_ISSUER')
    }
  })

  test.each([[undefined], [null], [1], [['x']], [{}], ['__proto__'], ['constructor'], ['']])(
    'iss %j is no issuer',
    async (iss) => {
      const token = await signRaw(JSON.stringify({ ...usual(), iss }))
      expect(code(await verify(token))).toBe('UNKNOWN_ISSUER')
    },
  )

  test.each([
    [undefined],
    [null],
    [1],
    [{ gatehouse: true }],
    [[['gatehouse']]],
    ['gatehouse '],
    ['gatehouse,api'],
    [''],
  ])('aud %j is not ours', async (aud) => {
    const token = await signRaw(JSON.stringify({ ...usual(), aud }))
    expect(code(await verify(token))).toBe('WRONG_AUDIENCE')
  })
})

describe('a text that is not quite a token', () => {
  test('that holds a name twice is refused, however the name is spelled', async () => {
    const twice = `{"sub":"alice",${JSON.stringify(usual()).slice(1)}`
    expect(code(await verify(await signRaw(twice)))).toBe('AMBIGUOUS_TOKEN')
    const escaped = `{"\\u0069ss":"https://evil.example",${JSON.stringify(usual()).slice(1)}`
    expect(code(await verify(await signRaw(escaped)))).toBe('AMBIGUOUS_TOKEN')
    const nested = JSON.stringify({ ...usual(), act: 'X' }).replace('"X"', '{"sub":"a","sub":"b"}')
    expect(code(await verify(await signRaw(nested)))).toBe('AMBIGUOUS_TOKEN')
    expect(
      code(await verify(await signRaw(JSON.stringify(usual()), '{"alg":"none","kid":"rsa-1","alg":"RS256"}'))),
    ).toBe('AMBIGUOUS_TOKEN')
  })

  test('that is nested too deeply is refused', async () => {
    const deep = JSON.stringify({ ...usual(), x: 'X' }).replace('"X"', '['.repeat(3000) + ']'.repeat(3000))
    expect(code(await verify(await signRaw(deep)))).toBe('AMBIGUOUS_TOKEN')
  })

  test('that is longer than the limit is refused unread, and one at the limit is read', async () => {
    const huge = await verify('a'.repeat(50_000_000))
    expect(code(huge)).toBe('TOO_LONG')
    expect(code(await verify('a'.repeat(MAX_TOKEN_LENGTH + 1)))).toBe('TOO_LONG')
    expect(code(await verify(await issuer.token({ padding: 'p'.repeat(11_000) })))).toBe('principal')
    expect(code(await verify(await issuer.token({ padding: 'p'.repeat(13_000) })))).toBe('TOO_LONG')
  })

  test('that is encrypted, or holds another token, is refused', async () => {
    const { publicKey } = await generateKeyPair('RSA-OAEP-256')
    const jwe = await new CompactEncrypt(Buffer.from(await issuer.token()))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' })
      .encrypt(publicKey)
    expect(code(await verify(jwe))).toBe('ENCRYPTED_TOKEN')
    expect(code(await verify(await signRaw(await issuer.token(), '{"alg":"RS256","kid":"rsa-1","cty":"JWT"}')))).toBe(
      'NOT_A_TOKEN',
    )
    expect(code(await verify(await signRaw(JSON.stringify(await issuer.token()))))).toBe('NOT_A_TOKEN')
  })

  test('that is not canonical base64url is refused', async () => {
    const token = await issuer.token()
    const [head = '', body = '', signature = ''] = token.split('.')
    const loose = Buffer.from(body, 'base64url').toString('base64')
    for (const text of [
      `${head}=.${body}.${signature}`,
      `${head}.${loose}==.${signature}`,
      `${head}.${body}.${signature}=`,
      `${head}.${body}.${signature}A`,
      ` ${token}`,
      `${token}\n`,
      `${token}\0`,
      `${head}.${body}.${signature}.`,
      `${head}..${signature}`,
      `.${body}.${signature}`,
      `${head}.${body}`,
      `Bearer ${token}`,
    ]) {
      expect(['NOT_A_TOKEN', 'BAD_SIGNATURE']).toContain(code(await verify(text)))
    }
    // Trailing bits that are not zero spell the same signature differently.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = alphabet.indexOf(signature.at(-1) ?? '')
    const respelled = `${head}.${body}.${signature.slice(0, -1)}${alphabet[last ^ 1]}`
    expect(Buffer.from(respelled.split('.')[2] ?? '', 'base64url').equals(Buffer.from(signature, 'base64url'))).toBe(
      true,
    )
    expect(code(await verify(respelled))).toBe('NOT_A_TOKEN')
  })

  test.each([
    '',
    '.',
    '..',
    '...',
    '....',
    'hunter2',
    'null.null.null',
    '\0\0\0.\0.\0',
    '\ud800.\udfff.x',
    '💥.💥.💥',
    'é.é.é',
    'e30.e30.e30',
    'W10.W10.W10',
    'bnVsbA.bnVsbA.AA',
    `${Buffer.from('{"__proto__":{"alg":"RS256"}}').toString('base64url')}.e30.AA`,
    'MQ.MQ.MQ',
    `${Buffer.from('{"alg":"RS256"').toString('base64url')}.e30.AA`,
  ])('such as %j is refused', async (text) => {
    expect(['NOT_A_TOKEN', 'UNKNOWN_ISSUER', 'WRONG_ALGORITHM', 'ENCRYPTED_TOKEN']).toContain(code(await verify(text)))
  })

  test('whose claims are not UTF-8, or begin with a byte order mark, is refused though signed', async () => {
    const text = JSON.stringify({ ...usual(), x: 'é' })
    expect(code(await verify(await signRaw(Buffer.from(text, 'latin1'))))).toBe('NOT_A_TOKEN')
    expect(code(await verify(await signRaw(`\ufeff${text}`)))).toBe('NOT_A_TOKEN')
    expect(code(await verify(await signRaw(`${text}\0`)))).toBe('NOT_A_TOKEN')
  })

  test('made of random bytes is refused, and never throws', async () => {
    let seed = 42
    const random = (): number => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648
    for (let round = 0; round < 500; round += 1) {
      const bytes = Buffer.from(Array.from({ length: Math.floor(random() * 200) }, () => Math.floor(random() * 256)))
      const text =
        random() < 0.5 ? bytes.toString('latin1') : [bytes, bytes, bytes].map((b) => b.toString('base64url')).join('.')
      expect((await verify(text)).kind).toBe('refused')
    }
  })

  test('made by changing one byte of a good one is refused', async () => {
    const token = await issuer.token({ sub: 'carol' })
    for (let at = 0; at < token.length; at += 7) {
      const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
      expect((await verify(changed)).kind).toBe('refused')
    }
  })
})

describe('what a refusal says', () => {
  test('never holds the token, nor a part of it', async () => {
    const marker = 'do-not-print-me'
    const tokens = [
      marker,
      `${marker}.${marker}.${marker}`,
      await issuer.token({ sub: marker, aud: 'x' }),
      await issuer.token({ sub: `${marker}\n` }),
      await issuer.token({ act: { sub: 5, marker } }),
      await issuer.token({ email: marker }, { kid: marker }),
      await signRaw(`{"x":"${marker}`),
    ]
    for (const token of tokens) {
      const said = JSON.stringify(await verify(token))
      expect(said).toContain('refused')
      expect(said).not.toContain(marker)
      for (const piece of token.split('.').filter(({ length }) => length > 12)) expect(said).not.toContain(piece)
    }
  })

  test('quotes an unknown issuer short and escaped', async () => {
    const verdict = await verify(await issuer.token({ iss: `https://evil\n\u001b[2J${'x'.repeat(5000)}` }))
    if (verdict.kind === 'principal') throw new Error('accepted')
    expect(verdict.detail.length).toBeLessThan(300)
    expect(verdict.detail).not.toMatch(/[\n\u001b]/)
  })
})

describe('token type', () => {
  test('is asked for only where the configuration lists some, in either spelling', async () => {
    const accessTokens = { tokenTypes: ['at+jwt'] }
    expect(code(await verifyUnder(accessTokens, await issuer.token({}, { typ: 'at+jwt' })))).toBe('principal')
    expect(code(await verifyUnder(accessTokens, await issuer.token({}, { typ: 'application/at+JWT' })))).toBe(
      'principal',
    )
    expect(code(await verifyUnder(accessTokens, await issuer.token({}, { typ: 'JWT' })))).toBe('WRONG_TYPE')
    expect(code(await verifyUnder(accessTokens, await issuer.token()))).toBe('WRONG_TYPE')
    expect(code(await verify(await issuer.token({}, { typ: 'anything' })))).toBe('principal')
  })
})

describe('a verifier', () => {
  test('tells a client without a token where to get one', () => {
    expect(verifier.discovery()).toEqual({
      openidConfiguration: `${issuer.url}/.well-known/openid-configuration`,
      scope: 'openid',
    })
  })

  test('is not made of no issuer, or of one twice', () => {
    expect(() => TokenVerifier.create([], { log: silent })).toThrow(RangeError)
    const twice = [issuerConfig('https://a.example'), issuerConfig('https://a.example')]
    expect(() => TokenVerifier.create(twice, { log: silent })).toThrow(RangeError)
  })

  test('that was closed refuses, remembered tokens too', async () => {
    const own = TokenVerifier.create([issuer.config()], { log: silent })
    const token = await issuer.token()
    expect(code(await own.verify(new Secret(token), Date.now()))).toBe('principal')
    own.close()
    expect(code(await own.verify(new Secret(token), Date.now()))).toBe('ISSUER_UNREACHABLE')
  })

  test('refuses a key too short to trust', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const weak = await LoopbackIssuer.start([])
    weak.keysAnswer = (_, response) =>
      response.end(JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'weak', alg: 'RS256' }] }))
    const own = TokenVerifier.create([weak.config()], { log: silent })
    const text = `${part({ alg: 'RS256', kid: 'weak' })}.${part({ ...usual(), iss: weak.url })}`
    const token = `${text}.${createSign('sha256').update(text).sign(privateKey, 'base64url')}`
    expect(code(await own.verify(new Secret(token), Date.now()))).toBe('VERIFICATION_FAILED')
    own.close()
    await weak.close()
  })
})
