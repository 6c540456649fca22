import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readRecords } from '@gatehouse/audit-trail'
import { type Coordination, MemoryHub, openMemoryCoordination, openRedisCoordination } from '@gatehouse/coordination'
import { Secret } from '@gatehouse/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RedisServer, startRedis, whyNoRedis } from '../../../test/servers/redis.ts'
import type { ChannelConfig } from './config/admin-config.ts'
import { LinkSigner } from './channels/decide-links.ts'
import { type AdminScene, ask, question, startAdminScene } from './testing/admin-scene.ts'
import { type Receiver, startReceiver } from './testing/receiver.ts'

const KEY = 'a key for webhooks that is long enough'
const LINK_KEY = new Secret('a key for links that is long enough too')
const DANA = { issuer: 'https://idp.example', subject: 'dana@example.com', groups: ['dba'] }

let receiver: Receiver
beforeAll(async () => {
  receiver = await startReceiver()
})
afterAll(() => receiver.close())

const channel = (name: string, more: Partial<ChannelConfig> = {}): ChannelConfig => ({
  name,
  kind: 'webhook',
  url: new Secret(`${receiver.url}/${name}`),
  signingKey: new Secret(KEY),
  targets: [],
  decidesAs: null,
  ...more,
})
const bodiesFor = (name: string): readonly string[] =>
  receiver.received.filter(({ path }) => path === `/${name}`).map(({ body }) => body)
/** The body of the only message to a channel; comes when it is there. */
async function told(name: string, count = 1): Promise<string> {
  await expect.poll(() => bodiesFor(name).length).toBeGreaterThanOrEqual(count)
  return bodiesFor(name)[count - 1] ?? ''
}

async function withScene(
  channels: readonly ChannelConfig[],
  body: (scene: AdminScene) => Promise<void>,
  open?: () => Promise<Coordination>,
): Promise<void> {
  const scene = await startAdminScene({ channels, linkKey: LINK_KEY }, null, new MemoryHub(), open)
  try {
    await body(scene)
  } finally {
    await scene.stop()
  }
}

/** The program that docs/channels.md shows, as it stands there. */
async function documentedCheck(): Promise<
  (headers: Readonly<Record<string, unknown>>, body: string, key: string) => boolean
> {
  const page = readFileSync(new URL('../../../docs/channels.md', import.meta.url), 'utf8')
  const [, program = ''] = /```js\n([^]*?)```/.exec(page) ?? []
  const made = (await import(`data:text/javascript,${encodeURIComponent(program)}`)) as {
    isGenuine: Awaited<ReturnType<typeof documentedCheck>>
  }
  return made.isGenuine
}

const deliveriesOf = async (scene: AdminScene, id: string): Promise<unknown> =>
  (await scene.call('GET', `/v1/approvals/${id}`, scene.tokens.approver)).body['deliveries']

