import { join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { testsOfProgram } from '../drivers/programs.ts'
import { type Scene, VERSIONS } from '../mysql/scene.ts'
import { mysqlHandoverOf, openMysqlToolsShop } from './mysql-shop.ts'

describe.each(VERSIONS)('On mysql2 and $version', ({ shared }) => {
  if ('absent' in shared) return test.skip(shared.absent, () => undefined)
  const { address } = shared
  let scene: Scene
  beforeAll(async () => {
    scene = await openMysqlToolsShop(address)
  })
  afterAll(() => scene.close())

  const programOf = (file: string) => ({ command: process.execPath, args: [join(import.meta.dirname, file)] })

  describe('a query builder', () =>
    testsOfProgram(programOf('mysql-query-builder-checks.mjs'), () => mysqlHandoverOf(scene), [
      'Knex describes tables as without the gateway',
      'Knex migrates where the policy lets it, up and down, and is refused where not',
      'Knex builds queries that come back masked, and is refused what it may not',
      'Knex writes in transactions and savepoints',
      'Drizzle selects, joins, aggregates and prepares, masked',
      ...(address.version === 'mysql-9' ? ['Drizzle reads relations, masked'] : []),
      'Drizzle writes with ON DUPLICATE KEY, in transactions and savepoints',
      'Drizzle migrates where the policy lets it, and is refused where not',
      'was given no masked value, in any byte',
    ]))

  describe('an object mapper', () =>
    testsOfProgram(programOf('mysql-object-mapper-checks.mjs'), () => mysqlHandoverOf(scene), [
      'Sequelize describes tables, keys and indexes as without the gateway',
      'Sequelize finds and changes objects, masked',
      'Sequelize synchronizes where the policy lets it, and is refused where not',
      'TypeORM reads the schema that it would change as without the gateway',
      'TypeORM finds and saves entities, masked',
      'TypeORM synchronizes where the policy lets it, and is refused where not',
      'was given no masked value, in any byte',
    ]))
})
