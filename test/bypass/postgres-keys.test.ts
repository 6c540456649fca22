import { afterAll, describe, expect, test } from 'vitest'
import { openScene, type Scene, SHARED } from '../postgres/scene.ts'
import { errorOf } from '../postgres/wire-client.ts'

const schema = `
CREATE TABLE customers (id int PRIMARY KEY, name text);
CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE payments (id int, placed int REFERENCES orders ON DELETE CASCADE);
CREATE TABLE visits (id int, customer int REFERENCES customers ON DELETE SET NULL);
CREATE TABLE letters (id int, customer int REFERENCES customers);
CREATE TABLE customers_abroad (PRIMARY KEY (id)) INHERITS (customers);
CREATE TABLE stamps (id int, customer int REFERENCES customers_abroad ON DELETE CASCADE);
CREATE VIEW v_customers AS SELECT id, name FROM customers;
INSERT INTO customers VALUES (1, 'Ann');
INSERT INTO orders VALUES (1, 1);
INSERT INTO payments VALUES (1, 1);
INSERT INTO visits VALUES (1, 1);
`
const policyWith = (deny: string): string => `
rules:
  - { name: agents, allow: { actions: [select, delete, update, merge], relations: ["public.*"] } }
  - { name: never, deny: ${deny} }
`

describe.skipIf('absent' in SHARED)('What foreign keys take along', () => {
  const scenes = new Map<string, Scene>()
  const denied = async (deny: string): Promise<Scene> => {
    if ('absent' in SHARED) throw new Error(SHARED.absent)
    const scene = scenes.get(deny) ?? (await openScene(SHARED.address, { sql: schema, policy: policyWith(deny) }))
    scenes.set(deny, scene)
    return scene
  }
  const said = async ({ enter }: Scene, sql: string): Promise<string | null> => {
    const client = await enter()
    const error = errorOf(await client.query(sql))
    client.destroy()
    return error?.fields.get('M') ?? null
  }
  afterAll(async () => {
    for (const scene of scenes.values()) await scene.close()
  })

  test.each([
    ['{ actions: [delete], relations: [public.orders] }', 'DELETE FROM customers WHERE id = 1'],
    ['{ actions: [delete], relations: [public.payments] }', 'DELETE FROM customers WHERE id = 1'],
    ['{ actions: [delete], relations: [public.payments] }', 'DELETE FROM v_customers WHERE id = 1'],
    ['{ actions: [delete], relations: [public.payments] }', 'DELETE FROM orders WHERE id = 1'],
    [
      '{ actions: [delete], relations: [public.payments] }',
      'WITH gone AS (DELETE FROM customers RETURNING id) SELECT id FROM gone',
    ],
    [
      '{ actions: [delete], relations: [public.payments] }',
      'MERGE INTO customers c USING (VALUES (1)) v (i) ON c.id = v.i WHEN MATCHED THEN DELETE',
    ],
    ['{ actions: [delete], relations: [public.stamps] }', 'DELETE FROM customers WHERE id = 1'],
    ['{ actions: [update], relations: [public.visits] }', 'DELETE FROM customers WHERE id = 1'],
    ['{ actions: [update], relations: [public.orders] }', 'UPDATE customers SET id = 2 WHERE id = 1'],
  ])('is refused by a rule %s: %s', async (deny, sql) => {
    const scene = await denied(deny)
    expect(await said(scene, sql)).toMatch(/^gatehouse: .*never/)
    expect(await scene.admin('SELECT customer FROM visits')).toEqual([{ customer: 1 }])
    expect(await scene.admin('SELECT count(*)::int AS n FROM payments')).toEqual([{ n: 1 }])
  })

  test.each([
    ['{ actions: [delete], relations: [public.orders] }', "UPDATE customers SET name = 'Bea' WHERE id = 1"],
    ['{ actions: [delete], relations: [public.orders] }', 'UPDATE customers SET id = 1 WHERE id = 1'],
    ['{ actions: [delete], relations: [public.visits] }', 'DELETE FROM customers WHERE id = 77'],
    ['{ actions: [delete], relations: [public.letters] }', 'DELETE FROM customers WHERE id = 77'],
    ['{ actions: [update], relations: [public.visits] }', 'DELETE FROM orders WHERE id = 77'],
  ])('is not refused by a rule %s, which it has nothing to do with: %s', async (deny, sql) => {
    expect(await said(await denied(deny), sql)).toBe(null)
  })
})
