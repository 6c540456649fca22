import { afterAll, beforeAll, describe, test } from 'vitest'
import { VERSIONS } from '../mysql/scene.ts'
import { openMysqlShop } from './mysql-shop.ts'
import { testsOfProgram } from './programs.ts'
import { findPythonDriver, pythonProgram } from './python.ts'
import type { Shop } from './shop.ts'

const PROMISES = [
  'logs in with the token as password over verified TLS, and reads',
  'logs in over TLS without verification',
  'is told when the token is wrong',
  'gets the same rows and descriptions as without the gateway',
  'sees every masked column masked',
  'carries parameters of many types',
  'runs executemany, and counts rows and ids as without the gateway',
  'commits and rolls back, and goes on in its transaction after a refusal',
  'sees each result of a procedure masked, and its OUT parameter',
  'answers several statements in one text, and none of them where one is refused',
  'is refused LOAD DATA LOCAL, and goes on',
  'streams 100,000 rows, masked',
  'writes and reads one value over 16 MiB',
  'cancels a running statement by KILL QUERY',
  'pings, chooses the schema, resets where it can, and goes on',
  'gets the errors of the server unchanged where nothing is masked',
  'is told who refused, why, and what to do instead',
]

const DRIVERS = await Promise.all(
  [
    {
      name: 'PyMySQL',
      wanted: { module: 'pymysql', requirements: ['PyMySQL==1.2.4', 'cryptography'], debian: ['python3-pymysql'] },
      promises: PROMISES,
    },
    {
      name: "MySQL's Connector/Python",
      wanted: { module: 'mysql.connector', requirements: ['mysql-connector-python==26.10.0'], debian: [] },
      promises: [...PROMISES, 'prepares on the server, in binary: the same as without the gateway, and masked'],
    },
  ].map(async (driver) => ({ ...driver, python: await findPythonDriver(driver.wanted) })),
)
const cases = DRIVERS.flatMap((driver) => VERSIONS.map((version) => ({ ...driver, ...version })))

describe.each(cases)('$name on $version', ({ wanted, promises, python, version, shared }) => {
  if (python.kind === 'absent') return test.skip(python.reason, () => undefined)
  if ('absent' in shared) return test.skip(shared.absent, () => undefined)
  let shop: Shop
  beforeAll(async () => {
    shop = await openMysqlShop(`drivers_${wanted.module}_${version}`.replaceAll(/\W/g, '_'), shared.address)
  })
  afterAll(() => shop.close())

  const program = pythonProgram(python.program, 'mysql_checks.py')
  testsOfProgram({ ...program, args: [...program.args, wanted.module] }, () => shop.handover(), promises)
})
