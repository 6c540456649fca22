/**
 * Writes the pictures of `docs/screenshots/`: `node test/admin-page/screenshots.ts [folder]`. Needs a Chromium (test/servers/chromium.ts).
 */
import { mkdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { findChromium } from '../servers/chromium.ts'
import { fillWithExamples } from './examples.ts'
import { startPageScene } from './scene.ts'

const MOST_BYTES = 200 * 1024
const LOOKS = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  { name: 'phone', colorScheme: 'light', viewport: { width: 390, height: 844 } },
] as const

const folder = process.argv[2] ?? resolve(import.meta.dirname, '..', '..', 'docs', 'screenshots')
const found = await findChromium()
if (found.kind === 'absent') throw new Error(found.reason)
const scene = await startPageScene(found.program)
try {
  const { worst } = await fillWithExamples(scene)
  mkdirSync(folder, { recursive: true })
  for (const { name, colorScheme, viewport } of LOOKS) {
    const context = await scene.browser.newContext({ colorScheme, viewport, reducedMotion: 'reduce' })
    const page = await context.newPage()
    await page.goto(`${scene.url}login`)
    await picture(page, 'approvals', `queue-${name}`)
    await picture(page, `approvals/${worst}`, `card-${name}`)
    await picture(page, 'sessions', `sessions-${name}`)
    if (name === 'light') {
      await picture(page, 'grants', 'grants-light')
      await picture(page, 'policy', 'policy-light')
      await page.goto(`${scene.url}#/approvals/${worst}`)
      await page.getByRole('button', { name: 'Approve' }).click()
      await page.screenshot({ path: join(folder, 'approve-light.png') })
    }
    await context.close()
  }
} finally {
  await scene.stop()
}

async function picture(page: Page, view: string, name: string): Promise<void> {
  await page.goto(`${scene.url}#/${view}`)
  await page.getByText('Live', { exact: true }).waitFor()
  await page.waitForTimeout(300)
  const path = join(folder, `${name}.png`)
  await page.screenshot({ path })
  const { size } = statSync(path)
  if (size > MOST_BYTES) throw new Error(`${path} has ${String(size)} bytes, more than ${String(MOST_BYTES)}`)
}
