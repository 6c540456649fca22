import { setTimeout as sleep } from 'node:timers/promises'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { scenePromises as mysqlPromises, VERSIONS as MYSQL_VERSIONS } from '../mysql/scene.ts'
import { scenePromises, VERSIONS } from '../postgres/scene.ts'
import { encoded, sqlstates, WireClient } from '../postgres/wire-client.ts'
import { DBA, People } from './people.ts'

/** Milliseconds from the statement to the cancel where people are still asked, or from the yes to the cancel. */
const delays = (seed: number): number[] => fc.sample(fc.nat(60), { numRuns: 12, seed })

const policy = (relations: string): string => `
rules:
  - { name: read, allow: { actions: [select, use], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - name: ask
    approve: { actions: [update], relations: ["${relations}"], by: { groups: [dba] }, holdTimeoutSeconds: 30, graceSeconds: 0 }
`

let people: People
beforeAll(async () => {
  people = await People.open()
})
afterAll(() => people.close())

/** Approves what waits. */
async function approve(): Promise<void> {
  const { id } = await people.pending()
  await people.coordination.approvals.decide(id, { by: DBA, verdict: 'approve', reason: null, through: 'api' })
}

describe.each(VERSIONS)('A statement that is cancelled around its yes, on $version', ({ shared }) => {
  const promise = scenePromises(shared, () => ({
    sql: 'CREATE TABLE stock (id int PRIMARY KEY, amount int); INSERT INTO stock VALUES (1, 0)',
    policy: policy('public.*'),
    coordination: people.forGateway,
    approvals: { coolDownSeconds: 0 },
  }))

  promise('does not run to its end, whenever the cancel comes', async ({ enter, gateway: { host, port }, admin }) => {
    const client = await enter()
    const key = client.greeting.find((message) => message.kind === 'BackendKeyData')
    if (key === undefined) throw new Error('no key')
    const cancel = async (): Promise<void> => {
      const other = await WireClient.open({ host, port })
      other.socket.write(encoded({ ...key, kind: 'CancelRequest' }))
      await other.next()
      other.destroy()
    }
    for (const delay of delays(3)) {
      const answer = client.query('UPDATE stock SET amount = amount + 1 WHERE pg_sleep(2) IS NOT NULL')
      await approve()
      await sleep(delay)
      await cancel()
      expect(sqlstates(await answer), `${String(delay)} ms after the yes`).toEqual(['57014'])
    }
    for (const delay of delays(4)) {
      const answer = client.query('UPDATE stock SET amount = amount + 1 WHERE id = 1')
      await sleep(delay)
      await cancel()
      expect(sqlstates(await answer), `${String(delay)} ms after it was sent`).toEqual(['57014'])
    }
    expect(await admin('SELECT amount FROM stock')).toEqual([{ amount: 0 }])
    expect(await client.rows('SELECT 1')).toEqual([['1']])
    await client.end()
  })
})

describe.each(MYSQL_VERSIONS)('A statement that is cancelled around its yes, on $version', ({ shared }) => {
  const promise = mysqlPromises(shared, (database) => ({
    sql: 'CREATE TABLE stock (id INT PRIMARY KEY, amount INT); INSERT INTO stock VALUES (1, 0)',
    policy: policy(`${database}.*`),
    coordination: people.forGateway,
    approvals: { coolDownSeconds: 0 },
  }))

  promise('does not run to its end, whenever the cancel comes', async ({ driver, admin, database }) => {
    const client = await driver()
    const other = await driver()
    const kill = (): Promise<unknown> => other.query(`KILL QUERY ${String(client.threadId)}`)
    for (const delay of delays(5)) {
      const answer = client
        .query('UPDATE stock SET amount = amount + 1 WHERE SLEEP(2) = 0')
        .catch((error: unknown) => error)
      await approve()
      await sleep(delay)
      await kill()
      expect(await answer, `${String(delay)} ms after the yes`).toMatchObject({ errno: 1317 })
    }
    for (const delay of delays(6)) {
      const answer = client
        .execute('UPDATE stock SET amount = amount + 1 WHERE id = ?', [1])
        .catch((error: unknown) => error)
      await sleep(delay)
      await kill()
      expect(await answer, `${String(delay)} ms after it was sent`).toMatchObject({ errno: 1317 })
    }
    expect(await admin(`SELECT amount FROM ${database}.stock`)).toEqual([['0']])
    await client.end()
    await other.end()
  })
})
