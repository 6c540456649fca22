import { constants, createHmac, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { Secret } from '@gatehouse/core'
import { exportJWK, FlattenedSign, GeneralSign, SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { IssuerConfig } from './issuer-config.ts'
import { createSigningKey, LoopbackIssuer } from './testing/loopback-issuer.ts'
import type { SigningKey } from './testing/loopback-issuer.ts'
import { createSelfSigned } from './testing/self-signed.ts'
import { refused } from './token-verdict.ts'
import type { TokenRefusal } from './token-verdict.ts'
import { TokenVerifier } from './token-verifier.ts'

// Beside token-verifier.test.ts, which has the first of each kind: what somebody tries who knows the books on JOSE.
const silent = { warn: (): void => undefined, info: (): void => undefined }
/** The one sentence that is told for all that a forger probes. */
const UNVERIFIED = refused('BAD_SIGNATURE', '').message

let issuer: LoopbackIssuer
let neighbour: LoopbackIssuer
let verifier: TokenVerifier
let rsa: SigningKey
let ec: SigningKey
let ed: SigningKey

beforeAll(async () => {
  rsa = await createSigningKey('rsa-1', 'RS256')
  ec = await createSigningKey('ec-1', 'ES256')
  ed = await createSigningKey('ed-1', 'EdDSA')
  issuer = await LoopbackIssuer.start([rsa, ec, ed])
  neighbour = await LoopbackIssuer.start([await createSigningKey('neighbour-1', 'RS256')])
  verifier = TokenVerifier.create([issuer.config(), neighbour.config()], { log: silent, refetchFloorMilliseconds: 0 })
})

afterAll(async () => {
  verifier.close()
  await issuer.close()
  await neighbour.close()
})

async function refusalOf(token: string, own = verifier): Promise<TokenRefusal> {
  const verdict = await own.verify(new Secret(token), Date.now())
  if (verdict.kind === 'principal') throw new Error(`let in as ${verdict.principal.subject}`)
  return verdict
}

/** The reason is what it is, and the client is told of it no more than of any other. */
async function expectForgery(token: string, code: string): Promise<void> {
  expect(await refusalOf(token)).toMatchObject({ code, message: UNVERIFIED })
}

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const seconds = (): number => Math.floor(Date.now() / 1000)
const usual = (changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  iss: issuer.url,
  aud: 'gatehouse',
  sub: 'root',
  iat: seconds(),
  exp: seconds() + 300,
  ...changes,
})

function publicKeyOf({ publicJwk }: SigningKey): KeyObject {
  return createPublicKey({ key: publicJwk, format: 'jwk' })
}

async function privateKeyOf({ privateKey }: SigningKey): Promise<KeyObject> {
  return createPrivateKey({ key: await exportJWK(privateKey), format: 'jwk' })
}

/** The issuer's own signature over exactly these texts. */
async function signed(header: string, claims: string | Buffer): Promise<string> {
  const text = `${part(header)}.${Buffer.from(claims).toString('base64url')}`
  return `${text}.${sign('sha256', Buffer.from(text), await privateKeyOf(rsa)).toString('base64url')}`
}

const rsaHeader = (changes: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ alg: 'RS256', kid: 'rsa-1', ...changes })

