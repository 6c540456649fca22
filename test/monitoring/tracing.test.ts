import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import type { RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { People } from '../approvals/people.ts'
import { scenePromises as mysqlPromises, VERSIONS as MYSQL_VERSIONS } from '../mysql/scene.ts'
import { openScene, scenePromises, SHARED, VERSIONS } from '../postgres/scene.ts'
import type { PostgresAddress } from '../servers/postgres.ts'
import { startCollector, whyNoCollector } from '../servers/otelcol.ts'
import { OtlpReceiver, type ReceivedSpan } from './otlp-receiver.ts'
import { scrape } from './scrape.ts'

/** Held, and masked: a SELECT that people are asked about. */
const policy = (schema: string): string => `
rules:
  - { name: read, allow: { actions: [select, insert, show, use, set, begin, commit], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - { name: people-need-a-yes, approve: { actions: [select], relations: ["${schema}.people"], by: { groups: [dba] }, holdTimeoutSeconds: 30 } }
masks:
  - { name: hide-ssn, columns: ["${schema}.people.ssn"], with: redact }
`
const SQL = `CREATE TABLE people (id int PRIMARY KEY, ssn varchar(20)); INSERT INTO people VALUES (1, '123-45-6789'), (2, '987-65-4321');
  CREATE TABLE stock (id int)`

const CANARY = 'canary-literal-7351'

let receiver: OtlpReceiver
let people: People
beforeAll(async () => {
  receiver = await OtlpReceiver.open()
  people = await People.open()
})
afterAll(async () => {
  await people.close()
  await receiver.close()
})

const traced = (changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  // oxlint-disable-next-line no-template-curly-in-string
  tracing: { otlp: { endpoint: receiver.endpoint, headers: { authorization: '${OTLP_TOKEN}' } }, ...changes },
  monitoring: { address: '127.0.0.1:0' },
})
const environment = { OTLP_TOKEN: 'Bearer canary-otlp-token' }

