import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { targetOf, VERSIONS } from '../../postgres/scene.ts'
import { createDatabase } from '../../servers/postgres.ts'
import { type DeviceFlow, openDeviceFlow } from './device-flow.ts'
import { type Login, type LoginGateway, openLoginGateway, PEOPLE } from './login-gateway.ts'
import { type PostgresWay, targetName } from './login-ways.ts'
import { testsOfCells } from './matrix-cells.ts'
import { POSTGRES_DRIVERS } from './postgres-drivers.ts'

const servers = VERSIONS.flatMap(({ version, shared }) => ('absent' in shared ? [] : [{ version, ...shared }]))
const TARGETS = servers.map(({ version }) => targetName(version))
const rows = await Promise.all(POSTGRES_DRIVERS.map(async (driver) => ({ driver, found: await driver.find() })))

let gateway: LoginGateway
let deviceFlow: DeviceFlow
const drops: (() => Promise<void>)[] = []
beforeAll(async () => {
  const name = `logins_${randomBytes(6).toString('hex')}`
  const targets = await Promise.all(
    servers.map(async ({ address }, at) => {
      const { database, drop } = await createDatabase(address, name, PEOPLE)
      drops.push(drop)
      return [TARGETS[at] ?? '', targetOf(address, database)] as const
    }),
  )
  gateway = await openLoginGateway(Object.fromEntries(targets), 'public')
  deviceFlow = await openDeviceFlow(gateway.gateway.issuer)
})
afterAll(async () => {
  await deviceFlow.close()
  await gateway.close()
  await Promise.all(drops.map((drop) => drop()))
})

describe.each(rows)('$driver.name logs in', ({ driver, found }) => {
  if (found.kind === 'absent') return test.skip(found.reason, () => undefined)
  testsOfCells(driver, found.program, TARGETS, () => gateway, login, '42501')
})

async function login(way: PostgresWay, target: string): Promise<Login> {
  if (way === 'certificate') return gateway.certificate()
  if (way === 'scram' || way === 'scram-plus') return gateway.credential(target)
  return { user: 'copilot', secret: await gateway.gateway.token() }
}
