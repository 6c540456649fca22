import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { Secret } from '@gatehouse/core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { INACTIVE_MILLISECONDS, MAX_QUESTIONS, MAX_QUESTIONS_PER_SECOND } from './introspection.ts'
import type { IntrospectionConfig } from './issuer-config.ts'
import { answerJson, createSigningKey, LoopbackIssuer } from './testing/loopback-issuer.ts'
import type { TokenVerdict } from './token-verdict.ts'
import { refused } from './token-verdict.ts'
import { TokenVerifier } from './token-verifier.ts'

const silent = { warn: (): void => undefined, info: (): void => undefined }
const SECRET = 'p@ss word+/%:ü'
const seconds = (): number => Math.floor(Date.now() / 1000)
const opaque = (): string => randomBytes(32).toString('base64url')

let issuer: LoopbackIssuer
let neighbour: LoopbackIssuer
const open: TokenVerifier[] = []
/** What was asked, in order. */
let asked: { readonly authorization: string | undefined; readonly form: URLSearchParams }[] = []

beforeAll(async () => {
  issuer = await LoopbackIssuer.start([await createSigningKey('k', 'ES256')])
  neighbour = await LoopbackIssuer.start([await createSigningKey('n', 'ES256')])
})

beforeEach(() => {
  asked = []
  issuer.metadataAnswer = null
  answerWith({})
})

afterAll(async () => {
  for (const verifier of open) verifier.close()
  await issuer.close()
  await neighbour.close()
})

/** The issuer answers so from now on: an object over a good answer, or a text as it is. */
function answerWith(answer: Readonly<Record<string, unknown>> | string): void {
  issuer.introspectionAnswer = (request, response) => void answerTo(request, response, answer)
}

async function answerTo(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Readonly<Record<string, unknown>> | string,
): Promise<void> {
  asked.push({ authorization: request.headers.authorization, form: new URLSearchParams(await text(request)) })
  const good = { active: true, sub: 'alice', client_id: 'copilot', aud: 'gatehouse', exp: seconds() + 300 }
  if (typeof answer === 'string') response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
  else answerJson(response, { ...good, iss: issuer.url, token_type: 'Bearer', groups: ['ai-agents'], ...answer })
}

function verifierWith(changes: Partial<IntrospectionConfig> = {}, timeout = 5_000): TokenVerifier {
  const introspection: IntrospectionConfig = {
    endpoint: null,
    clientId: 'gate house:1',
    clientSecret: new Secret(SECRET),
    authentication: 'client_secret_basic',
    opaqueTokens: true,
    cacheSeconds: 30,
    recheckSeconds: null,
    recheckGraceSeconds: 60,
    ...changes,
  }
  const verifier = TokenVerifier.create([neighbour.config(), issuer.config({ introspection })], {
    log: silent,
    fetchTimeoutMilliseconds: timeout,
  })
  open.push(verifier)
  return verifier
}

const login = (verifier: TokenVerifier, token: string, now = Date.now()): Promise<TokenVerdict> =>
  verifier.verify(new Secret(token), now)

