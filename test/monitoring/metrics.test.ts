import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { People } from '../approvals/people.ts'
import { scenePromises as mysqlPromises, VERSIONS as MYSQL_VERSIONS } from '../mysql/scene.ts'
import { scenePromises, VERSIONS } from '../postgres/scene.ts'
import { scrape } from './scrape.ts'

const policy = (schema: string): string => `
rules:
  - { name: read, allow: { actions: [select, insert, begin, commit, rollback, show, use], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - { name: writes-need-a-human, approve: { actions: [update], relations: ["${schema}.*"], by: { groups: [dba] }, holdTimeoutSeconds: 30 } }
masks:
  - { name: hide-ssn, columns: ["${schema}.people.ssn"], with: redact }
`

const MONITORED = { monitoring: { address: '127.0.0.1:0' } }

let people: People
beforeAll(async () => {
  people = await People.open()
})
afterAll(() => people.close())

describe.each(VERSIONS)('What Prometheus is told of $version', ({ shared }) => {
  const promise = scenePromises(shared, () => ({
    sql: "CREATE TABLE people (id int PRIMARY KEY, ssn text); INSERT INTO people VALUES (1, '123-45-6789'), (2, '987-65-4321')",
    policy: policy('public'),
    shared: MONITORED,
    coordination: people.forGateway,
  }))

  promise('counts statements by what they do, what was decided and what came of them', async ({ gateway }) => {
    const client = new Client({ connectionString: await gateway.url('shop') })
    await client.connect()
    await client.query('SELECT id, ssn FROM people')
    await client.query('SELECT id FROM people WHERE id = $1', [1])
    await client.query('INSERT INTO people VALUES (1)').catch(() => undefined)
    await client.query('DELETE FROM people').catch(() => undefined)
    await client.query('SELEC').catch(() => undefined)
    const held = client.query('UPDATE people SET id = 3 WHERE id = 2')
    await people.decide('approve')
    await held
    await client.end()

    const { monitoring } = gateway.gateway
    await expect
      .poll(async () => (await scrape(monitoring)).value('gatehouse_sessions', { engine: 'postgres' }))
      .toBe(0)
    const seen = await scrape(monitoring)
    const statements = (action: string, decision: string, outcome: string): number =>
      seen.value('gatehouse_statements_total', { engine: 'postgres', action, decision, outcome })
    expect(statements('select', 'permit', 'ok')).toBe(2)
    expect(statements('insert', 'permit', 'constraint')).toBe(1)
    expect(statements('delete', 'refused', 'refused')).toBe(1)
    expect(statements('unreadable', 'refused', 'refused')).toBe(1)
    expect(statements('update', 'approved', 'ok')).toBe(1)
    const postgres = { engine: 'postgres' }
    expect(seen.value('gatehouse_refusals_total', { ...postgres, code: 'NOT_ALLOWED' })).toBe(1)
    expect(seen.value('gatehouse_refusals_total', { ...postgres, code: 'UNREADABLE' })).toBe(1)
    expect(seen.value('gatehouse_masked_cells_total', postgres)).toBe(2)
    expect(seen.value('gatehouse_rows_total', postgres)).toBe(4)
    expect(seen.value('gatehouse_statement_duration_seconds_count', postgres)).toBe(4)
    expect(seen.value('gatehouse_statement_upstream_seconds_count', postgres)).toBe(4)
    expect(seen.value('gatehouse_statement_decision_seconds_count', postgres)).toBeGreaterThanOrEqual(6)
    expect(seen.value('gatehouse_statement_hold_seconds_count', { outcome: 'approved' })).toBe(1)
    expect(seen.value('gatehouse_statements_held')).toBe(0)
    expect(seen.value('gatehouse_logins_total', { ...postgres, way: 'token', outcome: 'ok' })).toBe(1)
    expect(seen.value('gatehouse_sessions_ended_total', { ...postgres, reason: 'client_closed' })).toBe(1)
    expect(seen.value('gatehouse_connections_accepted_total', postgres)).toBe(1)
    expect(seen.value('gatehouse_trail_writable')).toBe(1)
    expect(seen.value('gatehouse_trail_records_total')).toBeGreaterThan(8)
  })

  promise('counts logins that are refused, and names nobody', async ({ gateway }) => {
    const { host, port } = gateway
    const login = { host, port, user: 'walter.plinge@example.com', database: 'shop', password: 'a-password-of-nobody' }
    await expect(new Client(login).connect()).rejects.toThrow()
    const token = await gateway.token({ sub: 'walter.plinge@example.com', exp: 1 })
    await expect(new Client({ ...login, password: token }).connect()).rejects.toThrow()
    const seen = await scrape(gateway.gateway.monitoring)
    const refused = (outcome: string): number =>
      seen.value('gatehouse_logins_total', { engine: 'postgres', way: 'unknown', outcome })
    expect(refused('TOKEN_REFUSED')).toBe(1)
    expect(refused('TOKEN_EXPIRED')).toBe(1)
    expect(seen.text).not.toMatch(/walter|plinge|a-password-of|ssn|123-45/)
  })
})

describe.each(MYSQL_VERSIONS)('What Prometheus is told of $version', ({ shared }) => {
  const promise = mysqlPromises(shared, (database) => ({
    sql: "CREATE TABLE people (id INT PRIMARY KEY, ssn TEXT); INSERT INTO people VALUES (1, '123-45-6789'), (2, '987-65-4321')",
    policy: policy(database),
    shared: MONITORED,
    coordination: people.forGateway,
  }))

  promise('counts statements by what they do, what was decided and what came of them', async ({ gateway, driver }) => {
    const client = await driver()
    await client.query('SELECT id, ssn FROM people')
    await client.execute('SELECT id FROM people WHERE id = ?', [1])
    await client.query("INSERT INTO people VALUES (1, 'x')").catch(() => undefined)
    await client.query('DELETE FROM people').catch(() => undefined)
    const held = client.query('UPDATE people SET id = 3 WHERE id = 2')
    await people.decide('approve')
    await held
    await client.end()

    const { monitoring } = gateway.gateway
    await expect.poll(async () => (await scrape(monitoring)).value('gatehouse_sessions', { engine: 'mysql' })).toBe(0)
    const seen = await scrape(monitoring)
    const statements = (action: string, decision: string, outcome: string): number =>
      seen.value('gatehouse_statements_total', { engine: 'mysql', action, decision, outcome })
    expect(statements('select', 'permit', 'ok')).toBe(2)
    expect(statements('insert', 'permit', 'constraint')).toBe(1)
    expect(statements('delete', 'refused', 'refused')).toBe(1)
    expect(statements('update', 'approved', 'ok')).toBe(1)
    const mysql = { engine: 'mysql' }
    expect(seen.value('gatehouse_masked_cells_total', mysql)).toBe(2)
    expect(seen.value('gatehouse_statement_upstream_seconds_count', mysql)).toBe(4)
    expect(seen.value('gatehouse_statement_hold_seconds_count', { outcome: 'approved' })).toBe(1)
    expect(seen.value('gatehouse_logins_total', { ...mysql, way: 'token', outcome: 'ok' })).toBe(1)
  })
})
