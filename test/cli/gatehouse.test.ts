import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CheckpointPublisher, fileSink, readSigningKey, TrailWriter } from '@gatehouse/audit-trail'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { startTestGateway, type TestGateway } from '../harness/start-gateway.ts'
import { createDatabase } from '../servers/postgres.ts'

const root = join(import.meta.dirname, '../..')
const POLICY = `
rules:
  - name: agents-read
    who: { groups: [ai-agents] }
    target: shop
    allow: { actions: [select], relations: [public.*] }
  - name: never-drop
    deny: { actions: [drop] }
    reason: Ask for a change.
masks:
  - columns: [public.people.ssn]
    with: redact
`
const EXPECTATIONS = `
- name: agents see no number
  as: { subject: alice, groups: [ai-agents] }
  on: shop
  sql: SELECT id, ssn FROM people
  expect: { masked: [ssn] }
- name: nobody drops
  as: { subject: alice, groups: [ai-agents] }
  on: shop
  sql: DROP TABLE people
  expect: { deny: never-drop }
`

interface Done {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

/** Runs the command as a user would. */
function gatehouse(...given: string[]): Promise<Done> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, 'apps/cli/src/main.ts'), ...given], { cwd: folder })
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
    child.once('close', (status) => resolve({ status, out, err }))
  })
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-cli-'))
  writeFileSync(join(folder, 'policy.yaml'), POLICY)
  writeFileSync(join(folder, 'shop.test.yaml'), EXPECTATIONS)
  writeFileSync(join(folder, 'claims.json'), JSON.stringify({ sub: 'alice', groups: ['ai-agents'], azp: 'copilot' }))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('every command', () => {
  test.each([
    [[]],
    [['gateway']],
    [['policy']],
    [['policy', 'check']],
    [['policy', 'test']],
    [['policy', 'explain']],
    [['policy', 'catalog']],
    [['policy', 'suggest']],
    [['audit']],
    [['audit', 'verify']],
    [['audit', 'search']],
    [['audit', 'keygen']],
    [['dev']],
  ])('gatehouse %s --help says what it takes, and ends with 0', async (words) => {
    const { status, out } = await gatehouse(...words, '--help')
    expect(status).toBe(0)
    expect(out).toContain('Usage: gatehouse')
  })

  test.each([
    [['nonsense']],
    [['policy', 'chekc', 'x']],
    [['gateway']],
    [['dev', '--port', 'x']],
    [['audit', 'verify', '/nowhere']],
    [['audit', 'search', '.', '--kind', 'x']],
    [['audit', 'search', '.', '--outcome', 'x']],
    [['audit', 'search', '.', '--since', '2h ago']],
    [['audit', 'search', '.', '--until', '2026-13-01']],
    [['audit', 'search', '.', '--limit', '0']],
    [['audit', 'search', '.', '--cursor', 'x']],
    [['audit', 'search', '.', '--json']],
    [['audit', 'search', '.', '--summary', '--limit', '3']],
    [['audit', 'search', '.', '--database-url-file', 'claims.json']],
    [['audit', 'search', '--database-url-file', 'claims.json']],
    [['audit', 'search']],
    [['audit', 'search', '/nowhere']],
    [['audit', 'verify', '.', '--key', '/nowhere']],
    [['audit', 'verify', '.', '--unsigned-until', '3']],
    [['audit', 'verify', '.', '--checkpoints', 'package.json']],
  ])('gatehouse %s is used wrongly: says so, and ends with 2', async (words) => {
    const { status, err } = await gatehouse(...words)
    expect(err).not.toBe('')
    expect(status).toBe(2)
  })
})

describe('gatehouse policy check', () => {
  test('names every mistake with its line, and ends with 1', async () => {
    writeFileSync(
      join(folder, 'bad.yaml'),
      'rules:\n  - name: a\n    alow: { actions: [select] }\n  - name: b\n    deny: { actions: [dropp] }\n',
    )
    const { status, err } = await gatehouse('policy', 'check', 'bad.yaml')
    expect(status).toBe(1)
    expect(err).toMatch(/bad\.yaml:3:\d+ .*allow/)
    expect(err).toMatch(/bad\.yaml:5:\d+ .*drop/)
  })
  test('a valid policy is told with its version', async () => {
    expect(await gatehouse('policy', 'check', 'policy.yaml')).toMatchObject({
      status: 0,
      out: expect.stringMatching(/is valid: 1 allow, 0 approve, 1 deny, 1 masks/),
    })
  })
})

