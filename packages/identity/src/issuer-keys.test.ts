import { setTimeout as sleep } from 'node:timers/promises'
import { Secret } from '@gatehouse/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MAX_DOCUMENT_BYTES } from './fetch-json.ts'
import type { IssuerConfig } from './issuer-config.ts'
import { answerJson, createSigningKey, LoopbackIssuer } from './testing/loopback-issuer.ts'
import type { Answer } from './testing/loopback-issuer.ts'
import { TokenVerifier } from './token-verifier.ts'
import type { TokenVerifierOptions } from './token-verifier.ts'

let issuer: LoopbackIssuer
let said: string[]
const verifiers: TokenVerifier[] = []

beforeEach(async () => {
  issuer = await LoopbackIssuer.start([await createSigningKey('first', 'ES256')])
  said = []
})

afterEach(async () => {
  for (const verifier of verifiers.splice(0)) verifier.close()
  await issuer.close()
})

function createVerifier(
  changes: Partial<IssuerConfig> = {},
  options: Partial<TokenVerifierOptions> = {},
): (token: string) => Promise<string> {
  const log = {
    warn: (fields: object, message: string): void => void said.push(`warn ${message} ${JSON.stringify(fields)}`),
    info: (_: object, message: string): void => void said.push(`info ${message}`),
  }
  const verifier = TokenVerifier.create([issuer.config(changes)], { log, fetchTimeoutMilliseconds: 300, ...options })
  verifiers.push(verifier)
  return async (token) => {
    const verdict = await verifier.verify(new Secret(token), Date.now())
    return verdict.kind === 'principal' ? 'principal' : verdict.code
  }
}

describe('key rotation', () => {
  test('a token signed by a new key is taken at once, though the keys were fetched before', async () => {
    const verify = createVerifier({}, { refetchFloorMilliseconds: 0 })
    expect(await verify(await issuer.token())).toBe('principal')
    const second = await createSigningKey('second', 'ES256')
    issuer.keys.push(second)
    expect(await verify(await issuer.token({}, {}, second))).toBe('principal')
    expect(issuer.keysRequests).toBe(2)
  })

  test('a withdrawn key is refused from the next refresh on, for remembered tokens too', async () => {
    const verify = createVerifier({ keysRefreshSeconds: 0.2 })
    const old = await issuer.token()
    expect(await verify(old)).toBe('principal')
    expect(await verify(old)).toBe('principal')
    issuer.keys = [await createSigningKey('second', 'ES256')]
    await sleep(400)
    expect(await verify(old)).toBe('UNKNOWN_KEY')
    expect(await verify(await issuer.token())).toBe('principal')
  })

  test('an issuer that withdrew every key is taken at its word', async () => {
    const verify = createVerifier({ keysRefreshSeconds: 0.2 })
    const token = await issuer.token()
    expect(await verify(token)).toBe('principal')
    issuer.keys = []
    await sleep(400)
    expect(await verify(token)).toBe('UNKNOWN_KEY')
  })

  test('a flood of unknown key ids fetches once in the time allowed, and joins a fetch that is under way', async () => {
    const verify = createVerifier({}, { refetchFloorMilliseconds: 60_000 })
    await verify(await issuer.token())
    expect(issuer.keysRequests).toBe(1)
    const tokens = await Promise.all(Array.from({ length: 50 }, (_, n) => issuer.token({}, { kid: `k${n}` })))
    expect(new Set(await Promise.all(tokens.map(verify)))).toEqual(new Set(['UNKNOWN_KEY']))
    expect(issuer.keysRequests).toBe(1)

    const eager = createVerifier({}, { refetchFloorMilliseconds: 500 })
    await eager(await issuer.token())
    await sleep(600)
    await Promise.all(tokens.map(eager))
    expect(issuer.keysRequests).toBe(3)
  })

  test('private and symmetric keys in a key set prove nothing', async () => {
    const key = issuer.keys[0]
    if (key === undefined) throw new Error('no key')
    issuer.keysAnswer = (_, response) =>
      answerJson(response, {
        keys: [
          { ...key.publicJwk, d: 'AAAA' },
          { kty: 'oct', k: 'AAAA' },
        ],
      })
    expect(await createVerifier()(await issuer.token())).toBe('UNKNOWN_KEY')
  })
})

describe('an issuer that cannot be reached', () => {
  test('at start refuses logins with a reason, and is used as soon as it is there', async () => {
    const { port, url } = issuer
    const keys = issuer.keys
    const token = await issuer.token()
    await issuer.close()
    const verify = createVerifier()
    expect(await verify(token)).toBe('ISSUER_UNREACHABLE')
    expect(said).toHaveLength(1)
    expect(said[0]).toContain('ECONNREFUSED')
    issuer = await LoopbackIssuer.start(keys, port)
    expect(issuer.url).toBe(url)
    await expect.poll(() => verify(token)).toBe('principal')
    expect(said.at(-1)).toBe('info the issuer answers again')
  })

  test('later on leaves its keys in use for the grace, and not longer', async () => {
    const verify = createVerifier({ keysRefreshSeconds: 0.2, keysOutageGraceSeconds: 1 }, { rememberedTokens: 0 })
    const token = await issuer.token()
    expect(await verify(token)).toBe('principal')
    issuer.keysAnswer = (_, response) => response.writeHead(503).end()
    await sleep(600)
    expect(await verify(token)).toBe('principal')
    await sleep(800)
    expect(await verify(token)).toBe('ISSUER_UNREACHABLE')
    expect(said.filter((line) => line.startsWith('warn'))).toHaveLength(1)
    issuer.keysAnswer = null
    await expect.poll(() => verify(token)).toBe('principal')
  })

  test('is not asked again by every login', async () => {
    issuer.keysAnswer = (_, response) => response.writeHead(500).end()
    const verify = createVerifier()
    const token = await issuer.token()
    const answers = await Promise.all(Array.from({ length: 100 }, () => verify(token)))
    expect(new Set(answers)).toEqual(new Set(['ISSUER_UNREACHABLE']))
    expect(issuer.keysRequests).toBe(1)
  })
})

