// Knex and Drizzle on mysql2, through the gateway.
import { deepStrictEqual, equal, ok, rejects } from 'node:assert'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq, relations, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/mysql2'
import { migrate } from 'drizzle-orm/mysql2/migrator'
import { bigint, int, json, mysqlEnum, mysqlTable, text, timestamp, varchar } from 'drizzle-orm/mysql-core'
import knexOf from 'knex'
import { createPool } from 'mysql2/promise'
import { check, handover, hides } from './node-checks.mjs'
import { MASKED, receivedNothingHidden, REFUSED, sameBothWays, through, using } from './mysql-ways.mjs'

const { token, writer, migrator } = handover

const withKnex = (connection, body) =>
  using(knexOf({ client: 'mysql2', connection, pool: { min: 0, max: 2 } }), (db) => db.destroy(), body)

await check('Knex describes tables as without the gateway', () =>
  sameBothWays(async (way) => {
    const seen = []
    await withKnex(way, async (db) => {
      for (const table of ['customers', 'products', 'visits']) seen.push(await db(table).columnInfo())
      for (const table of ['orders', 'nobody']) seen.push(await db.schema.hasTable(table))
      seen.push(await db.schema.hasColumn('orders', 'status'))
    })
    ok(seen[0].email)
    return seen
  }),
)

await check('Knex migrates where the policy lets it, up and down, and is refused where not', async () => {
  const migrationSource = {
    getMigrations: async () => ['one'],
    getMigrationName: (name) => name,
    getMigration: async () => ({
      up: async (db) => {
        await db.schema.createTable('knex_made', (table) => {
          table.increments()
          table.string('name').notNullable().index()
          table.integer('customer_id').references('customers.id')
        })
        await db('knex_made').insert({ name: 'one', customer_id: 1 })
        await db.schema.alterTable('knex_made', (table) => table.dateTime('made_at').defaultTo(db.fn.now()))
      },
      down: (db) => db.schema.dropTable('knex_made'),
    }),
  }
  await withKnex(through(writer), (db) => rejects(db.migrate.latest({ migrationSource }), REFUSED))
  await withKnex(through(migrator), async (db) => {
    equal((await db.migrate.latest({ migrationSource }))[1].length, 1)
    equal((await db('knex_made').first()).name, 'one')
    equal((await db.migrate.latest({ migrationSource }))[1].length, 0)
    equal((await db.migrate.rollback({ migrationSource }))[1].length, 1)
    equal(await db.schema.hasTable('knex_made'), false)
  })
})

await check('Knex builds queries that come back masked, and is refused what it may not', () =>
  withKnex(through(token), async (db) => {
    deepStrictEqual(await db('customers').orderBy('id').pluck('email'), MASKED)
    hides(await db('customers as c').leftJoin('orders as o', 'o.customer_id', 'c.id').select('c.*', 'o.status'))
    const totals = await db('order_items').sum({ sold: 'quantity' }).groupBy('order_id').orderBy('order_id')
    deepStrictEqual(totals, [{ sold: '3' }, { sold: '1' }, { sold: '1' }])
    const buyers = await db('customers').whereExists(db('orders').whereRaw('customer_id = customers.id')).count()
    deepStrictEqual(buyers, [{ 'count(*)': 2 }])
    deepStrictEqual(await db('customers').where({ email: 'carl@mail.example' }).pluck('id'), [3])
    await rejects(Promise.resolve(db('customers').where({ ssn: 'x' })), REFUSED)
    await rejects(Promise.resolve(db('orders').insert({ customer_id: 1 })), REFUSED)
    await rejects(Promise.resolve(db.schema.dropTable('order_items')), REFUSED)
    equal((await db('order_items').count({ n: '*' }))[0].n, 4)
  }),
)

await check('Knex writes in transactions and savepoints', () =>
  withKnex(through(writer), async (db) => {
    const done = db.transaction(async (trx) => {
      const [id] = await trx('orders').insert({ customer_id: 1 })
      deepStrictEqual((await trx.raw('SELECT LAST_INSERT_ID() AS id'))[0], [{ id }])
      await trx('orders').where({ id }).update({ status: 'paid' })
      await trx.transaction((inner) => inner('orders').where({ id }).del())
      const product = { sku: 'TEA-1', name: 'Tea', category: 'tea', price: 1, attributes: '{}', tags: '[]' }
      await trx('products').insert(product).onConflict('sku').merge(['price'])
      equal((await trx('products').where({ sku: 'TEA-1' }).forUpdate().first()).price, '1.00')
      equal(await trx('customers').where({ id: 1 }).update({ tier: 'silver' }), 1)
      await rejects(Promise.resolve(trx('customers').where({ phone: '1' }).del()), REFUSED)
      equal((await trx('customers').first('tier').where({ id: 1 })).tier, 'silver')
      throw new Error('enough')
    })
    await rejects(done, /^Error: enough$/)
    equal((await db('customers').first('tier').where({ id: 1 })).tier, 'gold')
  }),
)

