import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigningKey, LoopbackIssuer } from '@gatehouse/identity/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { parse, stringify } from 'yaml'
import { type LogLine, type Service, startService } from '../harness/service-process.ts'
import { adminSettings, approverToken } from '../harness/start-admin.ts'
import { freePort } from '../servers/local-tools.ts'

const patience = { timeout: 20_000, interval: 50 }

interface Settings {
  roles: Record<string, unknown>
  issuers: Record<string, unknown>[]
  [setting: string]: unknown
}

describe('An admin service', () => {
  let folder: string
  let issuer: LoopbackIssuer
  let newcomer: LoopbackIssuer
  let admin: Service

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-admin-reload-'))
    issuer = await LoopbackIssuer.start([await createSigningKey('first', 'ES256')])
    newcomer = await LoopbackIssuer.start([await createSigningKey('second', 'ES256')])
    const http = await freePort()
    writeFileSync(join(folder, 'admin.yaml'), stringify({ serviceId: 'admin-1', ...adminSettings(issuer, http) }))
    admin = await startService('admin', join(folder, 'admin.yaml'), { http }, {})
  }, 120_000)
  afterAll(async () => {
    await admin.stop()
    await issuer.close()
    await newcomer.close()
    rmSync(folder, { recursive: true })
  })

  const said = (message: string): LogLine[] => admin.log().filter(({ msg }) => msg === message)
  const change = (edit: (settings: Settings) => void): void => {
    const settings = parse(readFileSync(admin.configFile, 'utf8')) as Settings
    edit(settings)
    writeFileSync(admin.configFile, stringify(settings, { aliasDuplicateObjects: false }))
  }
  const sessions = async (by: LoopbackIssuer): Promise<number> => {
    const authorization = `Bearer ${await approverToken(by, 'dana')}`
    const url = `http://127.0.0.1:${String(admin.ports['http'])}/v1/sessions`
    return (await fetch(url, { headers: { authorization } })).status
  }

  test('reads its configuration again on SIGHUP', async () => {
    process.kill(admin.pid(), 'SIGHUP')
    await vi.waitFor(
      () => expect(said('the configuration was read again: nothing is changed')).toHaveLength(1),
      patience,
    )
    expect(await sessions(issuer)).toBe(200)
  })

  test('takes over whose tokens count and who may do what, without a restart', async () => {
    expect(await sessions(newcomer)).toBe(401)
    change((settings) => {
      settings.issuers.push({ issuer: newcomer.url, audience: 'gatehouse-admin', allowHttp: true })
    })
    await vi.waitFor(async () => expect(await sessions(newcomer)).toBe(200), patience)
    change((settings) => {
      settings.roles['operator'] = { groups: ['sre'] }
      settings.roles['approver'] = { groups: ['sre'] }
    })
    await vi.waitFor(async () => expect(await sessions(issuer)).toBe(403), patience)
    expect(said('the changed configuration was taken over').map((line) => line['changed'])).toEqual([
      ['issuers'],
      ['roles.approver.groups[0]', 'roles.operator.groups[0]'],
    ])
  })

  test('says what is wrong and what needs a restart, and goes on as before', async () => {
    const good = readFileSync(admin.configFile, 'utf8')
    change((settings) => {
      settings['rolls'] = {}
      settings['requestsPerMinute'] = 'many'
    })
    await vi.waitFor(
      () =>
        expect(
          said('the changed configuration is not valid; the last good one stays in force')[0]?.['problems'],
        ).toHaveLength(2),
      patience,
    )
    writeFileSync(admin.configFile, good)
    change((settings) => {
      settings['requestsPerMinute'] = 20
      settings.roles['operator'] = { groups: ['dba'] }
    })
    await vi.waitFor(
      () =>
        expect(said('the changed configuration was not taken over; the last good one stays in force')).toMatchObject([
          { needsRestart: ['requestsPerMinute'] },
        ]),
      patience,
    )
    expect(await sessions(issuer)).toBe(403)
  })
})
