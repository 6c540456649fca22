// Query builders and ORMs, on node-postgres and on mysql2. Arguments: which of them, and `postgres` or `mysql`.
import { drizzle as drizzlePostgres } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { drizzle as drizzleMysql } from 'drizzle-orm/mysql2'
import { int, mysqlTable, varchar } from 'drizzle-orm/mysql-core'
import { eq, sql } from 'drizzle-orm'
import knex from 'knex'
import { DataTypes, Sequelize } from 'sequelize'
import { DataSource, EntitySchema } from 'typeorm'
import { logins } from './logins.mjs'

const [orm, engine] = process.argv.slice(2)
const onPostgres = engine === 'postgres'
const DROP = 'DROP TABLE people'

const open = {
  async knex({ host, port, target, user, secret, ssl }) {
    const client = onPostgres ? 'pg' : 'mysql2'
    // shown: begin knex
    // client: 'pg' or 'mysql2'; ssl: { ca }, with a client certificate { ca, cert, key }
    const database = knex({ client, connection: { host, port, database: target, user, password: secret, ssl } })
    // shown: end
    return {
      select: async () => (await database('people').where({ id: 1 }).first('ssn')).ssn,
      drop: () => database.schema.dropTable('people'),
      close: () => database.destroy(),
    }
  },

  async drizzle({ host, port, target, user, secret, ssl }) {
    const drizzle = onPostgres ? drizzlePostgres : drizzleMysql
    const people = onPostgres
      ? pgTable('people', { id: integer(), ssn: text() })
      : mysqlTable('people', { id: int(), ssn: varchar({ length: 20 }) })
    // shown: begin drizzle
    // of drizzle-orm/node-postgres, or drizzle-orm/mysql2; ssl: { ca }, with a client certificate { ca, cert, key }
    const database = drizzle({ connection: { host, port, database: target, user, password: secret, ssl } })
    // shown: end
    return {
      select: async () => (await database.select().from(people).where(eq(people.id, 1)))[0].ssn,
      drop: () => database.execute(sql.raw(DROP)),
      close: () => database.$client.end(),
    }
  },

  async sequelize({ host, port, target, user, secret, ssl }) {
    const dialect = onPostgres ? 'postgres' : 'mysql'
    // shown: begin sequelize
    // dialect: 'postgres' or 'mysql'; ssl: { ca }, with a client certificate { ca, cert, key }
    const database = new Sequelize(target, user, secret, { dialect, host, port, dialectOptions: { ssl } })
    // shown: end
    database.options.logging = false
    const Person = database.define('people', { ssn: DataTypes.STRING }, { timestamps: false, freezeTableName: true })
    return {
      select: async () => (await Person.findByPk(1)).ssn,
      drop: () => database.query(DROP),
      close: () => database.close(),
    }
  },

  async typeorm({ host, port, target, user, secret, ssl }) {
    const type = onPostgres ? 'postgres' : 'mysql'
    const columns = { id: { type: 'int', primary: true }, ssn: { type: 'varchar' } }
    const entities = [new EntitySchema({ name: 'people', columns })]
    const more = { installExtensions: false }
    // shown: begin typeorm
    // type: 'postgres' or 'mysql'; ssl: { ca }, with a client certificate { ca, cert, key }
    const options = { type, host, port, database: target, username: user, password: secret, ssl, entities }
    const opened = (given) => new DataSource(given).initialize()
    // shown: end
    const database = await opened({ ...options, ...more })
    return {
      select: async () => (await database.manager.findOneBy('people', { id: 1 })).ssn,
      drop: () => database.query(DROP),
      close: () => database.destroy(),
    }
  },
}

await logins(async ({ ca, cert, key, ...place }) => {
  const chosen = { bare: undefined, off: undefined, certificate: { ca, cert, key } }
  const session = await open[orm]({ ...place, ssl: place.way in chosen ? chosen[place.way] : { ca } })
  // Most of them connect with the first statement.
  const ssn = await session.select().catch(async (error) => {
    await session.close()
    throw error
  })
  return {
    value: (statement) => (statement === DROP ? session.drop() : Promise.resolve(ssn)),
    close: session.close,
  }
})