describe('a token that says nothing by itself', () => {
  test('is what its issuer says it is', async () => {
    const token = opaque()
    expect(await login(verifierWith(), token)).toMatchObject({
      kind: 'principal',
      principal: { subject: 'alice', actor: 'copilot', groups: ['ai-agents'], issuer: issuer.url },
    })
    expect(asked[0]?.form.get('token')).toBe(token)
  })

  test('is asked about with the secret as Basic has it, or in the form where that is configured', async () => {
    await login(verifierWith(), opaque())
    const pair = Buffer.from((asked[0]?.authorization ?? '').slice('Basic '.length), 'base64').toString()
    const parts = pair.split(':').map((part) => decodeURIComponent(part.replaceAll('+', ' ')))
    expect(parts).toEqual(['gate house:1', SECRET])
    expect(asked[0]?.form.get('client_secret')).toBeNull()
    await login(verifierWith({ authentication: 'client_secret_post' }), opaque())
    expect(asked[1]?.authorization).toBeUndefined()
    expect(asked[1]?.form.get('client_secret')).toBe(SECRET)
  })

  test('that is not active is refused, and the client is told what a forger is told', async () => {
    answerWith({ active: false })
    expect(await login(verifierWith(), opaque())).toMatchObject({
      code: 'TOKEN_INACTIVE',
      message: refused('BAD_SIGNATURE', '').message,
    })
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['of another issuer', { iss: 'https://evil.example' }, 'UNKNOWN_ISSUER'],
    ['of an issuer that is a list', { iss: [''] }, 'UNKNOWN_ISSUER'],
    ['for another audience', { aud: 'api' }, 'WRONG_AUDIENCE'],
    ['for no audience', { aud: undefined }, 'WRONG_AUDIENCE'],
    ['for an audience in a list of lists', { aud: [['gatehouse']] }, 'WRONG_AUDIENCE'],
    ['a proof of possession', { token_type: 'DPoP' }, 'WRONG_TYPE'],
    ['bound to a key', { cnf: { jkt: 'x' } }, 'INVALID_CLAIM'],
    ['for a time to come', { nbf: seconds() + 3600 }, 'NOT_YET_VALID'],
    ['past its end, though active', { exp: seconds() - 3600 }, 'TOKEN_EXPIRED'],
    ['without an end', { exp: undefined }, 'MISSING_CLAIM'],
    ['of nobody', { sub: undefined }, 'MISSING_CLAIM'],
    ['of a malformed actor', { act: 'copilot' }, 'INVALID_CLAIM'],
  ])('%s is refused', async (_, answer, code) => {
    answerWith(answer)
    expect(await login(verifierWith(), opaque())).toMatchObject({ kind: 'refused', code })
  })

  test('is asked about only where it can be one, and a JWT never is', async () => {
    const verifier = verifierWith()
    const jwt = await neighbour.token({}, {}, await createSigningKey('n', 'ES256'))
    for (const password of [
      '',
      'hunter2',
      'correct horse battery staple',
      'short-but-22-chars-no',
      `${opaque()} `,
      `${opaque()}\n`,
      'x'.repeat(3000),
      jwt,
      await issuer.token({ exp: seconds() - 1000 }),
      `${'a'.repeat(30)}.${'b'.repeat(30)}.${'c'.repeat(30)}`,
      `${'a'.repeat(30)}.b.c.d.e`,
    ]) {
      expect((await login(verifier, password)).kind).toBe('refused')
    }
    expect(asked).toEqual([])
  })

  test('is sent nowhere where no issuer has opaque tokens, and two issuers cannot have them', async () => {
    expect(await login(verifierWith({ opaqueTokens: false }), opaque())).toMatchObject({ code: 'NOT_A_TOKEN' })
    expect(asked).toEqual([])
    const introspection: IntrospectionConfig = {
      endpoint: null,
      clientId: 'c',
      clientSecret: new Secret('s'),
      authentication: 'client_secret_basic',
      opaqueTokens: true,
      cacheSeconds: 0,
      recheckSeconds: null,
      recheckGraceSeconds: 0,
    }
    const both = [issuer.config({ introspection }), neighbour.config({ introspection })]
    expect(() => TokenVerifier.create(both, { log: silent })).toThrow(RangeError)
  })
})