describe('a webhook', () => {
  test('is told what is asked and how it ended, signed, and its state is shown', async () => {
    await withScene([channel('signed')], async (scene) => {
      const id = await ask(scene.coordination)
      const body = await told('signed')
      const headers = receiver.received.find(({ path }) => path === '/signed')?.headers ?? {}
      const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
      const signature = createHmac('sha256', KEY).update(signed).digest('base64')
      expect(headers['webhook-signature']).toBe(`v1,${signature}`)
      expect(headers['webhook-id']).toBe(`${id}.asked.signed`)
      const isGenuine = await documentedCheck()
      expect(isGenuine(headers, body, KEY)).toBe(true)
      expect(isGenuine(headers, `${body} `, KEY)).toBe(false)
      expect(isGenuine(headers, body, 'another key')).toBe(false)
      expect(isGenuine({ ...headers, 'webhook-timestamp': '1' }, body, KEY)).toBe(false)
      expect(JSON.parse(body)).toMatchObject({
        type: 'approval.asked',
        data: {
          id,
          principal: { subject: 'alice@example.com', actor: 'copilot' },
          statement: { text: "update orders set status = 'paid' where id = 7" },
          url: `http://127.0.0.1:18443/approvals/${id}`,
          // Nobody decides by links where the channel belongs to nobody.
          links: null,
        },
      })
      await expect
        .poll(() => deliveriesOf(scene, id))
        .toMatchObject([{ channel: 'signed', state: 'delivered', tries: 1, status: 204 }])
      await scene.call('POST', `/v1/approvals/${id}/refuse`, scene.tokens.approver, { reason: 'not on a Friday' })
      expect(JSON.parse(await told('signed', 2))).toMatchObject({
        type: 'approval.ended',
        data: {
          state: 'refused',
          facts: expect.arrayContaining([{ name: 'Refused by', value: 'dana@example.com: not on a Friday' }]),
        },
      })
    })
  })

  test('is tried again when it fails or does not answer in time, as late as it says', async () => {
    await withScene([channel('again')], async (scene) => {
      receiver.answers.push(503, { status: 429, headers: { 'retry-after': '2' } })
      const id = await ask(scene.coordination)
      await told('again', 3)
      await expect.poll(() => deliveriesOf(scene, id)).toMatchObject([{ state: 'delivered', tries: 3 }])
      // The same id for every try, so that who receives it can tell.
      const ids = receiver.received.filter(({ path }) => path === '/again').map(({ headers }) => headers['webhook-id'])
      expect(new Set(ids).size).toBe(1)
    })
  })

  test('that will not have it is given up, which is on record without its address', async () => {
    await withScene([channel('gone', { url: new Secret(`${receiver.url}/gone?token=hunter2`) })], async (scene) => {
      receiver.answers.push({ status: 302, headers: { location: `${receiver.url}/elsewhere` } })
      const id = await ask(scene.coordination)
      await expect.poll(() => deliveriesOf(scene, id)).toMatchObject([{ state: 'failed', tries: 1, status: 302 }])
      expect(bodiesFor('elsewhere')).toEqual([])
      const records: string[] = []
      await readRecords(
        scene.trailDirectory,
        { kinds: ['alarm'] },
        (record) => records.push(JSON.stringify(record)) > 0,
      )
      expect(records.join('\n')).toContain('CHANNEL_FAILED')
      expect(records.join('\n')).not.toContain('hunter2')
      const metrics = await (await fetch(`${scene.url}/metrics`)).text()
      expect(metrics).toContain('gatehouse_admin_deliveries_total{channel="gone",outcome="failed"} 1')
    })
  })

  test('is told of its targets alone, and of what was asked before the service came', async () => {
    const hub = new MemoryHub()
    const gateway = await openMemoryCoordination(hub)
    const id = await ask(gateway)
    const scene = await startAdminScene(
      { channels: [channel('late'), channel('others', { targets: ['another'] })], linkKey: null },
      null,
      hub,
    )
    try {
      expect(JSON.parse(await told('late'))).toMatchObject({ data: { id } })
      expect(bodiesFor('others')).toEqual([])
    } finally {
      await scene.stop()
      await gateway.close()
    }
  })
})

describe('what a statement says', () => {
  const EVIL =
    "update orders set note = '<!channel> <https://evil.example|click> *bold* [x](https://evil.example) ```\u202e\u200b' where id = 7 -- <@U123>"

  test.each(['slack', 'teams'] as const)('is no markup to %s, and nothing in it is unseen', async (kind) => {
    await withScene([channel(kind, { kind, signingKey: null })], async (scene) => {
      const text = `${EVIL} ${'x'.repeat(3000)}`
      await ask(
        scene.coordination,
        question({ statement: { ...question().statement, text, doings: [`update on ${EVIL}`] } }),
      )
      const body = await told(kind)
      const texts: { readonly type: string; readonly text: string }[] = []
      const walk = (value: unknown): void => {
        if (typeof value !== 'object' || value === null) return
        const { type, text: own } = value as Record<string, unknown>
        if (typeof own === 'string' && own.includes('evil.example')) texts.push({ type: String(type), text: own })
        for (const member of Object.values(value)) walk(member)
      }
      walk(JSON.parse(body))
      expect(texts.length).toBeGreaterThan(1)
      // The elements in which neither reads markup.
      expect(new Set(texts.map(({ type }) => type))).toEqual(new Set([kind === 'slack' ? 'text' : 'TextRun']))
      for (const { text: shown } of texts) expect(shown).not.toMatch(/[\u202e\u200b]/)
      expect(texts.some(({ text: shown }) => shown.includes('\\u{202e}'))).toBe(true)
      expect(texts.every(({ text: shown }) => shown.length < 2_300)).toBe(true)
    })
  })
})

