import { chmodSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyTrail } from '@gatehouse/audit-trail'
import { openMemoryCoordination } from '@gatehouse/coordination'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminScene, type Said, startAdminScene } from './testing/admin-scene.ts'
import { given, namesSeenBy, somebody, swap, swapping } from './testing/swapping.ts'

let scene: AdminScene

beforeAll(async () => {
  scene = await startAdminScene(swapping())
})
afterAll(() => scene.stop())

test('credentials are as many as may be at once, also when they are asked for at once', async () => {
  const token = await somebody(scene)
  const said = await Promise.all(Array.from({ length: 15 }, () => swap(scene, token, { target: 'shop' })))
  const got = said.filter(({ status }) => status === 201)
  expect(got.length).toBeLessThanOrEqual(5)
  expect(await namesSeenBy(scene, token)).toHaveLength(got.length)
  for (let more = got.length; more < 5; more++) await given(scene, token)
  expect(await swap(scene, token, { target: 'shop' })).toMatchObject({
    status: 429,
    body: { error: { code: 'TOO_MANY_CREDENTIALS' } },
  })
  // Another is not held up by it.
  await given(scene, await somebody(scene))
})

test('credentials leave room for the next when they are used up, but those of live sessions', async () => {
  const token = await somebody(scene, { sub: 'with a session' })
  const spent = async (): Promise<string> => {
    const { credential } = await given(scene, token)
    expect(await scene.coordination.credentials.take(credential.name)).not.toBe(null)
    return credential.name
  }
  const live = await spent()
  const lease = await scene.coordination.sessions.enlist('gateway')
  const principal = { issuer: scene.issuer.url, subject: 'with a session', actor: 'copilot', groups: [] }
  await lease.enter(
    {
      id: 'live',
      gateway: lease.id,
      principal,
      target: 'shop',
      engine: 'postgres',
      credential: live,
      clientAddress: '10.0.0.1',
      applicationName: null,
      startedAt: 0,
      state: 'idle',
      since: 0,
      approval: null,
      statements: 0,
      cancelKey: { processId: 1, secretHash: 'abcd'.repeat(16) },
    },
    { sessionsPerPrincipal: 10 },
  )
  for (let count = 0; count < 12; count++) await spent()
  const seen = await namesSeenBy(scene, token)
  expect(seen.length).toBeLessThanOrEqual(6)
  expect(seen).toContain(live)
})

describe('somebody whose right was revoked', () => {
  test.each([
    ['as principal', { kind: 'principal', issuer: null, subject: 'gone' }],
    ['as actor', { kind: 'actor', issuer: null, actor: 'gone-agent' }],
  ] as const)('%s gets no credential', async (_, what) => {
    const token = await scene.issuer.token({ sub: 'gone', azp: 'gone-agent' })
    const made = await scene.coordination.revocations.revoke({
      what,
      reason: 'left',
      by: { issuer: 'i', subject: 's', actor: null },
      until: null,
    })
    await expect.poll(async () => (await swap(scene, token, { target: 'shop' })).body.error?.code).toBe('REVOKED')
    await scene.coordination.revocations.lift(made.id)
    await expect.poll(async () => (await swap(scene, token, { target: 'shop' })).status).toBe(201)
  })

  test('on a target gets none for that target', async () => {
    const token = await somebody(scene)
    const made = await scene.coordination.revocations.revoke({
      what: { kind: 'target', target: 'orders' },
      reason: 'is moved',
      by: { issuer: 'i', subject: 's', actor: null },
      until: null,
    })
    await expect.poll(async () => (await swap(scene, token, { target: 'orders' })).body.error?.code).toBe('REVOKED')
    await given(scene, token)
    await scene.coordination.revocations.lift(made.id)
  })
})

test('nobody gets more in a minute than may be, over all replicas', async () => {
  const one = await startAdminScene(swapping({ perMinute: 3, maxPerPrincipal: 100 }))
  const other = await startAdminScene(
    () => ({ ...swapping({ perMinute: 3, maxPerPrincipal: 100 })(one.issuer) }),
    null,
    one.hub,
    () => openMemoryCoordination(one.hub),
  )
  try {
    const token = await one.issuer.token()
    const said: Said[] = []
    for (const at of [one, other, one, other, one, other, one, other])
      said.push(await swap(at, token, { target: 'shop' }))
    // A new minute may begin in between.
    const got = said.filter(({ status }) => status === 201).length
    expect(got).toBeGreaterThanOrEqual(3)
    expect(got).toBeLessThanOrEqual(6)
    expect(said.find(({ status }) => status !== 201)?.body.error?.code).toBe('TOO_MANY_REQUESTS')
  } finally {
    await other.stop()
    await one.stop()
  }
})

test('what was given and revoked is on record before it takes effect, without secrets', async () => {
  const token = await somebody(scene)
  const { credential, secret } = await given(scene, token)
  await scene.call('DELETE', `/v1/credentials/${credential.name}`, token)
  const text = readdirSync(scene.trailDirectory)
    .map((file) => readFileSync(join(scene.trailDirectory, file), 'utf8'))
    .join('')
  const records = text
    .split('\n')
    .filter((line) => line.includes(credential.name))
    .map((line) => (JSON.parse(line) as { admin: { action: string; object: string; by: { actor: string } } }).admin)
  expect(records.map(({ action }) => action)).toEqual(['credential_issued', 'credential_revoked'])
  expect(records[0]?.by).toMatchObject({ actor: 'copilot', groups: ['ai-agents'] })
  expect(JSON.parse(records[0]?.object ?? '')).toEqual({
    name: credential.name,
    target: 'shop',
    uses: 1,
    until: credential.until,
    address: null,
  })
  for (const hidden of [secret, token, token.split('.')[2] ?? token]) expect(text).not.toContain(hidden)
  expect((await verifyTrail(scene.trailDirectory)).firstBreak).toBe(null)
})

test('while the trail cannot be written, none is given and none is revoked', async () => {
  const broken = await startAdminScene(swapping())
  try {
    const token = await broken.issuer.token()
    const { credential } = await given(broken, token)
    // Its folder goes, and a file stands in its place: nothing can be written there, as root either.
    renameSync(broken.trailDirectory, `${broken.trailDirectory}-gone`)
    writeFileSync(broken.trailDirectory, '')
    chmodSync(broken.trailDirectory, 0)
    const unavailable = { status: 503, body: { error: { code: 'TRAIL_UNAVAILABLE' } } }
    expect(await swap(broken, token, { target: 'shop' })).toMatchObject(unavailable)
    const path = `/v1/credentials/${credential.name}`
    expect(await broken.call('DELETE', path, token)).toMatchObject(unavailable)
    expect(await broken.coordination.credentials.list()).toMatchObject([{ name: credential.name }])
  } finally {
    await broken.stop().catch(() => undefined)
  }
})
