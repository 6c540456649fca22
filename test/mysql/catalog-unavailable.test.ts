import { randomBytes } from 'node:crypto'
import type { RowDataPacket } from 'mysql2/promise'
import { describe, expect } from 'vitest'
import { scenePromises, VERSIONS } from './scene.ts'

// One server is enough: how long it takes is the gateway's.
describe.each(VERSIONS.slice(0, 1))('Definitions that cannot be read, in $version', ({ shared }) => {
  const account = `gateway_${randomBytes(6).toString('hex')}`
  const promise = scenePromises(shared, {
    sql: `CREATE USER ${account} IDENTIFIED BY 'own'; GRANT ALL ON *.* TO ${account}; CREATE TABLE users (id INT, name TEXT);`,
    targets: (target) => ({ shop: { ...target, user: account, password: 'own' } }),
  })

  promise(
    'make statements wait for some seconds, then refuse them kindly; all goes on once they can be read',
    async ({ driver, admin }) => {
      const client = await driver({ rowsAsArray: true })
      const rows = async (sql: string): Promise<unknown> => (await client.query<RowDataPacket[][]>(sql))[0]
      const failed = (error: unknown): string => String(error)
      const own = JSON.stringify(await rows('SELECT CONNECTION_ID()')).replaceAll(/\D/g, '')
      expect(await rows('SELECT COUNT(*) FROM users')).toEqual([[0]])
      await admin(`ALTER USER ${account} ACCOUNT LOCK`)
      const others = await admin(
        `SELECT id FROM information_schema.processlist WHERE user = '${account}' AND id <> ${own}`,
      )
      for (const [id] of others) await admin(`KILL ${id}`)
      await rows('CREATE TABLE notes (id INT)')
      expect(await rows('SELECT COUNT(*) FROM users').catch(failed)).toContain('CATALOG_UNAVAILABLE')
      await admin(`ALTER USER ${account} ACCOUNT UNLOCK`)
      await expect.poll(() => rows('SELECT COUNT(*) FROM users, notes').catch(failed)).toEqual([[0]])
      await client.end()
    },
  )
})