const servers = inject('servers')
// Each test starts several commands, one after the other, on a machine with other things to do.
describe.skipIf('absent' in servers.postgres18)('with a database', { timeout: 120_000 }, () => {
  let database: Awaited<ReturnType<typeof createDatabase>>
  let gateway: TestGateway
  beforeAll(async () => {
    if (!('address' in servers.postgres18)) throw new Error('skipped')
    const server = servers.postgres18.address
    database = await createDatabase(
      server,
      'cli_shop',
      "CREATE TABLE people (id int, ssn text); INSERT INTO people VALUES (1, '123-45-6789')",
    )
    const login = {
      host: server.host,
      port: server.port,
      database: 'cli_shop',
      user: server.superuser,
      password: server.password,
    }
    gateway = await startTestGateway({ targets: { shop: login }, policy: POLICY })
    writeFileSync(join(folder, 'password'), server.password)
    writeFileSync(join(folder, 'key'), 'k'.repeat(40))
    writeFileSync(
      join(folder, 'gateway.yaml'),
      `issuers: [{ issuer: "${gateway.issuer.url}", audience: gatehouse, allowHttp: true }]
targets: { shop: { engine: postgres, host: ${server.host}, port: ${server.port}, database: cli_shop, user: ${server.superuser}, password: "file:password", tls: { mode: disable } } }
policyFile: policy.yaml
maskingKey: file:key
audit: { directory: trail }
`,
    )
  })
  afterAll(async () => {
    await gateway.close()
    await database.drop()
  })

  test('a catalog is written down, holds no row, and serves check, test and explain', async () => {
    expect(
      await gatehouse(
        'policy',
        'catalog',
        '--config',
        'gateway.yaml',
        '--target',
        'shop',
        '--output',
        'shop.catalog.json',
      ),
    ).toMatchObject({ status: 0 })
    expect(readFileSync(join(folder, 'shop.catalog.json'), 'utf8')).not.toContain('123-45')

    expect(
      await gatehouse('policy', 'check', 'policy.yaml', '--catalog', 'shop.catalog.json', '--target', 'shop'),
    ).toMatchObject({ status: 0 })
    expect(await gatehouse('policy', 'test', '.')).toMatchObject({ status: 0, out: '2 passed, 0 failed\n' })

    const permitted = await gatehouse(
      'policy',
      'explain',
      '--as',
      'claims.json',
      '--target',
      'shop',
      'SELECT upper(ssn) FROM people',
    )
    expect(permitted.status).toBe(0)
    expect(permitted.out).toMatch(/permitted by agents-read[\s\S]*public\.people\.ssn/)
    const denied = await gatehouse('policy', 'explain', '--as', 'claims.json', '--target', 'shop', 'DELETE FROM people')
    expect(denied.status).toBe(1)
    expect(denied.out).toContain('NOT_ALLOWED')
  })

  test('an expectation that is not met is told with its line, and ends with 1', async () => {
    const other = mkdtempSync(join(folder, 'other-'))
    for (const name of ['policy.yaml', 'shop.catalog.json']) cpSync(join(folder, name), join(other, name))
    writeFileSync(join(other, 'shop.test.yaml'), EXPECTATIONS.replace('deny: never-drop', 'deny: something-else'))
    const { status, out } = await gatehouse('policy', 'test', other)
    expect(status).toBe(1)
    expect(out).toMatch(/not ok: shop\.test\.yaml:7 nobody drops[\s\S]*1 passed, 1 failed/)
  })

  test('--print-config shows the resolved configuration and no secret', async () => {
    const { status, out } = await gatehouse('gateway', '--config', 'gateway.yaml', '--print-config')
    expect(status).toBe(0)
    expect(out).toContain('[secret]')
    expect(out).not.toContain(readFileSync(join(folder, 'password'), 'utf8'))
  })

  test('the trail of a session is searched and verified, and a changed byte is found', async () => {
    const client = new Client({ connectionString: await gateway.url('shop') })
    await client.connect()
    await client.query('SELECT id FROM people')
    await client.end()
    // What is owed to the trail is written within milliseconds.
    await sleep(200)
    const trail = join(folder, 'a-trail')
    cpSync(gateway.trailDirectory, trail, { recursive: true })
    const found = await gatehouse(
      'audit',
      'search',
      trail,
      '--kind',
      'intent',
      '--text',
      'from PEOPLE',
      '--since',
      '2h',
    )
    expect(found.status).toBe(0)
    expect(JSON.parse(found.out.trim())).toMatchObject({
      statement: { text: 'SELECT id FROM people' },
      principal: { subject: 'alice' },
      outcomeRecord: { kind: 'outcome', outcome: { error: null } },
    })
    expect(await gatehouse('audit', 'verify', trail)).toMatchObject({
      status: 0,
      out: expect.stringContaining('whole'),
    })
    const [segment = ''] = readdirSync(trail).filter((name) => name.endsWith('.jsonl'))
    const text = readFileSync(join(trail, segment), 'utf8')
    writeFileSync(join(trail, segment), text.replace('SELECT id FROM people', 'SELECT 1d FROM people'))
    expect(await gatehouse('audit', 'verify', trail)).toMatchObject({
      status: 1,
      err: expect.stringMatching(/BROKEN at 000001\.jsonl, line \d+/),
    })
  })

  test('several trails are searched page by page, and counted, with nothing in it that a terminal obeys', async () => {
    const trails = ['gateway-a', 'gateway-b'].map((gateway) => join(folder, `of-${gateway}`))
    for (const [at, trail] of trails.entries()) {
      const writer = await TrailWriter.open(trail, { gatewayId: `gateway-${'ab'[at] ?? ''}` })
      const statement = { text: 'select \u001b[2J', parameters: [], fingerprint: 'f00d' }
      const principal = { subject: 'eve\u001b]0;x\u0007', actor: null, groups: [], issuer: 'i' }
      const decision = { effect: 'deny', rule: 'default', approval: null, code: 'NOT_ALLOWED', object: '' }
      writer.append(JSON.stringify({ kind: 'intent', principal, statement, decision }).slice(1, -1))
      writer.commit()
      await writer.close()
    }
    const wanted = ['audit', 'search', ...trails, '--outcome', 'refused', '--no-held']
    const recorders: string[] = []
    const first = await gatehouse(...wanted, '--limit', '1')
    const cursor = /^next: --cursor (\S+)$/m.exec(first.err)?.[1] ?? ''
    const second = await gatehouse(...wanted, '--limit', '5', '--cursor', cursor)
    for (const { out } of [first, second]) recorders.push((JSON.parse(out) as { recordedBy: string }).recordedBy)
    expect(recorders.sort()).toEqual(['gateway-a', 'gateway-b'])
    expect(second.err).toBe('')
    expect((await gatehouse(...wanted, '--held')).out).toBe('')
    const counted = await gatehouse(...wanted, '--summary')
    expect(counted.out).toMatch(/^2 statements\n[\s\S]*f00d +2 +2 +select \\u\{1b\}\[2J/)
    expect(counted.out).not.toMatch(/[\u001b\u0007]/)
    const { out } = await gatehouse(...wanted, '--summary', '--json')
    expect(JSON.parse(out)).toMatchObject({ statements: 2, facets: { code: [{ value: 'NOT_ALLOWED', count: 2 }] } })
  })

  test('that is sealed is proven by the public key and the checkpoints that were kept elsewhere', async () => {
    const name = join(folder, 'trail-key')
    expect(await gatehouse('audit', 'keygen', name)).toMatchObject({ status: 0 })
    expect(await gatehouse('audit', 'keygen', name)).toMatchObject({ status: 1 })
    const kept = join(folder, 'checkpoints.jsonl')
    const pair = readSigningKey(readFileSync(`${name}.key`, 'utf8'))
    const trail = join(folder, 'sealed-trail')
    const publisher = new CheckpointPublisher([fileSink(kept)], 1, () => undefined)
    const writer = await TrailWriter.open(trail, { gatewayId: 'gw', signing: pair, onCheckpoint: publisher.tell })
    writer.append('"kind":"intent"')
    writer.commit()
    await writer.close()
    await publisher.close()
    const verify = (...more: string[]): ReturnType<typeof gatehouse> => gatehouse('audit', 'verify', trail, ...more)
    expect((await verify()).out).toContain('Signatures were not looked at')
    const proven = await verify('--key', `${name}.pub`, '--checkpoints', kept)
    expect(proven).toMatchObject({ status: 0, out: expect.stringContaining('are proven by signature') })
    expect(JSON.parse((await verify('--key', `${name}.pub`, '--json')).out)).toMatchObject({
      proven: 3,
      firstBreak: null,
    })
    const other = join(folder, 'other-key')
    await gatehouse('audit', 'keygen', other)
    expect(await verify('--key', `${other}.pub`)).toMatchObject({
      status: 1,
      err: expect.stringMatching(/BROKEN at 000001\.jsonl.*none of those given/),
    })
  })
})
