import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { SAMPLE_TRAIL, sampleRecord, shipped, shippedIntents } from './fixtures/sample-records.ts'
import type { OcsfEvent } from './ocsf-frame.ts'
import { WebhookDestination, type WebhookOptions } from './webhook-destination.ts'

/** One POST, as the collector got it. */
interface Received {
  readonly url: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly events: readonly OcsfEvent[]
}

/** A collector that answers what it is told to. */
class Collector implements AsyncDisposable {
  readonly received: Received[] = []
  /** What was answered with 2xx. */
  readonly kept: OcsfEvent[] = []
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const events = JSON.parse(body) as OcsfEvent[]
      const post = { url: request.url, headers: request.headers, body, events }
      this.received.push(post)
      this.#answer(post, response)
      if (response.statusCode < 300) this.kept.push(...events)
    })
  })
  readonly #answer: (post: Received, response: ServerResponse) => void

  constructor(answer: (post: Received, response: ServerResponse) => void = (_, response) => void response.end()) {
    this.#answer = answer
  }

  async destination(options: Partial<WebhookOptions> = {}): Promise<WebhookDestination> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const address = this.#server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    return new WebhookDestination({ url: `http://127.0.0.1:${String(port)}/events`, token: null, ...options })
  }

  get keptSequences(): readonly number[] {
    return this.kept.map(({ metadata }) => metadata.sequence)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

const numbers = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)

describe('what is POSTed', () => {
  it('is all events in order, in bodies that are bounded and have a name of their own', async () => {
    await using collector = new Collector()
    const destination = await collector.destination({ token: 's3cret' })
    await destination.deliver(SAMPLE_TRAIL, shippedIntents(1, 1_200))
    expect(collector.keptSequences).toEqual(numbers(1, 1_200))
    expect(collector.received.map(({ events }) => events.length)).toEqual([500, 500, 200])
    expect(collector.received.map(({ headers }) => headers['webhook-id'])).toEqual([
      'gateway-1/0123456789abcdef/1-500',
      'gateway-1/0123456789abcdef/501-1000',
      'gateway-1/0123456789abcdef/1001-1200',
    ])
    expect(collector.received[0]?.headers).toMatchObject({
      authorization: 'Bearer s3cret',
      'content-type': 'application/json',
      'webhook-timestamp': expect.stringMatching(/^\d{10}$/) as string,
    })
    expect(await destination.position()).toBeNull()
  })

  it('is no more than a mebibyte at a time, but for an event that is longer alone', async () => {
    await using collector = new Collector()
    const destination = await collector.destination()
    const long = shippedIntents(1, 40, 'x'.repeat(60_000))
    const longer = shippedIntents(41, 1, '\u0000'.repeat(200_000))
    await destination.deliver(SAMPLE_TRAIL, [...long, ...longer])
    expect(collector.keptSequences).toEqual(numbers(1, 41))
    const bodies = collector.received.map(({ body }) => body.length)
    expect(bodies.slice(0, -1).every((bytes) => bytes <= 1024 * 1024)).toBe(true)
    expect(bodies.length).toBeGreaterThan(3)
    expect(bodies.at(-1)).toBeGreaterThan(1024 * 1024)
  })

  it.each(['Splunk 12-34', 'ApiKey abc=', 'Basic abc='])('carries %s as it is', async (token) => {
    await using collector = new Collector()
    await (await collector.destination({ token })).deliver(SAMPLE_TRAIL, shippedIntents(1, 1))
    expect(collector.received[0]?.headers.authorization).toBe(token)
  })

  it('can be named by whatever a gateway is called', async () => {
    await using collector = new Collector()
    const gateway = 'gäte\r\nx-forged: 1'
    await (await collector.destination()).deliver({ gateway, trail: 'f'.repeat(16) }, shippedIntents(1, 1))
    expect(collector.received[0]?.headers).not.toHaveProperty('x-forged')
    expect(collector.kept[0]?.metadata.uid).toBe(`${gateway}/${'f'.repeat(16)}/1`)
  })
})

