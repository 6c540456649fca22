import { Secret } from '@gatehouse/core'
import { issuerConfig } from '@gatehouse/identity/testing'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { CookieSeal } from './access/page-session.ts'
import { type AdminScene, ask, startAdminScene } from './testing/admin-scene.ts'
import { Browser, type SignInProvider, startSignInProvider } from './testing/sign-in-provider.ts'

const COOKIE = 'gatehouse-session'
let scene: AdminScene
let second: AdminScene
let provider: SignInProvider
let url: string

beforeAll(async () => {
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  provider = await startSignInProvider(`${url}/callback`, { 'dana@example.com': ['dba'], 'sam@example.com': ['sre'] })
  const { clientId, clientSecret } = provider
  const common = {
    publicUrl: url,
    issuers: [issuerConfig(provider.url)],
    backChannelLogout: { issuers: [{ ...issuerConfig(provider.url), audience: [clientId] }] },
    login: {
      issuer: provider.url,
      clientId,
      clientSecret: new Secret(clientSecret),
      scope: 'openid profile',
      sessionSeconds: 3600,
      sessionKey: new Secret('k'.repeat(32)),
    },
  }
  scene = await startAdminScene({ ...common, address: { host: '127.0.0.1', port } })
  second = await startAdminScene(common, null, scene.hub)
})
afterAll(async () => {
  await second.stop()
  await scene.stop()
  await provider.close()
})

async function signedIn(as = 'dana@example.com'): Promise<{ browser: Browser; csrfToken: string }> {
  const browser = new Browser()
  await browser.signIn(url, as)
  const me = (await (await browser.fetch(`${url}/v1/me`)).json()) as { csrfToken: string }
  return { browser, csrfToken: me.csrfToken }
}

function approve(browser: Browser, id: string, headers: Record<string, string>, at = url): Promise<Response> {
  return browser.fetch(`${at}/v1/approvals/${id}/approve`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{}',
  })
}

describe('a person who signs in', () => {
  test('is led to the issuer and back, and known by what UserInfo says of groups', async () => {
    const browser = new Browser()
    const last = await browser.signIn(url, 'dana@example.com')
    expect({ status: last.status, location: last.headers.get('location') }).toEqual({ status: 302, location: '/' })
    const me: unknown = await (await browser.fetch(`${url}/v1/me`)).json()
    expect(me).toEqual({
      identity: { issuer: provider.url, subject: 'dana@example.com', actor: null },
      roles: ['approver'],
      csrfToken: expect.stringMatching(/^[\w-]{32}$/),
    })
    const session = browser.given.find((line) => line.startsWith(`${COOKIE}=`)) ?? ''
    expect(session).toMatch(/HttpOnly/)
    expect(session).toMatch(/SameSite=Strict/)
    expect(session).not.toContain('dana')
  })

  test('who has no role sees nothing', async () => {
    const { browser } = await signedIn('nina@example.com')
    for (const path of ['approvals', 'grants', 'sessions', 'revocations', 'policy', 'events'])
      expect((await browser.fetch(`${url}/v1/${path}`)).status).toBe(403)
  })

  test('who has no role hears so, and can sign out', async () => {
    const { browser, csrfToken } = await signedIn('nina@example.com')
    const me: unknown = await (await browser.fetch(`${url}/v1/me`)).json()
    expect(me).toMatchObject({ identity: { subject: 'nina@example.com' }, roles: [] })
    const kept = browser.cookie(url, COOKIE) ?? ''
    const forged = await browser.fetch(`${url}/logout`, { method: 'POST', headers: { origin: 'https://evil.example' } })
    expect(forged.status).toBe(403)
    const out = await browser.fetch(`${url}/logout`, { method: 'POST', headers: { 'x-csrf-token': csrfToken } })
    expect(out.status).toBe(204)
    expect(browser.cookie(url, COOKIE)).toBe(undefined)
    const thief = new Browser()
    thief.setCookie(url, COOKIE, kept)
    expect((await thief.fetch(`${url}/v1/me`)).status).toBe(401)
  })

  test('decides on the page, and is recorded so', async () => {
    const id = await ask(scene.coordination)
    const { browser, csrfToken } = await signedIn()
    const response = await approve(browser, id, { 'x-csrf-token': csrfToken, origin: url })
    expect(response.status).toBe(200)
    expect(await scene.coordination.approvals.get(id)).toMatchObject({
      state: 'approved',
      decisions: [{ through: 'page' }],
    })
  })

  test('decides nothing that another site makes their browser send', async () => {
    const id = await ask(scene.coordination)
    const { browser, csrfToken } = await signedIn()
    const other = await signedIn()
    for (const headers of [
      {},
      { 'x-csrf-token': '' },
      { 'x-csrf-token': csrfToken.slice(1) },
      { 'x-csrf-token': other.csrfToken },
      { 'x-csrf-token': csrfToken, origin: 'https://evil.example' },
      { 'x-csrf-token': csrfToken, origin: 'null' },
    ] as Record<string, string>[]) {
      const response = await approve(browser, id, headers)
      expect({ headers, status: response.status }).toEqual({ headers, status: 403 })
      expect(await response.json()).toMatchObject({ error: { code: 'CSRF' } })
    }
    expect(await scene.coordination.approvals.get(id)).toMatchObject({ state: 'pending', decisions: [] })
  })

  test('is signed in at every replica, and after signing out at none, with a kept cookie either', async () => {
    const { browser, csrfToken } = await signedIn()
    const kept = browser.cookie(url, COOKIE) ?? ''
    const thief = new Browser()
    for (const place of [url, second.url]) {
      thief.setCookie(place, COOKIE, kept)
      expect((await thief.fetch(`${place}/v1/me`)).status).toBe(200)
    }
    const out = await browser.fetch(`${url}/logout`, { method: 'POST', headers: { 'x-csrf-token': csrfToken } })
    expect(out.status).toBe(204)
    expect(browser.cookie(url, COOKIE)).toBe(undefined)
    for (const place of [url, second.url]) expect((await thief.fetch(`${place}/v1/me`)).status).toBe(401)
  })

  test('and logs out at the issuer is signed in at no replica, and nobody else is signed out', async () => {
    const { browser } = await signedIn()
    const other = await signedIn('sam@example.com')
    other.browser.setCookie(second.url, COOKIE, other.browser.cookie(url, COOKIE) ?? '')
    browser.setCookie(second.url, COOKIE, browser.cookie(url, COOKIE) ?? '')
    await provider.logOut('dana@example.com')
    for (const place of [url, second.url])
      await vi.waitFor(async () => {
        expect((await browser.fetch(`${place}/v1/me`)).status).toBe(401)
        expect((await other.browser.fetch(`${place}/v1/me`)).status).toBe(200)
      }, 20_000)
    // What is issued in the same second still counts as issued before.
    await vi.waitFor(async () => {
      await browser.signIn(url, 'dana@example.com')
      expect((await browser.fetch(`${url}/v1/me`)).status).toBe(200)
    }, 20_000)
  })

  test('cannot make a session out of another cookie, or change one', async () => {
    const { browser } = await signedIn()
    const value = browser.cookie(url, COOKIE) ?? ''
    const begun = new Browser()
    await begun.fetch(`${url}/login`)
    const attempt = begun.cookie(url, 'gatehouse-sign-in') ?? ''
    expect(attempt).not.toBe('')
    const middle = Math.floor(value.length / 2)
    const swapped = value.slice(0, middle) + (value[middle] === 'A' ? 'B' : 'A') + value.slice(middle + 1)
    for (const forged of [attempt, swapped, '', 'x', `${value}x`, 'a.b.c.d.e']) {
      const stranger = new Browser()
      stranger.setCookie(url, COOKIE, forged)
      expect((await stranger.fetch(`${url}/v1/me`)).status).toBe(401)
    }
  })
})

