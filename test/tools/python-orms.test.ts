import { afterAll, beforeAll, describe, test } from 'vitest'
import { testsOfProgram } from '../drivers/programs.ts'
import { findPythonDriver, pythonProgram } from '../drivers/python.ts'
import { type Scene, SHARED } from '../postgres/scene.ts'
import { DJANGO, SQLALCHEMY } from './python-orms.ts'
import { handoverOf, openToolsShop } from './shop.ts'

const ORMS = [
  {
    name: 'SQLAlchemy',
    wanted: SQLALCHEMY,
    file: 'sqlalchemy_checks.py',
    promises: [
      'finds the same tables, columns, keys, indexes, views and types as without the gateway',
      'reflects every table and view, and reads them, masked',
      'selects entities with their relations, masked',
      'inserts, updates and deletes with RETURNING, in transactions and savepoints',
      'is told by the driver why a masked column does not filter, and goes on',
    ],
  },
  {
    name: 'Django',
    wanted: DJANGO,
    file: 'django_checks.py',
    promises: [
      'inspectdb writes the same models as without the gateway',
      'finds the same constraints, relations and sequences as without the gateway',
      'asks which migrations have run',
      'reads objects with their relations, masked',
      'aggregates, annotates and windows what is not masked',
      'creates, changes and deletes in transactions and savepoints',
      'is told why a masked column does not filter, and goes on',
    ],
  },
] as const

const found = await Promise.all(ORMS.map(async (orm) => ({ orm, python: await findPythonDriver(orm.wanted) })))

describe.each(found)('$orm.name', ({ orm, python }) => {
  if (python.kind === 'absent') return test.skip(python.reason, () => undefined)
  if ('absent' in SHARED) return test.skip(SHARED.absent, () => undefined)
  const { address } = SHARED
  let scene: Scene
  beforeAll(async () => {
    scene = await openToolsShop(address)
  })
  afterAll(() => scene.close())

  testsOfProgram(pythonProgram(python.program, `../tools/${orm.file}`), () => handoverOf(scene), orm.promises)
})
