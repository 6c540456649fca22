import { makeCredentialName } from '@gatehouse/session-credentials'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { findChromium } from '../servers/chromium.ts'
import { seriousFindings } from './axe.ts'
import { fillWithExamples } from './examples.ts'
import { hold, question } from './held-statements.ts'
import { GRACE, type PageScene, startPageScene } from './scene.ts'

const chromium = await findChromium()
const absent = chromium.kind === 'absent' ? ` (skipped: ${chromium.reason})` : ''
const UPDATE = {
  text: 'UPDATE orders SET total = 0 WHERE id = 7',
  action: 'update',
  relation: 'public.orders',
} as const

describe.skipIf(absent !== '')(`The page in Chromium${absent}`, () => {
  let scene: PageScene
  const faults: string[] = []
  const pages: Page[] = []

  beforeAll(async () => {
    if (chromium.kind !== 'absent') scene = await startPageScene(chromium.program)
  }, 120_000)
  afterAll(() => scene.stop())
  afterEach(async () => {
    scene.people.next = GRACE
    for (const page of pages.splice(0)) await page.context().close()
    for (const { id, waiters } of await scene.coordination.approvals.list({ state: 'pending' })) {
      for (const { session } of waiters) await scene.coordination.approvals.leave(id, session, 'disconnect')
    }
    for (const { id } of await scene.coordination.sessions.list()) await scene.gateway.leave(id)
    // What breaks the content security policy, throws, or asks for something that is not there.
    expect(faults.splice(0)).toEqual([])
  })

  async function open(view = 'approvals', options: BrowserContextOptions = {}): Promise<Page> {
    const context = await scene.browser.newContext({ reducedMotion: 'reduce', ...options })
    const page = await context.newPage()
    pages.push(page)
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' && !/40[14]|503|ERR_|net::/.test(message.text())) faults.push(message.text())
    })
    page.on('request', (request) => {
      if (![scene.url, scene.people.issuer].some((ours) => request.url().startsWith(ours)))
        faults.push(`another host was asked: ${request.url()}`)
    })
    await page.goto(`${scene.url}login`)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.goto(`${scene.url}#/${view}`)
    return page
  }

  const stateOf = async (id: string): Promise<string | undefined> => (await scene.coordination.approvals.get(id))?.state

  test('whoever is not signed in sees a way in, and nothing else', async () => {
    const context = await scene.browser.newContext()
    const page = await context.newPage()
    pages.push(page)
    await page.goto(scene.url)
    await page.getByRole('link', { name: 'Sign in' }).click()
    await page.getByText('Nothing waits').waitFor()
    expect(await page.getByText('grace@example.com').isVisible()).toBe(true)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('link', { name: 'Sign in' }).waitFor()
  })

  test('the address that the client is told leads to the card, over signing in', async () => {
    const { id } = await hold(scene.coordination, scene.gateway, question(UPDATE))
    const context = await scene.browser.newContext()
    const page = await context.newPage()
    pages.push(page)
    await page.goto(`${scene.url}approvals/${id}`)
    await page.getByRole('link', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: 'Approve' }).waitFor()
    expect(new URL(page.url()).hash).toBe(`#/approvals/${id}`)
  })

  test('a held statement is there by itself, and counted in the title', async () => {
    const page = await open()
    await hold(scene.coordination, scene.gateway, question(UPDATE))
    await page.getByRole('link', { name: /update on public\.orders/ }).waitFor()
    expect(await page.title()).toBe('(1) Queue · Gatehouse')
  })

  test('the card shows which channels were told', async () => {
    const { id } = await hold(scene.coordination, scene.gateway, question(UPDATE))
    const { deliveries } = scene.coordination
    const chat = { channel: 'chat', event: 'asked' } as const
    await deliveries.want(id, [chat, { channel: 'pager', event: 'asked' }])
    await deliveries.take(id, 60_000)
    await deliveries.settle(id, chat, { state: 'delivered', status: 200 })
    const page = await open(`approvals/${id}`)
    await page.getByText('chat: told that it was asked').waitFor()
    await page.getByText('pager: not yet that it was asked').waitFor()
  })

  test('the most to lose comes first; j and k go through it', async () => {
    await hold(scene.coordination, scene.gateway, question({ ...UPDATE, relation: 'public.small', level: 1 }))
    await hold(scene.coordination, scene.gateway, question({ ...UPDATE, relation: 'public.big', level: 4 }))
    const page = await open()
    await page.getByRole('link', { name: /public\.small/ }).waitFor()
    expect(
      (await page.locator('.row-what').allTextContents()).map((text) => text.replace('update on public.', '')),
    ).toEqual(['big', 'small'])
    const heading = page.getByRole('heading', { level: 2 })
    for (const [key, name] of [
      ['j', 'big'],
      ['j', 'small'],
      ['j', 'small'],
      ['k', 'big'],
    ] as const) {
      await page.keyboard.press(key)
      await heading.filter({ hasText: `update on public.${name}` }).waitFor()
    }
  })

  test('a and Enter approve: the coordination has a yes with who gave it, and the list is empty at once', async () => {
    const { id } = await hold(scene.coordination, scene.gateway, question(UPDATE))
    const page = await open()
    await page.getByRole('link', { name: /public\.orders/ }).waitFor()
    await page.keyboard.press('j')
    await page.getByRole('button', { name: 'Approve' }).waitFor()
    await page.keyboard.press('a')
    await page.getByRole('button', { name: 'Approve Enter' }).waitFor()
    expect(await stateOf(id)).toBe('pending')
    await page.keyboard.press('Enter')
    await page.getByText('Approved: it runs now.').waitFor()
    await page.getByText('Nothing waits').waitFor()
    expect(await scene.coordination.approvals.get(id)).toMatchObject({
      state: 'approved',
      decisions: [{ by: { subject: 'grace@example.com' }, verdict: 'approve', through: 'page' }],
    })
    expect(await page.title()).toBe('Queue · Gatehouse')
  })

  test('r wants a reason, which is kept', async () => {
    const { id } = await hold(scene.coordination, scene.gateway, question(UPDATE))
    const page = await open(`approvals/${id}`)
    await page.getByRole('button', { name: 'Refuse' }).waitFor()
    await page.keyboard.press('r')
    await page.keyboard.press('Enter')
    expect(await stateOf(id)).toBe('pending')
    await page.keyboard.type('not on a Friday')
    await page.keyboard.press('Enter')
    await page.getByText('Refused. The client is told your reason.').waitFor()
    expect(await scene.coordination.approvals.get(id)).toMatchObject({ state: 'refused', endReason: 'not on a Friday' })
  })

  test('who joins after the form was opened is not approved unseen', async () => {
    const asked = question(UPDATE)
    const { id } = await hold(scene.coordination, scene.gateway, asked)
    const page = await open(`approvals/${id}`)
    await page.getByRole('button', { name: 'Approve' }).click()
    await hold(scene.coordination, scene.gateway, asked)
    await page.getByText('1 more joined since you opened this.').waitFor()
    await page.getByRole('button', { name: 'Approve Enter' }).click()
    await page.getByText('Nothing was decided: 2 sessions wait now').waitFor()
    expect(await stateOf(id)).toBe('pending')
    await page.getByRole('button', { name: 'I have seen that 2 wait' }).click()
    await page.getByRole('button', { name: 'Approve for all 2' }).click()
    await page.getByText('Approved: it runs now.').waitFor()
    expect(await stateOf(id)).toBe('approved')
  })

  test('of two who must say yes, one is counted and cannot be both', async () => {
    const { id } = await hold(scene.coordination, scene.gateway, question({ ...UPDATE, approvals: 2 }))
    const page = await open(`approvals/${id}`)
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByRole('button', { name: 'Approve Enter' }).click()
    await page.getByText('Your yes counts: 1 of 2.').waitFor()
    await page.getByText('You said yes. Somebody else must say yes too.').waitFor()
    expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0)
    expect(await stateOf(id)).toBe('pending')
  })

  test('one’s own request cannot be decided', async () => {
    const own = question({ ...UPDATE, subject: 'Grace@example.com' })
    const { id } = await hold(scene.coordination, scene.gateway, own)
    const page = await open(`approvals/${id}`)
    await page.getByText('This is your own request').waitFor()
    await page.keyboard.press('a')
    expect(await page.getByRole('button', { name: /Approve|Refuse/ }).count()).toBe(0)
  })

  test('a long statement has no yes before the whole of it was shown', async () => {
    const text = `UPDATE orders SET total = 0\nWHERE id IN (\n${'  1,\n'.repeat(200)}  2)\nOR true`
    const { id } = await hold(scene.coordination, scene.gateway, question({ ...UPDATE, text }))
    const page = await open(`approvals/${id}`)
    const approve = page.getByRole('button', { name: 'Approve' })
    await approve.waitFor()
    expect(await approve.isDisabled()).toBe(true)
    await page.keyboard.press('a')
    expect(await page.getByRole('button', { name: 'Approve Enter' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Show the whole statement' }).click()
    expect(await page.getByLabel('Statement', { exact: true }).innerText()).toContain('OR true')
    expect(await approve.isEnabled()).toBe(true)
  })

  test('what would not be seen, or be taken for something else, is named', async () => {
    const text = "UPDATE оrders SET note = '\u202etxet' /* \u200b */ WHERE id = $1"
    const { id } = await hold(
      scene.coordination,
      scene.gateway,
      question({ ...UPDATE, text, parameters: ['7\u0000', '[masked]'], subject: 'аda@example.com' }),
    )
    const page = await open(`approvals/${id}`)
    await page.getByText('Not all of it is what it seems:').waitFor()
    expect(
      await page.locator('.sql .odd').evaluateAll((marks) => marks.map((mark) => mark.getAttribute('title'))),
    ).toEqual([
      'looks like o, but is U+043E',
      'bidirectional control U+202E: it would show text in another order',
      'invisible character U+200B',
    ])
    expect(await page.locator('.values .odd').getAttribute('title')).toBe('control character U+0000')
    expect(await page.locator('.facts .odd').getAttribute('title')).toBe('looks like a, but is U+0430')
    // Markup in a statement stays text.
    const { id: marked } = await hold(
      scene.coordination,
      scene.gateway,
      question({ ...UPDATE, text: "SELECT '<img src=x onerror=alert(1)>'" }),
    )
    await page.goto(`${scene.url}#/approvals/${marked}`)
    await page.getByText('<img src=x onerror=alert(1)>').waitFor()
    expect(await page.locator('.sql img').count()).toBe(0)
  })

  test('a grant for a time is given with the approval, listed, and taken back', async () => {
    const { id } = await hold(scene.coordination, scene.gateway, question(UPDATE))
    const page = await open(`approvals/${id}`)
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByLabel('These actions').check()
    await page.getByLabel('For', { exact: true }).selectOption('15 minutes')
    await page.getByLabel('At most').fill('3')
    await page.getByLabel('Reason').fill('clean-up')
    await page.getByRole('button', { name: 'Approve Enter' }).click()
    await page.getByText('Approved').first().waitFor()
    const [grant] = await scene.coordination.grants.list()
    expect(grant).toMatchObject({ covers: { kind: 'actions', actions: ['update'] }, uses: 3, reason: 'clean-up' })
    expect((grant?.until ?? 0) - Date.now()).toBeGreaterThan(880_000)
    expect((grant?.until ?? 0) - Date.now()).toBeLessThanOrEqual(900_000)
    await page.getByRole('link', { name: 'Grants' }).click()
    await page.getByRole('button', { name: 'Take back' }).click()
    await page.getByText('No grants hold').waitFor()
    expect(await scene.coordination.grants.list()).toEqual([])
  })

  test('a session is ended after a question, with a reason; Cancel ends nothing', async () => {
    const { session } = await hold(scene.coordination, scene.gateway, question(UPDATE))
    const page = await open('sessions')
    const end = page.getByRole('button', { name: 'End the session of ada@example.com on shop' })
    await end.click()
    await page.getByRole('button', { name: 'Cancel' }).click()
    expect(await scene.coordination.sessions.get(session)).not.toBeNull()
    await end.click()
    await page.getByLabel('Reason').fill('runs away')
    await page.getByRole('button', { name: 'End session' }).click()
    await page.getByText('Nobody is connected').waitFor()
    expect(await scene.coordination.sessions.get(session)).toBeNull()
  })

  test('a principal is revoked and the revocation is lifted', async () => {
    const page = await open('revocations')
    await page.getByRole('button', { name: 'Revoke…' }).click()
    await page.getByLabel('Its exact name').fill('mallory@example.com')
    await page.getByLabel('Reason').fill('left the company')
    await page.getByRole('button', { name: 'Revoke', exact: true }).click()
    await page.getByRole('heading', { name: 'principal mallory@example.com' }).waitFor()
    // Signing out of the page is kept in the same list.
    const revoked = async (): Promise<readonly object[]> =>
      (await scene.coordination.revocations.list()).filter(({ what }) => what.kind === 'principal')
    expect(await revoked()).toMatchObject([
      { what: { kind: 'principal', issuer: null, subject: 'mallory@example.com' }, reason: 'left the company' },
    ])
    await page.getByRole('button', { name: 'Lift' }).click()
    await page.getByText('Nothing is revoked').waitFor()
    expect(await revoked()).toEqual([])
  })

  test('session credentials are listed without their secrets, and one is revoked; an auditor may only look', async () => {
    const principal = { issuer: 'https://login.example.com', subject: 'ada@example.com', actor: 'copilot' }
    const shared = { groups: [], claims: {}, expiresAt: Date.now() + 3_600_000 }
    const put = async (subject: string, uses: number | null): Promise<string> => {
      const name = makeCredentialName()
      await scene.coordination.credentials.put(name, {
        verifiers: { 'scram-sha-256': 'a verifier that nobody is shown' },
        principal: { ...principal, ...shared, subject },
        target: 'shop',
        address: uses === null ? null : '10.0.0.0/8',
        until: Date.now() + 900_000,
        uses,
      })
      return name
    }
    const [adas, linus] = [await put('ada@example.com', 3), await put('linus@example.com', null)]
    await scene.coordination.credentials.take(adas)
    const page = await open('credentials')
    const row = page.getByRole('listitem').filter({ hasText: adas })
    await row.getByRole('heading', { name: `${adas} for ada@example.com` }).waitFor()
    expect(await row.innerText()).toMatch(/Through copilot on shop · 1 of 3 logins used · from 10\.0\.0\.0\/8 only/)
    expect(await page.getByRole('listitem').filter({ hasText: linus }).innerText()).toContain('any number permitted')
    expect(await page.content()).not.toContain('a verifier')
    await page.getByRole('button', { name: `Revoke ${adas}` }).click()
    await row.waitFor({ state: 'detached' })
    expect(await scene.coordination.credentials.get(adas)).toBeNull()
    // Revoked by somebody else meanwhile, it goes by itself.
    scene.people.next = { sub: 'audit@example.com', groups: ['audit'] }
    const auditor = await open('credentials')
    await auditor.getByRole('heading', { name: linus }).waitFor()
    expect(await auditor.getByRole('button', { name: /Revoke/ }).count()).toBe(0)
    await scene.coordination.credentials.revoke(linus)
    await auditor.getByText('No session credentials hold').waitFor()
  })

  test('the policy is shown; claims that are not JSON are not sent', async () => {
    const page = await open('policy')
    expect(await page.getByLabel('Policy text').innerText()).toContain('- name: writes-need-a-person\n')
    await page.getByText('Explain a statement as somebody').click()
    await page.getByLabel('Target').fill('shop')
    await page.getByLabel('Statement', { exact: true }).fill('SELECT 1')
    await page.getByLabel('Claims of the token').fill('{sub}')
    await page.getByRole('button', { name: 'Explain' }).click()
    await page.getByText('The claims are not JSON.').waitFor()
    // This service was started without the means to explain, and says so.
    await page.getByLabel('Claims of the token').fill('{"sub": "ada@example.com"}')
    await page.getByRole('button', { name: 'Explain' }).click()
    await page.getByText('Statements are not explained here.').waitFor()
  })

  test('each role sees the views it may look at; who has none is told so, and can leave', async () => {
    const views = async (...groups: readonly string[]): Promise<readonly string[]> => {
      scene.people.next = { sub: `${groups.join('-')}@example.com`, groups }
      const page = await open('approvals')
      return page.getByRole('navigation').getByRole('link').allTextContents()
    }
    expect(await views('dba')).toEqual(['Queue', 'Decided', 'Grants'])
    expect(await views('sre')).toEqual(['Sessions', 'Grants', 'Credentials', 'Revocations', 'Policy'])
    expect(await views('audit')).toEqual([
      'Queue',
      'Decided',
      'Sessions',
      'Grants',
      'Credentials',
      'Revocations',
      'Policy',
      'Trail',
    ])
    const { id } = await hold(scene.coordination, scene.gateway, question(UPDATE))
    const page = await open(`approvals/${id}`)
    await page.getByText('You may look, but not decide: you are not an approver.').waitFor()
    expect(await page.getByRole('button', { name: /Approve|Refuse/ }).count()).toBe(0)
    const nobody = await (await scene.browser.newContext()).newPage()
    pages.push(nobody)
    scene.people.next = { sub: 'nina@example.com', groups: [] }
    await nobody.goto(`${scene.url}login`)
    await nobody.getByText('You have no role here').waitFor()
    expect(await nobody.getByText('nina@example.com').isVisible()).toBe(true)
    await nobody.getByRole('button', { name: 'Sign out' }).click()
    await nobody.getByRole('link', { name: 'Sign in' }).waitFor()
  })

  test('what is decided on the page is in the trail of the service, with who did it', async () => {
    const { id } = await hold(scene.coordination, scene.gateway, question(UPDATE))
    const page = await open(`approvals/${id}`)
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByRole('button', { name: 'Approve Enter' }).click()
    await page.getByText('Approved: it runs now.').waitFor()
    const answer = await page.request.get(`${scene.url}v1/trail/records?limit=1000`)
    const { records } = (await answer.json()) as { records: readonly object[] }
    const told = records.map((record) => JSON.stringify(record)).filter((record) => record.includes(id))
    // Begun, then decided, by name.
    expect(told.length).toBeGreaterThanOrEqual(2)
    for (const record of told) expect(record).toContain('grace@example.com')
  })

  test('a lost connection is said, and what was missed is there when it is back', async () => {
    const page = await open()
    await page.getByText('Nothing waits').waitFor()
    await scene.stopAdmin()
    await page.getByText('Connection lost').waitFor()
    await hold(scene.coordination, scene.gateway, question(UPDATE))
    await scene.startAdmin()
    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByRole('link', { name: /public\.orders/ }).waitFor()
  })

  test('axe finds nothing serious, in light and dark, on a desk and a phone', async () => {
    const { worst } = await fillWithExamples(scene)
    const looks: readonly BrowserContextOptions[] = [
      { colorScheme: 'light' },
      { colorScheme: 'dark' },
      { colorScheme: 'light', viewport: { width: 390, height: 844 } },
    ]
    for (const look of looks) {
      const page = await open('approvals', look)
      for (const view of [
        'approvals',
        `approvals/${worst}`,
        'decided',
        'sessions',
        'grants',
        'credentials',
        'revocations',
        'policy',
      ]) {
        await page.goto(`${scene.url}#/${view}`)
        await page.locator('.loading').waitFor({ state: 'detached' })
        if (view.includes('/')) await page.getByRole('button', { name: 'Approve' }).click()
        expect(await seriousFindings(page), `${view} ${JSON.stringify(look)}`).toEqual([])
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${view} is too wide`).toBe(
          true,
        )
      }
    }
    for (const { id } of await scene.coordination.grants.list()) await scene.coordination.grants.revoke(id)
  }, 120_000)
})
