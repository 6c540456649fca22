import { readRecords } from '@gatehouse/audit-trail'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AdminScene, startAdminScene } from './testing/admin-scene.ts'

let scene: AdminScene

beforeAll(async () => {
  scene = await startAdminScene()
})
afterAll(() => scene.stop())

test('a hold is set and lifted by people, known to every gateway, and in the trail before it is done', async () => {
  const { tokens, coordination, call } = scene
  const what = { kind: 'subject', subject: 'alice@example.com' }
  const set = await call('POST', '/v1/legal-holds', tokens.operator, { what, reason: 'case 4711' })
  expect(set).toMatchObject({ status: 201, body: { legalHold: { what, reason: 'case 4711', lifted: null } } })
  const { id } = set.body['legalHold'] as { id: string }
  expect(await coordination.legalHolds.list()).toMatchObject([{ id, what }])
  const listed = await call('GET', '/v1/legal-holds', tokens.auditor)
  expect(listed.body).toEqual({ legalHolds: [set.body['legalHold']] })
  expect(await call('DELETE', `/v1/legal-holds/${id}?reason=settled`, tokens.operator)).toMatchObject({ status: 204 })
  expect(await call('DELETE', `/v1/legal-holds/${id}`, tokens.operator)).toMatchObject({
    status: 404,
    body: { error: { code: 'UNKNOWN_LEGAL_HOLD' } },
  })
  const after = await call('GET', '/v1/legal-holds', tokens.auditor)
  expect(after.body).toMatchObject({ legalHolds: [{ id, lifted: { reason: 'settled' } }] })
  const recorded: unknown[] = []
  await readRecords(scene.trailDirectory, { kinds: ['admin_action'] }, ({ admin }) => recorded.push(admin) > 0)
  expect(recorded).toMatchObject([
    { action: 'legal_hold_set', object: JSON.stringify(what), reason: 'case 4711' },
    { action: 'legal_hold_lifted', object: id, reason: 'settled' },
    { action: 'legal_hold_lifted', object: id, reason: null },
  ])
})

test.each([
  ['of nothing', { reason: 'x' }],
  ['without a reason', { what: { kind: 'session', session: 's1' } }],
  ['of what cannot be held', { what: { kind: 'target', target: 'shop' }, reason: 'x' }],
])('a hold %s is none', async (_, body) => {
  expect(await scene.call('POST', '/v1/legal-holds', scene.tokens.operator, body)).toMatchObject({ status: 400 })
})
