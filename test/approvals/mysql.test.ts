import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { scenePromises, VERSIONS } from '../mysql/scene.ts'
import { DBA, People } from './people.ts'

const SQL = `
  CREATE TABLE stock (id INT PRIMARY KEY, amount INT);
  INSERT INTO stock VALUES (1, 10), (2, 10), (3, 10), (4, 10), (5, 10), (6, 10);
`

let people: People
beforeAll(async () => {
  people = await People.open()
})
afterAll(() => people.close())

describe.each(VERSIONS)('A statement that needs a human, on $version', ({ shared }) => {
  const promise = scenePromises(shared, (database) => ({
    sql: SQL,
    policy: `
rules:
  - { name: read, allow: { actions: [select, begin, commit, rollback, show, use], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - name: writes-need-a-human
    approve: { actions: [insert, update, delete], relations: ["${database}.*"], by: { groups: [dba] }, holdTimeoutSeconds: 30 }
`,
    coordination: people.forGateway,
    approvals: { coolDownSeconds: 0 },
  }))

  promise('is held, and runs when one says yes', async ({ driver }) => {
    const client = await driver()
    const answer = client.query<ResultSetHeader>('UPDATE stock SET amount = 7 WHERE id = 1')
    const { id, request } = await people.pending()
    expect(request.statement.text).toBe('UPDATE stock SET amount = 7 WHERE id = 1')
    const sessions = await people.coordination.sessions.list({})
    expect(sessions.filter(({ approval }) => approval === id)).toHaveLength(1)
    await people.decide('approve')
    const [result] = await answer
    expect(result.affectedRows).toBe(1)
    await client.end()
  })

  promise(
    'is refused with the approval and the reason when one says no, and the session goes on',
    async ({ driver }) => {
      const client = await driver()
      const answer = client.query('DELETE FROM stock WHERE id = 2').catch((error: unknown) => error)
      const { id } = await people.decide('refuse', 'not on a Friday')
      expect(await answer).toMatchObject({ errno: 1317, sqlState: '70100' })
      const { message } = (await answer) as Error
      expect(message).toContain(id)
      expect(message).toContain('not on a Friday')
      const [rows] = await client.query<RowDataPacket[]>('SELECT amount FROM stock WHERE id = 2')
      expect(rows[0]).toMatchObject({ amount: 10 })
      await client.end()
    },
  )

  promise('is another one in a session that is set otherwise', async ({ driver }) => {
    // OR, or the two texts in one.
    const text = "DELETE FROM stock WHERE id = 4 AND ('a' || 'b')"
    const client = await driver()
    const ask = (): Promise<unknown> => client.query(text).catch((error: unknown) => error)
    const first = ask()
    const { settings } = (await people.decide('refuse')).request.statement
    for (const name of ['time_zone', 'timestamp', 'insert_id']) expect(settings).not.toHaveProperty(name)
    await first
    await client.query(
      "SET SESSION sql_mode = 'PIPES_AS_CONCAT', time_zone = '+02:00', timestamp = 86400, insert_id = 7",
    )
    const second = ask()
    const { request } = await people.decide('refuse')
    await second
    expect(request.statement.settings).toMatchObject({
      sql_mode: 'PIPES_AS_CONCAT',
      time_zone: '+02:00',
      timestamp: expect.stringMatching(/^86400/),
      insert_id: '7',
    })
    // Nobody sees what the session did before.
    const past = await client.query('DELETE FROM stock WHERE id = LAST_INSERT_ID()').catch((error: unknown) => error)
    expect(String(past)).toContain('APPROVAL_UNAVAILABLE')
    await client.end()
  })

  promise('is held prepared, with its bound values, in its transaction', async ({ driver }) => {
    const client = await driver()
    await client.beginTransaction()
    const answer = client.execute<ResultSetHeader>('UPDATE stock SET amount = ? WHERE id = ?', [33, 3])
    const { request } = await people.decide('approve')
    expect(request.statement.parameters).toEqual(['33', '3'])
    expect((await answer)[0].affectedRows).toBe(1)
    await client.rollback()
    const [rows] = await client.query<RowDataPacket[]>('SELECT amount FROM stock WHERE id = 3')
    expect(rows[0]).toMatchObject({ amount: 10 })
    await client.end()
  })

  promise('never runs when its client has left', async ({ driver, admin, database }) => {
    const client = await driver()
    client.query('UPDATE stock SET amount = 0 WHERE id = 4').catch(() => undefined)
    const { id } = await people.pending()
    client.destroy()
    await expect.poll(() => people.stateOf(id)).toBe('voided')
    const late = { by: DBA, verdict: 'approve', reason: null, through: 'api' } as const
    expect((await people.coordination.approvals.decide(id, late)).kind).toBe('already')
    expect(await admin(`SELECT amount FROM ${database}.stock WHERE id = 4`)).toEqual([['10']])
  })

  promise(
    'is given up by KILL QUERY from another session of the same principal',
    async ({ driver, admin, database }) => {
      const client = await driver()
      const answer = client.query('UPDATE stock SET amount = 0 WHERE id = 5').catch((error: unknown) => error)
      const { id } = await people.pending()
      const other = await driver()
      await other.query(`KILL QUERY ${String(client.threadId)}`)
      expect(await answer).toMatchObject({ errno: 1317 })
      expect(await people.stateOf(id)).toBe('voided')
      expect(await admin(`SELECT amount FROM ${database}.stock WHERE id = 5`)).toEqual([['10']])
      await client.end()
      await other.end()
    },
  )

  promise('is shown with the rows that the optimizer expects', async ({ driver, admin, database }) => {
    await admin(
      `INSERT INTO ${database}.stock SELECT a.id * 1000 + b.id * 10 + c.id, 10 FROM ${database}.stock a, ${database}.stock b, ${database}.stock c`,
    )
    await admin(`ANALYZE TABLE ${database}.stock`)
    const client = await driver()
    const answer = client.query('UPDATE stock SET amount = 8 WHERE id > 1000').catch((error: unknown) => error)
    const { request } = await people.decide('refuse')
    await answer
    expect(request.estimatedRows).toBeGreaterThan(50)
    expect(request.estimatedRows).toBeLessThan(500)
    await client.end()
  })
})
