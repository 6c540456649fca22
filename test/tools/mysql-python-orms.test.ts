import { afterAll, beforeAll, describe, test } from 'vitest'
import { testsOfProgram } from '../drivers/programs.ts'
import { findPythonDriver, pythonProgram } from '../drivers/python.ts'
import { type Scene, VERSIONS } from '../mysql/scene.ts'
import { mysqlHandoverOf, openMysqlToolsShop } from './mysql-shop.ts'
import { DJANGO, SQLALCHEMY } from './python-orms.ts'

const ORMS = [
  {
    name: 'SQLAlchemy',
    wanted: SQLALCHEMY,
    file: 'mysql_sqlalchemy_checks.py',
    promises: [
      'finds the same tables, columns, keys, indexes, checks and views as without the gateway',
      'reflects every table and view, and reads them, masked',
      'selects entities with their relations, masked',
      'inserts, updates and deletes, in transactions and savepoints',
      'makes its tables where the policy lets it, and is refused where not',
      'is told by the driver why a masked column does not filter and no table is dropped, and goes on',
      'was given no masked value, in any byte',
    ],
  },
  {
    name: 'Django',
    wanted: DJANGO,
    file: 'mysql_django_checks.py',
    promises: [
      'inspectdb writes the same models as without the gateway',
      'finds the same constraints, relations and sequences as without the gateway',
      'migrates where the policy lets it, there and back, and is refused where not',
      'reads objects with their relations, masked',
      'aggregates, annotates and windows what is not masked',
      'creates, changes and deletes in transactions and savepoints',
      'is told why a masked column does not filter and no table is dropped, and goes on',
      'was given no masked value, in any byte',
    ],
  },
] as const

const found = await Promise.all(ORMS.map(async (orm) => ({ ...orm, python: await findPythonDriver(orm.wanted) })))

describe.each(VERSIONS)('On PyMySQL and $version', ({ shared }) => {
  if ('absent' in shared) return test.skip(shared.absent, () => undefined)
  const { address } = shared
  let scene: Scene
  beforeAll(async () => {
    scene = await openMysqlToolsShop(address)
  })
  afterAll(() => scene.close())

  describe.each(found)('$name', ({ python, file, promises }) => {
    if (python.kind === 'absent') return test.skip(python.reason, () => undefined)
    testsOfProgram(pythonProgram(python.program, `../tools/${file}`), () => mysqlHandoverOf(scene), promises)
  })
})
