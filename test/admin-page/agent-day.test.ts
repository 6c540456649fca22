import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Download, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { SharedMysql, SharedServer } from '../servers/global-setup.ts'
import { findChromium } from '../servers/chromium.ts'
import { recordedSession } from '../recording/recorded.ts'
import { dayAtMysql, dayAtPostgres, type DayScene, startDayScene } from './agent-day.ts'
import { GRACE } from './scene.ts'

const MAIN = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url))
const chromium = await findChromium()
const absent = chromium.kind === 'absent' ? ` (skipped: ${chromium.reason})` : ''
const { postgres18, mysql9 } = inject('servers')

/** What `gatehouse audit …` prints; rejects where its status is not 0. */
async function audit(...words: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'audit', ...words], { maxBuffer: 64 << 20 })
  return stdout
}

const addressIn = <Address>(shared: { readonly address: Address } | { readonly absent: string }): Address | null =>
  'absent' in shared ? null : shared.address

describe.skipIf(absent !== '')(`A day of an agent${absent}`, () => {
  let scene: DayScene
  let page: Page
  const faults: string[] = []
  beforeAll(async () => {
    if (chromium.kind === 'absent') return
    scene = await startDayScene(chromium.program, {
      postgres: addressIn(postgres18),
      mysql: addressIn(mysql9),
    })
    page = await open(GRACE)
    await dayAtPostgres(scene, page)
    await dayAtMysql(scene, page)
  }, 180_000)
  afterAll(() => scene.stop())

  async function open(who: { readonly sub: string; readonly groups: readonly string[] }): Promise<Page> {
    scene.page.people.next = who
    const context = await scene.page.browser.newContext({ reducedMotion: 'reduce', acceptDownloads: true })
    const one = await context.newPage()
    one.on('pageerror', (error) => faults.push(error.message))
    await one.goto(`${scene.page.url}login`)
    await one.getByText('Live', { exact: true }).waitFor()
    return one
  }

  test('x', async () => {
    const session = await recordedSession(scene.trails.postgres)
    const got = await page.evaluate(`fetch('v1/trail/sessions/${session}/timeline').then((r) => r.json())`)
    console.log(JSON.stringify(got, null, 1).slice(0, 9000))
    await page.goto(`${scene.page.url}#/trail/sessions/${session}`)
    await page.waitForTimeout(1500)
    await page.setViewportSize({ width: 1280, height: 1200 })
    await page.screenshot({ path: '/tmp/h-page-replay.png' })
    console.log(faults)
  })
})