test('over TLS cookies are for this very host, set and taken back securely', async () => {
  const { clientId } = provider
  const key = new Secret('k'.repeat(32))
  const secure = await startAdminScene({
    publicUrl: 'https://gatehouse.example.com',
    issuers: [issuerConfig(provider.url)],
    login: { issuer: provider.url, clientId, clientSecret: null, scope: 'openid', sessionSeconds: 60, sessionKey: key },
  })
  try {
    const begun = await fetch(`${secure.url}/login`, { redirect: 'manual' })
    expect(begun.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-gatehouse-sign-in=.+; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ])
    const value = await new CookieSeal(key).sealSession({
      id: 'page:1',
      issuer: provider.url,
      subject: 'dana@example.com',
      groups: ['dba'],
      csrfToken: 'csrf',
      issued: { sub: 'dana@example.com', sid: null, iat: 0 },
      expiresAt: Date.now() + 60_000,
    })
    const out = await fetch(`${secure.url}/logout`, {
      method: 'POST',
      headers: { cookie: `__Host-gatehouse-session=${value}`, 'x-csrf-token': 'csrf' },
    })
    expect(out.status).toBe(204)
    expect(out.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-gatehouse-session=; .*Secure/),
      expect.stringMatching(/^__Host-gatehouse-sign-in=; .*Secure/),
    ])
  } finally {
    await secure.stop()
  }
})

describe('the return from the issuer', () => {
  test('is taken only by the browser that began', async () => {
    const victim = new Browser()
    const attacker = new Browser()
    let address = `${url}/login`
    // The attacker goes all the way but the last step, which is then put before the victim.
    while (!address.startsWith(`${url}/callback`)) {
      const response = await attacker.fetch(address)
      const next = new URL(response.headers.get('location') ?? '', address)
      if (next.pathname.startsWith('/interaction/')) next.searchParams.set('as', 'dana@example.com')
      address = next.href
    }
    expect((await victim.fetch(address)).status).toBe(401)
    await victim.fetch(`${url}/login`)
    expect((await victim.fetch(address)).status).toBe(401)
    expect(victim.cookie(url, COOKIE)).toBe(undefined)
    expect((await attacker.fetch(address)).status).toBe(302)
    // A code is good once.
    expect((await attacker.fetch(address)).status).toBe(401)
  })

  test.each(['', '?code=x', '?code=x&state=y', '?error=access_denied&state=z', '?code=%00&state=%0d%0a'])(
    'with anything else is a kind no: %s',
    async (query) => {
      const browser = new Browser()
      await browser.fetch(`${url}/login`)
      const response = await browser.fetch(`${url}/callback${query}`)
      expect(response.status).toBe(401)
      expect(await response.json()).toMatchObject({ error: { code: 'SIGN_IN_FAILED' } })
    },
  )
})

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