describe('algorithm confusion', () => {
  test('HMAC with the public key as the secret, in every form the key is published or kept in', async () => {
    for (const key of [rsa, ec, ed]) {
      const known = publicKeyOf(key)
      const secrets: (string | Buffer)[] = [
        known.export({ type: 'spki', format: 'pem' }).toString(),
        known.export({ type: 'spki', format: 'pem' }).toString().trimEnd(),
        known.export({ type: 'spki', format: 'pem' }).toString().replaceAll('\n', '\r\n'),
        known.export({ type: 'spki', format: 'der' }),
        known.export({ type: 'spki', format: 'der' }).toString('base64'),
        JSON.stringify(key.publicJwk),
        JSON.stringify(known.export({ format: 'jwk' })),
        JSON.stringify({ keys: [key.publicJwk] }),
        Buffer.from(key.publicJwk.n ?? key.publicJwk.x ?? '', 'base64url'),
        '',
      ]
      if (key === rsa) secrets.push(known.export({ type: 'pkcs1', format: 'der' }))
      for (const secret of secrets) {
        for (const [alg, digest] of [
          ['HS256', 'sha256'],
          ['HS384', 'sha384'],
          ['HS512', 'sha512'],
          ['hs256', 'sha256'],
        ] as const) {
          const text = `${part({ alg, kid: key.kid })}.${part(usual())}`
          await expectForgery(
            `${text}.${createHmac(digest, secret).update(text).digest('base64url')}`,
            'WRONG_ALGORITHM',
          )
        }
        // The header of an algorithm that is accepted, and the forger’s MAC in the place of the signature.
        const text = `${part({ alg: key.alg, kid: key.kid })}.${part(usual())}`
        await expectForgery(`${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`, 'BAD_SIGNATURE')
      }
    }
  })

  test('none, in every spelling, with no signature, a made-up one, and the good one of another header', async () => {
    const [, body = '', signature = ''] = (await issuer.token()).split('.')
    for (const alg of [
      'none',
      'NONE',
      'nOnE',
      ' none',
      'none ',
      'none\0',
      'nоne',
      'ｎｏｎｅ',
      'no\u200bne',
      'null',
      '',
    ]) {
      for (const header of [{ alg }, { alg, kid: 'rsa-1' }, { alg, typ: 'JWT', kid: '' }]) {
        for (const end of ['', 'AA', signature]) {
          await expectForgery(`${part(header)}.${body}.${end}`, 'WRONG_ALGORITHM')
        }
      }
    }
    await expectForgery(new UnsecuredJWT(usual()).encode(), 'WRONG_ALGORITHM')
    for (const alg of [null, undefined, ['none'], ['RS256'], { alg: 'RS256' }, 0, true]) {
      expect((await refusalOf(`${part({ alg, kid: 'rsa-1' })}.${body}.${signature}`)).code).toBe('NOT_A_TOKEN')
    }
  })

  test('algorithms of encryption, key agreement and password derivation sign nothing', async () => {
    for (const alg of [
      'dir',
      'RSA-OAEP',
      'RSA1_5',
      'A256KW',
      'PBES2-HS256+A128KW',
      'ECDH-ES',
      'RS1',
      'ES256K',
      'RS256 ',
    ]) {
      await expectForgery(await signed(rsaHeader({ alg }), JSON.stringify(usual())), 'WRONG_ALGORITHM')
    }
  })

  test('an algorithm of the library that this issuer does not sign with', async () => {
    const own = TokenVerifier.create([issuer.config({ algorithms: ['ES256'] })], { log: silent })
    try {
      expect(await refusalOf(await issuer.token({}, {}, rsa), own)).toMatchObject({
        code: 'WRONG_ALGORITHM',
        message: UNVERIFIED,
      })
    } finally {
      own.close()
    }
  })

  test('the right key under the wrong padding, hash or curve', async () => {
    const key = await privateKeyOf(rsa)
    const over = async (header: string, how: (text: Buffer) => Buffer): Promise<string> => {
      const text = `${part(header)}.${part(usual())}`
      return `${text}.${how(Buffer.from(text)).toString('base64url')}`
    }
    const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
    await expectForgery(await over(rsaHeader(), (text) => sign('sha256', text, pss)), 'BAD_SIGNATURE')
    await expectForgery(await over(rsaHeader(), (text) => sign('sha1', text, key)), 'BAD_SIGNATURE')
    await expectForgery(await over(rsaHeader(), (text) => sign('sha512', text, key)), 'BAD_SIGNATURE')
    const der = await privateKeyOf(ec)
    const header = JSON.stringify({ alg: 'ES256', kid: 'ec-1' })
    // JOSE has r and s side by side (RFC 7518 section 3.4), and no other form: one signature has one spelling.
    await expectForgery(await over(header, (text) => sign('sha256', text, der)), 'BAD_SIGNATURE')
    await expectForgery(
      await over(JSON.stringify({ alg: 'ES256', kid: 'rsa-1' }), (text) => sign('sha256', text, key)),
      'UNKNOWN_KEY',
    )
    await expectForgery(
      await over(JSON.stringify({ alg: 'RS256', kid: 'ec-1' }), (text) => sign('sha256', text, key)),
      'UNKNOWN_KEY',
    )
  })
})

