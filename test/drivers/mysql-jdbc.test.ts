import { afterAll, beforeAll, describe, test } from 'vitest'
import { VERSIONS } from '../mysql/scene.ts'
import { javaProgram } from './java.ts'
import { findJdbcDriver, type WantedJar } from './jdbc-jars.ts'
import { openMysqlShop } from './mysql-shop.ts'
import { asLines, testsOfProgram } from './programs.ts'
import type { Shop } from './shop.ts'

const WANTED: readonly { readonly name: string; readonly scheme: string; readonly wanted: WantedJar }[] = [
  {
    name: 'MariaDB Connector/J',
    scheme: 'mariadb',
    wanted: {
      maven: ['org.mariadb.jdbc', 'mariadb-java-client', '3.5.6'],
      debian: { name: 'libmariadb-java', jar: 'usr/share/java/mariadb-java-client.jar' },
    },
  },
  { name: 'MySQL Connector/J', scheme: 'mysql', wanted: { maven: ['com.mysql', 'mysql-connector-j', '9.5.0'] } },
]
const DRIVERS = await Promise.all(
  WANTED.map(async (driver) => ({ ...driver, java: await findJdbcDriver(driver.wanted) })),
)
const cases = DRIVERS.flatMap((driver) => VERSIONS.map((version) => ({ ...driver, ...version })))

describe.each(cases)('$name on $version', ({ scheme, java, version, shared }) => {
  if (java.kind === 'absent') return test.skip(java.reason, () => undefined)
  if ('absent' in shared) return test.skip(shared.absent, () => undefined)
  let shop: Shop
  beforeAll(async () => {
    shop = await openMysqlShop(`drivers_jdbc_${scheme}_${version}`.replaceAll(/\W/g, '_'), shared.address)
  })
  afterAll(() => shop.close())

  const program = javaProgram(java.program, 'MysqlJdbcChecks.java')
  testsOfProgram({ ...program, args: [...program.args, scheme], write: asLines }, () => shop.handover(), [
    'logs in with the token as password over verified TLS, and reads',
    'logs in over TLS without verification',
    'is told when the token is wrong',
    'gets the same rows and descriptions as without the gateway, in text and binary',
    'sees every masked column masked, in text and binary',
    'carries parameters of many types, in text and binary',
    'reads with a fetch size: a cursor on the server, and row by row, masked',
    'sees each result of a procedure masked, and its OUT parameter',
    'answers several statements in one text, and none of them where one is refused',
    'runs a batch, with rewritten inserts too',
    'commits and rolls back, with savepoints, and goes on in its transaction after a refusal',
    'is refused LOAD DATA LOCAL, and goes on',
    'cancels a running statement, and by its own query timeout',
    'writes and reads one value over 16 MiB',
    'reads the catalog as DatabaseMetaData, as without the gateway',
    'gets the errors of the server unchanged where nothing is masked',
    'is told who refused, why, and what to do instead',
  ])
})
