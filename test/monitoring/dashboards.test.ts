import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest'
import { parse } from 'yaml'
import { People } from '../approvals/people.ts'
import { startTestAdmin, type TestAdmin } from '../harness/start-admin.ts'
import { listenerTls, openScene, type Scene, SHARED } from '../postgres/scene.ts'
import { type Prometheus, promtool, startPrometheus, whyNoPrometheus } from '../servers/prometheus.ts'

const DEPLOY = join(import.meta.dirname, '../../deploy')

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[]
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[]
}

/** Every query of every dashboard, as Grafana would send it: all instances, a short interval. */
const QUERIES: readonly [where: string, expression: string][] = globSync(join(DEPLOY, 'dashboards/*.json')).flatMap(
  (file) => {
    const { panels } = JSON.parse(readFileSync(file, 'utf8')) as Dashboard
    return panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }): [string, string] => [
        `${basename(file)}, ${title}`,
        expr.replaceAll('$__rate_interval', '20s').replaceAll('$instance', '.*'),
      ]),
    )
  },
)

const ALERTS: readonly [name: string, expression: string][] = globSync(join(DEPLOY, 'alerts/*.yaml'))
  .filter((file) => !file.endsWith('.test.yaml'))
  .flatMap((file) =>
    (parse(readFileSync(file, 'utf8')) as Rules).groups.flatMap(({ rules }) =>
      rules.map(({ alert, expr }): [string, string] => [alert, expr]),
    ),
  )

/** What may be true of the gateway of this test: nobody takes its trail, half of what it is asked it refuses. */
const TRUE_HERE: readonly string[] = ['GatehouseLoginsRefused', 'GatehouseTrailFailures']

const POLICY = `
rules:
  - { name: read, allow: { actions: [select], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - { name: writes-need-a-human, approve: { actions: [update], relations: ["public.*"], by: { groups: [dba] }, holdTimeoutSeconds: 30 } }
masks:
  - { name: hide-ssn, columns: [public.people.ssn], with: redact }
classify:
  - { name: nothing-sensitive-in-text, detect: [email] }
`

let people: People | null = null
let scene: Scene | null = null
let admin: TestAdmin | null = null
let prometheus: Prometheus | null = null
let absent: string | null = null
let tls: ReturnType<typeof listenerTls> | null = null
const loading = new AbortController()
let load: Promise<void> = Promise.resolve()

beforeAll(async () => {
  absent = (await whyNoPrometheus()) ?? ('absent' in SHARED ? SHARED.absent : null)
  if (absent !== null || 'absent' in SHARED) return
  const opened = (people = await People.open())
  tls = listenerTls()
  scene = await openScene(SHARED.address, {
    sql: "CREATE TABLE people (id int, ssn text, note text); INSERT INTO people VALUES (1, '123-45-6789', 'mail me: lena@example.com')",
    policy: POLICY,
    listener: { tls: tls.files },
    // Nobody listens there.
    audit: { shipping: { syslog: [{ host: '127.0.0.1', port: 1, tls: null }] } },
    approvals: { coolDownSeconds: 0 },
    shared: { monitoring: { address: '127.0.0.1:0' } },
    coordination: opened.forGateway,
  })
  admin = await startTestAdmin(opened.forGateway)
  const { monitoring } = scene.gateway.gateway
  if (monitoring === null) throw new Error('the gateway is not watched')
  prometheus = await startPrometheus({
    gatehouse: `127.0.0.1:${String(monitoring.port)}`,
    'gatehouse-admin': admin.address,
  })
  load = traffic(scene, admin, opened)
}, 120_000)

afterAll(async () => {
  loading.abort()
  await load
  await prometheus?.stop()
  await admin?.close()
  await scene?.close()
  await people?.close()
  tls?.remove()
})

/** A little of everything, again and again: counters have to rise between two scrapes. */
async function traffic({ gateway: { host, port, token } }: Scene, { dana }: TestAdmin, waiting: People): Promise<void> {
  while (!loading.signal.aborted) {
    const as = { host, port, user: 'agent', database: 'shop', ssl: { rejectUnauthorized: false } }
    const client = new Client({ ...as, password: await token() })
    await client.connect()
    await client.query('SELECT id, ssn, note FROM people')
    await client.query('SELECT 1 / 0').catch(() => undefined)
    await client.query('DELETE FROM people').catch(() => undefined)
    const held = client.query('UPDATE people SET id = 2')
    const { id } = await waiting.pending()
    await dana.call('POST', `/v1/approvals/${id}/approve`, {})
    await held
    await client.end()
    await new Client({ ...as, password: 'nobody' }).connect().catch(() => undefined)
    await sleep(200)
  }
}

function running(context: Pick<TestContext, 'skip'>): Prometheus {
  if (prometheus === null) return context.skip(absent ?? 'there is no Prometheus')
  return prometheus
}

describe('The dashboards', () => {
  test('have queries', () => {
    expect(QUERIES.length).toBeGreaterThan(40)
  })

  test.for(QUERIES)('show something: %s', async ([, expression], context) => {
    const { query } = running(context)
    const numbers = async (): Promise<number> =>
      (await query(expression)).filter(({ value: [, number] }) => number !== 'NaN').length
    await expect.poll(numbers, { message: expression }).toBeGreaterThan(0)
  })
})

describe('The alerts', () => {
  test('are rules that promtool takes, and ring when they should', async (context) => {
    running(context)
    await promtool(['check', 'rules', 'gatehouse.yaml'], join(DEPLOY, 'alerts'))
    await promtool(['test', 'rules', 'gatehouse.test.yaml'], join(DEPLOY, 'alerts'))
  })

  test.for(ALERTS)(
    '%s looks at metrics that there are, and is silent while all is well',
    async ([name, expression], context) => {
      const { query } = running(context)
      const metrics = expression.match(/\b(?:gatehouse|process|nodejs)_[a-z_]+/g) ?? []
      expect(metrics).not.toEqual([])
      for (const metric of metrics)
        await expect.poll(async () => (await query(metric)).length, { message: metric }).toBeGreaterThan(0)
      const found = await query(expression)
      if (!TRUE_HERE.includes(name)) expect(found).toEqual([])
    },
  )
})