describe('an answer', () => {
  test('serves for the next login for as long as is configured, and never past exp', async () => {
    const verifier = verifierWith({ cacheSeconds: 30 })
    const token = opaque()
    const now = Date.now()
    const exp = Math.floor(now / 1000) + 10
    answerWith({ exp })
    await login(verifier, token, now)
    expect(await login(verifier, token, now + 5_000)).toMatchObject({ kind: 'principal' })
    expect(asked.length).toBe(1)
    expect(await login(verifier, token, exp * 1000)).toMatchObject({
      kind: 'principal',
      principal: { expiresAt: (exp + 30) * 1000 },
    })
    expect(asked.length).toBe(2)
    answerWith({ exp: exp + 600 })
    const other = opaque()
    await login(verifier, other, now)
    await login(verifier, other, now + 29_999)
    expect(asked.length).toBe(3)
    await login(verifier, other, now + 30_001)
    expect(asked.length).toBe(4)
  })

  test('of before is not asked for again at once where it was no, and is never taken where nothing is kept', async () => {
    answerWith({ active: false })
    const verifier = verifierWith({ cacheSeconds: 0 })
    const token = opaque()
    for (let again = 0; again < 5; again += 1) await login(verifier, token)
    expect(asked.length).toBe(1)
    expect(INACTIVE_MILLISECONDS).toBeLessThanOrEqual(5_000)
    answerWith({})
    const good = opaque()
    for (let again = 0; again < 3; again += 1) await login(verifier, good)
    expect(asked.length).toBe(4)
  })

  test.each([
    ['nothing', ''],
    ['no JSON', '<html>'],
    ['a list', '[]'],
    ['null', 'null'],
    ['no active', '{"sub":"alice"}'],
    ['active as text', '{"active":"true","sub":"alice"}'],
    ['active as a number', '{"active":1}'],
    ['active twice', '{"active":false,"active":true}'],
    ['sub twice', '{"active":true,"sub":"alice","sub":"root"}'],
    ['too much', JSON.stringify({ active: true, padding: 'x'.repeat(300_000) })],
  ])('that is %s lets nobody in', async (_, answer) => {
    answerWith(answer)
    expect(await login(verifierWith(), opaque())).toMatchObject({ code: 'ISSUER_UNREACHABLE' })
  })

  test('that is an error, or does not come, or is another issuer’s, lets nobody in', async () => {
    for (const status of [401, 403, 404, 429, 500, 302]) {
      issuer.introspectionAnswer = (_, response) => response.writeHead(status, { location: neighbour.url }).end()
      const verdict = await login(verifierWith(), opaque())
      expect(verdict).toMatchObject({ code: 'ISSUER_UNREACHABLE', detail: expect.stringContaining(String(status)) })
      expect(JSON.stringify(verdict)).not.toContain(SECRET)
    }
    issuer.introspectionAnswer = () => undefined
    expect(await login(verifierWith({}, 200), opaque())).toMatchObject({ code: 'ISSUER_UNREACHABLE' })
    answerWith({})
    issuer.metadataAnswer = (_, response) =>
      answerJson(response, { issuer: neighbour.url, introspection_endpoint: `${issuer.url}/introspect` })
    expect(await login(verifierWith(), opaque())).toMatchObject({ code: 'ISSUER_UNREACHABLE' })
    issuer.metadataAnswer = (_, response) =>
      answerJson(response, { issuer: issuer.url, introspection_endpoint: 'http://192.0.2.1/introspect' })
    expect(await login(verifierWith(), opaque())).toMatchObject({ code: 'ISSUER_UNREACHABLE' })
    expect(asked).toEqual([])
  })
})

describe('a flood of made-up tokens', () => {
  test('is not handed on to the issuer', async () => {
    answerWith({ active: false })
    const verifier = verifierWith()
    const verdicts = await Promise.all(Array.from({ length: 500 }, () => login(verifier, opaque())))
    expect(new Set(verdicts.map((verdict) => (verdict.kind === 'refused' ? verdict.code : 'in')))).toEqual(
      new Set(['TOKEN_INACTIVE', 'ISSUER_UNREACHABLE']),
    )
    expect(asked.length).toBeLessThanOrEqual(MAX_QUESTIONS)
    const from = performance.now()
    for (let wave = 0; wave < 40; wave += 1)
      await Promise.all(Array.from({ length: 10 }, () => login(verifier, opaque())))
    const secondsBegun = Math.floor((performance.now() - from) / 1000) + 2
    expect(asked.length).toBeLessThanOrEqual(MAX_QUESTIONS_PER_SECOND * secondsBegun)
  })

  test('of one token at once is one question', async () => {
    const verifier = verifierWith({ cacheSeconds: 0 })
    const token = opaque()
    const verdicts = await Promise.all(Array.from({ length: 100 }, () => login(verifier, token)))
    expect(verdicts.every(({ kind }) => kind === 'principal')).toBe(true)
    expect(asked.length).toBe(1)
  })

  test('while the issuer is down asks it once in a second', async () => {
    let tried = 0
    issuer.introspectionAnswer = (_, response) => {
      tried += 1
      response.writeHead(503).end()
    }
    const verifier = verifierWith()
    for (let again = 0; again < 20; again += 1) {
      expect(await login(verifier, opaque())).toMatchObject({ code: 'ISSUER_UNREACHABLE' })
    }
    expect(tried).toBeLessThan(20)
  })
})

