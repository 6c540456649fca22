// Sequelize and TypeORM on mysql2, through the gateway.
import { deepStrictEqual, equal, match, ok, rejects } from 'node:assert'
import { DataTypes, Sequelize } from 'sequelize'
import { DataSource, EntitySchema } from 'typeorm'
import { check, handover, hides } from './node-checks.mjs'
import { MASKED, receivedNothingHidden, REFUSED, sameBothWays, through, using } from './mysql-ways.mjs'

const { writer, migrator } = handover

const withSequelize = ({ ssl, user, ...way }, body) =>
  using(
    new Sequelize({ ...way, username: user, dialect: 'mysql', logging: false, dialectOptions: ssl ? { ssl } : {} }),
    (db) => db.close(),
    body,
  )

await check('Sequelize describes tables, keys and indexes as without the gateway', () =>
  sameBothWays(async (way) => {
    const seen = []
    await withSequelize(way, async (db) => {
      const look = db.getQueryInterface()
      seen.push(await look.showAllTables(), await look.tableExists('orders'), await db.databaseVersion())
      for (const table of ['customers', 'orders', 'order_items', 'payments']) {
        seen.push(await look.describeTable(table), await look.showIndex(table))
        seen.push(await look.getForeignKeyReferencesForTable(table))
      }
    })
    return seen
  }),
)

const { TEXT, INTEGER, STRING } = DataTypes
const plain = { timestamps: false }

await check('Sequelize finds and changes objects, masked', () =>
  withSequelize(through(writer), async (db) => {
    const Customer = db.define('Customer', { name: TEXT, email: TEXT, ssn: TEXT }, { ...plain, tableName: 'customers' })
    const Order = db.define('Order', { customer_id: INTEGER, note: TEXT }, { ...plain, tableName: 'orders' })
    Customer.hasMany(Order, { foreignKey: 'customer_id' })
    const found = await Customer.findAll({ include: Order, order: ['id'] })
    hides(found.map((one) => one.toJSON()))
    deepStrictEqual(
      found.map((one) => one.email),
      MASKED,
    )
    equal(await Order.count({ where: { note: null } }), 3)
    equal((await Customer.findAndCountAll({ limit: 1, offset: 1, order: ['id'] })).count, 3)
    const asked = { bind: [1], type: 'SELECT' }
    deepStrictEqual(await db.query('SELECT email FROM customers WHERE id = $1', asked), [{ email: '[redacted]' }])
    const done = db.transaction(async (transaction) => {
      const order = await Order.create({ customer_id: 1, note: 'one' }, { transaction })
      await order.update({ note: 'two' }, { transaction })
      equal((await order.reload({ transaction, lock: true })).note, 'two')
      const both = [{ id: order.id, customer_id: 1, note: 'three' }]
      await Order.bulkCreate(both, { updateOnDuplicate: ['note'], transaction })
      deepStrictEqual(await Customer.update({ name: 'New' }, { where: { id: 1 }, transaction }), [1])
      await rejects(Customer.findAll({ where: { ssn: 'x' }, transaction }), REFUSED)
      await order.destroy({ transaction })
      throw new Error('enough')
    })
    await rejects(done, /^Error: enough$/)
    await rejects(Order.drop(), REFUSED)
    equal(await Order.count(), 3)
  }),
)

await check('Sequelize synchronizes where the policy lets it, and is refused where not', async () => {
  const define = (db) =>
    db.define('Made', { name: { type: STRING(20), unique: true } }, { tableName: 'sequelize_made' })
  await withSequelize(through(writer), (db) => rejects(define(db).sync(), REFUSED))
  await withSequelize(through(migrator), async (db) => {
    const Made = define(db)
    await Made.sync()
    const [one, created] = await Made.findOrCreate({ where: { name: 'one' } })
    ok(created && one.id)
    await Made.sync({ alter: true })
    equal(await Made.count(), 1)
    await Made.drop()
  })
})

