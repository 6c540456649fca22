import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { targetOf, VERSIONS } from '../../mysql/scene.ts'
import { createDatabase } from '../../servers/mysql.ts'
import { type Login, type LoginGateway, openLoginGateway, PEOPLE } from './login-gateway.ts'
import { type MysqlWay, targetName } from './login-ways.ts'
import { testsOfCells } from './matrix-cells.ts'
import { MYSQL_DRIVERS } from './mysql-drivers.ts'

const rows = await Promise.all(MYSQL_DRIVERS.map(async (driver) => ({ driver, found: await driver.find() })))

// A gateway for each server: clients go by the version that it shows them.
describe.each(VERSIONS)('To $version', ({ version, shared }) => {
  if ('absent' in shared) return test.skip(shared.absent, () => undefined)
  const target = targetName(version)
  let gateway: LoginGateway
  let remove: () => Promise<void>
  beforeAll(async () => {
    const name = `logins_${randomBytes(6).toString('hex')}`
    const { database, drop } = await createDatabase(shared.address, name, PEOPLE)
    remove = drop
    gateway = await openLoginGateway({ [target]: targetOf(shared.address, database) }, database)
  })
  afterAll(async () => {
    await gateway.close()
    await remove()
  })

  describe.each(rows)('$driver.name logs in', ({ driver, found }) => {
    if (found.kind === 'absent') return test.skip(found.reason, () => undefined)
    testsOfCells(driver, found.program, [target], () => gateway, login, '1227')
  })

  async function login(way: MysqlWay): Promise<Login> {
    if (way === 'certificate') return gateway.certificate()
    if (way === 'credential' || way === 'native') return gateway.credential(target)
    return { user: 'copilot', secret: await gateway.gateway.token() }
  }
})
