// Knex, Drizzle, Sequelize and TypeORM through the gateway.
import { deepStrictEqual, equal, match, ok, rejects } from 'node:assert'
import { eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { bigint, integer, jsonb, pgEnum, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import knexOf from 'knex'
import { Client, Pool } from 'pg'
import { DataTypes, Sequelize } from 'sequelize'
import { DataSource, EntitySchema } from 'typeorm'
import { check, handover, hides, sameBothWays as same } from './node-checks.mjs'

const { host, port, token, writer, direct } = handover
const through = (password) => `postgres://agent:${password}@${host}:${port}/shop`
const straight = `postgres://${direct.user}:${encodeURIComponent(direct.password)}@${direct.host}:${direct.port}/${direct.database}`

const MASKED = ['[redacted]', '[redacted]', '[redacted]']

/** What both ways give must be the same. */
const sameBothWays = (look) => same(look, through(token), straight)

await check('node-postgres runs named statements and scripts, masked', async () => {
  const client = new Client({ connectionString: through(token) })
  await client.connect()
  for (const id of [1, 2, 3]) {
    const { rows } = await client.query({
      name: 'one',
      text: 'SELECT id, email FROM customers WHERE id = $1',
      values: [id],
    })
    deepStrictEqual(rows, [{ id, email: '[redacted]' }])
  }
  hides(await client.query('SELECT * FROM customers; SELECT * FROM employees'))
  await client.end()
})

const knex = (connection) => knexOf({ client: 'pg', connection, pool: { min: 0, max: 2 } })

await check('Knex describes tables as without the gateway', () =>
  sameBothWays(async (url) => {
    const db = knex(url)
    const seen = [
      await db('customers').columnInfo(),
      await db.schema.hasTable('orders'),
      await db.schema.hasTable('nobody'),
      await db.schema.hasColumn('orders', 'status'),
    ]
    await db.destroy()
    return seen
  }),
)

await check('Knex asks which migrations have run, and is refused to make their table', async () => {
  const db = knex(through(token))
  const migrationSource = { getMigrations: async () => [], getMigrationName: () => '', getMigration: async () => ({}) }
  equal(await db.schema.hasTable('knex_migrations'), false)
  await rejects(db.migrate.latest({ migrationSource }), /gatehouse: /)
  await db.destroy()
})

await check('Knex builds queries that come back masked', async () => {
  const db = knex(through(token))
  deepStrictEqual(await db('customers').orderBy('id').pluck('email'), MASKED)
  hides(await db('customers as c').leftJoin('orders as o', 'o.customer_id', 'c.id').select('c.*', 'o.status'))
  const totals = await db('order_items').sum({ sold: 'quantity' }).groupBy('order_id').orderBy('order_id')
  deepStrictEqual(totals, [{ sold: '3' }, { sold: '1' }, { sold: '1' }])
  const buyers = await db('customers').whereExists(db('orders').whereRaw('customer_id = customers.id')).count()
  deepStrictEqual(buyers, [{ count: '2' }])
  await rejects(Promise.resolve(db('customers').where({ ssn: 'x' })), /gatehouse: /)
  await db.destroy()
})

await check('Knex writes in transactions and savepoints', async () => {
  const db = knex(through(writer))
  const done = db.transaction(async (trx) => {
    const [order] = await trx('orders').insert({ customer_id: 1 }).returning(['id', 'status'])
    equal(order.status, 'new')
    await trx('orders').where({ id: order.id }).update({ status: 'paid' })
    await trx.transaction((inner) => inner('orders').where({ id: order.id }).del())
    const product = { sku: 'TEA-1', name: 'Tea', category: 'tea', price: 1 }
    await trx('products').insert(product).onConflict('sku').merge(['price'])
    hides(await trx('customers').where({ id: 1 }).update({ tier: 'silver' }, '*'))
    throw new Error('enough')
  })
  await rejects(done, /^Error: enough$/)
  await db.destroy()
})

const status = pgEnum('order_status', ['new', 'paid', 'shipped', 'delivered', 'cancelled', 'refunded'])
const customers = pgTable('customers', {
  id: integer().primaryKey(),
  reference: uuid().notNull(),
  name: text().notNull(),
  email: text().notNull(),
  ssn: text(),
  preferences: jsonb(),
})
const orders = pgTable('orders', {
  id: bigint({ mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(),
  customerId: integer('customer_id').notNull(),
  status: status().default('new'),
  placedAt: timestamp('placed_at').defaultNow(),
  note: text(),
})

await check('Drizzle selects, joins and aggregates, masked', async () => {
  const pool = new Pool({ connectionString: through(token) })
  const db = drizzle(pool)
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
    .select({ status: orders.status, n: sql`count(*)::int` })
    .from(orders)
    .groupBy(orders.status)
  equal(counted.length, 3)
  const paid = db.$with('paid').as(db.select({ id: orders.id }).from(orders).where(eq(orders.status, 'paid')))
  deepStrictEqual(await db.with(paid).select().from(paid), [{ id: 2 }])
  await pool.end()
})

await check('Drizzle writes with RETURNING and ON CONFLICT, in transactions', async () => {
  const pool = new Pool({ connectionString: through(writer) })
  const done = drizzle(pool).transaction(async (tx) => {
    const [order] = await tx.insert(orders).values({ customerId: 1, note: 'one' }).returning()
    await tx
      .insert(orders)
      .values(order)
      .onConflictDoUpdate({ target: orders.id, set: { note: 'two' } })
    hides(await tx.update(customers).set({ name: 'New' }).where(eq(customers.id, 1)).returning())
    await tx.transaction((inner) => inner.delete(orders).where(eq(orders.id, order.id)))
    tx.rollback()
  })
  await rejects(done, /Rollback/)
  await pool.end()
})

const sequelize = (url) => new Sequelize(url, { dialect: 'postgres', logging: false })

await check('Sequelize describes tables and indexes as without the gateway', () =>
  sameBothWays(async (url) => {
    const db = sequelize(url)
    const look = db.getQueryInterface()
    const seen = [await look.showAllTables(), await look.showAllSchemas(), await look.tableExists('orders')]
    for (const table of ['customers', 'orders', 'order_items', 'payments']) {
      // Not its foreign keys: it asks for those of the database it connected to, by name, and that is the target's.
      seen.push(await look.describeTable(table), await look.showIndex(table))
    }
    await db.close()
    return seen
  }),
)

await check('Sequelize finds and changes objects, masked', async () => {
  const db = sequelize(through(writer))
  const { TEXT, INTEGER } = DataTypes
  const options = { timestamps: false }
  const Customer = db.define('Customer', { name: TEXT, email: TEXT, ssn: TEXT }, { ...options, tableName: 'customers' })
  const Order = db.define('Order', { customer_id: INTEGER, note: TEXT }, { ...options, tableName: 'orders' })
  Customer.hasMany(Order, { foreignKey: 'customer_id' })
  const found = await Customer.findAll({ include: Order, order: ['id'] })
  hides(found.map((one) => one.toJSON()))
  deepStrictEqual(
    found.map((one) => one.email),
    MASKED,
  )
  equal(await Order.count({ where: { note: null } }), 3)
  equal((await Customer.findAndCountAll({ limit: 1, offset: 1, order: ['id'] })).count, 3)
  const transaction = await db.transaction()
  const order = await Order.create({ customer_id: 1, note: 'one' }, { transaction })
  await order.update({ note: 'two' }, { transaction })
  hides(await Customer.update({ name: 'New' }, { where: { id: 1 }, returning: true, transaction }))
  await order.destroy({ transaction })
  await transaction.rollback()
  await db.close()
})

const identity = { primary: true, generated: 'identity', generatedIdentity: 'BY DEFAULT' }
const CustomerEntity = new EntitySchema({
  name: 'Customer',
  tableName: 'customers',
  columns: { id: { type: Number, ...identity }, name: { type: 'text' }, email: { type: 'text' } },
  relations: { orders: { type: 'one-to-many', target: 'Order', inverseSide: 'customer' } },
})
const OrderEntity = new EntitySchema({
  name: 'Order',
  tableName: 'orders',
  columns: { id: { type: 'bigint', ...identity }, note: { type: 'text', nullable: true } },
  relations: {
    customer: { type: 'many-to-one', target: 'Customer', inverseSide: 'orders', joinColumn: { name: 'customer_id' } },
  },
})

function typeorm(url) {
  const entities = [CustomerEntity, OrderEntity]
  return new DataSource({ type: 'postgres', url, entities, installExtensions: false }).initialize()
}

await check('TypeORM reads the schema that it would change as without the gateway', () =>
  sameBothWays(async (url) => {
    const source = await typeorm(url)
    const runner = source.createQueryRunner()
    const tables = await runner.getTables(['customers', 'orders', 'order_items'])
    const planned = await source.driver.createSchemaBuilder().log()
    await runner.release()
    await source.destroy()
    ok(tables.every(({ columns }) => columns.length > 0))
    return [
      tables.map(({ name, columns, foreignKeys, checks }) => JSON.stringify([name, columns, foreignKeys, checks])),
      planned.upQueries.map(({ query }) => query),
    ]
  }),
)

await check('TypeORM finds and saves entities, masked', async () => {
  const source = await typeorm(through(writer))
  const found = await source.manager.find(CustomerEntity, { relations: { orders: true }, order: { id: 'ASC' } })
  hides(found)
  deepStrictEqual(
    found.map(({ email }) => email),
    MASKED,
  )
  const counted = source.manager.createQueryBuilder(OrderEntity, 'o').select('count(*)', 'n').groupBy('o.status')
  equal((await counted.getRawMany()).length, 3)
  const runner = source.createQueryRunner()
  await runner.startTransaction()
  const saved = await runner.manager.save(OrderEntity, { note: 'one', customer: { id: 1 } })
  match(String(saved.id), /^\d+$/)
  await runner.manager.update(OrderEntity, { id: saved.id }, { note: 'two' })
  await runner.manager.delete(OrderEntity, { id: saved.id })
  await runner.rollbackTransaction()
  await runner.release()
  await source.destroy()
})
