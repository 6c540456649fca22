import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Admin, type AdminConfig, pageFolder, startAdmin } from '@gatehouse/admin'
import { type Coordination, type GatewayLease, MemoryHub, openMemoryCoordination } from '@gatehouse/coordination'
import { Secret } from '@gatehouse/core'
import { pino } from 'pino'
import { type Browser, chromium } from 'playwright-core'
import type { ChromiumProgram } from '../servers/chromium.ts'
import { freePort } from '../servers/local-tools.ts'
import { type People, startPeople } from './people.ts'

/** Who signs in unless a test says otherwise: approver, operator and auditor. */
export const GRACE = { sub: 'grace@example.com', groups: ['dba', 'sre', 'audit'] } as const

/** A browser, the real admin service with the built page, people who sign in, and a gateway that shares with it. */
export interface PageScene {
  readonly browser: Browser
  /** Of the page, with a slash at its end. */
  readonly url: string
  readonly people: People
  /** As the gateway sees it. */
  readonly coordination: Coordination
  readonly gateway: GatewayLease
  readonly stopAdmin: () => Promise<void>
  /** At the same address, with the same keys. */
  readonly startAdmin: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** Builds the page as it is delivered and starts the service that brings it. */
export async function startPageScene(program: ChromiumProgram): Promise<PageScene> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-page-'))
  const page = await pageFolder()
  const policyFile = join(folder, 'policy.yaml')
  writeFileSync(policyFile, POLICY)
  const port = await freePort()
  const publicUrl = `http://127.0.0.1:${String(port)}`
  const people = await startPeople(`${publicUrl}/callback`, GRACE)
  const config: AdminConfig = {
    serviceId: 'admin-1',
    address: { host: '127.0.0.1', port },
    tls: null,
    trustedProxies: [],
    publicUrl,
    issuers: [issuerOf(people)],
    roles: {
      approver: { groups: ['dba'], subjects: [] },
      operator: { groups: ['sre'], subjects: [] },
      auditor: { groups: ['audit'], subjects: [] },
    },
    login: {
      issuer: people.issuer,
      clientId: people.clientId,
      clientSecret: null,
      scope: 'openid profile',
      sessionSeconds: 3600,
      sessionKey: new Secret('a-key-of-the-test-that-is-long-enough'),
    },
    coordination: { kind: 'memory' },
    audit: { directory: join(folder, 'trail'), syncMilliseconds: 0 },
    trails: [],
    policyFile,
    maxGrantSeconds: 28_800,
    requestsPerMinute: 100_000,
    log: { level: 'fatal' },
  }
  const hub = new MemoryHub()
  const coordination = await openMemoryCoordination(hub)
  const gateway = await coordination.sessions.enlist('gateway-eu-1')
  coordination.messages.receive(gateway.id, async ({ session }) => {
    await gateway.leave(session)
    return true
  })
  const start = async (): Promise<Admin> =>
    startAdmin(config, pino({ level: 'silent' }), { coordination: await openMemoryCoordination(hub), page })
  let admin: Admin | null = await start()
  const stopAdmin = async (): Promise<void> => {
    await admin?.close()
    admin = null
  }
  const browser = await chromium.launch({
    executablePath: program.command,
    env: { ...process.env, ...program.env },
    // Root, as which CI may run, cannot have Chromium's sandbox; the page is our own.
    args: ['--no-sandbox'],
  })
  return {
    browser,
    url: `${publicUrl}/`,
    people,
    coordination,
    gateway,
    stopAdmin,
    startAdmin: async () => {
      admin ??= await start()
    },
    stop: async () => {
      await browser.close()
      await stopAdmin()
      await people.stop()
      await coordination.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function issuerOf({ issuer }: People): AdminConfig['issuers'][number] {
  return {
    issuer,
    audience: ['gatehouse-admin'],
    jwksUri: null,
    caFile: null,
    allowHttp: true,
    algorithms: ['ES256'],
    tokenTypes: [],
    subjectClaim: ['sub'],
    groupsClaim: ['groups'],
    actorClaims: [],
    requiredClaims: [],
    clockSkewSeconds: 5,
    maxTokenLifetimeSeconds: null,
    keysRefreshSeconds: 300,
    keysOutageGraceSeconds: 300,
    scope: 'openid',
  }
}

const POLICY = `version: 1

allow:
  - name: read-the-shop
    when: { groups: [analysts] }
    actions: [select]
    relations: [public.*]

approve:
  # Whoever changes what customers see asks somebody first.
  - name: writes-need-a-person
    when: { groups: [analysts] }
    actions: [insert, update]
    relations: [public.*]
    by: { groups: [dba, shop-leads] }
    holdTimeoutSeconds: 300
`
