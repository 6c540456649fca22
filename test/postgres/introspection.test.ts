import { randomBytes } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { answerJson, createSigningKey, LoopbackIssuer } from '@gatehouse/identity/testing'
import { afterAll, describe, expect } from 'vitest'
import { ALLOW_ALL, scenePromises, SHARED } from './scene.ts'
import { errorOf, WireClient } from './wire-client.ts'

const issuer = await LoopbackIssuer.start([await createSigningKey('test', 'ES256')])
const active = new Set<string>()
const groups = new Map<string, readonly string[]>()
let down = false
issuer.introspectionAnswer = (request, response) => {
  void text(request).then((body) => {
    if (down) return response.writeHead(503).end()
    const token = new URLSearchParams(body).get('token') ?? ''
    if (!active.has(token)) return answerJson(response, { active: false })
    const exp = Math.floor(Date.now() / 1000) + 600
    const who = { sub: token.slice(0, 5), client_id: 'copilot', groups: groups.get(token) ?? [] }
    return answerJson(response, { active: true, ...who, aud: 'gatehouse', exp })
  })
}
afterAll(() => issuer.close())

describe('an opaque token', () => {
  const promise = scenePromises(SHARED, {
    policy: ALLOW_ALL,
    issuer,
    environment: { INTROSPECTION_SECRET: 'not-a-real-secret' },
    issuerSettings: {
      // oxlint-disable-next-line no-template-curly-in-string
      introspection: { clientId: 'gatehouse', clientSecret: '${INTROSPECTION_SECRET}', recheckSeconds: 10 },
    },
  })

  promise(
    'logs in for as long as its issuer says so; the session ends when it says no, or something else of groups, and outlives its silence',
    async (scene) => {
      const { host, port } = scene.gateway
      const login = (password: string): Promise<WireClient> =>
        WireClient.login({ host, port }, { database: 'shop', password })
      const tokenOf = (name: string): string => `${name}${randomBytes(24).toString('hex')}`
      const [stays, ends, alters] = [tokenOf('stays'), tokenOf('ends-'), tokenOf('alter')]
      for (const token of [stays, ends, alters]) active.add(token)
      groups.set(alters, ['reader', 'dba'])
      const staying = await login(stays)
      const ending = await login(ends)
      const altering = await login(alters)
      expect(await staying.rows('select 1')).toEqual([['1']])
      await expect(login(`nobody${randomBytes(24).toString('hex')}`)).rejects.toThrow(
        'was not accepted by this gateway',
      )

      active.delete(ends)
      groups.set(alters, ['reader'])
      const altered = errorOf(await altering.untilReady())
      expect(Object.fromEntries(altered?.fields ?? [])).toMatchObject({
        C: '57P01',
        M: expect.stringContaining('says something else of the token'),
      })
      // With what the issuer says now, it may come again.
      await (await login(alters)).end()
      const report = errorOf(await ending.untilReady())
      expect(Object.fromEntries(report?.fields ?? [])).toMatchObject({
        C: '57P01',
        M: expect.stringContaining('good no more'),
      })
      await expect(login(ends)).rejects.toThrow('was not accepted by this gateway')

      down = true
      await expect(login(`other${randomBytes(24).toString('hex')}`)).rejects.toThrow(
        'cannot reach the identity provider',
      )
      expect(await staying.rows('select 2')).toEqual([['2']])
      await staying.end()
      const [start] = await scene.records(({ kind }) => kind === 'session_start')
      expect(start).toMatchObject({ principal: { subject: 'stays', actor: 'copilot', issuer: issuer.url } })
    },
    60_000,
  )
})
