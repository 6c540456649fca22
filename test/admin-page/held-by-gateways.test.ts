import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EnvironmentReference } from '@gatehouse/configuration'
import { openTarget, readCatalogRows } from '@gatehouse/gateway'
import type { ResultSetHeader } from 'mysql2/promise'
import { Client } from 'pg'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { explainForAdmin } from '@gatehouse/cli'
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
    scene = await startPageScene(chromium.program, { policy: policy('public.*'), explain: explainForAdmin })
    page = await (await scene.browser.newContext()).newPage()
    await page.goto(`${scene.url}login`)
    await page.getByText('Live', { exact: true }).waitFor()
  }, 120_000)
  afterAll(() => scene.stop())

  /** The card of the statement that was just sent: there within a second. */
  const openCard = async (): Promise<void> => {
    const row = page.getByRole('link', { name: /update on .*stock/ })
    await row.waitFor()
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

  describe('on a page that explains', () => {
    const promise = postgres.scenePromises(postgres.SHARED, { sql: SQL })
    promise(
      'the policy’s answer to a statement is shown, and what cannot be explained says why',
      async ({ server, database }) => {
        const { host, port, superuser: user, password } = server
        const tls = {
          mode: 'disable',
          caFile: null,
          serverName: null,
          clientCertificateFile: null,
          clientKeyFile: null,
          crlFile: null,
          pinnedSha256: [],
          minVersion: 'TLSv1.2',
        } as const
        const config = {
          engine: 'postgres',
          host,
          port,
          database,
          user,
          tls,
          connectTimeoutSeconds: 10,
          keepAliveSeconds: 60,
        } as const
        const reference = new EnvironmentReference('PASSWORD', { PASSWORD: password })
        const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
        const target = openTarget('shop', { ...config, password: reference, credential: null, sessionRole: null }, log)
        const catalog = await readCatalogRows('shop', target)
        writeFileSync(join(scene.folder, 'shop.catalog.json'), JSON.stringify({ format: 1, ...catalog }))
        const explaining = await page.context().newPage()
        await explaining.goto(`${scene.url}#/policy`)
        await explaining.getByText('Explain a statement as somebody').click()
        const explain = async (target: string, sql: string): Promise<void> => {
          await explaining.getByLabel('Target').fill(target)
          await explaining.getByLabel('Statement', { exact: true }).fill(sql)
          await explaining.getByRole('button', { name: 'Explain' }).click()
        }
        const shown = explaining.getByRole('region', { name: 'Explanation' })
        await explain('shop', UPDATE)
        await shown.getByText('writes-need-a-person').waitFor()
        const first = await shown.innerText()
        expect(first).toContain('update')
        expect(first).toContain('\n')
        await explain('shop', 'SELECT amount AS "<img src=x onerror=alert(1)>" FROM stock -- \u202e')
        await shown.getByText('permitted by read').waitFor()
        expect(await explaining.locator('img').count()).toBe(0)
        await explain('shop', 'DROP TABLE stock')
        await shown.getByText('drop_table').waitFor()
        await explain('shop', 'SELEC')
        await explaining.getByText('It cannot be explained').waitFor()
        expect(await shown.count()).toBe(0)
        await explain('nowhere', UPDATE)
        await explaining
          .getByText(/nowhere/)
          .last()
          .waitFor()
        await explain('shop', UPDATE)
        await shown.waitFor()
        await explaining.close()
      },
    )
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