describe('links that decide', () => {
  const personal = (name: string, more: Partial<NonNullable<ChannelConfig['decidesAs']>> = {}): ChannelConfig =>
    channel(name, { decidesAs: { ...DANA, ...more } })
  const linksOf = async (name: string, scene: AdminScene): Promise<{ approve: string; refuse: string }> => {
    const { links } = (JSON.parse(await told(name)) as { data: { links: Record<string, string> } }).data
    const here = (link = ''): string => scene.url + new URL(link).pathname
    return { approve: here(links['approve']), refuse: here(links['refuse']) }
  }
  const press = async (
    link: string,
    form: Readonly<Record<string, string>>,
  ): Promise<{ status: number; text: string }> => {
    const response = await fetch(link, { method: 'POST', body: new URLSearchParams(form) })
    return { status: response.status, text: await response.text() }
  }

  test('show what is asked, and decide by their button alone, once', async () => {
    await withScene([personal('mine')], async (scene) => {
      const text = `update orders set note = '<script>alert(1)</script>\u202e' where id = 7 ${'-'.repeat(3000)} end`
      const id = await ask(scene.coordination, question({ statement: { ...question().statement, text } }))
      const { approve, refuse } = await linksOf('mine', scene)
      for (const method of ['GET', 'HEAD', 'GET']) {
        const seen = await fetch(approve, { method })
        expect(seen.status).toBe(200)
        expect(seen.headers.get('content-security-policy')).toContain("default-src 'none'")
        expect(seen.headers.get('referrer-policy')).toBe('no-referrer')
        expect(seen.headers.get('cache-control')).toBe('no-store')
        const page = await seen.text()
        if (method === 'HEAD') continue
        expect(page).toContain('&#60;script&#62;')
        expect(page).not.toContain('<script>')
        expect(page).toContain('\\u{202e}')
        // All of it: nobody approves what they were not shown.
        expect(page).toContain('- end')
      }
      expect(await scene.coordination.approvals.get(id)).toMatchObject({ state: 'pending' })
      expect(await press(approve, { waiters: '0' })).toMatchObject({
        status: 200,
        text: expect.stringContaining('Approved'),
      })
      expect(await scene.coordination.approvals.get(id)).toMatchObject({
        state: 'approved',
        decisions: [{ by: { subject: 'dana@example.com', actor: null }, through: 'link' }],
      })
      expect((await press(approve, { waiters: '0' })).status).toBe(409)
      expect((await press(refuse, { waiters: '0', reason: 'no' })).status).toBe(409)
    })
  })

  test('are used up by one of the two, also where two people are wanted', async () => {
    await withScene([personal('two')], async (scene) => {
      const id = await ask(scene.coordination, question({ approvalsNeeded: 2 }))
      const { approve, refuse } = await linksOf('two', scene)
      const pressed = await Promise.all([1, 2, 3].map(() => press(approve, { waiters: '0' })))
      expect(pressed.map(({ status }) => String(status)).sort()).toEqual(['200', '409', '409'])
      expect(pressed.find(({ status }) => status === 200)?.text).toContain('another person')
      expect((await press(refuse, { waiters: '0', reason: 'no' })).text).toContain('Used already')
      expect(await scene.coordination.approvals.get(id)).toMatchObject({ state: 'pending' })
    })
  })

  test('refuse with a reason, and not without', async () => {
    await withScene([personal('reason')], async (scene) => {
      const id = await ask(scene.coordination)
      const { refuse } = await linksOf('reason', scene)
      expect((await press(refuse, { waiters: '0' })).status).toBe(400)
      expect((await press(refuse, { waiters: '0', reason: 'not today' })).status).toBe(200)
      expect(await scene.coordination.approvals.get(id)).toMatchObject({ state: 'refused', endReason: 'not today' })
    })
  })

  test('decide nothing when somebody joined since the page was made', async () => {
    await withScene([personal('joined')], async (scene) => {
      const asked = question()
      const id = await ask(scene.coordination, asked)
      const { approve } = await linksOf('joined', scene)
      const waiter = { session: 's1', gateway: 'g1', holdSeconds: 60 }
      await scene.coordination.approvals.ask(asked, waiter, { pendingPerPrincipal: 100, coolDownSeconds: 60 })
      const again = await press(approve, { waiters: '0' })
      expect(again).toMatchObject({ status: 409, text: expect.stringContaining('One session waits') })
      expect(await scene.coordination.approvals.get(id)).toMatchObject({ state: 'pending' })
      expect((await press(approve, { waiters: '1' })).status).toBe(200)
    })
  })

  test('are good for nobody who may not decide it: their own request, no role, another rule, a revoked right', async () => {
    const channels = [
      personal('own', { subject: 'alice@example.com' }),
      personal('roleless', { groups: ['visitors'] }),
      personal('revoked', { subject: 'rita@example.com' }),
    ]
    await withScene(channels, async (scene) => {
      const id = await ask(scene.coordination)
      await scene.coordination.revocations.revoke({
        what: { kind: 'principal', issuer: null, subject: 'rita@example.com' },
        until: null,
        by: { issuer: 'i', subject: 'sam', actor: null },
        reason: 'gone',
      })
      for (const { name } of channels) {
        const { approve } = await linksOf(name, scene)
        expect((await fetch(approve)).status, name).toBe(403)
        expect((await press(approve, { waiters: '0' })).status, name).toBe(403)
      }
      const ruled = await ask(scene.coordination, question({ by: [{ rule: 'r', groups: ['others'], subjects: [] }] }))
      expect(await scene.coordination.approvals.get(id)).toMatchObject({ state: 'pending' })
      expect(await scene.coordination.approvals.get(ruled)).toMatchObject({ state: 'pending' })
    })
  })

  test('that were not made here, were changed, have expired or are of a channel that is gone are good for nothing', async () => {
    await withScene([personal('forged'), channel('nobody')], async (scene) => {
      const id = await ask(scene.coordination)
      const other = await ask(scene.coordination)
      const { approve } = await linksOf('forged', scene)
      const at = (link: string): string => scene.url + new URL(link).pathname
      const later = Date.now() + 60_000
      const signer = new LinkSigner(LINK_KEY, [], 'http://x')
      const foreign = new LinkSigner(new Secret('another key that is long enough for it'), [], 'http://x')
      for (const [link, status] of [
        [approve.replace(id, other), 404],
        [approve.replace('.a.', '.r.'), 404],
        [approve.replace('.forged.', '.nobody.'), 404],
        [`${approve}x`, 404],
        [at(foreign.linksFor(id, 'forged', later).approve), 404],
        [at(signer.linksFor(id, 'forged', Date.now() - 1).approve), 410],
        [at(signer.linksFor(id, 'nobody', later).approve), 403],
        [at(signer.linksFor(id, 'unknown', later).approve), 403],
        [at(signer.linksFor('nothing', 'forged', later).approve), 404],
      ] as const) {
        expect((await fetch(link)).status, link).toBe(status)
        expect((await press(link, { waiters: '0' })).status, link).toBe(status)
      }
      expect(await scene.coordination.approvals.get(id)).toMatchObject({ state: 'pending' })
      expect(await scene.coordination.approvals.get(other)).toMatchObject({ state: 'pending' })
    })
  })

  test('made before their key was replaced go on', () => {
    const old =
      new LinkSigner(new Secret('old'), [], 'http://x').linksFor('a1', 'c', 99).approve.split('/').at(-1) ?? ''
    const signer = new LinkSigner(new Secret('new'), [new Secret('old')], 'http://x')
    expect(signer.read(old)).toEqual({ approval: 'a1', channel: 'c', verdict: 'approve', until: 99 })
    expect(new LinkSigner(new Secret('new'), [], 'http://x').read(old)).toBe(null)
  })

  test('take nothing but their form', async () => {
    await withScene([personal('form')], async (scene) => {
      const id = await ask(scene.coordination)
      const { approve } = await linksOf('form', scene)
      for (const form of [{}, { waiters: 'x' }, { waiters: '0', more: 'x' }, { waiters: '-1' }])
        expect((await press(approve, form)).status).toBe(400)
      const other = await fetch(approve, {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body: 'waiters=0',
      })
      expect(other.status).toBe(400)
      expect(await scene.coordination.approvals.get(id)).toMatchObject({ state: 'pending' })
    })
  })
})

