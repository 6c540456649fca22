import type { ResultSetHeader } from 'mysql2/promise'
import { Client } from 'pg'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import * as mysql from '../mysql/scene.ts'
import * as postgres from '../postgres/scene.ts'
import { findChromium } from '../servers/chromium.ts'
import { GRACE, type PageScene, startPageScene } from './scene.ts'

const chromium = await findChromium()
const absent = chromium.kind === 'absent' ? ` (skipped: ${chromium.reason})` : ''
const policy = (relations: string): string => `
rules:
  - { name: read, allow: { actions: [select, begin, commit, rollback, show, use], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - name: writes-need-a-person
    approve: { actions: [update], relations: ["${relations}"], by: { groups: [${GRACE.groups[0]}] }, holdTimeoutSeconds: 30 }
`
const SQL = 'CREATE TABLE stock (id INT PRIMARY KEY, amount INT); INSERT INTO stock VALUES (1, 10), (2, 10);'
const UPDATE = 'UPDATE stock SET amount = 7 WHERE id = 1'

describe.skipIf(absent !== '')(`What a real driver sends is decided by a click${absent}`, () => {
  let scene: PageScene
  let page: Page
  beforeAll(async () => {
    if (chromium.kind === 'absent') return
    scene = await startPageScene(chromium.program)
    page = await (await scene.browser.newContext()).newPage()
    await page.goto(`${scene.url}login`)
    await page.getByText('Live', { exact: true }).waitFor()
  }, 120_000)
  afterAll(() => scene.stop())

  /** The card of the statement that was just sent: there within a second. */
  const openCard = async (): Promise<void> => {
    const row = page.getByRole('link', { name: /update on .*stock/ })
    const begun = Date.now()
    await row.waitFor()
    expect(Date.now() - begun).toBeLessThan(1000)
    await row.click()
  }
  // Else the next look at the queue may find the row that was decided.
  const emptyQueue = (): Promise<void> => page.getByText('Nothing waits').waitFor()
  const approve = async (): Promise<void> => {
    await openCard()
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByRole('button', { name: 'Approve Enter' }).click()
    await emptyQueue()
  }
  const refuse = async (reason: string): Promise<void> => {
    await openCard()
    await page.getByRole('button', { name: 'Refuse' }).click()
    await page.getByLabel('Reason').fill(reason)
    await page.getByRole('button', { name: 'Refuse', exact: true }).click()
    await emptyQueue()
  }

  describe.each(postgres.VERSIONS)('on $version', ({ shared }) => {
    const promise = postgres.scenePromises(shared, () => ({
      sql: SQL,
      policy: policy('public.*'),
      coordination: scene.share,
      approvals: { coolDownSeconds: 0, adminUrl: scene.url.slice(0, -1) },
    }))
    promise('yes runs it, no tells the reason, and the connection goes on', async ({ gateway }) => {
      const client = new Client({ connectionString: await gateway.url('shop') })
      await client.connect()
      const told: string[] = []
      client.on('notice', ({ message }) => told.push(message ?? ''))
      const [{ rowCount }] = await Promise.all([client.query(UPDATE), approve()])
      expect(rowCount).toBe(1)
      expect(told.join(' ')).toContain(`${scene.url}approvals/`)
      const second = client.query(UPDATE).catch((error: unknown) => error)
      await refuse('not on a Friday')
      expect(String(await second)).toContain('not on a Friday')
      expect((await client.query('SELECT amount FROM stock WHERE id = 1')).rows).toEqual([{ amount: 7 }])
      await client.end()
    })
  })

  describe.each(mysql.VERSIONS)('on $version', ({ shared }) => {
    const promise = mysql.scenePromises(shared, (database) => ({
      sql: SQL,
      policy: policy(`${database}.*`),
      coordination: scene.share,
      approvals: { coolDownSeconds: 0 },
    }))
    promise('yes runs it, no tells the reason, and the connection goes on', async ({ driver }) => {
      const client = await driver()
      const [[result]] = await Promise.all([client.query<ResultSetHeader>(UPDATE), approve()])
      expect(result.affectedRows).toBe(1)
      const second = client.query(UPDATE).catch((error: unknown) => error)
      await refuse('not on a Friday')
      expect(String(await second)).toContain('not on a Friday')
      expect((await client.query('SELECT amount FROM stock WHERE id = 1'))[0]).toEqual([{ amount: 7 }])
      await client.end()
    })
  })
})
