/**
 * Writes the pictures of `docs/screenshots/`: `node test/admin-page/screenshots.ts [folder]`. Needs a Chromium (test/servers/chromium.ts).
 */
import { mkdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { type ChromiumProgram, findChromium } from '../servers/chromium.ts'
import { startMysql } from '../servers/mysql.ts'
import { startPostgres } from '../servers/postgres.ts'
import { dayAtMysql, dayAtPostgres, startDayScene } from './agent-day.ts'
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

await picturesOfADay(found.program)

/** The trail of a day of an agent, searched, drawn and replayed. */
async function picturesOfADay(program: ChromiumProgram): Promise<void> {
  await using ends = new AsyncDisposableStack()
  const postgres = await startPostgres({ version: 18 })
  ends.defer(() => postgres.stop())
  const mysql = await startMysql({ version: 'mysql-9' })
  ends.defer(() => mysql.stop())
  const day = await startDayScene(program, { postgres, mysql })
  ends.defer(() => day.stop())
  const { browser, url } = day.page
  for (const { name, colorScheme, viewport } of LOOKS) {
    const context = await browser.newContext({ colorScheme, viewport, reducedMotion: 'reduce' })
    const page = await context.newPage()
    await page.goto(`${url}login`)
    await page.getByText('Live', { exact: true }).waitFor()
    if (name === 'light') {
      await dayAtPostgres(day, page)
      await dayAtMysql(day, page)
      // What was decided is still announced.
      await page.goto(`${url}login`)
    }
    await page.goto(`${url}#/trail?kind=intent`)
    await page.getByRole('img', { name: /statements, of which/ }).waitFor()
    await shoot(page, `trail-${name}`)
    await page
      .getByRole('button', { name: /^UPDATE customers/ })
      .first()
      .click()
    await page.getByRole('link', { name: 'Replay the session from here' }).click()
    await page.getByText('refused by grace@example.com').waitFor()
    await page.locator('.answer-error').first().waitFor()
    await shoot(page, `replay-held-${name}`)
    if (name === 'phone') continue
    await page.getByRole('list', { name: 'Statements' }).getByRole('button').nth(1).click()
    await page.getByRole('region', { name: 'Result' }).waitFor()
    await page.getByRole('heading', { name: 'What came back' }).scrollIntoViewIfNeeded()
    await shoot(page, `replay-${name}`)
    await context.close()
  }
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.waitForTimeout(300)
  const path = join(folder, `${name}.png`)
  await page.screenshot({ path })
  const { size } = statSync(path)
  if (size > MOST_BYTES) throw new Error(`${path} has ${String(size)} bytes, more than ${String(MOST_BYTES)}`)
}

async function picture(page: Page, view: string, name: string): Promise<void> {
  await page.goto(`${scene.url}#/${view}`)
  await page.getByText('Live', { exact: true }).waitFor()
  await shoot(page, name)
}
