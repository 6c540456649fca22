import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Admin, type Explain, pageFolder, parseAdminConfig, startAdmin } from '@gatehouse/admin'
import { type Coordination, type GatewayLease, MemoryHub, openMemoryCoordination } from '@gatehouse/coordination'
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
  /** Where its policy file is, and catalogs may be. */
  readonly folder: string
  /** As the gateway sees it. */
  readonly coordination: Coordination
  readonly gateway: GatewayLease
  /** What another gateway of this process shares with the service. */
  readonly share: () => Promise<Coordination>
  readonly stopAdmin: () => Promise<void>
  /** At the same address, with the same keys. */
  readonly startAdmin: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** Builds the page as it is delivered and starts the service that brings it. */
export async function startPageScene(
  program: ChromiumProgram,
  {
    policy = POLICY,
    explain = null,
    trails = [],
    verifyingKeyFiles = [],
  }: {
    readonly policy?: string
    readonly explain?: Explain | null
    /** Of gateways, to search and replay. */
    readonly trails?: readonly string[]
    readonly verifyingKeyFiles?: readonly string[]
  } = {},
): Promise<PageScene> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-page-'))
  const page = await pageFolder()
  writeFileSync(join(folder, 'policy.yaml'), policy)
  // Cookies stay good when the service starts again.
  writeFileSync(join(folder, 'session-key'), randomBytes(32).toString('hex'), { mode: 0o600 })
  const port = await freePort()
  const publicUrl = `http://127.0.0.1:${String(port)}`
  const people = await startPeople(`${publicUrl}/callback`, GRACE)
  const loading = parseAdminConfig(configuration(people, port, trails, verifyingKeyFiles), folder, {})
  if (loading.kind === 'problems') throw new Error(JSON.stringify(loading.problems))
  const { config } = loading
  const hub = new MemoryHub()
  const share = (): Promise<Coordination> => openMemoryCoordination(hub)
  const coordination = await share()
  const gateway = await coordination.sessions.enlist('gateway-eu-1')
  coordination.messages.receive(gateway.id, async ({ session }) => {
    await gateway.leave(session)
    return true
  })
  const start = async (): Promise<Admin> =>
    startAdmin(config, pino({ level: 'silent' }), { coordination: await share(), page, explain })
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
    folder,
    coordination,
    gateway,
    share,
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

function configuration(
  { issuer, clientId }: People,
  port: number,
  trails: readonly string[],
  verifyingKeyFiles: readonly string[],
): string {
  return `
address: 127.0.0.1:${String(port)}
publicUrl: http://127.0.0.1:${String(port)}
issuers: [{ issuer: '${issuer}', audience: gatehouse-admin, allowHttp: true }]
roles:
  approver: { groups: [dba] }
  operator: { groups: [sre] }
  auditor: { groups: [audit] }
login: { issuer: '${issuer}', clientId: ${clientId}, sessionKey: file:session-key }
audit: { directory: trail }
trails: ${JSON.stringify(trails)}
verifyingKeyFiles: ${JSON.stringify(verifyingKeyFiles)}
policyFile: policy.yaml
requestsPerMinute: 100000
`
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