describe.skipIf((await whyNoRedis()) !== null)('of two admin services on one Redis', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis({})
  })
  afterAll(() => redis.stop())

  test('one tells a channel, and the other when that one is gone', async () => {
    const { host, port } = redis
    const open = (): Promise<Coordination> => openRedisCoordination({ at: { kind: 'server', host, port } })
    const channels = [channel('shared')]
    const first = await startAdminScene({ channels }, null, undefined, open)
    const second = await startAdminScene({ channels, serviceId: 'admin-2' }, null, undefined, open)
    try {
      const ids = await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          ask(first.coordination, question({ principal: { ...question().principal, subject: `alice-${String(at)}` } })),
        ),
      )
      await expect.poll(() => bodiesFor('shared').length).toBe(20)
      for (const id of ids)
        await expect.poll(() => deliveriesOf(second, id)).toMatchObject([{ state: 'delivered', tries: 1 }])
      receiver.answers.push(503)
      const later = await ask(second.coordination)
      await expect.poll(() => bodiesFor('shared').length).toBe(21)
      await first.stop()
      await expect.poll(() => deliveriesOf(second, later)).toMatchObject([{ state: 'delivered', tries: 2 }])
    } finally {
      await second.stop()
      await first.stop().catch(() => undefined)
    }
  })
})