describe('a collector that has trouble', () => {
  it.each([401, 403, 404, 408, 409, 500, 502])('and answers %d is sent everything again', async (status) => {
    let trouble = true
    await using collector = new Collector((_, response) => void response.writeHead(trouble ? status : 202).end())
    const destination = await collector.destination()
    await expect(destination.deliver(SAMPLE_TRAIL, shippedIntents(1, 3))).rejects.toThrow(
      `it answered ${String(status)}`,
    )
    trouble = false
    await destination.deliver(SAMPLE_TRAIL, shippedIntents(1, 3))
    expect(collector.keptSequences).toEqual([1, 2, 3])
    const ids = collector.received.map(({ headers }) => headers['webhook-id'])
    expect(ids[0]).toBe(ids[1])
  })

  it('and redirects is not followed', async () => {
    await using elsewhere = new Collector()
    const there = await elsewhere.destination()
    await using collector = new Collector(
      (_, response) =>
        void response.writeHead(307, { location: `http://${there.name.slice('webhook '.length)}/` }).end(),
    )
    const destination = await collector.destination({ token: 's3cret' })
    await expect(destination.deliver(SAMPLE_TRAIL, shippedIntents(1, 1))).rejects.toThrow(/307: redirects are not/)
    expect(elsewhere.received).toEqual([])
  })

  it('and asks to be left alone is, for as long as it asked but no more than five minutes', async () => {
    await using collector = new Collector(
      (_, response) => void response.writeHead(429, { 'retry-after': '4000' }).end(),
    )
    const destination = await collector.destination()
    const records = shippedIntents(1, 1)
    await expect(destination.deliver(SAMPLE_TRAIL, records)).rejects.toThrow('it answered 429')
    await expect(destination.deliver(SAMPLE_TRAIL, records)).rejects.toThrow(
      /left alone for (?:300|2\d\d) more seconds/,
    )
    expect(collector.received).toHaveLength(1)
  })

  it.each(['0', 'Sat, 31 Jan 2026 12:00:00 GMT', 'soon', '-5'])(
    'and asks for %s is asked again at once',
    async (wait) => {
      let busy = true
      await using collector = new Collector(
        (_, response) => void response.writeHead(busy ? 503 : 200, { 'retry-after': wait }).end(),
      )
      const destination = await collector.destination()
      await expect(destination.deliver(SAMPLE_TRAIL, shippedIntents(1, 1))).rejects.toThrow('it answered 503')
      busy = false
      await destination.deliver(SAMPLE_TRAIL, shippedIntents(1, 1))
      expect(collector.keptSequences).toEqual([1])
    },
  )

  it('and breaks off in the middle has what it answered for, and gets the rest again', async () => {
    let posts = 0
    await using collector = new Collector((_, response) => {
      posts++
      if (posts === 2) response.destroy()
      else response.end()
    })
    const destination = await collector.destination()
    const records = shippedIntents(1, 1_100)
    await expect(destination.deliver(SAMPLE_TRAIL, records)).rejects.toThrow(/^it cannot be reached: /)
    await destination.deliver(SAMPLE_TRAIL, records)
    expect([...new Set(collector.keptSequences)]).toEqual(numbers(1, 1_100))
  })

  it('and never answers is not waited for once the destination is closed', async () => {
    await using collector = new Collector(() => {})
    const destination = await collector.destination()
    const delivering = expect(destination.deliver(SAMPLE_TRAIL, shippedIntents(1, 1))).rejects.toThrow(/closed/)
    await expect.poll(() => collector.received.length).toBe(1)
    await destination.close()
    await delivering
  })
})

describe('an event that is refused for good', () => {
  it.each([400, 422])('with %d is told of in its place, and holds nothing else up', async (status) => {
    const poison = 'drop table poison'
    await using collector = new Collector(
      (post, response) => void response.writeHead(post.body.includes(poison) ? status : 200).end(),
    )
    const refused: unknown[] = []
    const destination = await collector.destination({ onRefused: (uid, why) => refused.push([uid, why]) })
    await destination.deliver(SAMPLE_TRAIL, [
      ...shippedIntents(1, 200),
      ...shippedIntents(201, 1, poison),
      ...shippedIntents(202, 100),
    ])
    expect(collector.keptSequences).toEqual(numbers(1, 301))
    expect(collector.kept[200]).toMatchObject({
      class_uid: 6008,
      status_code: String(status),
      metadata: { uid: 'gateway-1/0123456789abcdef/201' },
    })
    expect(refused).toEqual([['gateway-1/0123456789abcdef/201', status]])
    expect(collector.received.length).toBeLessThan(25)
  })

  it('holds the trail up where the collector takes nothing else either: nothing is passed over unsaid', async () => {
    await using collector = new Collector((_, response) => void response.writeHead(400).end())
    const refused: unknown[] = []
    const destination = await collector.destination({ onRefused: (uid) => refused.push(uid) })
    await expect(destination.deliver(SAMPLE_TRAIL, shippedIntents(1, 64))).rejects.toThrow(/400, whatever it is sent/)
    expect(refused).toEqual([])
    expect(collector.received.length).toBeLessThan(10)
  })

  it('because it is too large is split off, then cut until it is taken', async () => {
    await using collector = new Collector(
      (post, response) => void response.writeHead(post.body.length > 20_000 ? 413 : 200).end(),
    )
    const destination = await collector.destination()
    await destination.deliver(SAMPLE_TRAIL, [...shippedIntents(1, 50), ...shippedIntents(51, 1, 'y'.repeat(60_000))])
    expect(collector.keptSequences).toEqual(numbers(1, 51))
    expect(collector.kept.at(-1)).toMatchObject({
      class_uid: 6005,
      metadata: { is_truncated: true },
      query_info: { query_string: expect.stringMatching(/^y{9000,}…$/) as string },
    })
  })
})

it('a batch of no records is no POST', async () => {
  await using collector = new Collector()
  const destination = await collector.destination()
  await destination.deliver(SAMPLE_TRAIL, [])
  expect(collector.received).toEqual([])
})

it('texts that would end a body or a header are read back as they were', async () => {
  await using collector = new Collector()
  const text = '"}]\r\n\r\nPOST / HTTP/1.1\r\n\u0000\u2028\ud800'
  const record = sampleRecord('intent', { statement: { text, parameters: [text], fingerprint: null } })
  await (await collector.destination()).deliver(SAMPLE_TRAIL, [shipped(record)])
  expect(collector.kept).toMatchObject([{ query_info: { query_string: text, data: [text] } }])
})
