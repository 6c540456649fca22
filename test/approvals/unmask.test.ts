import { writeFileSync } from 'node:fs'
import type { RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { VERSIONS as MYSQL_VERSIONS, scenePromises as mysqlPromises } from '../mysql/scene.ts'
import { scenePromises, VERSIONS } from '../postgres/scene.ts'
import { errorOf, rowsOf, sqlstates, type WireClient } from '../postgres/wire-client.ts'
import { entriesOf, recordedSession, sentBytes } from '../recording/recorded.ts'
import { People } from './people.ts'

const SECRET = '123-45-6789'
const OTHER_SECRET = '987-65-4321'
const SQL = `
  CREATE TABLE users (id int PRIMARY KEY, ssn varchar(20), born varchar(20));
  INSERT INTO users VALUES (1, '${SECRET}', '1990-02-03'), (2, '${OTHER_SECRET}', '1991-03-04');
`
const policy = (schema: string, terms = 'holdTimeoutSeconds: 30, graceSeconds: 60'): string => `
rules:
  - { name: all, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - { name: in-clear, approve: { unmask: ["${schema}.users.ssn"], by: { groups: [privacy] }, ${terms} } }
masks:
  - { name: ssn, columns: ["${schema}.users.ssn"], with: { partial: { keepLast: 4 } } }
  - { name: born, columns: ["${schema}.users.born"], with: redact }
classify:
  - { name: numbers, detect: [us_ssn], with: redact }
`
const WISH = '/* gatehouse: unmask */'

let people: People
beforeAll(async () => {
  people = await People.open()
})
afterAll(() => people.close())

/** What was recorded has the masked answer, says what it left out, and has no value in clear. */
async function keptWithout(directory: string): Promise<void> {
  const entries = await entriesOf(directory, await recordedSession(directory))
  expect(sentBytes(entries).includes('6789')).toBe(true)
  for (const secret of [SECRET, OTHER_SECRET]) expect(sentBytes(entries).includes(secret)).toBe(false)
  expect(entries.filter((entry) => entry.kind === 'omitted' && entry.cap === 'in_clear')).not.toHaveLength(0)
}

describe.each(VERSIONS)('Masked columns in clear, on $version', ({ shared }) => {
  const promise = scenePromises(shared, () => ({
    sql: SQL,
    policy: policy('public'),
    recording: { mode: 'on' },
    coordination: people.forGateway,
    approvals: { coolDownSeconds: 0 },
  }))
  const decided = async (verdict: 'approve' | 'refuse', columns: readonly string[]): Promise<void> => {
    const { request } = await people.decide(verdict)
    expect(request.statement.unmasked).toEqual(columns)
  }
  const masked = (client: WireClient): Promise<(string | null)[][]> => client.rows('SELECT ssn FROM users WHERE id = 1')

  promise('come once people say yes, once, and are recorded as such', async ({ enter, records, gateway }) => {
    const client = await enter()
    const text = `${WISH} SELECT ssn, born FROM users WHERE id = 1`
    const answer = client.query(text)
    await decided('approve', ['public.users.ssn'])
    const [[ssn, born] = []] = rowsOf(await answer)
    expect(ssn).toBe(SECRET)
    expect(born).not.toContain('1990')
    expect(await masked(client)).toEqual([['*******6789']])
    // The same again is asked about again.
    const again = client.query(text)
    await decided('refuse', ['public.users.ssn'])
    const refused = await again
    expect(sqlstates(refused)).toEqual(['57014'])
    expect(JSON.stringify(refused)).not.toContain(SECRET)
    const told = await records(({ unmasked }) => unmasked !== undefined)
    expect(told.map(({ kind, unmasked }) => [kind, unmasked])).toEqual([
      ['intent', ['public.users.ssn']],
      ['outcome', ['public.users.ssn']],
    ])
    expect(told[0]).toMatchObject({ masked: ['public.users.born'], decision: { approval: expect.any(String) } })
    expect(JSON.stringify(await records())).not.toContain(SECRET)
    await client.end()
    await keptWithout(gateway.trailDirectory)
  })

  promise('come prepared and in binary for the values that were shown, and for no others', async ({ enter }) => {
    const client = await enter()
    const run = (id: string): void => {
      client.send(
        {
          kind: 'Bind',
          portal: '',
          statement: 's',
          parameterFormats: [],
          parameters: [Buffer.from(id)],
          resultFormats: [1],
        },
        { kind: 'Execute', portal: '', maxRows: 0 },
        { kind: 'Sync' },
      )
    }
    client.send({ kind: 'Parse', name: 's', text: `${WISH} SELECT ssn FROM users WHERE id = $1`, parameterTypes: [23] })
    run('1')
    await decided('approve', ['public.users.ssn'])
    expect(rowsOf(await client.untilReady())).toEqual([[SECRET]])
    run('2')
    await decided('refuse', ['public.users.ssn'])
    const refused = await client.untilReady()
    expect(sqlstates(refused)).toEqual(['57014'])
    await client.end()
  })

  promise('cannot be had by any other road', async ({ enter }) => {
    const client = await enter()
    for (const text of [
      `SELECT ssn FROM users ${WISH}`,
      `SELECT '${WISH}', ssn FROM users`,
      `/* x */ ${WISH} SELECT ssn FROM users`,
    ])
      expect(JSON.stringify(await client.rows(text))).not.toContain(SECRET)
    for (const text of [
      `${WISH} SELECT 1; SELECT ssn FROM users`,
      `${WISH} COPY (SELECT ssn FROM users) TO STDOUT`,
      `${WISH} SELECT ssn INTO TEMP t FROM users`,
      `${WISH} WITH w AS (INSERT INTO users SELECT id + 10, ssn FROM users RETURNING ssn) SELECT ssn FROM w`,
      `${WISH} SELECT ssn FROM users FOR UPDATE`,
      `${WISH} SELECT born FROM users`,
      `${WISH} INSERT INTO users VALUES (5, 'x') RETURNING ssn`,
    ]) {
      const messages = await client.query(text)
      expect(errorOf(messages)?.fields.get('C'), text).toBe('42501')
      expect(JSON.stringify(messages)).not.toContain(SECRET)
    }
    await client.rows(`PREPARE p AS ${WISH} SELECT ssn FROM users`)
    expect(JSON.stringify(await client.rows('EXECUTE p'))).not.toContain(SECRET)
    await client.rows(`${WISH} DECLARE c CURSOR WITH HOLD FOR SELECT ssn FROM users`)
    for (const text of ['FETCH 1 FROM c', `${WISH} FETCH 1 FROM c`])
      expect(JSON.stringify(await client.query(text))).not.toMatch(/123-45-6789|987-65-4321/)
    expect(await people.coordination.approvals.list({ state: 'pending' })).toEqual([])
    await client.end()
  })

  promise('do not come under a yes to the masked statement, nor the other way round', async ({ enter, gateway }) => {
    writeFileSync(gateway.policyFile, policy('public', 'hold: 0, graceSeconds: 60'))
    gateway.gateway.reloadPolicy()
    const client = await enter()
    const text = `${WISH} SELECT ssn FROM users WHERE id = 2`
    expect(sqlstates(await client.query(text))).toEqual(['57014'])
    await decided('approve', ['public.users.ssn'])
    // The rule is gone: the yes with it.
    writeFileSync(gateway.policyFile, policy('public').replace('public.users.ssn"], by', 'public.users.born"], by'))
    gateway.gateway.reloadPolicy()
    expect(errorOf(await client.query(text))?.fields.get('C')).toBe('42501')
    writeFileSync(gateway.policyFile, policy('public', 'hold: 0, graceSeconds: 60'))
    gateway.gateway.reloadPolicy()
    expect(rowsOf(await client.query(text))).toEqual([[OTHER_SECRET]])
    expect(sqlstates(await client.query(text))).toEqual(['57014'])
    await decided('refuse', ['public.users.ssn'])
    writeFileSync(gateway.policyFile, policy('public'))
    gateway.gateway.reloadPolicy()
    await client.end()
  })

  promise('come for conditions as well, which are shown to people', async ({ enter }) => {
    const client = await enter()
    const answer = client.query(`${WISH} SELECT id FROM users WHERE ssn LIKE '123%'`)
    await decided('approve', ['public.users.ssn'])
    expect(rowsOf(await answer)).toEqual([['1']])
    expect(sqlstates(await client.query("SELECT id FROM users WHERE ssn LIKE '123%'"))).toEqual(['42501'])
    await client.end()
  })
})

describe.each(MYSQL_VERSIONS)('Masked columns in clear, on $version', ({ shared }) => {
  const promise = mysqlPromises(shared, (database) => ({
    sql: SQL,
    policy: policy(database),
    recording: { mode: 'on' },
    coordination: people.forGateway,
    approvals: { coolDownSeconds: 0 },
  }))

  promise('come once people say yes, once, as text and prepared', async ({ driver, database, records, gateway }) => {
    const client = await driver()
    const columns = [`${database}.users.ssn`]
    const text = `${WISH} SELECT ssn, born FROM users WHERE id = 1`
    const answer = client.query<RowDataPacket[]>(text)
    expect((await people.decide('approve')).request.statement.unmasked).toEqual(columns)
    const [[row]] = await answer
    expect(row).toMatchObject({ ssn: SECRET })
    expect(JSON.stringify(row)).not.toContain('1990')
    const again = client.query(text).catch((error: unknown) => String(error))
    await people.decide('refuse')
    expect(await again).not.toContain(SECRET)
    const prepared = client.execute<RowDataPacket[]>(`${WISH} SELECT ssn FROM users WHERE id = ?`, [2])
    expect((await people.decide('approve')).request.statement.parameters).toEqual(['2'])
    expect((await prepared)[0]).toEqual([{ ssn: OTHER_SECRET }])
    const other = client.execute(`${WISH} SELECT ssn FROM users WHERE id = ?`, [1]).catch((error: unknown) => error)
    await people.decide('refuse')
    expect(String(await other)).toContain('APPROVAL_REFUSED')
    const [plain] = await client.query<RowDataPacket[]>('SELECT ssn FROM users WHERE id = 1')
    expect(plain).toEqual([{ ssn: '*******6789' }])
    const told = await records(({ unmasked }) => unmasked !== undefined)
    expect(told.map(({ kind }) => kind)).toEqual(['intent', 'outcome', 'intent', 'outcome'])
    expect(JSON.stringify(await records())).not.toContain(SECRET)
    await client.end()
    await keptWithout(gateway.trailDirectory)
  })

  promise('cannot be had by any other road', async ({ driver }) => {
    const client = await driver({ multipleStatements: true })
    const said = async (text: string): Promise<string> => {
      try {
        return JSON.stringify((await client.query(text))[0])
      } catch (error) {
        return String(error)
      }
    }
    for (const text of [
      `SELECT ssn FROM users ${WISH}`,
      `/*! gatehouse: unmask */ SELECT ssn FROM users`,
      `${WISH} SELECT 1; SELECT ssn FROM users`,
      `${WISH} SELECT ssn FROM users INTO @x`,
      `${WISH} SELECT ssn FROM users INTO OUTFILE '/tmp/x'`,
      `${WISH} CREATE TABLE stolen SELECT ssn FROM users`,
      `${WISH} SELECT born FROM users`,
      `${WISH} SELECT ssn FROM users FOR UPDATE`,
      `${WISH} HANDLER users OPEN`,
      `PREPARE p FROM '${WISH} SELECT ssn FROM users'; EXECUTE p`,
    ])
      expect(await said(text), text).not.toContain(SECRET)
    const held = await people.coordination.approvals.list({ state: 'pending' })
    expect(held.map(({ request }) => request.statement.text)).toEqual([])
    await client.end()
  })
})