describe('what the header says of the key', () => {
  test('a kid is a name in the issuer’s key set, and nothing else: no path, address, command or query', async () => {
    for (const kid of [
      'neighbour-1',
      '../../../../../../dev/null',
      '..\\..\\windows\\win.ini',
      'file:///etc/passwd',
      `${neighbour.url}/jwks`,
      'http://169.254.169.254/latest/meta-data/',
      "rsa-1' UNION SELECT 'secret' --",
      '| id',
      '$(id)',
      '${jndi:ldap://127.0.0.1/x}',
      'constructor',
      'hasOwnProperty',
      'toString',
      '0',
      '-1',
      'rsa-1 ',
      'rsa-1/',
      'rsa-1%00',
      'RSA-1',
      'k'.repeat(512),
    ]) {
      await expectForgery(await issuer.token({}, { kid }), 'UNKNOWN_KEY')
    }
  })

  test('a key, a certificate or an address in it is not looked at, alone or beside a kid that is known', async () => {
    const mine = await createSigningKey('rsa-1', 'RS256')
    const certificate = createSelfSigned().certificate.replaceAll(/-----[A-Z ]+-----|\n/g, '')
    let asked = 0
    const trap = await LoopbackIssuer.start([mine])
    for (const seen of ['keysAnswer', 'metadataAnswer'] as const) {
      trap[seen] = (_, response) => {
        asked += 1
        response.end(JSON.stringify({ issuer: trap.url, jwks_uri: `${trap.url}/jwks`, keys: [mine.publicJwk] }))
      }
    }
    const before = issuer.keysRequests
    for (const pointer of [
      { jwk: mine.publicJwk },
      { jwk: { ...mine.publicJwk, kid: 'rsa-1', use: 'sig' } },
      { jku: `${trap.url}/jwks` },
      { jku: `${issuer.url}/redirect?to=${trap.url}/jwks` },
      { jku: `${issuer.url}@${new URL(trap.url).host}/jwks` },
      { x5u: `${trap.url}/jwks` },
      { x5c: [certificate], x5t: 'AA' },
      { iss: trap.url, jku: `${trap.url}/jwks` },
      { jwk: mine.publicJwk, jku: `${trap.url}/jwks`, x5u: `${trap.url}/jwks`, x5c: [certificate] },
    ]) {
      await expectForgery(await issuer.token({ sub: 'root' }, pointer, mine), 'BAD_SIGNATURE')
      await expectForgery(await issuer.token({ sub: 'root' }, { ...pointer, kid: 'mine' }, mine), 'UNKNOWN_KEY')
    }
    expect(asked).toBe(0)
    // Unknown key ids made the issuer’s own keys be fetched again, at the address that was known.
    expect(issuer.keysRequests).toBeGreaterThan(before)
    await trap.close()
  })

  test('no extension is understood, so none may be critical, and a payload is always encoded', async () => {
    for (const header of [
      { crit: ['b64'], b64: true },
      { crit: ['exp'], exp: seconds() + 1e6 },
      { crit: ['alg'] },
      { crit: {} },
      { crit: [''] },
      { crit: ['__proto__'] },
      { b64: false },
      { b64: true },
      { b64: null },
    ]) {
      await expectForgery(await signed(rsaHeader(header), JSON.stringify(usual())), 'UNSUPPORTED_HEADER')
    }
    const flattened = await new FlattenedSign(Buffer.from('hello'))
      .setProtectedHeader({ alg: 'RS256', kid: 'rsa-1', b64: false, crit: ['b64'] })
      .sign(rsa.privateKey)
    // Detached, and with the payload in its place as it is.
    for (const payload of ['', 'hello', JSON.stringify(usual())]) {
      const verdict = await refusalOf(`${flattened.protected}.${payload}.${flattened.signature}`)
      expect(['NOT_A_TOKEN']).toContain(verdict.code)
    }
  })

  test('a token that says what it is, is taken for nothing else', async () => {
    for (const typ of [
      'logout+jwt',
      'application/logout+jwt',
      'secevent+jwt',
      'DPoP+JWT',
      'token-introspection+jwt',
      'kb+jwt',
      'oauth-authz-req+jwt',
    ]) {
      await expectForgery(await issuer.token({}, { typ }), 'WRONG_TYPE')
    }
  })
})

