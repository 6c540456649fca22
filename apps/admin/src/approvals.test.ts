import { readRecords } from '@gatehouse/audit-trail'
import type { AuditRecord } from '@gatehouse/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminScene, ask, question, startAdminScene } from './testing/admin-scene.ts'

let scene: AdminScene

beforeAll(async () => {
  scene = await startAdminScene()
})
afterAll(() => scene.stop())

async function recorded(id: string): Promise<AuditRecord[]> {
  const found: AuditRecord[] = []
  await readRecords(scene.trailDirectory, {}, (record) => {
    if (record.approval?.id === id || record.admin?.['object'] === id) found.push(record)
    return true
  })
  return found
}

describe('a request', () => {
  test('is listed and shown with moments as texts', async () => {
    const id = await ask(scene.coordination)
    const { tokens, call } = scene
    const listed = await call('GET', '/v1/approvals?state=pending&limit=5', tokens.approver)
    expect(listed.status).toBe(200)
    expect(listed.body['approvals']).toContainEqual(expect.objectContaining({ id, state: 'pending' }))
    const shown = await call('GET', `/v1/approvals/${id}`, tokens.auditor)
    expect(shown.body['approval']).toMatchObject({
      id,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      request: { history: [{ at: '2023-11-14T22:13:20.000Z' }] },
    })
  })

  test('that an approver approves is approved, and on record before and after', async () => {
    const id = await ask(scene.coordination)
    const said = await scene.call('POST', `/v1/approvals/${id}/approve`, scene.tokens.approver, {
      reason: 'looks right',
    })
    expect(said).toMatchObject({ status: 200, body: { kind: 'decided', approval: { state: 'approved' } } })
    expect(await scene.coordination.approvals.get(id)).toMatchObject({ state: 'approved' })
    expect(await recorded(id)).toMatchObject([
      { kind: 'admin_action', admin: { action: 'approve', by: { subject: 'dana@example.com' } } },
      { kind: 'approval_decided', approval: { verdict: 'approve', state: 'approved', reason: 'looks right', have: 1 } },
    ])
  })

  test('that an approver refuses is refused with their reason', async () => {
    const id = await ask(scene.coordination)
    await scene.call('POST', `/v1/approvals/${id}/refuse`, scene.tokens.approver, { reason: 'not on a Friday' })
    expect(await scene.coordination.approvals.get(id)).toMatchObject({ state: 'refused', endReason: 'not on a Friday' })
  })

  test('cannot be refused without a reason', async () => {
    const id = await ask(scene.coordination)
    for (const body of [
      {},
      { reason: '' },
      { reason: '   ' },
      { reason: 7 },
      { reason: 'x', more: 1 },
      [],
      'no',
      null,
    ]) {
      const said = await scene.call('POST', `/v1/approvals/${id}/refuse`, scene.tokens.approver, body)
      expect(said).toMatchObject({ status: 400, body: { error: { code: 'NOT_VALID' } } })
    }
    expect(await scene.coordination.approvals.get(id)).toMatchObject({ state: 'pending' })
  })

  test('that needs two people is not approved by one who says yes twice, also through another client', async () => {
    const id = await ask(scene.coordination, question({ approvalsNeeded: 2 }))
    const { tokens, call, issuer } = scene
    const approve = (token: string): ReturnType<typeof call> => call('POST', `/v1/approvals/${id}/approve`, token, {})
    expect((await approve(tokens.approver)).body).toMatchObject({ kind: 'counted', have: 1, need: 2 })
    expect((await approve(tokens.approver)).body).toMatchObject({ kind: 'same_approver' })
    const other = await issuer.token({ sub: 'dana@example.com', groups: ['dba'], azp: 'phone', aud: 'gatehouse-admin' })
    expect((await approve(other)).body).toMatchObject({ kind: 'same_approver' })
    expect(await scene.coordination.approvals.get(id)).toMatchObject({ state: 'pending' })
    expect((await approve(tokens.secondApprover)).body).toMatchObject({ kind: 'decided' })
  })

  test('is decided by nobody it belongs to, as subject or as actor, in whatever letters', async () => {
    const { issuer, call } = scene
    const id = await ask(scene.coordination)
    for (const claims of [
      { sub: 'alice@example.com', azp: 'browser' },
      { sub: 'ALICE@example.com', azp: 'browser' },
      { sub: 'dana@example.com', azp: 'copilot' },
      { sub: 'copilot', azp: 'browser' },
    ]) {
      const token = await issuer.token({ ...claims, groups: ['dba'], aud: 'gatehouse-admin' })
      for (const way of ['approve', 'refuse'])
        expect(await call('POST', `/v1/approvals/${id}/${way}`, token, { reason: 'mine' })).toMatchObject({
          status: 403,
          body: { error: { code: 'OWN_REQUEST' } },
        })
    }
    expect(await scene.coordination.approvals.get(id)).toMatchObject({ state: 'pending', decisions: [] })
  })

  test('is decided only by those whom every rule names', async () => {
    const by = [
      { rule: 'a', groups: ['dba'], subjects: [] },
      { rule: 'b', groups: ['finance'], subjects: [] },
    ]
    const id = await ask(scene.coordination, question({ by }))
    const said = await scene.call('POST', `/v1/approvals/${id}/approve`, scene.tokens.approver, {})
    expect(said).toMatchObject({ status: 403, body: { error: { code: 'NOT_AN_APPROVER' } } })
  })

  test('for which more sessions wait than the approver saw is not approved', async () => {
    const request = question()
    const limits = { pendingPerPrincipal: 100, coolDownSeconds: 60 }
    const lease = await scene.coordination.sessions.enlist('gateway')
    for (const session of ['s1', 's2'])
      await scene.coordination.approvals.ask(request, { session, gateway: lease.id, holdSeconds: 60 }, limits)
    const [{ id } = { id: '' }] = await scene.coordination.approvals.list({ state: 'pending', limit: 1 })
    const said = await scene.call('POST', `/v1/approvals/${id}/approve`, scene.tokens.approver, { expectWaiters: 1 })
    expect(said.body).toMatchObject({ kind: 'changed', waiters: 2 })
  })

  test('that nobody knows is not found', async () => {
    const said = await scene.call('POST', '/v1/approvals/000000000000/approve', scene.tokens.approver, {})
    expect(said).toMatchObject({ status: 404, body: { error: { code: 'UNKNOWN_APPROVAL' } } })
  })
})

