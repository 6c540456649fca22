import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildPage } from '@gatehouse/admin-page/build'
import { type Coordination, type GatewayLease, openMemoryCoordination } from '@gatehouse/coordination'
import { type Browser, chromium } from 'playwright-core'
import type { ChromiumProgram } from '../servers/chromium.ts'
import { type PageHost, startPageHost } from './page-host.ts'

/** A browser, the built page, and a coordination with one gateway. */
export interface PageScene {
  readonly browser: Browser
  readonly host: PageHost
  readonly coordination: Coordination
  readonly gateway: GatewayLease
  readonly stop: () => Promise<void>
}

/** Builds the page as it is delivered and serves it over a coordination in memory. */
export async function startPageScene(program: ChromiumProgram): Promise<PageScene> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-page-'))
  const coordination = await openMemoryCoordination()
  const gateway = await coordination.sessions.enlist('gateway-eu-1')
  await buildPage(folder)
  const host = await startPageHost({
    folder,
    coordination,
    gateway,
    identity: { issuer: 'https://id.example.com', subject: 'grace@example.com', actor: null },
    policy: POLICY,
  })
  const browser = await chromium.launch({
    executablePath: program.command,
    env: { ...process.env, ...program.env },
    // Root, as which CI may run, cannot have Chromium's sandbox; the page is our own.
    args: ['--no-sandbox'],
  })
  return {
    browser,
    host,
    coordination,
    gateway,
    stop: async () => {
      await browser.close()
      await host.stop()
      await coordination.close()
      rmSync(folder, { recursive: true, force: true })
    },
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
