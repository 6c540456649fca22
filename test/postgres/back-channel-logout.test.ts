import { setTimeout as sleep } from 'node:timers/promises'
import { MemoryHub, openMemoryCoordination } from '@gatehouse/coordination'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, vi } from 'vitest'
import { type LogoutProvider, startLogoutProvider } from '../harness/logout-provider.ts'
import { startTestAdmin, type TestAdmin } from '../harness/start-admin.ts'
import { startTestGateway, type TestGateway } from '../harness/start-gateway.ts'
import { freePort } from '../servers/local-tools.ts'
import { ALLOW_ALL, scenePromises, SHARED, targetOf } from './scene.ts'
import { errorOf, WireClient } from './wire-client.ts'

describe.each([
  { tokens: 'that say their session', sessionInTokens: true },
  { tokens: 'that say no session', sessionInTokens: false },
])('somebody who logs out at the provider, with tokens $tokens', ({ sessionInTokens }) => {
  const hub = new MemoryHub()
  const share = (): ReturnType<typeof openMemoryCoordination> => openMemoryCoordination(hub)
  let provider: LogoutProvider
  let admin: TestAdmin
  let second: TestGateway | null = null
  let logoutUri: string
  const issuerSettings = { issuer: '' }

  beforeAll(async () => {
    const port = await freePort()
    logoutUri = `http://127.0.0.1:${String(port)}/v1/backchannel-logout`
    provider = await startLogoutProvider(logoutUri, sessionInTokens)
    issuerSettings.issuer = provider.url
    admin = await startTestAdmin(share, {
      address: `127.0.0.1:${String(port)}`,
      backChannelLogout: { issuers: [{ issuer: provider.url, audience: 'copilot', allowHttp: true }] },
    })
  })
  const promise = scenePromises(SHARED, () => ({ policy: ALLOW_ALL, coordination: share, issuerSettings }))
  afterAll(async () => {
    await second?.close()
    await admin.close()
    await provider.close()
  })

  promise(
    'has no session at any gateway any more, and may log in again with a new token',
    async (scene) => {
      const { gateway, server, database } = scene
      second = await startTestGateway({
        targets: { shop: targetOf(server, database) },
        policy: ALLOW_ALL,
        coordination: share,
        issuerSettings,
      })
      const login = ({ host, port }: TestGateway, password: string): Promise<WireClient> =>
        WireClient.login({ host, port }, { database: 'shop', password })
      const ended = async (client: WireClient): Promise<string> =>
        errorOf(await client.untilReady())?.fields.get('M') ?? 'it did not end'

      const dana = await provider.signIn('dana')
      const elsewhere = await provider.signIn('dana')
      const erin = await provider.signIn('erin')
      const token = await dana.accessToken()
      const clients = [await login(gateway, token), await login(second, await dana.accessToken())]
      const otherDevice = await login(gateway, await elsewhere.accessToken())
      const another = await login(gateway, await erin.accessToken())
      expect(decodeJwt(token)).toMatchObject({
        sub: 'dana',
        client_id: 'copilot',
        ...(sessionInTokens ? { sid: expect.any(String) } : {}),
      })

      await dana.signOut()
      expect(provider.told).toMatchObject([{ status: 200 }])
      for (const client of clients) expect(await ended(client)).toContain('logged out at the identity provider')
      // Nobody else's session ends, and where tokens say their session, no other session of the same person.
      expect(await another.rows('select 1')).toEqual([['1']])
      if (sessionInTokens) expect(await otherDevice.rows('select 1')).toEqual([['1']])
      else expect(await ended(otherDevice)).toContain('logged out')
      for (const one of [gateway, second]) await expect(login(one, token)).rejects.toThrow('your access was revoked')

      // The provider's clock counts seconds: a token of the second of the logout is of before.
      await sleep(1000 - (Date.now() % 1000) + 50)
      const again = await provider.signIn('dana')
      const anew = await login(gateway, await again.accessToken())
      expect(await anew.rows('select 1')).toEqual([['1']])

      // Told once more, it is the logout of before: who has come in since stays.
      const [{ token: logoutToken } = { token: '' }] = provider.told
      const tell = (form: Readonly<Record<string, string>>): Promise<Response> =>
        fetch(logoutUri, { method: 'POST', body: new URLSearchParams(form) })
      expect((await tell({ logout_token: logoutToken })).status).toBe(200)
      for (const forged of [logoutToken.slice(0, -6), await again.accessToken(), 'x', '']) {
        const refused = await tell({ logout_token: forged })
        expect(refused.status).toBe(400)
        expect(await refused.json()).toMatchObject({ error: { code: 'LOGOUT_REFUSED' } })
      }
      expect(
        (await fetch(logoutUri, { method: 'POST', body: JSON.stringify({ logout_token: logoutToken }) })).status,
      ).toBe(415)
      const { body } = await admin.dana.call('GET', '/v1/revocations')
      expect(body['revocations']).toMatchObject([{ what: { kind: 'logout', issuer: provider.url, subject: 'dana' } }])
      expect(await anew.rows('select 2')).toEqual([['2']])

      // An operator may lift it like any other.
      const [{ id } = { id: '' }] = body['revocations'] as readonly { readonly id: string }[]
      expect((await admin.dana.call('DELETE', `/v1/revocations/${id}`)).status).toBe(204)
      await vi.waitFor(async () => (await login(gateway, token)).end(), { timeout: 20_000 })
      for (const client of [another, anew]) await client.end()
    },
    60_000,
  )
})