/** A trace that an agent began. */
function agentTrace(flags = '01'): { readonly traceId: string; readonly spanId: string; readonly traceparent: string } {
  const traceId = randomBytes(16).toString('hex')
  const spanId = randomBytes(8).toString('hex')
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${flags}` }
}

/** The spans of a trace, by name, once there are so many. */
async function spansOf(traceId: string, count: number): Promise<ReadonlyMap<string, ReceivedSpan>> {
  const found = (): ReceivedSpan[] => receiver.spans.filter((span) => span.traceId === traceId)
  await vi.waitFor(() => expect(found()).toHaveLength(count), 20_000)
  return new Map(found().map((span) => [span.name, span]))
}

/** What a trace of a held, approved, masked SELECT of two rows must be, from the agent's span to the upstream. */
function expectHeldTrace(
  spans: ReadonlyMap<string, ReceivedSpan>,
  parent: string,
  schema: string,
  system: string,
): void {
  const of = (name: string): ReceivedSpan => spans.get(name) ?? expect.unreachable(`there is no span ${name}`)
  const statement = of(`SELECT ${schema}.people`)
  expect(statement).toMatchObject({
    parentSpanId: parent,
    kind: 2,
    status: 0,
    resource: { 'service.name': 'gatehouse' },
  })
  expect(statement.attributes).toMatchObject({
    'db.system.name': system,
    'db.operation.name': 'SELECT',
    'db.query.summary': `SELECT ${schema}.people`,
    'db.namespace': 'shop',
    'gatehouse.decision': 'approved',
    'gatehouse.rules': ['people-need-a-yes', 'read'],
    'gatehouse.masked.cells': 2,
    'gatehouse.masked.columns': [`${schema}.people.ssn`],
    'db.response.returned_rows': 2,
  })
  const steps = ['analysis', 'decision', 'hold', 'upstream', 'relay'].map(of)
  for (const [index, step] of steps.entries()) {
    expect(step.parentSpanId).toBe(statement.spanId)
    expect(step.end >= step.start && step.start >= statement.start && step.end <= statement.end).toBe(true)
    expect(step.start >= (steps[index - 1]?.end ?? 0n)).toBe(true)
  }
  expect(of('upstream')).toMatchObject({ kind: 3, attributes: { 'db.system.name': system } })
}

describe.each(VERSIONS)('A trace through the gateway to $version', ({ shared }) => {
  const promise = scenePromises(shared, () => ({
    sql: SQL,
    policy: policy('public'),
    shared: traced(),
    environment,
    coordination: people.forGateway,
    approvals: { coolDownSeconds: 0 },
  }))

  promise('shows a held, approved, masked statement, from agent to upstream', async ({ gateway, records }) => {
    const { traceId, spanId, traceparent } = agentTrace()
    const client = new Client({ connectionString: await gateway.url('shop') })
    await client.connect()
    const answer = client.query(
      `SELECT id, ssn FROM people WHERE '${CANARY}' <> '' /*app='a',traceparent='${traceparent}'*/`,
    )
    const { id: approval } = await people.decide('approve')
    expect((await answer).rows).toHaveLength(2)
    await client.end()
    const spans = await spansOf(traceId, 6)
    expectHeldTrace(spans, spanId, 'public', 'postgresql')
    const { attributes } = spans.get('SELECT public.people') ?? expect.unreachable()
    expect(attributes['gatehouse.approval.id']).toBe(approval)
    // It leads to the trail.
    const [record] = await records(({ seq }) => seq === attributes['gatehouse.record'])
    expect(record).toMatchObject({ kind: 'intent', session: attributes['gatehouse.session.id'] })
    expect(receiver.headers.at(-1)).toMatchObject({ authorization: 'Bearer canary-otlp-token' })
    const sent = receiver.bodies.join('')
    for (const secret of [CANARY, '123-45', '987-65', 'canary-otlp-token']) expect(sent).not.toContain(secret)
  })

  promise('joins what the client is called, and what it calls itself later', async ({ gateway }) => {
    const [first, second] = [agentTrace(), agentTrace()]
    const client = new Client({
      connectionString: await gateway.url('shop'),
      application_name: `traceparent=${first.traceparent}`,
    })
    await client.connect()
    await client.query('SELECT id FROM stock WHERE id = $1', [1])
    await client.query(`SET application_name = 'x ${second.traceparent}'`)
    await client.query('SELECT id FROM stock')
    await client.end()
    // Analysis, decision, upstream and relay are beside each.
    const before = await spansOf(first.traceId, 10)
    expect(before.get('SELECT public.stock')?.parentSpanId).toBe(first.spanId)
    expect(before.get('SET')?.parentSpanId).toBe(first.spanId)
    const after = await spansOf(second.traceId, 5)
    expect(after.get('SELECT public.stock')?.parentSpanId).toBe(second.spanId)
  })

  promise('is not kept where the agent does not keep it, and begins anew where there is none', async ({ gateway }) => {
    const { traceId, traceparent } = agentTrace('00')
    const client = new Client({ connectionString: await gateway.url('shop') })
    await client.connect()
    await client.query(`SELECT 1 /*traceparent='${traceparent}'*/`)
    await client.query('DELETE FROM stock').catch(() => undefined)
    await client.end()
    await vi.waitFor(() => {
      const refused = receiver.spans.findLast(({ name }) => name === 'DELETE public.stock')
      expect(refused).toMatchObject({ parentSpanId: '', status: 2 })
      expect(refused?.attributes).toMatchObject({ 'gatehouse.decision': 'refused', 'error.type': 'NOT_ALLOWED' })
    }, 20_000)
    expect(receiver.spans.filter((span) => span.traceId === traceId)).toEqual([])
  })
})

describe.each(MYSQL_VERSIONS)('A trace through the gateway to $version', ({ shared, version }) => {
  const promise = mysqlPromises(shared, (database) => ({
    sql: SQL,
    policy: policy(database),
    shared: traced(),
    environment,
    coordination: people.forGateway,
    approvals: { coolDownSeconds: 0 },
  }))

  promise('shows a held, approved, masked statement, from agent to upstream', async ({ driver, database }) => {
    const { traceId, spanId, traceparent } = agentTrace()
    const client = await driver()
    const answer = client.query<RowDataPacket[]>(`SELECT id, ssn FROM people /*traceparent='${traceparent}'*/`)
    await people.decide('approve')
    expect((await answer)[0]).toHaveLength(2)
    await client.end()
    expectHeldTrace(await spansOf(traceId, 6), spanId, database, 'mysql')
  })

  promise('joins a query attribute', async ({ driver, database }, context) => {
    if (version.startsWith('MariaDB')) context.skip('MariaDB has no query attributes')
    const { traceId, spanId, traceparent } = agentTrace()
    const client = await driver()
    await client.query({ sql: 'SELECT id FROM stock', attributes: { traceparent } } as { sql: string })
    await client.end()
    expect((await spansOf(traceId, 5)).get(`SELECT ${database}.stock`)?.parentSpanId).toBe(spanId)
  })
})

describe('A collector that is not well', () => {
  const promise = scenePromises(SHARED, () => ({
    sql: SQL,
    policy: policy('public'),
    shared: {
      // Nobody listens there.
      tracing: {
        otlp: { endpoint: 'http://127.0.0.1:1/v1/traces', protocol: 'http/json', timeoutSeconds: 1 },
        maxQueuedSpans: 128,
      },
      monitoring: { address: '127.0.0.1:0' },
    },
  }))

  promise('costs spans, which are counted, and no statement', async ({ gateway }) => {
    const client = new Client({ connectionString: await gateway.url('shop') })
    await client.connect()
    for (let count = 0; count < 300; count++) await client.query('SELECT id FROM stock')
    await client.end()
    await vi.waitFor(async () => {
      const seen = await scrape(gateway.gateway.monitoring)
      expect(seen.value('gatehouse_spans_total', { outcome: 'dropped' })).toBeGreaterThan(0)
      expect(seen.value('gatehouse_spans_queued')).toBeLessThanOrEqual(128)
    }, 20_000)
  })
})

describe('A trace as JSON', () => {
  const promise = scenePromises(SHARED, () => ({
    sql: SQL,
    policy: policy('public'),
    shared: { tracing: { otlp: { endpoint: receiver.endpoint, protocol: 'http/json' } } },
  }))

  promise('is the same', async ({ gateway }) => {
    const { traceId, spanId, traceparent } = agentTrace()
    const client = new Client({ connectionString: await gateway.url('shop') })
    await client.connect()
    await client.query(`SELECT id FROM stock /*traceparent='${traceparent}'*/`)
    await client.end()
    expect((await spansOf(traceId, 5)).get('SELECT public.stock')?.parentSpanId).toBe(spanId)
    expect(receiver.headers.some((headers) => headers['content-type'] === 'application/json')).toBe(true)
  })
})

describe('A real collector', () => {
  test('takes the trace of a held, approved, masked statement', async (context) => {
    const absent = whyNoCollector() ?? ('absent' in SHARED ? SHARED.absent : null)
    if (absent !== null || 'absent' in SHARED) context.skip(absent ?? '')
    else await tracedIn(SHARED.address)
  })
})

async function tracedIn(server: PostgresAddress): Promise<void> {
  const collector = await startCollector()
  const scene = await openScene(server, {
    sql: SQL,
    policy: policy('public'),
    shared: { tracing: { otlp: { endpoint: collector.endpoint } } },
    coordination: people.forGateway,
  })
  try {
    const { traceId, spanId, traceparent } = agentTrace()
    const client = new Client({ connectionString: await scene.gateway.url('shop') })
    await client.connect()
    const answer = client.query(`SELECT id, ssn FROM people /*traceparent='${traceparent}'*/`)
    await people.decide('approve')
    await answer
    await client.end()
    const printed = new RegExp(`Trace ID\\s*: ${traceId}`, 'g')
    await vi.waitFor(() => expect(collector.printed().match(printed)).toHaveLength(6), 20_000)
    const said = collector.printed()
    for (const name of ['SELECT public.people', 'analysis', 'decision', 'hold', 'upstream', 'relay'])
      expect(said).toMatch(new RegExp(`Name\\s*: ${name}\\n`))
    expect(said).toMatch(new RegExp(`Parent ID\\s*: ${spanId}`))
    expect(said).toContain('gatehouse.decision: Str(approved)')
  } finally {
    await scene.close()
    await collector.stop()
  }
}
