import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openScene, type Scene, VERSIONS } from '../mysql/scene.ts'
import { type Account, type Cloud, openCloud } from './cloud.ts'

let cloud: Cloud

// One for all: the libraries keep where they found an identity for the life of the process.
beforeAll(async () => {
  cloud = await openCloud('mysql')
})
afterAll(() => cloud.close())

describe.each(VERSIONS)('with a credential of a cloud, $version', ({ version, shared }) => {
  let scene: Scene

  beforeAll(async () => {
    if ('absent' in shared || shared.address.tls === null) return
    const { caFile } = shared.address.tls
    scene = await openScene(shared.address, {
      sql: 'CREATE TABLE t AS SELECT 7 AS n',
      targets: (target) => cloud.targets(target, caFile),
    })
    for (const { user, password } of accounts()) {
      await scene.admin(`CREATE USER '${user}'@'%' IDENTIFIED BY '${password}'`)
      await scene.admin(`GRANT SELECT ON ${scene.database}.* TO '${user}'@'%'`)
    }
  })
  afterAll(async () => {
    if (scene === undefined) return
    for (const { user } of accounts()) await scene.admin(`DROP USER '${user}'@'%'`)
    await scene.close()
  })
  beforeEach((context) => {
    if ('absent' in shared) context.skip(shared.absent)
    if (scene === undefined) context.skip('a server that somebody else runs has no certificate of ours')
  })

  const accounts = (): Account[] => [cloud.secret, cloud.google, cloud.entra]

  async function who(database: string): Promise<unknown> {
    const connection = await scene.driver({ database })
    try {
      return (await connection.query("SELECT SUBSTRING_INDEX(USER(), '@', 1) AS who, n FROM t"))[0]
    } finally {
      await connection.end()
    }
  }

  test.each([
    ['AWS Secrets Manager', 'by-secret', 'secret'],
    ['Cloud SQL IAM', 'by-cloud-sql', 'google'],
    ['Microsoft Entra ID', 'by-entra', 'entra'],
  ] as const)('is read through the gateway: %s', async (_cloud, target, account) => {
    expect(await who(target)).toEqual([{ who: cloud[account].user, n: 7 }])
  })

  test('lets a session in after a rotation, though the old password is still in the cache', async () => {
    await who('by-secret')
    const before = cloud.readings()
    cloud.secret.password = `rotated on ${version}`
    await scene.admin(`ALTER USER '${cloud.secret.user}'@'%' IDENTIFIED BY '${cloud.secret.password}'`)
    expect(await who('by-secret')).toEqual([{ who: cloud.secret.user, n: 7 }])
    await who('by-secret')
    expect(cloud.readings()).toBe(before + 1)
  })
})
