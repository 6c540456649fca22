import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import * as mysql from '../mysql/scene.ts'
import * as postgres from '../postgres/scene.ts'
import { findDbhub, McpClient } from './mcp-client.ts'

// An agent's MCP server for databases, as `gatehouse snippet` names it, with the gateway as its database.

const dbhub = await findDbhub()
const SQL =
  "create table people (id int primary key, name varchar(20), ssn varchar(20)); insert into people values (1, 'ada', '123-45-6789')"
const policy = (schema: string, more: string): string => `
rules:
  - { name: read, who: { groups: [ai-agents] }, allow: { actions: [select, show, explain], relations: ["${schema}.*"${more}], functions: ["*"] } }
  - { name: never, deny: { actions: [drop] }, reason: "Agents drop nothing. Open a change request." }
masks:
  - { columns: ["${schema}.people.ssn"], with: { partial: { keepLast: 4 } } }
`

async function asAnAgent(environment: Readonly<Record<string, string>>): Promise<void> {
  if (dbhub.kind !== 'program') throw new Error('no DBHub')
  const agent = await McpClient.start(dbhub.program, environment)
  try {
    expect(await agent.tools()).toEqual(expect.arrayContaining(['execute_sql', 'search_objects']))
    const read = await agent.call('execute_sql', { sql: 'select id, name, ssn from people' })
    expect(read).toMatchObject({ isError: false, text: expect.stringContaining('6789') })
    expect(read.text).toContain('ada')
    expect(read.text).not.toContain('123-45')
    const objects = await agent.call('search_objects', {
      object_type: 'table',
      pattern: 'people',
      detail_level: 'full',
    })
    expect(objects).toMatchObject({ isError: false, text: expect.stringContaining('ssn') })
    const dropped = await agent.call('execute_sql', { sql: 'drop table people' })
    expect(dropped).toMatchObject({ isError: true, text: expect.stringContaining('Open a change request') })
    const still = await agent.call('execute_sql', { sql: 'select count(*) as n from people' })
    expect(still).toMatchObject({ isError: false })
  } finally {
    agent.stop()
  }
}

const absent = dbhub.kind === 'absent' ? dbhub.reason : null

describe('DBHub on PostgreSQL', () => {
  let scene: postgres.Scene
  beforeAll(async () => {
    if (absent !== null || 'absent' in postgres.SHARED) return
    scene = await postgres.openScene(postgres.SHARED.address, {
      sql: SQL,
      policy: policy('public', ', "information_schema.*", "pg_catalog.*"'),
    })
  })
  afterAll(async () => scene?.close())
  beforeEach((context) => {
    postgres.present(postgres.SHARED, context)
    if (absent !== null) context.skip(absent)
  })

  test('an agent reads masked values, looks at tables, and is told why a drop is refused', async () => {
    await asAnAgent({ DSN: `${await scene.gateway.url('shop')}?sslmode=disable` })
    const starts = await scene.records(({ kind }) => kind === 'session_start')
    expect(starts.length).toBeGreaterThan(0)
  })
})

describe.each(mysql.VERSIONS)('DBHub on $version', ({ shared }) => {
  let scene: mysql.Scene
  beforeAll(async () => {
    if (absent !== null || 'absent' in shared) return
    scene = await mysql.openScene(shared.address, (schema) => ({
      sql: SQL,
      policy: policy(schema, ', "information_schema.*"'),
    }))
  })
  afterAll(async () => scene?.close())
  beforeEach((context) => {
    if ('absent' in shared) context.skip(shared.absent)
    if (absent !== null) context.skip(absent)
  })

  test('an agent reads masked values over TLS, and is told why a drop is refused', async () => {
    await asAnAgent({ DSN: `${await scene.gateway.url('shop')}?sslmode=require`, NODE_EXTRA_CA_CERTS: scene.caFile })
  })
})