const customers = mysqlTable('customers', {
  id: int().primaryKey().autoincrement(),
  reference: varchar({ length: 36 }).notNull(),
  name: varchar({ length: 100 }).notNull(),
  email: varchar({ length: 190 }).notNull(),
  ssn: varchar({ length: 11 }),
  preferences: json().notNull(),
})
const orders = mysqlTable('orders', {
  id: bigint({ mode: 'number' }).primaryKey().autoincrement(),
  customerId: int('customer_id').notNull(),
  status: mysqlEnum(['new', 'paid', 'shipped', 'delivered', 'cancelled', 'refunded']).default('new'),
  placedAt: timestamp('placed_at').defaultNow(),
  note: text(),
})
const ordersOfCustomers = relations(customers, ({ many }) => ({ orders: many(orders) }))
const customersOfOrders = relations(orders, ({ one }) => ({
  customer: one(customers, { fields: [orders.customerId], references: [customers.id] }),
}))
const schema = { customers, orders, ordersOfCustomers, customersOfOrders }

/** Drizzle keeps the driver's error as the cause of its own. */
const refused = (error) => REFUSED.test(String(error.cause))

const withDrizzle = (password, body) =>
  using(
    createPool({ ...through(password), connectionLimit: 2 }),
    (pool) => pool.end(),
    (pool) => body(drizzle(pool, { schema, mode: 'default' }), pool),
  )

await check('Drizzle selects, joins, aggregates and prepares, masked', () =>
  withDrizzle(token, async (db, pool) => {
    const all = await db.select().from(customers).orderBy(customers.id)
    deepStrictEqual(
      all.map(({ email }) => email),
      MASKED,
    )
    hides(all)
    const joined = await db.select().from(orders).innerJoin(customers, eq(customers.id, orders.customerId))
    hides(joined)
    equal(joined.length, 3)
    equal(await db.$count(customers), 3)
    const counted = await db
      .select({ status: orders.status, n: sql`count(*)` })
      .from(orders)
      .groupBy(orders.status)
    equal(counted.length, 3)
    const paid = db.$with('paid').as(db.select({ id: orders.id }).from(orders).where(eq(orders.status, 'paid')))
    deepStrictEqual(await db.with(paid).select().from(paid), [{ id: 2 }])
    const prepared = db
      .select({ id: customers.id, email: customers.email })
      .from(customers)
      .where(eq(customers.id, sql.placeholder('id')))
      .prepare()
    for (const id of [1, 2, 3]) deepStrictEqual(await prepared.execute({ id }), [{ id, email: '[redacted]' }])
    const { sql: asked } = db.select().from(customers).where(eq(customers.id, 1)).toSQL()
    for (const id of [1, 2]) hides(await pool.execute(asked, [id]))
    await rejects(pool.execute('SELECT id FROM customers WHERE ssn = ?', ['x']), REFUSED)
    await rejects(db.insert(orders).values({ customerId: 1 }), refused)
    await rejects(db.execute(sql`DROP TABLE order_items`), refused)
    equal(await db.$count(orders), 3)
  }),
)

// In a form that MariaDB does not have.
if (handover.version === 'mysql-9') {
  await check('Drizzle reads relations, masked', () => withDrizzle(token, readRelations))
}

async function readRelations(db) {
  const found = await db.query.orders.findMany({ with: { customer: { columns: { id: true, name: true } } } })
  hides(found)
  equal(found.length, 3)
  equal(found[0].customer.name, 'Customer One')
  const all = await db.query.customers.findMany({ with: { orders: true } })
  hides(all)
  equal(all[0].orders.length, 2)
}

await check('Drizzle writes with ON DUPLICATE KEY, in transactions and savepoints', () =>
  withDrizzle(writer, async (db) => {
    const done = db.transaction(async (tx) => {
      const [{ id }] = await tx.insert(orders).values({ customerId: 1, note: 'one' }).$returningId()
      await tx
        .insert(orders)
        .values({ id, customerId: 1 })
        .onDuplicateKeyUpdate({ set: { note: 'two' } })
      await tx.update(customers).set({ name: 'New' }).where(eq(customers.id, 1))
      const [kept] = await tx.select().from(orders).where(eq(orders.id, id)).for('update')
      equal(kept.note, 'two')
      await tx.transaction((inner) => inner.delete(orders).where(eq(orders.id, id)))
      tx.rollback()
    })
    await rejects(done, /Rollback/)
    equal(await db.$count(orders), 3)
  }),
)

await check('Drizzle migrates where the policy lets it, and is refused where not', async () => {
  const migrationsFolder = mkdtempSync(join(tmpdir(), 'gatehouse-drizzle-'))
  mkdirSync(join(migrationsFolder, 'meta'))
  const entries = [{ idx: 0, when: 1, tag: '0000_made', breakpoints: true }]
  writeFileSync(join(migrationsFolder, 'meta', '_journal.json'), JSON.stringify({ entries }))
  const made = ['CREATE TABLE drizzle_made (id int PRIMARY KEY)', 'INSERT INTO drizzle_made VALUES (1)']
  writeFileSync(join(migrationsFolder, '0000_made.sql'), made.join('\n--> statement-breakpoint\n'))
  await withDrizzle(writer, (db) => rejects(migrate(db, { migrationsFolder }), refused))
  await withDrizzle(migrator, async (db) => {
    await migrate(db, { migrationsFolder })
    await migrate(db, { migrationsFolder })
    equal((await db.execute(sql`SELECT * FROM drizzle_made`))[0].length, 1)
  })
  rmSync(migrationsFolder, { recursive: true })
})

await check('was given no masked value, in any byte', receivedNothingHidden)