const CustomerEntity = new EntitySchema({
  name: 'Customer',
  tableName: 'customers',
  columns: { id: { type: Number, primary: true, generated: true }, name: { type: String }, email: { type: String } },
  relations: { orders: { type: 'one-to-many', target: 'Order', inverseSide: 'customer' } },
})
const OrderEntity = new EntitySchema({
  name: 'Order',
  tableName: 'orders',
  columns: { id: { type: 'bigint', primary: true, generated: true }, note: { type: 'text', nullable: true } },
  relations: {
    customer: { type: 'many-to-one', target: 'Customer', inverseSide: 'orders', joinColumn: { name: 'customer_id' } },
  },
})
const MadeEntity = new EntitySchema({
  name: 'Made',
  tableName: 'typeorm_made',
  columns: { id: { type: Number, primary: true, generated: true }, name: { type: String, unique: true } },
})

const withTypeorm = ({ user, ...way }, entities, body) =>
  using(
    new DataSource({ ...way, type: 'mysql', username: user, entities }).initialize(),
    (source) => source.destroy(),
    body,
  )

await check('TypeORM reads the schema that it would change as without the gateway', () =>
  sameBothWays(async (way) => {
    const seen = []
    await withTypeorm(way, [CustomerEntity, OrderEntity], async (source) => {
      const runner = source.createQueryRunner()
      const tables = await runner.getTables(['customers', 'orders', 'order_items', 'customer_overview'])
      const planned = await source.driver.createSchemaBuilder().log()
      await runner.release()
      ok(tables.length >= 3 && tables.every(({ columns }) => columns.length > 0))
      for (const { name, columns, foreignKeys, indices } of tables)
        seen.push(JSON.stringify([name, columns, foreignKeys, indices]))
      seen.push(planned.upQueries.map(({ query }) => query))
    })
    return seen
  }),
)

await check('TypeORM finds and saves entities, masked', () =>
  withTypeorm(through(writer), [CustomerEntity, OrderEntity], async (source) => {
    const found = await source.manager.find(CustomerEntity, { relations: { orders: true }, order: { id: 'ASC' } })
    hides(found)
    deepStrictEqual(
      found.map(({ email }) => email),
      MASKED,
    )
    const counted = source.manager.createQueryBuilder(OrderEntity, 'o').select('count(*)', 'n').groupBy('o.status')
    equal((await counted.getRawMany()).length, 3)
    const [, total] = await source.manager.findAndCount(OrderEntity, { relations: { customer: true }, take: 1 })
    equal(total, 3)
    const done = source.transaction('SERIALIZABLE', async (manager) => {
      const saved = await manager.save(OrderEntity, { note: 'one', customer: { id: 1 } })
      match(String(saved.id), /^\d+$/)
      await manager.update(OrderEntity, { id: saved.id }, { note: 'two' })
      const lock = { mode: 'pessimistic_write' }
      equal((await manager.findOne(OrderEntity, { where: { id: saved.id }, lock })).note, 'two')
      await rejects(manager.query('SELECT id FROM customers ORDER BY phone'), REFUSED)
      await manager.delete(OrderEntity, { id: saved.id })
      throw new Error('enough')
    })
    await rejects(done, /^Error: enough$/)
    const runner = source.createQueryRunner()
    await rejects(runner.dropTable('order_items'), REFUSED)
    await runner.release()
    equal(await source.manager.count(OrderEntity), 3)
  }),
)

await check('TypeORM synchronizes where the policy lets it, and is refused where not', async () => {
  await withTypeorm(through(writer), [MadeEntity], (source) => rejects(source.synchronize(), REFUSED))
  await withTypeorm(through(migrator), [MadeEntity], async (source) => {
    await source.synchronize()
    await source.manager.upsert(MadeEntity, { name: 'one' }, ['name'])
    await source.synchronize()
    equal(await source.manager.count(MadeEntity), 1)
    await source.createQueryRunner().dropTable('typeorm_made')
  })
})

await check('was given no masked value, in any byte', receivedNothingHidden)
