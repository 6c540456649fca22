import { join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { testsOfProgram } from '../drivers/programs.ts'
import { type Scene, SHARED } from '../postgres/scene.ts'
import { handoverOf, openToolsShop } from './shop.ts'

/** Plain JavaScript, in a process of its own: the types of these packages need those of other databases' drivers. */
describe('Query builders and object mappers of Node', () => {
  if ('absent' in SHARED) return test.skip(SHARED.absent, () => undefined)
  const { address } = SHARED
  let scene: Scene
  beforeAll(async () => {
    scene = await openToolsShop(address)
  })
  afterAll(() => scene.close())

  const program = { command: process.execPath, args: [join(import.meta.dirname, 'node-orm-checks.mjs')] }
  testsOfProgram(program, () => handoverOf(scene), [
    'node-postgres runs named statements and scripts, masked',
    'Knex describes tables as without the gateway',
    'Knex asks which migrations have run, and is refused to make their table',
    'Knex builds queries that come back masked',
    'Knex writes in transactions and savepoints',
    'Drizzle selects, joins and aggregates, masked',
    'Drizzle writes with RETURNING and ON CONFLICT, in transactions',
    'Sequelize describes tables and indexes as without the gateway',
    'Sequelize finds and changes objects, masked',
    'TypeORM reads the schema that it would change as without the gateway',
    'TypeORM finds and saves entities, masked',
  ])
})