describe('a re-check', () => {
  test('asks about the token that let in, opaque or signed, and about no other', async () => {
    const verifier = verifierWith({ recheckSeconds: 60 })
    for (const token of [opaque(), await issuer.token()]) {
      const verdict = await login(verifier, token)
      if (verdict.kind !== 'principal') throw new Error('refused')
      const recheck = verifier.recheckOf(verdict.principal)
      expect(recheck).toMatchObject({ everySeconds: 60, graceSeconds: 60 })
      expect(await recheck?.ask(Date.now())).toEqual({ kind: 'active' })
      expect(asked.at(-1)?.form.get('token')).toBe(token)
    }
    const foreign = await login(verifier, await neighbour.token())
    if (foreign.kind !== 'principal') throw new Error('refused')
    expect(verifier.recheckOf(foreign.principal)).toBeNull()
  })

  test('that hears no makes the token good for no further login, though it was remembered', async () => {
    const verifier = verifierWith({ recheckSeconds: 60, cacheSeconds: 60 })
    const token = opaque()
    const verdict = await login(verifier, token)
    if (verdict.kind !== 'principal') throw new Error('refused')
    answerWith({ active: false })
    expect(await login(verifier, token)).toMatchObject({ kind: 'principal' })
    expect(await verifier.recheckOf(verdict.principal)?.ask(Date.now())).toEqual({ kind: 'inactive' })
    expect(await login(verifier, token)).toMatchObject({ code: 'TOKEN_INACTIVE' })
  })

  test('hears that an opaque token stands for somebody else: another subject, agent, group, claim or audience, or one less', async () => {
    const verifier = verifierWith({ recheckSeconds: 60, cacheSeconds: 60 })
    const exp = Math.floor(Date.now() / 1000) + 600
    for (const [change, what] of [
      [{ sub: 'mallory' }, 'other claims: sub'],
      [{ groups: ['ai-agents', 'dba'] }, 'other claims: groups'],
      [{ groups: [] }, 'other claims: groups'],
      [{ groups: undefined }, 'other claims: groups'],
      [{ environment: 'prod' }, 'other claims: environment'],
      [{ act: { sub: 'another agent' } }, 'other claims: act'],
      [{ aud: 'somebody else' }, 'the issuer says that the token is for another audience, or for none'],
    ] as const) {
      answerWith({ exp, groups: ['ai-agents'] })
      const token = opaque()
      const verdict = await login(verifier, token)
      if (verdict.kind !== 'principal') throw new Error('refused')
      const recheck = verifier.recheckOf(verdict.principal)
      // A later end, or another order, is no other right.
      answerWith({ exp: exp + 60, groups: ['ai-agents'] })
      expect(await recheck?.ask(Date.now())).toEqual({ kind: 'active' })
      answerWith({ exp, groups: ['ai-agents'], ...change })
      expect(await recheck?.ask(Date.now()), what).toEqual({ kind: 'changed', what })
      // What was remembered of it lets nobody in.
      const count = asked.length
      await login(verifier, token)
      expect(asked.length).toBe(count + 1)
    }
  })

  test('hears what the issuer says of a signed token’s claims now, and takes the token’s word where it says nothing', async () => {
    const verifier = verifierWith({ recheckSeconds: 60 })
    const verdict = await login(verifier, await issuer.token({ groups: ['b', 'a'] }))
    if (verdict.kind !== 'principal') throw new Error('refused')
    const recheck = verifier.recheckOf(verdict.principal)
    answerWith(JSON.stringify({ active: true }))
    expect(await recheck?.ask(Date.now())).toEqual({ kind: 'active' })
    answerWith(JSON.stringify({ active: true, groups: ['a', 'b'], username: 'alice', exp: 1, aud: ['another'] }))
    expect(await recheck?.ask(Date.now())).toEqual({ kind: 'active' })
    answerWith(JSON.stringify({ active: true, groups: ['a'] }))
    expect(await recheck?.ask(Date.now())).toEqual({ kind: 'changed', what: 'other claims: groups' })
  })
})
