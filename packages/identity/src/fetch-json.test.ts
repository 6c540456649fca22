import { createServer } from 'node:https'
import type { Server } from 'node:https'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { fetchJson, permittedUrl } from './fetch-json.ts'
import type { FetchRules } from './fetch-json.ts'
import { createSelfSigned } from './testing/self-signed.ts'

const own = createSelfSigned()
const stranger = createSelfSigned()
let server: Server
let url = ''

beforeAll(async () => {
  server = createServer({ cert: own.certificate, key: own.key }, (_, response) => response.end('{"ok":true}'))
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  url = `https://127.0.0.1:${address.port}/`
})

afterAll(() => server.close())

function rules(changes: Partial<FetchRules> = {}): FetchRules {
  return { timeoutMilliseconds: 2000, allowHttp: false, ca: null, signal: new AbortController().signal, ...changes }
}

describe('a document over https', () => {
  test('is fetched when the named authority vouches for the server', async () => {
    expect(await fetchJson(url, rules({ ca: own.certificate }))).toEqual({ ok: true })
  })

  test('is not fetched from a server nobody vouches for', async () => {
    await expect(fetchJson(url, rules())).rejects.toThrow(/certificate/i)
    await expect(fetchJson(url, rules({ ca: stranger.certificate }))).rejects.toThrow(/certificate|signature/i)
  })

  test('is not fetched from such a server when the environment asks not to look', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    try {
      await expect(fetchJson(url, rules())).rejects.toThrow(/certificate/i)
    } finally {
      vi.unstubAllEnvs()
    }
  })

  test('is given up when the fetch is ended from outside', async () => {
    const ending = new AbortController()
    const fetching = fetchJson(url, rules({ signal: ending.signal }))
    ending.abort()
    await expect(fetching).rejects.toThrow('could not be fetched')
  })
})

describe('an address', () => {
  test('may be http only on loopback, and only where that is allowed', () => {
    expect(permittedUrl('https://x.example/', false).host).toBe('x.example')
    expect(permittedUrl('http://localhost:1/', true).port).toBe('1')
    expect(permittedUrl('http://[::1]:1/', true).port).toBe('1')
    // A URL parser reads these as 127.0.0.1 too, and so does the socket.
    expect(permittedUrl('http://2130706433/', true).hostname).toBe('127.0.0.1')
    for (const refused of [
      'http://x.example/',
      'http://localhost.x.example/',
      'http://0.0.0.0/',
      'ftp://127.0.0.1/',
      'data:,1',
      '',
    ]) {
      expect(() => permittedUrl(refused, true)).toThrow()
    }
    expect(() => permittedUrl('http://127.0.0.1/', false)).toThrow()
  })
})