describe('a grant', () => {
  test('is given with an approval, listed, and revoked', async () => {
    const id = await ask(scene.coordination)
    const { tokens, call, coordination } = scene
    const said = await call('POST', `/v1/approvals/${id}/approve`, tokens.approver, {
      grant: { covers: 'actions', seconds: 600, uses: 3 },
    })
    expect(said.body).toMatchObject({ kind: 'decided', grant: { approval: id, uses: 3 } })
    const alice = { issuer: 'https://login.example.com', subject: 'alice@example.com', actor: 'copilot' }
    const [held] = coordination.grants.heldBy(alice, 'shop')
    expect(held?.covers).toEqual({ kind: 'actions', actions: ['select', 'update'], relations: ['public.orders'] })
    const grantId = held?.id ?? ''
    expect((await call('GET', '/v1/grants', tokens.auditor)).body['grants']).toMatchObject([{ id: grantId }])
    expect((await call('DELETE', `/v1/grants/${grantId}`, tokens.operator)).status).toBe(204)
    expect(coordination.grants.heldBy(alice, 'shop')).toEqual([])
    expect((await call('DELETE', `/v1/grants/${grantId}`, tokens.operator)).status).toBe(404)
  })

  test.each([
    ['GRANT_TOO_LONG', question(), { covers: 'fingerprint', seconds: 3601 }],
    ['GRANT_NEEDS_ONE_APPROVER', question({ approvalsNeeded: 2 }), { covers: 'fingerprint', seconds: 60 }],
    [
      'GRANT_TOO_WIDE',
      question({ statement: { ...question().statement, doings: ['unbounded write'] } }),
      { covers: 'actions', seconds: 60 },
    ],
    [
      'GRANT_UNMASKS',
      question({ statement: { ...question().statement, unmasked: ['public.users.ssn'] } }),
      { covers: 'fingerprint', seconds: 60 },
    ],
  ])('that goes too far is not given, and the statement is not approved: %s', async (code, request, grant) => {
    const id = await ask(scene.coordination, request)
    const said = await scene.call('POST', `/v1/approvals/${id}/approve`, scene.tokens.approver, { grant })
    expect(said).toMatchObject({ status: 400, body: { error: { code } } })
    expect(await scene.coordination.approvals.get(id)).toMatchObject({ state: 'pending' })
  })
})