describe('other forms of a signed text', () => {
  test('JSON serialisations are not tokens, general or flattened, bare or encoded', async () => {
    const payload = Buffer.from(JSON.stringify(usual()))
    const flattened = await new FlattenedSign(payload)
      .setProtectedHeader({ alg: 'RS256', kid: 'rsa-1' })
      .sign(rsa.privateKey)
    const general = await new GeneralSign(payload)
      .addSignature(rsa.privateKey)
      .setProtectedHeader({ alg: 'RS256', kid: 'rsa-1' })
      .addSignature(ec.privateKey)
      .setProtectedHeader({ alg: 'ES256', kid: 'ec-1' })
      .sign()
    for (const text of [JSON.stringify(flattened), JSON.stringify(general)]) {
      for (const form of [text, part(text), `${part(text)}.${part(text)}.`, encodeURIComponent(text)]) {
        expect((await refusalOf(form)).code).toBe('NOT_A_TOKEN')
      }
    }
  })

  test('a token in a token, signed by the issuer or not, proves nothing of what is inside', async () => {
    const inner = await new SignJWT(usual()).setProtectedHeader({ alg: 'RS256', kid: 'rsa-1' }).sign(rsa.privateKey)
    for (const claims of [inner, JSON.stringify(inner), JSON.stringify([inner])]) {
      expect((await refusalOf(await signed(rsaHeader({ cty: 'JWT' }), claims))).code).toBe('NOT_A_TOKEN')
    }
    expect((await refusalOf(`${part(inner)}.${part(inner)}.AA`)).code).toBe('NOT_A_TOKEN')
    // SD-JWT (RFC 9901): what follows the tilde is disclosed by whoever presents it.
    expect((await refusalOf(`${inner}~${part(['salt', 'sub', 'root'])}~`)).code).toBe('NOT_A_TOKEN')
    for (const text of [`${inner},${inner}`, `${inner} ${inner}`, `${inner}.${inner}`, `${inner}\r\n`, `\t${inner}`]) {
      expect((await refusalOf(text)).code).toBe('NOT_A_TOKEN')
    }
  })

  test('slack in base64url: padding, the other alphabet, line breaks, percent signs, stray bits', async () => {
    const token = await issuer.token({ pad: '>>>???~~~' })
    const [header = '', body = '', signature = ''] = token.split('.')
    const middle = Math.floor(body.length / 2)
    for (const text of [
      `${header}.${body}=.${signature}`,
      `${header}.${body}%3D.${signature}`,
      `${header}.${body.slice(0, middle)}\n${body.slice(middle)}.${signature}`,
      `${header}.${body.slice(0, middle)} ${body.slice(middle)}.${signature}`,
      `${header}.${body.slice(0, middle)}\u200b${body.slice(middle)}.${signature}`,
      `${header}.${Buffer.from(body, 'base64url').toString('base64')}.${signature}`,
      `${header}.${body}.${Buffer.from(signature, 'base64url').toString('base64')}`,
      `${header}．${body}．${signature}`,
      `${header}%2E${body}%2E${signature}`,
    ]) {
      expect((await refusalOf(text)).code).toBe('NOT_A_TOKEN')
    }
  })

  test('a member given twice, in the header or in the claims, though the issuer signed it', async () => {
    const claims = JSON.stringify(usual())
    for (const member of [
      '"sub":"alice"',
      '"\\u0073ub":"alice"',
      '"exp":9999999999',
      '"aud":"gatehouse"',
      '"__proto__":1,"__proto__":2',
    ]) {
      await expectForgery(await signed(rsaHeader(), `{${member},${claims.slice(1)}`), 'AMBIGUOUS_TOKEN')
    }
    for (const member of ['"alg":"RS256"', '"kid":"rsa-1"', '"\\u0061lg":"none"', '"typ":"JWT","typ":"JWT"']) {
      await expectForgery(await signed(`{${member},${rsaHeader().slice(1)}`, claims), 'AMBIGUOUS_TOKEN')
    }
  })
})