const hang: Answer = () => undefined
const trickle: Answer = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).write('{"keys":[')
}
const flood: Answer = (_, response) => {
  response.on('error', () => undefined)
  const block = Buffer.alloc(65_536, 0x20)
  const push = (): void => {
    while (!response.destroyed && response.write(block));
  }
  response.on('drain', push)
  push()
}
const overlong: Answer = (_, response) => answerJson(response, { keys: [], padding: 'x'.repeat(MAX_DOCUMENT_BYTES) })
const html: Answer = (_, response) =>
  response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in</html>')
const redirect: Answer = (_, response) => response.writeHead(302, { location: '/jwks' }).end()
const cutOff: Answer = (_, response) => {
  response.writeHead(200, { 'content-length': 1000 }).write('{"keys":[]}')
  setTimeout(() => response.destroy(), 20)
}
const compressed: Answer = (_, response) =>
  response.writeHead(200, { 'content-encoding': 'gzip' }).end(Buffer.alloc(100))

describe('an issuer that answers with nonsense is an issuer that cannot be reached', () => {
  test.each([
    ['hangs', hang, 'did not answer in 300 ms'],
    ['begins and stops', trickle, 'did not answer in 300 ms'],
    ['never ends', flood, 'more than'],
    ['is too large', overlong, 'more than'],
    ['is a web page', html, 'not JSON (text/html)'],
    ['redirects', redirect, 'status 302'],
    ['is cut off', cutOff, 'could not be fetched'],
    ['is compressed though nobody asked', compressed, 'not JSON'],
    ['is a list', (_, response) => answerJson(response, []), 'no key set'],
    ['is null', (_, response) => answerJson(response, null), 'no key set'],
    ['has keys that are no list', (_, response) => answerJson(response, { keys: { a: 1 } }), 'no key set'],
  ] satisfies [string, Answer, string][])('when its key set %s', async (_, answer, reason) => {
    issuer.keysAnswer = answer
    expect(await createVerifier()(await issuer.token())).toBe('ISSUER_UNREACHABLE')
    expect(said[0]).toContain(reason)
  })

  test.each([
    [
      'names another issuer',
      (url: string) => ({ issuer: 'https://evil.example', jwks_uri: `${url}/jwks` }),
      'another issuer',
    ],
    ['names it with a slash more', (url: string) => ({ issuer: `${url}/`, jwks_uri: `${url}/jwks` }), 'another issuer'],
    ['names none', (url: string) => ({ jwks_uri: `${url}/jwks` }), 'another issuer: none'],
    ['names no key set', (url: string) => ({ issuer: url }), 'no jwks_uri'],
    ['points to a file', (url: string) => ({ issuer: url, jwks_uri: 'file:///etc/passwd' }), 'not https'],
    [
      'points to plain http elsewhere',
      (url: string) => ({ issuer: url, jwks_uri: 'http://192.0.2.1/jwks' }),
      'not https',
    ],
    ['points nowhere', (url: string) => ({ issuer: url, jwks_uri: 'jwks' }), 'not a URL'],
    [
      'hides a credential in the address',
      (url: string) => ({ issuer: url, jwks_uri: 'https://a:hidden@x.example/' }),
      'credential',
    ],
    ['is a list', () => [], 'not an object'],
  ])('when its metadata %s', async (_, metadata, reason) => {
    issuer.metadataAnswer = (_request, response) => answerJson(response, metadata(issuer.url))
    expect(await createVerifier()(await issuer.token())).toBe('ISSUER_UNREACHABLE')
    expect(said[0]).toContain(reason)
    expect(said[0]).not.toContain('hidden')
    expect(issuer.keysRequests).toBe(0)
  })

  test('and keys it gave before stay in use', async () => {
    const verify = createVerifier({ keysRefreshSeconds: 0.2 }, { rememberedTokens: 0 })
    const token = await issuer.token()
    expect(await verify(token)).toBe('principal')
    issuer.metadataAnswer = (_, response) =>
      answerJson(response, { issuer: 'https://evil.example', jwks_uri: `${issuer.url}/jwks` })
    await sleep(500)
    expect(await verify(token)).toBe('principal')
    expect(said[0]).toContain('another issuer')
  })
})

describe('plain http', () => {
  test('is refused unless allowed, even on loopback', async () => {
    expect(await createVerifier({ allowHttp: false })(await issuer.token())).toBe('ISSUER_UNREACHABLE')
    expect(said[0]).toContain('not https')
    expect(issuer.keysRequests).toBe(0)
  })
})

describe('a configured key address', () => {
  test('is used without asking for metadata', async () => {
    issuer.metadataAnswer = hang
    expect(await createVerifier({ jwksUri: `${issuer.url}/jwks` })(await issuer.token())).toBe('principal')
  })

  test('does not let a key set without a usable key break the others', async () => {
    const key = issuer.keys[0]
    if (key === undefined) throw new Error('no key')
    const odd = [null, 1, 'x', [], {}, { kty: 'RSA' }, { kty: 'EC', crv: 'P-0', kid: 'first' }, { kty: 'AKP' }]
    issuer.keysAnswer = (_, response) => answerJson(response, { keys: [...odd, key.publicJwk] })
    expect(await createVerifier()(await issuer.token())).toBe('principal')
  })
})
