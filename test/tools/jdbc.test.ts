import { afterAll, beforeAll, describe, test } from 'vitest'
import { findPgjdbc, javaProgram } from '../drivers/java.ts'
import { asLines, testsOfProgram } from '../drivers/programs.ts'
import { type Scene, SHARED } from '../postgres/scene.ts'
import { handoverOf, openToolsShop } from './shop.ts'

const java = await findPgjdbc()

describe('Tools on JDBC', () => {
  if (java.kind === 'absent') return test.skip(java.reason, () => undefined)
  if ('absent' in SHARED) return test.skip(SHARED.absent, () => undefined)
  const { address } = SHARED
  let scene: Scene
  beforeAll(async () => {
    scene = await openToolsShop(address)
  })
  afterAll(() => scene.close())

  const program = { ...javaProgram(java.program, '../tools/JdbcMetadataChecks.java'), write: asLines }
  testsOfProgram(program, () => handoverOf(scene), [
    'lists catalogs, schemas, tables and columns as without the gateway',
    'lists keys and indexes as without the gateway',
    'lists types, functions and procedures as without the gateway',
    'samples every table as a sync does, masked',
  ])
})
