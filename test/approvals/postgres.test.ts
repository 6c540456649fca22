import { writeFileSync } from 'node:fs'
import type { Report } from '@gatehouse/postgres-wire'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { scenePromises, VERSIONS } from '../postgres/scene.ts'
import { errorOf, rowsOf, sqlstates, type WireClient } from '../postgres/wire-client.ts'
import { DBA, People } from './people.ts'

const policy = (terms = 'holdTimeoutSeconds: 30, graceSeconds: 60'): string => `
rules:
  - { name: read, allow: { actions: [select, begin, commit, rollback, set_role, set_session_authorization], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - name: writes-need-a-human
    approve: { actions: [insert, update, delete], relations: [public.*], by: { groups: [dba] }, ${terms} }
`
const SQL = `CREATE TABLE stock (id int PRIMARY KEY, amount int); INSERT INTO stock SELECT i, 10 FROM generate_series(1, 20) i`

let people: People
beforeAll(async () => {
  people = await People.open()
})
afterAll(() => people.close())

const amountOf = async (client: WireClient, id: number): Promise<string | null | undefined> =>
  (await client.rows(`SELECT amount FROM stock WHERE id = ${String(id)}`))[0]?.[0]

describe.each(VERSIONS)('A statement that needs a human, on $version', ({ shared }) => {
  const promise = scenePromises(shared, () => ({
    sql: SQL,
    policy: policy(),
    coordination: people.forGateway,
    approvals: { adminUrl: 'https://admin.example', coolDownSeconds: 0 },
  }))

  promise('is held, told at once where people decide, and runs when one says yes', async ({ enter, records }) => {
    const client = await enter()
    const answer = client.query('UPDATE stock SET amount = 7 WHERE id = 1')
    const { id, request } = await people.pending()
    expect(request.statement.text).toBe('UPDATE stock SET amount = 7 WHERE id = 1')
    const sessions = await people.coordination.sessions.list({})
    expect(sessions.filter(({ approval }) => approval === id)).toHaveLength(1)
    const other = await enter()
    expect(await amountOf(other, 1)).toBe('10')
    await people.decide('approve')
    const messages = await answer
    const notice = messages.find((message) => message.kind === 'NoticeResponse') as Report | undefined
    expect(notice?.fields.get('M')).toContain(`https://admin.example/approvals/${id}`)
    expect(messages.find((message) => message.kind === 'CommandComplete')).toMatchObject({ commandTag: 'UPDATE 1' })
    expect(await amountOf(client, 1)).toBe('7')
    const kinds = (await records()).filter((record) => JSON.stringify(record).includes(id)).map(({ kind }) => kind)
    expect(kinds).toEqual(['approval_asked', 'approval_ended', 'intent'])
    await client.end()
    await other.end()
  })

  promise('is refused with the reason when one says no, and the session goes on', async ({ enter }) => {
    const client = await enter()
    const answer = client.query('DELETE FROM stock WHERE id = 2')
    const { id } = await people.decide('refuse', 'not on a Friday')
    const messages = await answer
    expect(sqlstates(messages)).toEqual(['57014'])
    expect(errorOf(messages)?.fields.get('M')).toContain('not on a Friday')
    expect(errorOf(messages)?.fields.get('D')).toContain(`"approval":"${id}"`)
    expect(await amountOf(client, 2)).toBe('10')
    await client.end()
  })

  promise('is held in its transaction with its bound values, and what comes behind it waits', async ({ enter }) => {
    const client = await enter()
    await client.query('BEGIN')
    client.send(
      { kind: 'Parse', name: '', text: 'UPDATE stock SET amount = $1 WHERE id = $2', parameterTypes: [23, 23] },
      {
        kind: 'Bind',
        portal: '',
        statement: '',
        parameterFormats: [],
        parameters: [Buffer.from('33'), Buffer.from('3')],
        resultFormats: [],
      },
      { kind: 'Execute', portal: '', maxRows: 0 },
      { kind: 'Sync' },
      { kind: 'Query', text: 'SELECT amount FROM stock WHERE id = 3' },
    )
    const { request } = await people.decide('approve')
    expect(request.statement.parameters).toEqual(['33', '3'])
    const messages = await client.untilReady(2)
    expect(sqlstates(messages)).toEqual([])
    expect(rowsOf(messages)).toEqual([['33']])
    await client.query('ROLLBACK')
    expect(await amountOf(client, 3)).toBe('10')
    await client.end()
  })

  promise('is held with everything that stands in one text with it', async ({ enter }) => {
    const client = await enter()
    const answer = client.query('SELECT 1; UPDATE stock SET amount = 5 WHERE id = 5; SELECT 2')
    await people.decide('refuse')
    expect(rowsOf(await answer)).toEqual([])
    const again = client.query('SELECT 1; UPDATE stock SET amount = 5 WHERE id = 5; SELECT 2')
    await people.decide('approve')
    expect(rowsOf(await again)).toEqual([['1'], ['2']])
    await client.end()
  })

  promise('never runs when its client has left', async ({ enter }) => {
    const client = await enter()
    client.send({ kind: 'Query', text: 'UPDATE stock SET amount = 0 WHERE id = 4' })
    const { id } = await people.pending()
    client.destroy()
    await expect.poll(() => people.stateOf(id)).toBe('voided')
    const late = { by: DBA, verdict: 'approve', reason: null, through: 'api' } as const
    expect((await people.coordination.approvals.decide(id, late)).kind).toBe('already')
    const other = await enter()
    expect(await amountOf(other, 4)).toBe('10')
    await other.end()
  })

  promise('never runs when its session is ended by an operator', async ({ enter }) => {
    const client = await enter()
    client.send({ kind: 'Query', text: 'UPDATE stock SET amount = 0 WHERE id = 6' })
    const { id, waiters } = await people.pending()
    const [session] = await people.coordination.sessions.list({})
    expect(session?.id).toBe(waiters[0]?.session)
    const message = { kind: 'end_session', session: session?.id ?? '', reason: 'enough', by: 'oscar' } as const
    expect(await people.coordination.messages.send(session?.gateway ?? '', message)).toBe(true)
    const messages = await client.until('ErrorResponse')
    expect(sqlstates(messages)).toEqual(['57P01'])
    await expect.poll(() => people.stateOf(id)).toBe('voided')
    const other = await enter()
    expect(await amountOf(other, 6)).toBe('10')
    await other.end()
  })

  promise('never runs when the rules change while it is held', async ({ enter, gateway }) => {
    const client = await enter()
    const answer = client.query('UPDATE stock SET amount = 0 WHERE id = 7')
    const { id } = await people.pending()
    writeFileSync(gateway.policyFile, policy('holdTimeoutSeconds: 31'))
    gateway.gateway.reloadPolicy()
    expect(sqlstates(await answer)).toEqual(['57014'])
    expect(await people.stateOf(id)).toBe('voided')
    expect(await amountOf(client, 7)).toBe('10')
    writeFileSync(gateway.policyFile, policy())
    gateway.gateway.reloadPolicy()
    await client.end()
  })

  promise('may be sent again once, when it was approved too late', async ({ enter, gateway }) => {
    writeFileSync(gateway.policyFile, policy('holdTimeoutSeconds: 1, graceSeconds: 60'))
    gateway.gateway.reloadPolicy()
    const client = await enter()
    const text = 'UPDATE stock SET amount = amount + 1 WHERE id = 8'
    const timedOut = await client.query(text)
    expect(sqlstates(timedOut)).toEqual(['57014'])
    expect(errorOf(timedOut)?.fields.get('H')).toContain('send exactly this statement again')
    await people.decide('approve')
    // Another statement does not have it.
    const other = client.query('UPDATE stock SET amount = amount + 2 WHERE id = 8')
    await people.decide('refuse')
    expect(sqlstates(await other)).toEqual(['57014'])
    expect(sqlstates(await client.query(text))).toEqual([])
    expect(await amountOf(client, 8)).toBe('11')
    const third = client.query(text)
    await people.decide('refuse')
    expect(sqlstates(await third)).toEqual(['57014'])
    writeFileSync(gateway.policyFile, policy())
    gateway.gateway.reloadPolicy()
    await client.end()
  })

  promise('is another one in a session that is set otherwise', async ({ enter, gateway }) => {
    writeFileSync(gateway.policyFile, policy('hold: 0, graceSeconds: 60'))
    gateway.gateway.reloadPolicy()
    const client = await enter({ sub: 'settings' })
    // In America the second of January, elsewhere the first of February.
    const text = "DELETE FROM stock WHERE id = 12 AND date '2026-02-01' = '01/02/2026'"
    expect(sqlstates(await client.query(text))).toEqual(['57014'])
    expect((await people.decide('approve')).request.statement.settings).toEqual({})
    await client.rows("SET datestyle = 'ISO, DMY'")
    expect(sqlstates(await client.query(text))).toEqual(['57014'])
    const { request } = await people.decide('refuse')
    expect(request.statement.settings).toEqual({ DateStyle: 'ISO, DMY' })
    await client.rows('BEGIN')
    await client.rows('SET LOCAL ROLE pg_monitor')
    expect(sqlstates(await client.query(text))).toEqual(['57014'])
    expect((await people.decide('refuse')).request.statement.settings).toMatchObject({ role: 'pg_monitor' })
    await client.rows('ROLLBACK')
    await client.rows('SET SESSION AUTHORIZATION pg_monitor')
    expect(sqlstates(await client.query(text))).toEqual(['57014'])
    const { statement } = (await people.decide('refuse')).request
    expect(statement.settings).toMatchObject({ session_authorization: 'pg_monitor' })
    await client.rows('RESET SESSION AUTHORIZATION')
    await client.rows('RESET datestyle')
    expect(sqlstates(await client.query(text))).toEqual([])
    // In a pipeline what comes before it counts too.
    client.send(
      { kind: 'Parse', name: '', text: "SET timezone = 'Asia/Tokyo'", parameterTypes: [] },
      { kind: 'Bind', portal: '', statement: '', parameterFormats: [], parameters: [], resultFormats: [] },
      { kind: 'Execute', portal: '', maxRows: 0 },
      { kind: 'Parse', name: '', text, parameterTypes: [] },
      { kind: 'Bind', portal: '', statement: '', parameterFormats: [], parameters: [], resultFormats: [] },
      { kind: 'Execute', portal: '', maxRows: 0 },
      { kind: 'Sync' },
    )
    expect(sqlstates(await client.untilReady())).toEqual(['57014'])
    expect((await people.decide('refuse')).request.statement.settings).toEqual({ TimeZone: 'Asia/Tokyo' })
    // Approved at Bind, and then set otherwise before Execute.
    const turned = (): void =>
      client.send(
        { kind: 'Parse', name: '', text: 'UPDATE stock SET amount = 77 WHERE id = 13', parameterTypes: [] },
        { kind: 'Bind', portal: 'p', statement: '', parameterFormats: [], parameters: [], resultFormats: [] },
        { kind: 'Parse', name: '', text: "SET timezone = 'UTC'", parameterTypes: [] },
        { kind: 'Bind', portal: '', statement: '', parameterFormats: [], parameters: [], resultFormats: [] },
        { kind: 'Execute', portal: '', maxRows: 0 },
        { kind: 'Execute', portal: 'p', maxRows: 0 },
        { kind: 'Sync' },
      )
    turned()
    expect(errorOf(await client.untilReady())?.fields.get('D')).toContain('APPROVAL_PENDING')
    await people.decide('approve')
    turned()
    const late = await client.untilReady()
    expect(errorOf(late)?.fields.get('D')).toContain('APPROVAL_VOIDED')
    expect(await amountOf(client, 13)).toBe('10')
    // Nobody sees what the session did before.
    const past = await client.query('DELETE FROM stock WHERE id = lastval()')
    expect(errorOf(past)?.fields.get('D')).toContain('APPROVAL_UNAVAILABLE')
    writeFileSync(gateway.policyFile, policy())
    gateway.gateway.reloadPolicy()
    await client.end()
  })

  promise('is not held where the rule says so: the error names the request', async ({ enter, gateway }) => {
    writeFileSync(gateway.policyFile, policy('hold: 0, graceSeconds: 60'))
    gateway.gateway.reloadPolicy()
    const client = await enter()
    const text = 'UPDATE stock SET amount = 99 WHERE id = 9'
    const refused = await client.query(text)
    expect(sqlstates(refused)).toEqual(['57014'])
    const { id } = await people.decide('approve')
    expect(errorOf(refused)?.fields.get('D')).toContain(id)
    expect(sqlstates(await client.query(text))).toEqual([])
    expect(await amountOf(client, 9)).toBe('99')
    writeFileSync(gateway.policyFile, policy())
    gateway.gateway.reloadPolicy()
    await client.end()
  })

  promise('runs without a question under a grant, until the grant is revoked', async ({ enter }) => {
    const client = await enter({ sub: 'granted' })
    const first = client.query('UPDATE stock SET amount = 1 WHERE id = 10')
    const { request } = await people.decide('approve')
    expect(sqlstates(await first)).toEqual([])
    const grant = await people.coordination.grants.give({
      principal: request.principal,
      target: 'shop',
      covers: {
        kind: 'fingerprint',
        fingerprint: request.statement.fingerprint,
        actions: request.statement.doings,
        relations: request.statement.relations,
        settings: request.statement.settings,
      },
      rules: request.rules,
      unmask: [],
      until: Date.now() + 60_000,
      uses: null,
      by: DBA,
      approval: null,
      reason: null,
    })
    expect(sqlstates(await client.query('UPDATE stock SET amount = 2 WHERE id = 11'))).toEqual([])
    const wider = client.query('UPDATE stock SET amount = 2')
    await people.decide('refuse')
    expect(sqlstates(await wider)).toEqual(['57014'])
    await people.coordination.grants.revoke(grant.id)
    const asked = client.query('UPDATE stock SET amount = 3 WHERE id = 11')
    await people.decide('refuse')
    expect(sqlstates(await asked)).toEqual(['57014'])
    await client.end()
  })

  promise(
    'is shown with the rows that the planner expects, and asked about only above the rule’s number',
    async (scene) => {
      const { enter, gateway, admin } = scene
      await admin('INSERT INTO stock SELECT i, 10 FROM generate_series(21, 5000) i; ANALYZE stock')
      writeFileSync(
        gateway.policyFile,
        policy('holdTimeoutSeconds: 30, estimatedRowsOver: 100').replace(
          'actions: [select,',
          'actions: [update, select,',
        ),
      )
      gateway.gateway.reloadPolicy()
      const client = await enter()
      expect(sqlstates(await client.query('UPDATE stock SET amount = 9 WHERE id = 12'))).toEqual([])
      const many = client.query('UPDATE stock SET amount = 9 WHERE id > 1000')
      const { request } = await people.decide('approve')
      expect(request.estimatedRows).toBeGreaterThan(3000)
      expect(request.estimatedRows).toBeLessThan(5000)
      expect(sqlstates(await many)).toEqual([])
      // What cannot be told is asked about: a change within the change.
      const nested = client.query(
        'WITH d AS (DELETE FROM stock WHERE id > 100) UPDATE stock SET amount = 9 WHERE id = 1',
      )
      expect((await people.decide('refuse')).request.estimatedRows).toBe(null)
      expect(sqlstates(await nested)).toEqual(['57014'])
      // Read with backslashes as escapes this would be three statements.
      const [role] = await admin<{ name: string }>('SELECT current_user AS name')
      await admin(`ALTER ROLE ${role?.name ?? ''} IN DATABASE ${scene.database} SET standard_conforming_strings = off`)
      const text = String.raw`UPDATE stock SET amount = length('\') + length('; COMMIT; DELETE FROM stock; --') WHERE id = 13`
      const answer = client.query(text)
      const outcome = await Promise.race([answer, people.pending()])
      if ('id' in outcome) await people.decide('approve')
      expect(sqlstates(await answer)).toEqual([])
      await admin(`ALTER ROLE ${role?.name ?? ''} IN DATABASE ${scene.database} RESET standard_conforming_strings`)
      const [left] = await admin<{ count: string }>('SELECT count(*) FROM stock WHERE id <= 20')
      expect(left?.count).toBe('20')
      writeFileSync(gateway.policyFile, policy())
      gateway.gateway.reloadPolicy()
      await client.end()
    },
  )
})
