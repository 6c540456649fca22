import { makeCredentialName } from '@gatehouse/session-credentials'
import { connect, hold, question } from './held-statements.ts'
import type { PageScene } from './scene.ts'

/** What a team might see on a busy afternoon; the id of the request with the most at stake. */
export async function fillWithExamples({
  coordination,
  gateway,
}: Pick<PageScene, 'coordination' | 'gateway'>): Promise<{ readonly worst: string }> {
  const before = (seconds: number): number => Date.now() - seconds * 1000
  const history = [
    { at: before(95), text: "SELECT id, status FROM orders WHERE status = 'stale'", outcome: 'ran' },
    { at: before(61), text: 'SELECT count(*) FROM orders', outcome: 'ran' },
    { at: before(40), text: 'TRUNCATE orders', outcome: 'refused' },
  ]
  const cleanUp = question({
    text: "UPDATE orders SET status = 'void', note = $1 WHERE total < $2 AND id IN (SELECT order_id FROM order_items WHERE sku = 'оld\u202e-sku') OR true",
    action: 'update',
    relation: 'public.orders',
    reads: ['public.order_items'],
    level: 3,
    rows: 48_210,
    parameters: ['cleaned up on request', '10.00'],
    history,
  })
  await coordination.credentials.put(makeCredentialName(), {
    verifiers: {},
    principal: {
      issuer: 'https://login.example.com',
      subject: 'ada@example.com',
      actor: 'copilot',
      groups: [],
      claims: {},
      expiresAt: Date.now() + 3_600_000,
    },
    target: 'shop',
    address: '10.4.0.0/16',
    until: Date.now() + 900_000,
    uses: 1,
  })
  const worst = await hold(coordination, gateway, cleanUp)
  await hold(coordination, gateway, cleanUp, '10.4.1.22:40120')
  await hold(
    coordination,
    gateway,
    question({
      text: 'DELETE FROM carts WHERE touched_at < now() - interval 90 day',
      action: 'delete',
      relation: 'shop.carts',
      rows: 312,
      subject: 'linus@example.com',
      actor: 'cleanup-agent',
      target: 'shop-mysql',
      engine: 'mysql',
      approvals: 2,
    }),
    '10.4.2.9:61022',
  )
  await hold(
    coordination,
    gateway,
    question({
      text: 'UPDATE customers SET email = $1 WHERE id = $2',
      action: 'update',
      relation: 'public.customers',
      rows: 1,
      subject: 'margaret@example.com',
      parameters: ['[masked]', '[masked]'],
    }),
  )
  await hold(
    coordination,
    gateway,
    question({
      text: 'INSERT INTO refunds (order_id, amount) VALUES (8812, 14.90)',
      action: 'insert',
      relation: 'public.refunds',
      level: 1,
      actor: 'refund-bot',
      subject: 'service:refunds',
    }),
  )
  const approved = question({
    text: 'UPDATE stock SET left_over = 0 WHERE sku = $1',
    action: 'update',
    relation: 'public.stock',
  })
  const { id } = await hold(coordination, gateway, approved)
  const by = { issuer: 'https://id.example.com', subject: 'barbara@example.com', actor: null }
  await coordination.approvals.decide(id, { by, verdict: 'approve', reason: 'stocktaking', through: 'page' })
  await coordination.grants.give({
    principal: approved.principal,
    target: 'shop',
    covers: { kind: 'actions', actions: ['update'], relations: ['public.stock'] },
    rules: approved.rules,
    until: Date.now() + 3_540_000,
    uses: 20,
    unmask: [],
    by,
    approval: id,
    reason: 'stocktaking until three',
  })
  const running = await connect(gateway, approved, '10.4.1.31:50311')
  await gateway.update([{ id: running, state: 'running', since: Date.now() - 1_000 }])
  await connect(gateway, { ...approved, target: 'shop-mysql', engine: 'mysql' }, '10.4.1.31:50312')
  return { worst: worst.id }
}
