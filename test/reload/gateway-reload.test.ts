import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { parse, stringify } from 'yaml'
import { type Installation, startInstallation } from '../harness/installation.ts'
import type { LogLine, Service } from '../harness/service-process.ts'
import { targetOf } from '../postgres/scene.ts'
import { WireClient } from '../postgres/wire-client.ts'
import { createDatabase } from '../servers/postgres.ts'

const { postgres18, redis } = inject('servers')
const missing = [postgres18, redis].flatMap((server) => ('absent' in server ? [server.absent] : []))
const POLICY = 'rules:\n  - { name: read, allow: { actions: [select], relations: ["*"], functions: ["*"] } }\n'
const patience = { timeout: 20_000, interval: 50 }

interface Settings {
  targets: Record<string, Record<string, unknown>>
  audit: Record<string, unknown>
  [setting: string]: unknown
}

describe.skipIf(missing.length > 0).each([
  ['A gateway', {}],
  ['A gateway of two workers', { workers: 2 }],
])('%s', (_, processes) => {
  let installation: Installation
  let database: { readonly drop: () => Promise<void> }
  let gateway: Service
  const workers = 'workers' in processes ? 2 : 1

  beforeAll(async () => {
    if ('absent' in postgres18 || 'absent' in redis) return
    const name = `reload_${String(Math.random()).slice(2, 12)}`
    database = await createDatabase(postgres18.address, name, 'SELECT 1')
    installation = await startInstallation({
      redis: redis.address,
      targets: { shop: targetOf(postgres18.address, name) },
      policy: POLICY,
      gateways: 1,
      admins: 0,
      settings: processes,
    })
    const [one] = installation.gateways
    if (one === undefined) throw new Error('there is no gateway')
    gateway = one
    if (workers > 1)
      await vi.waitFor(() => expect(said('gateway is listening with all its workers')).toHaveLength(1), patience)
  }, 120_000)
  afterAll(async () => {
    await installation.close()
    await database.drop()
  })

  const said = (message: string): LogLine[] => gateway.log().filter(({ msg }) => msg === message)
  const TAKEN = 'the changed configuration was taken over'
  const REFUSED = 'the changed configuration was not taken over; the last good one stays in force'
  const INVALID = 'the changed configuration is not valid; the last good one stays in force'
  const change = (edit: (settings: Settings) => void): void => {
    const settings = parse(readFileSync(gateway.configFile, 'utf8')) as Settings
    edit(settings)
    writeFileSync(gateway.configFile, stringify(settings, { aliasDuplicateObjects: false }))
  }
  const enter = async (target: string): Promise<WireClient> =>
    WireClient.login(
      { host: '127.0.0.1', port: gateway.ports['postgres'] ?? 0 },
      { database: target, password: await installation.token() },
    )
  const answers = async (client: WireClient): Promise<boolean> =>
    (await client.query('SELECT 1')).some(({ kind }) => kind === 'CommandComplete')

  test('reads configuration, policy and certificates again on SIGHUP', async () => {
    const client = await enter('shop')
    process.kill(gateway.pid(), 'SIGHUP')
    if (workers === 1)
      await vi.waitFor(
        () => expect(said('the configuration was read again: nothing is changed')).toHaveLength(1),
        patience,
      )
    writeFileSync(join(dirname(gateway.configFile), 'policy.yaml'), `${POLICY}# and a remark\n`)
    process.kill(gateway.pid(), 'SIGHUP')
    await vi.waitFor(() => expect(said('policy reloaded')).toHaveLength(workers), patience)
    expect(await answers(client)).toBe(true)
    await client.end()
  })

  test('takes over what changed in its file for sessions that begin, and drops none', async () => {
    const before = await enter('shop')
    change(({ targets }) => {
      targets['store'] = { ...targets['shop'] }
      delete targets['shop']
    })
    await vi.waitFor(() => expect(said(TAKEN)).toHaveLength(workers), patience)
    expect(said(TAKEN)[0]).toMatchObject({ changed: ['targets.shop', 'targets.store'] })
    const after = await enter('store')
    expect([await answers(before), await answers(after)]).toEqual([true, true])
    await expect(enter('shop')).rejects.toThrow(/there is no such target/)
    await before.end()
    await after.end()
  })

  test('says every error of a file that is wrong, and goes on by the last good one', async () => {
    const client = await enter('store')
    const good = readFileSync(gateway.configFile, 'utf8')
    // As a file is while it is written.
    writeFileSync(gateway.configFile, good.slice(0, good.indexOf('targets:')))
    await vi.waitFor(() => expect(said(INVALID).length).toBeGreaterThanOrEqual(1), patience)
    expect(said(INVALID)[0]?.['problems']).toEqual([
      expect.stringContaining('targets: is missing'),
      expect.stringContaining('policyFile: is missing'),
      expect.stringContaining('audit: is missing'),
      expect.stringContaining('maskingKey: is missing'),
    ])
    expect(await answers(client)).toBe(true)
    writeFileSync(gateway.configFile, good)
    expect(await answers(await enter('store'))).toBe(true)
    await client.end()
  })

  test('names what needs a restart, and then takes over nothing of the file', async () => {
    change((settings) => {
      settings['gatewayId'] = 'another'
      settings.audit['segmentBytes'] = 70_000
      settings['expiryWarningSeconds'] = 61
    })
    await vi.waitFor(
      () => expect(said(REFUSED)).toMatchObject([{ needsRestart: ['audit.segmentBytes', 'gatewayId'] }]),
      patience,
    )
    expect(said(TAKEN)).toHaveLength(workers)
    change((settings) => {
      settings['gatewayId'] = 'gateway-1'
      delete settings.audit['segmentBytes']
    })
    await vi.waitFor(() => expect(said(TAKEN)).toHaveLength(2 * workers), patience)
    expect(said(TAKEN).at(-1)).toMatchObject({ changed: ['expiryWarningSeconds'] })
  })

  test('takes over nothing where what it names cannot be used', async () => {
    const folder = dirname(gateway.configFile)
    writeFileSync(join(folder, 'other.yaml'), 'rules: [{ name: read, allow: { actions: [selekt] } }]\n')
    const before = said(TAKEN).length
    change((settings) => {
      settings['policyFile'] = 'other.yaml'
      settings['expiryWarningSeconds'] = 62
    })
    await vi.waitFor(
      () => expect(JSON.stringify([...said(REFUSED), ...said(INVALID)])).toMatch(/other\.yaml.*selekt/),
      patience,
    )
    expect(said(TAKEN)).toHaveLength(before)
    writeFileSync(join(folder, 'other.yaml'), POLICY)
    process.kill(gateway.pid(), 'SIGHUP')
    await vi.waitFor(
      () => expect(said(TAKEN).at(-1)).toMatchObject({ changed: ['expiryWarningSeconds', 'policyFile'] }),
      patience,
    )
    expect(await answers(await enter('store'))).toBe(true)
  })
})
