import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { recordedSession } from '../recording/recorded.ts'
import { findChromium } from '../servers/chromium.ts'
import { dayAtMysql, dayAtPostgres, type DayScene, startDayScene } from './agent-day.ts'
import { seriousFindings } from './axe.ts'
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

function addressIn<Address>(shared: { readonly address: Address } | { readonly absent: string }): Address | null {
  return 'absent' in shared ? null : shared.address
}

describe.skipIf(absent !== '')(`A day of an agent${absent}`, () => {
  let scene: DayScene
  /** Of an approver who is an auditor too. */
  let page: Page
  const faults: string[] = []
  beforeAll(async () => {
    if (chromium.kind === 'absent') return
    scene = await startDayScene(chromium.program, { postgres: addressIn(postgres18), mysql: addressIn(mysql9) })
    page = await open()
    await dayAtPostgres(scene, page)
    await dayAtMysql(scene, page)
  }, 180_000)
  afterAll(() => scene.stop())
  afterEach(() => {
    // What breaks the content security policy or throws.
    expect(faults.splice(0)).toEqual([])
  })

  async function open(who: typeof scene.page.people.next = GRACE, options: BrowserContextOptions = {}): Promise<Page> {
    scene.page.people.next = who
    const context = await scene.page.browser.newContext({ reducedMotion: 'reduce', ...options })
    const one = await context.newPage()
    one.on('pageerror', (error) => faults.push(error.message))
    one.on('console', (message) => {
      if (message.type() === 'error' && !/40[134]|503|ERR_|net::/.test(message.text())) faults.push(message.text())
    })
    await one.goto(`${scene.page.url}login`)
    await one.getByText('Live', { exact: true }).waitFor()
    return one
  }
  const show = async (on: Page, view: string): Promise<void> => {
    await on.goto(`${scene.page.url}#/${view}`)
    await on.locator('.loading').first().waitFor({ state: 'detached' })
  }
  const api = async <Answer>(path: string): Promise<Answer> => {
    const answer = await page.request.get(`${scene.page.url}v1/trail/${path}`)
    expect(answer.status(), path).toBe(200)
    return (await answer.json()) as Answer
  }
  const download = async (on: Page, name: string): Promise<string> => {
    const [file] = await Promise.all([on.waitForEvent('download'), on.getByRole('link', { name, exact: true }).click()])
    return readFileSync(await file.path(), 'utf8')
  }
  const seqOf = (hash: string): number => Number(/at=(\d+)/.exec(hash)?.[1])

  interface Found {
    readonly records: readonly {
      readonly gateway: string
      readonly record: { readonly seq: number; readonly session?: string; readonly kind: string }
      readonly outcome: object | null
    }[]
    readonly next: string | null
  }

  const ENGINES = [
    { engine: 'postgres', server: postgres18, target: 'shop' },
    { engine: 'mysql', server: mysql9, target: 'stock' },
  ] as const

  describe.each(ENGINES)('at $engine', ({ engine, server, target }) => {
    const there = !('absent' in server)
    const session = (): Promise<string> => recordedSession(scene.trails[engine])

    test.runIf(there)('is found by the API, page after page, by every member of a search', async () => {
      const id = await session()
      const started = await api<Found>(`records?kind=session_start&target=${target}&subject=ada@example.com`)
      expect(started.records.map(({ record }) => record.session)).toContain(id)
      const all = await api<Found>(`records?session=${id}&order=oldest`)
      const paged: number[] = []
      for (let cursor: string | null = ''; cursor !== null;) {
        const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
        const some: Found = await api(`records?session=${id}&order=oldest&limit=3${more}`)
        expect(some.records.length).toBeLessThanOrEqual(3)
        paged.push(...some.records.map(({ record }) => record.seq))
        cursor = some.next
      }
      expect(paged).toEqual(all.records.map(({ record }) => record.seq))
      const counts: number[] = []
      for (const wanted of ['outcome=refused', 'outcome=failed', 'held=true', 'action=alter_table', 'text=SELECT'])
        counts.push((await api<Found>(`records?kind=intent&session=${id}&${wanted}`)).records.length)
      expect(counts.every((count) => count > 0)).toBe(true)
      const bad = await page.request.get(`${scene.page.url}v1/trail/records?cursor=nonsense`)
      expect(bad.status()).toBe(400)
    })

    test.runIf(there)(
      'is replayed: refusals in turn, who decided, masked rows, one moment by its address',
      async () => {
        const id = await session()
        await show(page, `trail/sessions/${id}`)
        await page.getByRole('button', { name: 'Next refusal' }).click()
        const story = page.getByRole('region', { name: 'Statement and answer' })
        await story.getByText('DELETE').first().waitFor()
        await story.locator('.answer-error').first().waitFor()
        await page.keyboard.press('n')
        await story.getByText('refused by grace@example.com through the page').waitFor()
        const moment = await story.getByRole('link', { name: 'Link to this moment' }).getAttribute('href')
        const other = await open()
        await show(other, String(moment).slice(2))
        await other.getByText('refused by grace@example.com through the page').waitFor()
        await other.context().close()
        await page.keyboard.press('p')
        await story.getByText('DELETE').first().waitFor()
        // What an agent saw, and no more.
        await page.getByRole('list', { name: 'Statements' }).getByRole('button').nth(1).click()
        const result = story.getByRole('region', { name: 'Result' })
        await result.getByText('NULL').first().waitFor()
        const masked = engine === 'postgres' ? ['c1@example.com', '4111-1111'] : ['ann@supplier.example']
        for (const value of masked) expect(await page.content()).not.toContain(value)
        expect(await result.innerText()).toContain('****')
        await page.getByRole('list', { name: 'Statements' }).getByRole('button', { name: /ALTER/ }).click()
        await story.getByText('approved by grace@example.com').waitFor()
      },
    )

    test.runIf(there)('is played at 32 times its speed to its end', async () => {
      await show(page, `trail/sessions/${await session()}`)
      await page.getByLabel('Speed').selectOption('32')
      await page.getByRole('button', { name: 'Play', exact: true }).click()
      await page.getByText(/^Statement (\d+) of \1,/).waitFor()
      await page.getByRole('button', { name: 'Play', exact: true }).waitFor()
    })

    test.runIf(there)(
      'is exported as JSON lines, CSV and a report, and verifies with the key',
      async () => {
        const id = await session()
        await show(page, `trail/sessions/${id}`)
        const lines = (await download(page, 'JSON lines')).trimEnd().split('\n')
        expect(lines).toEqual((await audit('export', scene.trails[engine], id)).trimEnd().split('\n'))
        await page.getByRole('list', { name: 'Statements' }).getByRole('button').nth(1).click()
        await page.getByRole('region', { name: 'Result' }).waitFor()
        const seq = seqOf(page.url())
        const csv = await download(page, 'This result as CSV')
        expect(csv).toBe(await audit('export', scene.trails[engine], id, '--format', 'csv', '--statement', String(seq)))
        expect(csv).toContain('****')
        const report = await download(page, 'Report for an auditor')
        expect(report).toContain('Verified: the trail is whole')
        expect(report).toContain('proven by signature')
        expect(report).not.toMatch(/<script|<img/)
        expect(await audit('verify', scene.trails[engine], '--key', scene.keyFile)).toContain('The trail is whole')
        const shown = await audit('replay', scene.trails[engine], id, '--speed', '1000000')
        expect(shown).toContain('grace@example.com')
        expect(shown).not.toContain('\u202e')
        expect(await audit('search', scene.trails[engine], '--session', id, '--kind', 'intent')).toContain(
          'ALTER TABLE',
        )
      },
      120_000,
    )
  })

  test.runIf(!('absent' in postgres18))('reads on where a long answer goes on, and finds a text in it', async () => {
    const id = await recordedSession(scene.trails.postgres)
    await show(page, `trail/sessions/${id}`)
    await page.getByLabel('Search this session').fill('customer 1199')
    await page.getByRole('button', { name: 'Search', exact: true }).click()
    await page.getByRole('list', { name: 'Found' }).getByRole('button').click()
    await page.getByText('rows 1 to 50 of 499').or(page.getByText('rows 1 to 50 of 498')).first().waitFor()
    for (let more = 0; more < 2; more++) {
      const before = await page.locator('.result-pages .dim').innerText()
      await page.getByRole('button', { name: 'More of this answer' }).click()
      await expect.poll(() => page.locator('.result-pages .dim').innerText()).not.toBe(before)
    }
    await page.getByText('rows 1 to 50 of 1,200').waitFor()
    await page.getByRole('button', { name: 'Rows behind' }).click()
    await page.getByText('rows 51 to 100').waitFor()
    // Pages of every size are the same events.
    interface Page {
      readonly events: readonly { readonly kind: string; readonly rows?: readonly unknown[] }[]
      readonly next: string | null
    }
    const events = async (limit: number): Promise<unknown[]> => {
      const told: unknown[] = []
      for (let after: string | null = ''; after !== null;) {
        const from: string = after === '' ? '' : `&after=${after}`
        const some: Page = await api(`sessions/${id}/replay?limit=${String(limit)}${from}`)
        told.push(...some.events.flatMap((event) => (event.kind === 'rows' ? (event.rows ?? []) : [event])))
        after = some.next
      }
      return told
    }
    expect(await events(333)).toEqual(await events(2000))
  })

  test.runIf(!('absent' in postgres18))(
    'runs nothing of what rows and statements say, and shows what hides',
    async () => {
      const id = await recordedSession(scene.trails.postgres)
      await show(page, `trail/sessions/${id}`)
      const list = page.getByRole('list', { name: 'Statements' })
      for (const nth of [1, 2]) {
        await list.getByRole('button').nth(nth).click()
        await page.getByRole('region', { name: 'Result' }).getByText('<script>').first().waitFor()
        await page.getByRole('region', { name: 'Result' }).locator('.odd-bidirectional').first().waitFor()
      }
      await show(page, `trail?text=bold`)
      await page
        .locator('.trail-table')
        .getByRole('button', { name: /not bold/ })
        .first()
        .click()
      await page.getByRole('dialog').getByText('not bold').first().waitFor()
      expect(await page.evaluate('window.hacked')).toBe(undefined)
      expect(await page.locator('#page :is(img, script, b)').count()).toBe(0)
    },
  )

  test.runIf(!('absent' in postgres18))(
    'is searched in the page by filters that stay in the address',
    { timeout: 120_000 },
    async () => {
      const one = await open()
      await show(one, 'trail')
      await one
        .getByRole('complementary', { name: 'Filters' })
        .getByRole('button', { name: /^refused/ })
        .click()
      // The address is new before the form is: what is written into the old one goes with it.
      await expect.poll(() => one.getByLabel('Outcome').inputValue()).toBe('refused')
      await one.getByLabel('Text').fill('drop table')
      await one.keyboard.press('Enter')
      await one.waitForURL(/text=drop/)
      const rows = one.locator('.trail-table tbody tr')
      await expect.poll(() => rows.count()).toBe(1)
      expect(await rows.first().innerText()).toContain('refused')
      const link = one.url()
      const other = await open()
      await other.goto(link)
      await expect.poll(() => other.locator('.trail-table tbody tr').count()).toBe(1)
      await other.keyboard.press('j')
      await other.keyboard.press('Enter')
      await other.getByRole('link', { name: 'Replay the session from here' }).click()
      await other.getByRole('region', { name: 'Statement and answer' }).getByText('DROP').first().waitFor()
      await show(other, 'trail?text=nothing-has-this')
      await other.getByText('Nothing matches').waitFor()
      await show(other, 'trail')
      await other.getByRole('img', { name: /statements, of which/ }).waitFor()
      await other
        .getByRole('row', { name: /ada@example.com/ })
        .first()
        .waitFor()
      await one.context().close()
      await other.context().close()
    },
  )

  test('is on record as read, and not to be seen by whoever may only decide', async () => {
    const id = await recordedSession(scene.trails.postgres)
    await api(`sessions/${id}/replay?limit=1`)
    const told = JSON.stringify(await api<Found>('records?kind=admin_action&limit=1000'))
    for (const action of ['trail_read', 'recording_read']) expect(told).toContain(action)
    expect((await page.request.get(`${scene.page.url}v1/trail/sessions/none/replay`)).status()).toBe(404)
    const approver = await open({ sub: 'dan@example.com', groups: ['dba'] })
    expect(await approver.getByRole('link', { name: 'Trail' }).count()).toBe(0)
    await approver.goto(`${scene.page.url}#/trail/sessions/${id}`)
    await approver.getByText('Nothing waits').waitFor()
    for (const path of [
      'records',
      'summary',
      ...['timeline', 'replay', 'find?text=a', 'export?format=csv'].map((of) => `sessions/${id}/${of}`),
    ])
      expect((await approver.request.get(`${scene.page.url}v1/trail/${path}`)).status(), path).toBe(403)
    await approver.context().close()
  })

  test.runIf(!('absent' in postgres18))(
    'axe finds nothing serious, in light and dark, on a desk and a phone',
    async () => {
      const id = await recordedSession(scene.trails.postgres)
      for (const look of [
        { colorScheme: 'light' },
        { colorScheme: 'dark' },
        { colorScheme: 'light', viewport: { width: 390, height: 844 } },
      ] as const) {
        const one = await open(GRACE, look)
        for (const view of ['trail', `trail/sessions/${id}`]) {
          await show(one, view)
          if (view === 'trail') await one.getByRole('img', { name: /statements, of which/ }).waitFor()
          else await one.getByRole('region', { name: 'Result' }).waitFor()
          expect(await seriousFindings(one), `${view} ${JSON.stringify(look)}`).toEqual([])
          expect(
            await one.evaluate('document.documentElement.scrollWidth <= innerWidth'),
            `${view} is too wide ${JSON.stringify(look)}`,
          ).toBe(true)
        }
        await one.context().close()
      }
    },
    120_000,
  )
})
