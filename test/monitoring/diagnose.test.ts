import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest'
import { stringify } from 'yaml'
import { ALLOW_ALL, openScene, type Scene, SHARED } from '../postgres/scene.ts'

const run = promisify(execFile)
const MAIN = join(import.meta.dirname, '../../apps/cli/src/main.ts')

/** Planted wherever a gateway meets something that others may not see. */
const CANARIES = {
  password: 'canary-upstream-password-8812',
  maskingKey: 'canary-masking-key-5531-of-32-characters',
  literal: 'canary-literal-9921',
  value: 'canary-value-4410',
  header: 'canary-collector-token-7781',
  constant: 'canary-constant-3307',
} as const
const ENVIRONMENT = {
  UPSTREAM_PASSWORD: CANARIES.password,
  MASKING_KEY: CANARIES.maskingKey,
  OTLP_TOKEN: CANARIES.header,
}
const POLICY = `${ALLOW_ALL}
masks:
  - { name: hide-note, columns: [public.notes.note], with: { constant: "${CANARIES.constant}" } }
`

let scene: Scene | null = null
let folder = ''
let token = ''
const logged: string[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-diagnose-'))
  if ('absent' in SHARED) return
  scene = await openScene(SHARED.address, {
    sql: `CREATE TABLE notes (note text); INSERT INTO notes VALUES ('${CANARIES.value}')`,
    policy: POLICY,
    shared: { monitoring: { address: '127.0.0.1:0' } },
    logged: (line) => logged.push(line),
  })
  const { gateway } = scene
  token = await gateway.token()
  const client = new Client({
    host: gateway.host,
    port: gateway.port,
    user: 'agent',
    database: 'shop',
    password: token,
  })
  await client.connect()
  await client.query(`SELECT note, '${CANARIES.literal}' FROM notes`)
  await client.query(`SELECT '${CANARIES.literal}' FROM nowhere`).catch(() => undefined)
  await client.query(`SELEC '${CANARIES.literal}'`).catch(() => undefined)
  await client.query({ text: 'SELECT $1::text', values: [CANARIES.literal] })
  await client.end()
  const wrong = { host: gateway.host, port: gateway.port, user: token, database: 'shop', password: `${token}x` }
  await new Client(wrong).connect().catch(() => undefined)
})

afterAll(async () => {
  await scene?.close()
  rmSync(folder, { recursive: true, force: true })
})

function opened(context: Pick<TestContext, 'skip'>): Scene {
  return scene ?? context.skip('there is no PostgreSQL here')
}

/** Whatever may be nowhere, in any byte. */
function expectNothingSecret(text: string): void {
  for (const canary of Object.values(CANARIES)) expect(text).not.toContain(canary)
  for (const part of token.split('.')) expect(text).not.toContain(part)
}

describe('The log of a gateway, at the level that says most', () => {
  test('holds no token, password, literal or value, and leads to the trail by the session', async (context) => {
    if (scene === null) context.skip('there is no PostgreSQL here')
    else {
      expect(logged.length).toBeGreaterThan(2)
      expectNothingSecret(logged.join('\n'))
      const sessions = new Set(
        (await scene.records()).flatMap(({ session }) => (typeof session === 'string' ? [session] : [])),
      )
      const said = logged.map((line) => JSON.parse(line) as { readonly msg: string; readonly session?: string })
      const began = said.filter(({ msg }) => msg === 'a session begins')
      expect(began).toHaveLength(1)
      expect(sessions).toContain(began[0]?.session)
      const refused = said.find(({ msg }) => msg === 'login refused') as { connection?: unknown } | undefined
      expect(refused?.connection).toEqual(expect.any(Number))
    }
  })
})

/** The command of docs/monitoring.md. */
describe('gatehouse diagnose', { timeout: 120_000 }, () => {
  test('says what helps, and nothing that is secret', async (context) => {
    const { gateway } = opened(context)
    const { monitoring } = gateway.gateway
    const config = {
      targets: {
        shop: {
          engine: 'postgres',
          host: '127.0.0.1',
          port: 1,
          database: 'd',
          user: 'u',
          password: '${UPSTREAM_PASSWORD}',
          tls: { mode: 'disable' },
        },
      },
      issuers: [{ issuer: gateway.issuer.url, audience: 'gatehouse', allowHttp: true }],
      policyFile: gateway.policyFile,
      maskingKey: '${MASKING_KEY}',
      audit: { directory: gateway.trailDirectory },
      monitoring: { address: `127.0.0.1:${String(monitoring?.port)}` },
      tracing: { otlp: { endpoint: 'http://127.0.0.1:1/v1/traces', headers: { authorization: '${OTLP_TOKEN}' } } },
    }
    const file = join(folder, 'gateway.yaml')
    const log = join(folder, 'gateway.log')
    writeFileSync(file, stringify(config))
    writeFileSync(log, `${logged.join('')}\nno json ${CANARIES.literal}\n{"msg":"x","error":"${CANARIES.value}"}\n`)
    const out = join(folder, 'bundle')
    await run(process.execPath, [MAIN, 'diagnose', '--config', file, '--out', out, '--log', log], {
      env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], ...ENVIRONMENT },
    })
    const read = (name: string): string => readFileSync(join(out, name), 'utf8')
    for (const name of readdirSync(out)) expectNothingSecret(read(name))
    expect(read('configuration.yaml')).toContain('[secret]')
    expect(JSON.parse(read('policy.json'))).toMatchObject({ names: { allow: ['everything'], masks: ['hide-note'] } })
    expect(read('readiness.txt')).toContain('answers 200')
    expect(read('metrics.txt')).toContain('gatehouse_statements_total')
    expect(JSON.parse(read('trail.json'))).toMatchObject([{ segments: 1, lastSegment: { firstBreak: null } }])
    expect(JSON.parse(read('clocks.json'))).toMatchObject([
      { issuer: gateway.issuer.url, aheadSeconds: expect.any(Number) },
    ])
    expect(JSON.parse(read('process.json'))).toMatchObject({ node: process.versions.node, limits: expect.any(Object) })
    expect(read('log.jsonl')).toContain('login refused')
  })

  test('says what is wrong with a configuration that cannot be used', async () => {
    const file = join(folder, 'bad.yaml')
    writeFileSync(file, 'targets: {}\n')
    const out = join(folder, 'bad')
    await run(process.execPath, [MAIN, 'diagnose', '--config', file, '--out', out])
    expect(readFileSync(join(out, 'configuration-problems.txt'), 'utf8')).toContain('policyFile')
    await expect(run(process.execPath, [MAIN, 'diagnose', '--config', file, '--out', out])).rejects.toThrow('--out')
  })
})