describe('claims that the issuer signed', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['an exp of zero', { exp: 0 }, 'TOKEN_EXPIRED'],
    ['a negative exp', { exp: -1 }, 'TOKEN_EXPIRED'],
    ['an exp that is a switch', { exp: true }, 'INVALID_CLAIM'],
    ['an exp in a list', { exp: [9_999_999_999] }, 'INVALID_CLAIM'],
    ['an exp in milliseconds', { exp: Date.now() + 300_000 }, 'INVALID_CLAIM'],
    ['an exp of more than 2^53', { exp: 2 ** 60 }, 'INVALID_CLAIM'],
    ['an nbf as text', { nbf: '0' }, 'INVALID_CLAIM'],
    ['an nbf that is null', { nbf: null }, 'INVALID_CLAIM'],
    ['a negative nbf', { nbf: -1 }, 'INVALID_CLAIM'],
    ['an nbf of more than 2^53', { nbf: 2 ** 60 }, 'NOT_YET_VALID'],
    ['an iat as text', { iat: '0' }, 'INVALID_CLAIM'],
    ['an iat that is null', { iat: null }, 'INVALID_CLAIM'],
    ['an iat of more than 2^53', { iat: 2 ** 60 }, 'INVALID_CLAIM'],
    [
      'events, as a logout token has',
      { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
      'WRONG_TYPE',
    ],
    ['a key that it is bound to', { cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } }, 'INVALID_CLAIM'],
  ])('%s is refused', async (_, claims, code) => {
    expect((await refusalOf(await signed(rsaHeader(), JSON.stringify(usual(claims))))).code).toBe(code)
  })

  test('an exp with a fraction of a second is taken as it is', async () => {
    const exp = seconds() + 300.5
    const verdict = await verifier.verify(
      new Secret(await signed(rsaHeader(), JSON.stringify(usual({ exp })))),
      Date.now(),
    )
    expect(verdict).toMatchObject({ principal: { expiresAt: exp * 1000 } })
  })

  test.each([
    ['a number', 0],
    ['a switch', true],
    ['an object with the name', { 0: 'gatehouse', length: 1 }],
    ['a list of lists', [['gatehouse']]],
    ['a list of nothing', [null, 1]],
    ['a prefix', 'gate'],
    ['another case', 'GATEHOUSE'],
    ['a pattern', '*'],
    ['two names in one', 'api gatehouse'],
    ['a trailing slash', 'gatehouse/'],
    ['a look-alike', 'gаtehouse'],
  ])('an audience that is %s is not ours', async (_, aud) => {
    await expectForgery(await signed(rsaHeader(), JSON.stringify(usual({ aud }))), 'WRONG_AUDIENCE')
  })

  test('an issuer is one byte for byte, and the key must be that issuer’s', async () => {
    const { port } = new URL(issuer.url)
    for (const iss of [
      `${issuer.url}/`,
      `http://127.0.0.1:${port}/.`,
      `http://127.1:${port}`,
      `HTTP://127.0.0.1:${port}`,
      [issuer.url],
      `${issuer.url}\0`,
    ]) {
      await expectForgery(await signed(rsaHeader(), JSON.stringify(usual({ iss }))), 'UNKNOWN_ISSUER')
    }
    // Trusted, but not for this key.
    await expectForgery(await signed(rsaHeader(), JSON.stringify(usual({ iss: neighbour.url }))), 'UNKNOWN_KEY')
  })
})

test('whoever cannot sign learns nothing of what a good token would need', async () => {
  const stranger = await createSigningKey('rsa-1', 'RS256')
  const probes: Readonly<Record<string, unknown>>[] = [
    {},
    { exp: seconds() - 1000 },
    { exp: undefined },
    { nbf: seconds() + 1000 },
    { iat: seconds() + 1000 },
    { aud: 'another' },
    { sub: undefined },
    { sub: 5 },
    { cnf: {} },
    { events: {} },
    { groups: 5 },
    { _claim_names: { groups: 'src1' } },
  ]
  for (const claims of probes) await expectForgery(await issuer.token(claims, {}, stranger), 'BAD_SIGNATURE')
  const strict: Partial<IssuerConfig> = {
    requiredClaims: [{ claim: 'tenant', oneOf: ['acme'] }],
    maxTokenLifetimeSeconds: 60,
  }
  const own = TokenVerifier.create([issuer.config(strict)], { log: silent })
  try {
    for (const claims of probes) {
      expect(await refusalOf(await issuer.token(claims, {}, stranger), own)).toMatchObject({ message: UNVERIFIED })
    }
  } finally {
    own.close()
  }
})
