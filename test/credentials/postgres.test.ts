import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openScene, present, type Scene, VERSIONS } from '../postgres/scene.ts'
import { type Account, type Cloud, openCloud } from './cloud.ts'

let cloud: Cloud

// One for all: the libraries keep where they found an identity for the life of the process.
beforeAll(async () => {
  cloud = await openCloud('postgres')
})
afterAll(() => cloud.close())

describe.each(VERSIONS)('with a credential of a cloud, $version', ({ version, shared }) => {
  let scene: Scene

  beforeAll(async () => {
    if ('absent' in shared || shared.address.tls === null) return
    const { caFile } = shared.address.tls
    scene = await openScene(shared.address, {
      sql: 'CREATE TABLE t AS SELECT 7 AS n; GRANT SELECT ON t TO PUBLIC',
      targets: (target) => cloud.targets(target, caFile),
    })
    for (const account of accounts())
      await scene.admin(`CREATE ROLE "${account.user}" LOGIN PASSWORD '${account.password}'`)
  })
  afterAll(async () => {
    if (scene === undefined) return
    for (const { user } of accounts()) await scene.admin(`DROP ROLE "${user}"`)
    await scene.close()
  })
  beforeEach((context) => {
    present(shared, context)
    if (scene === undefined) context.skip('a server that somebody else runs has no certificate of ours')
  })

  const accounts = (): Account[] => [cloud.secret, cloud.google, cloud.entra]

  async function who(target: string): Promise<unknown> {
    const client = new Client({ connectionString: await scene.gateway.url(target) })
    await client.connect()
    try {
      return (await client.query('SELECT current_user AS who, n FROM t')).rows
    } finally {
      await client.end()
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
    await scene.admin(`ALTER ROLE "${cloud.secret.user}" PASSWORD '${cloud.secret.password}'`)
    expect(await who('by-secret')).toEqual([{ who: cloud.secret.user, n: 7 }])
    await who('by-secret')
    expect(cloud.readings()).toBe(before + 1)
  })

  test('tries a wrong password that was just read no second time', async () => {
    await scene.admin(`ALTER ROLE "${cloud.secret.user}" PASSWORD 'changed by hand'`)
    await expect(who('by-secret')).rejects.toThrow(/refused the gateway \(SQLSTATE 28P01\)/)
    const before = cloud.readings()
    await expect(who('by-secret')).rejects.toThrow(/refused the gateway \(SQLSTATE 28P01\)/)
    expect(cloud.readings()).toBe(before + 1)
    await scene.admin(`ALTER ROLE "${cloud.secret.user}" PASSWORD '${cloud.secret.password}'`)
  })
})
