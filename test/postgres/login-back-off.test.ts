import { MemoryHub, openMemoryCoordination } from '@gatehouse/coordination'
import { makeCredentialName } from '@gatehouse/session-credentials'
import { describe, expect, vi } from 'vitest'
import { tryCredential } from './credential-client.ts'
import { ALLOW_ALL, scenePromises, SHARED } from './scene.ts'
import { ServerRefused, WireClient } from './wire-client.ts'

// A clock that stands, in the middle of a minute: what is counted there does not end while the test runs.
const moment = Math.floor(Date.now() / 60_000) * 60_000 + 30_000

describe('an address whose logins fail', () => {
  const promise = scenePromises(SHARED, {
    policy: ALLOW_ALL,
    login: { failuresPerAddress: 4, sharedAddresses: [] },
    coordination: () => openMemoryCoordination(new MemoryHub(() => moment)),
  })

  promise('waits, is told for how long, and keeps nobody else waiting', async ({ gateway, records }) => {
    const { host, port } = gateway
    const login = async (localAddress: string, password: string): Promise<string> => {
      try {
        const client = await WireClient.login({ host, port, localAddress }, { database: 'shop', password })
        await client.end()
        return 'in'
      } catch (error) {
        if (!(error instanceof ServerRefused)) throw error
        const { fields } = error.report
        return `${fields.get('C') ?? ''} ${fields.get('D') ?? ''} ${fields.get('H') ?? ''}`
      }
    }
    const token = await gateway.token()
    expect(await login('127.0.0.2', 'no token')).toContain('28P01 {"code":"TOKEN_REFUSED"}')
    expect(await login('127.0.0.2', `${token.slice(0, -4)}AAAA`)).toContain('TOKEN_REFUSED')
    // Whoever comes with what was right once is no guesser.
    const expired = await gateway.token({ iat: 1, exp: 2 })
    for (let at = 0; at < 5; at++) expect(await login('127.0.0.2', expired)).toContain('TOKEN_EXPIRED')
    for (let at = 0; at < 2; at++) {
      const unknown = { name: makeCredentialName(), secret: 'x' }
      const tried = await tryCredential({ host, port, localAddress: '127.0.0.2' }, unknown)
      expect(tried.refusal).toMatchObject({ D: '{"code":"CREDENTIAL_REFUSED"}' })
    }
    const waits = '53400 {"code":"LOGIN_BACK_OFF","retryAfterSeconds":30} Try again in 30 seconds.'
    expect(await login('127.0.0.2', token)).toBe(waits)
    expect(await login('127.0.0.2', 'no token')).toBe(waits)
    expect(await login('127.0.0.3', token)).toBe('in')
    await vi.waitFor(async () => {
      const refused = await records(({ kind }) => kind === 'login_refused')
      expect(refused.at(-1)).toMatchObject({
        client: { address: expect.stringContaining('127.0.0.2') as string },
        refusal: {
          code: 'LOGIN_BACK_OFF',
          reason: expect.stringMatching(/^too many failed logins of address /) as string,
        },
      })
    }, 20_000)
  })
})
