import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AdminScene, startAdminScene } from './testing/admin-scene.ts'

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} }
let scene: AdminScene

beforeAll(async () => {
  scene = await startAdminScene((issuer) => ({
    backChannelLogout: { issuers: [issuer.config({ audience: ['copilot'], maxTokenLifetimeSeconds: 3600 })] },
  }))
})

afterAll(() => scene.stop())

function logoutToken(claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const usual = { aud: 'copilot', azp: undefined, groups: undefined, events: EVENTS }
  return scene.issuer.token({ ...usual, jti: String(Math.random()), ...claims }, { typ: 'logout+jwt' })
}

async function tell(body: URLSearchParams | string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const response = await fetch(`${scene.url}/v1/backchannel-logout`, { method: 'POST', body, headers })
  return response.status
}

const form = (...tokens: readonly string[]): URLSearchParams =>
  new URLSearchParams(tokens.map((token): [string, string] => ['logout_token', token]))

test('a logout is a revocation of what was issued until then, for as long as tokens live, and is on record', async () => {
  const iat = Math.floor(Date.now() / 1000) - 3
  expect(await tell(form(await logoutToken({ sub: 'dana', sid: 's-1', iat })))).toBe(200)
  const [revocation, ...more] = await scene.coordination.revocations.list()
  expect(more).toEqual([])
  expect(revocation).toMatchObject({
    what: { kind: 'logout', issuer: scene.issuer.url, subject: 'dana', sid: 's-1', issuedUntil: iat },
    by: { issuer: scene.issuer.url, subject: 'back-channel logout', actor: null },
    until: (iat + 3600 + 30) * 1000,
  })
  const trail = readdirSync(scene.trailDirectory)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => readFileSync(join(scene.trailDirectory, name), 'utf8'))
  expect(trail.join('')).toContain('"action":"logged_out"')
  expect(await scene.coordination.revocations.lift(revocation?.id ?? '')).toBe(true)
})

test('a logout that is told twice is one, and holds from the first', async () => {
  const token = await logoutToken({ sub: 'erin' })
  expect(await Promise.all([tell(form(token)), tell(form(token)), tell(form(token))])).toEqual([200, 200, 200])
  const [revocation, ...more] = await scene.coordination.revocations.list()
  expect(more).toEqual([])
  await scene.coordination.revocations.lift(revocation?.id ?? '')
})

test('what is no logout token ends nothing, whoever is signed in', async () => {
  const good = await logoutToken()
  const operator = { authorization: `Bearer ${scene.tokens.operator}` }
  expect(await tell(form())).toBe(400)
  expect(await tell(form(good, good))).toBe(400)
  expect(await tell(form(await logoutToken({ aud: 'gatehouse-admin' })), operator)).toBe(400)
  expect(await tell(form(await logoutToken({ nonce: 'n' })), operator)).toBe(400)
  expect(await tell(form(scene.tokens.operator), operator)).toBe(400)
  expect(await tell(form('x'.repeat(20_000)))).toBe(400)
  expect(await tell(form('x'.repeat(40_000)))).toBe(413)
  expect(await tell(JSON.stringify({ logout_token: good }), { 'content-type': 'application/json' })).toBe(415)
  expect(await tell(`logout_token=${good}`, { 'content-type': 'text/plain' })).toBe(415)
  expect(await scene.coordination.revocations.list()).toEqual([])
})

test('an issuer whose keys cannot be had is told to try again', async () => {
  const alone = await startAdminScene((issuer) => {
    issuer.keysAnswer = (_, response) => response.writeHead(503).end()
    return { backChannelLogout: { issuers: [issuer.config({ audience: ['copilot'] })] } }
  })
  const token = await alone.issuer.token({ aud: 'copilot', jti: 'j', events: EVENTS })
  const response = await fetch(`${alone.url}/v1/backchannel-logout`, { method: 'POST', body: form(token) })
  expect(response.status).toBe(503)
  await alone.stop()
})

test('where it is not set up there is nothing', async () => {
  const without = await startAdminScene()
  const response = await fetch(`${without.url}/v1/backchannel-logout`, { method: 'POST', body: form('x') })
  expect([404, 415]).toContain(response.status)
  await without.stop()
})
