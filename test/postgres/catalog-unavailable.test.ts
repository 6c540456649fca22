import { randomBytes } from 'node:crypto'
import { describe, expect } from 'vitest'
import { scenePromises, VERSIONS } from './scene.ts'

// One server is enough: how long it takes is the gateway's.
describe.each(VERSIONS.slice(0, 1))('Definitions that cannot be read, in $version', ({ shared }) => {
  const role = `gateway_${randomBytes(6).toString('hex')}`
  const promise = scenePromises(shared, () => ({
    sql: `CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD 'own'; CREATE TABLE users (id int, name text);`,
    targets: (target) => ({ shop: { ...target, user: role, password: 'own' } }),
  }))

  promise(
    'make statements wait for some seconds, then refuse them kindly; all goes on once they can be read',
    async ({ enter, admin, database }) => {
      const client = await enter()
      expect(await client.rows('select count(*) from users')).toEqual([['0']])
      await admin(`ALTER ROLE ${role} NOLOGIN`)
      await admin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = '${database}' AND application_name = 'gatehouse:catalog'`)
      await client.rows('create table notes (id int)')
      const refused = { code: '55P03', message: expect.stringContaining('cannot read them') }
      expect(await said(client.rows('select count(*) from users'))).toMatchObject(refused)
      // What names nothing is carried all the time.
      await client.rows('begin')
      await client.rows('commit')
      await admin(`ALTER ROLE ${role} LOGIN`)
      await expect.poll(() => said(client.rows('select count(*) from users, notes'))).toEqual([['0']])
      await client.end()
    },
  )
})

async function said(rows: Promise<unknown>): Promise<unknown> {
  try {
    return await rows
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const report: unknown = Reflect.get(error, 'report')
    const fields = typeof report === 'object' && report !== null ? (Reflect.get(report, 'fields') as unknown) : null
    return fields instanceof Map ? { code: fields.get('C') as unknown, message: fields.get('M') as unknown } : error
  }
}
