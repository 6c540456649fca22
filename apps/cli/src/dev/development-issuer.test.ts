import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose'
import { afterAll, expect, test } from 'vitest'
import { startDevelopmentIssuer, type DevelopmentIssuer } from './development-issuer.ts'
import { ADMIN_CLIENT, DEVELOPMENT_PRINCIPALS } from './development-principals.ts'
import { freePort } from './free-port.ts'

const dataDirectory = mkdtempSync(join(tmpdir(), 'gatehouse-issuer-'))
const port = await freePort()
afterAll(() => {
  rmSync(dataDirectory, { recursive: true, force: true })
})

/** Verifies as a stranger would: by discovery alone. */
async function verify(issuer: DevelopmentIssuer, token: string): Promise<JWTPayload> {
  const found = await fetch(`${issuer.url}/.well-known/openid-configuration`)
  const metadata = (await found.json()) as { issuer: string; jwks_uri: string }
  expect(metadata.issuer).toBe(issuer.url)
  const keys = createRemoteJWKSet(new URL(metadata.jwks_uri))
  return (await jwtVerify(token, keys, { issuer: issuer.url, audience: 'gatehouse' })).payload
}

test('tokens verify by discovery, for all four principals, and live 12 hours', async () => {
  const issuer = await startDevelopmentIssuer({ dataDirectory, port })
  try {
    for (const who of ['agent', 'otherAgent', 'approver', 'otherApprover'] as const) {
      const claims = await verify(issuer, await issuer.mint(who))
      expect(claims).toMatchObject(DEVELOPMENT_PRINCIPALS[who])
      expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(12 * 3600)
    }
    const keys = await (await fetch(`${issuer.url}/jwks`)).text()
    expect(keys).not.toContain('"d"')
  } finally {
    await issuer.stop()
  }
})

test('a token outlives a restart of the issuer, on the same port', async () => {
  const first = await startDevelopmentIssuer({ dataDirectory })
  const token = await first.mint('agent')
  await first.stop()
  const second = await startDevelopmentIssuer({ dataDirectory })
  try {
    expect(second.url).toBe(first.url)
    expect((await verify(second, token)).sub).toBe('alice@shop.example')
  } finally {
    await second.stop()
  }
})

test('a token that has run out, or of another issuer, does not verify', async () => {
  const issuer = await startDevelopmentIssuer({ dataDirectory })
  const strangerFolder = mkdtempSync(join(tmpdir(), 'gatehouse-issuer-'))
  const stranger = await startDevelopmentIssuer({ dataDirectory: strangerFolder, port: await freePort() })
  try {
    await expect(verify(issuer, await issuer.mint('agent', -10))).rejects.toThrow('exp')
    await expect(verify(issuer, await stranger.mint('agent'))).rejects.toThrow()
  } finally {
    await issuer.stop()
    await stranger.stop()
    rmSync(strangerFolder, { recursive: true, force: true })
  }
})

test('nobody can get a token by asking: no client is known, no login page is there', async () => {
  // A port of its own: the client may keep connections to the issuers above open.
  const issuer = await startDevelopmentIssuer({ dataDirectory, port: await freePort() })
  try {
    const asked = await fetch(`${issuer.url}/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'copilot' }),
    })
    expect(asked.status).toBeGreaterThanOrEqual(400)
    const login = await fetch(`${issuer.url}/auth?client_id=copilot&response_type=code&redirect_uri=http://127.0.0.1/`)
    expect(login.status).toBeGreaterThanOrEqual(400)
  } finally {
    await issuer.stop()
  }
})

test('signs in by the form of its own page alone, and answers under its own name alone', async () => {
  const issuer = await startDevelopmentIssuer({ dataDirectory, port: await freePort(), adminUrl: 'http://127.0.0.1:1' })
  const { host } = new URL(issuer.url)
  const ask = (path: string, method: string, headers: Readonly<Record<string, string>>): Promise<number> =>
    new Promise((resolve, reject) => {
      const form = { 'content-type': 'application/x-www-form-urlencoded' }
      const asked = request(`${issuer.url}${path}`, { method, headers: { ...form, ...headers } }, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      asked.on('error', reject)
      asked.end(method === 'POST' ? 'as=approver' : undefined)
    })
  try {
    // One sign-in that is under way, with the cookies of its browser.
    const begun = await fetch(
      `${issuer.url}/auth?${new URLSearchParams({
        client_id: ADMIN_CLIENT,
        response_type: 'code',
        redirect_uri: 'http://127.0.0.1:1/callback',
        scope: 'openid',
        code_challenge: 'A'.repeat(43),
        code_challenge_method: 'S256',
      }).toString()}`,
      { redirect: 'manual' },
    )
    const path = begun.headers.get('location') ?? ''
    expect(path).toMatch(/^\/interaction\//)
    const cookie = begun.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ')
    // A link signs nobody in: it is answered with the page.
    expect(await ask(`${path}?as=approver`, 'GET', { cookie })).toBe(200)
    for (const origin of ['http://evil.example', 'null', `http://localhost:${new URL(issuer.url).port}`])
      expect(await ask(path, 'POST', { cookie, origin }), origin).toBe(403)
    expect(await ask(path, 'POST', { cookie })).toBe(403)
    for (const foreign of ['evil.example', `evil.example:${new URL(issuer.url).port}`, `${host}.evil.example`])
      for (const place of [path, '/.well-known/openid-configuration'])
        expect(await ask(place, 'GET', { cookie, host: foreign }), foreign).toBe(421)
    expect(await ask(path, 'POST', { cookie, host: 'evil.example', origin: issuer.url })).toBe(421)
    expect(await ask(path, 'PUT', { cookie, origin: issuer.url })).toBe(405)
    expect(await ask(path, 'POST', { cookie, origin: issuer.url })).toBe(303)
  } finally {
    await issuer.stop()
  }
})

test('the key can be read by its owner only', () => {
  expect(statSync(join(dataDirectory, 'issuer-key.json')).mode & 0o777).toBe(0o600)
})
