import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { type OcsfEvent, type ShippedRecord, SyslogDestination, type SyslogOptions } from '@gatehouse/audit-trail'
import type { AuditRecord } from '@gatehouse/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeAuthority } from '../servers/certificates.ts'
import { type Rsyslog, startRsyslog, whyNoRsyslog } from '../servers/rsyslog.ts'

/** Intents of one trail, in which a text is that wants to be more messages than one. */
function intents(first: number, last: number): readonly ShippedRecord[] {
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const record: AuditRecord = {
      seq: first + index,
      time: '2026-01-31T12:00:00.250Z',
      prev: 'a'.repeat(64),
      hash: 'b'.repeat(64),
      kind: 'intent',
      session: 's-1',
      principal: {
        subject: 'dana\n<110>1 - - - - - - x',
        actor: null,
        groups: [],
        issuer: 'https://login.example.com',
      },
      target: 'shop',
      engine: 'postgres',
      statement: { text: `select 1 -- \r\n12 <110>1 - x ${'é'.repeat(300)}`, parameters: [], fingerprint: null },
      decision: { effect: 'permit', rule: 'all', approval: null },
    }
    return { record, segment: 1, line: JSON.stringify(record) }
  })
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** A road to a port that breaks: its first connections after so many bytes each, those after them never. */
async function breakingRoad(
  to: number,
  breaks: readonly number[],
): Promise<{ readonly port: number; readonly server: Server }> {
  const left = [...breaks]
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const most = left.shift() ?? Number.POSITIVE_INFINITY
    const upstream = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true })
    let passed = 0
    const broken = (): void => {
      client.resetAndDestroy()
      upstream.destroy()
    }
    client.on('data', (chunk) => {
      const piece = chunk.subarray(0, most - passed)
      passed += piece.length
      upstream.write(piece, () => {
        if (passed >= most) broken()
      })
    })
    client.on('end', () => upstream.end())
    upstream.on('data', (chunk) => client.write(chunk))
    upstream.on('end', () => client.end())
    client.on('error', broken)
    upstream.on('error', broken)
  })
  return { port: await listening(server), server }
}

/** As a follower does: until it is kept. Says how often it was not. */
async function deliverOn(
  destination: SyslogDestination,
  trail: string,
  records: readonly ShippedRecord[],
): Promise<number> {
  for (let failures = 0; ; failures++) {
    try {
      await destination.deliver({ gateway: 'gateway-1', trail }, records)
      return failures
    } catch (error) {
      if (failures === 20) throw error
    }
  }
}

const why = await whyNoRsyslog()

describe.skipIf(why !== null)(`what rsyslog is sent${why === null ? '' : ` (skipped: ${why})`}`, () => {
  const authority = makeAuthority()
  let rsyslog: Rsyslog
  const options = (how: string, port: number): SyslogOptions => ({
    host: '127.0.0.1',
    port,
    tls: how === 'clear' ? null : { ca: authority.certificate },
  })
  const received = (trail: string): readonly OcsfEvent[] =>
    rsyslog.messages().flatMap((message) => {
      // Each line is a message, and each message an event: nothing is torn, whoever sent it.
      const event = JSON.parse(message.text) as OcsfEvent
      expect(message).toMatchObject({ host: 'gateway-1', application: 'gatehouse', id: 'intent', priority: 110 })
      expect(message.data).toBe(`[meta sequenceId="${String(event.metadata.sequence)}"][origin software="gatehouse"]`)
      return message.process === trail ? [event] : []
    })

  beforeAll(async () => {
    rsyslog = await startRsyslog(authority.forServer(['127.0.0.1']), authority.certificate)
  })
  afterAll(() => rsyslog.stop())

  test.each(['clear', 'TLS'])(
    'comes at least once, in order and in one piece, over %s connections that break anywhere',
    async (how) => {
      const trail = how === 'clear' ? 'a'.repeat(16) : 'b'.repeat(16)
      const to = how === 'clear' ? rsyslog.port : rsyslog.tlsPort
      const { port, server } = await breakingRoad(to, [1, 700, 5_000, 70_000, 200_000, 9, 400_000])
      const destination = new SyslogDestination(options(how, port))
      try {
        let failures = 0
        for (let first = 1; first <= 1_500; first += 300) {
          failures += await deliverOn(destination, trail, intents(first, first + 299))
        }
        expect(failures).toBeGreaterThanOrEqual(5)
        const wanted = Array.from({ length: 1_500 }, (_, index) => index + 1)
        const sequences = (): readonly number[] => [
          ...new Set(received(trail).map(({ metadata }) => metadata.sequence)),
        ]
        await expect.poll(() => sequences().length).toBe(1_500)
        expect(sequences()).toEqual(wanted)
        expect(received(trail).at(-1)?.['query_info']).toMatchObject({
          query_string: expect.stringContaining('\r\n12 <110>1 - x é') as string,
        })
      } finally {
        await destination.close()
        server.close()
      }
    },
  )

  test('is cut to what rsyslog takes where it is longer, and says so', async () => {
    const trail = 'c'.repeat(16)
    const long = intents(1, 1).map((shipped) => ({
      ...shipped,
      record: {
        ...shipped.record,
        statement: { text: 'x'.repeat(60_000), parameters: ['y'.repeat(4_000)], fingerprint: null },
      },
    }))
    await new SyslogDestination(options('clear', rsyslog.port)).deliver({ gateway: 'gateway-1', trail }, long)
    await expect.poll(() => received(trail).length).toBe(1)
    expect(received(trail)).toMatchObject([
      {
        metadata: { is_truncated: true },
        query_info: { query_string: expect.stringMatching(/^x{1000,}…$/) as string },
      },
    ])
  })
})

describe('a collector that cannot be believed', () => {
  test.each([
    ['of another authority', makeAuthority().forServer(['127.0.0.1'])],
    ['of another name', null],
  ])('because its certificate is %s is told nothing', async (_, foreign) => {
    const authority = makeAuthority()
    const { certificate: cert, key } = foreign ?? authority.forServer(['other.example.com'])
    const heard: Buffer[] = []
    const server = createTlsServer({ cert, key }, (socket) => {
      socket.on('data', (chunk: Buffer) => heard.push(chunk))
      socket.on('error', () => undefined)
    })
    const port = await listening(server)
    const destination = new SyslogDestination({ host: '127.0.0.1', port, tls: { ca: authority.certificate } })
    try {
      await expect(destination.deliver({ gateway: 'g', trail: 't' }, intents(1, 50))).rejects.toThrow(
        /certificate|altnames/i,
      )
      expect(heard).toEqual([])
    } finally {
      server.close()
    }
  })

  test.each([
    ['closes without reading', (socket: Socket) => void socket.destroy()],
    ['closes in the middle', (socket: Socket) => void socket.once('data', () => socket.destroy())],
    ['ends its side before it is told all', (socket: Socket) => void socket.end('enough')],
    ['is gone', null],
  ])('because it %s has kept nothing', async (_, does) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      does?.(socket)
    })
    const port = await listening(server)
    if (does === null) server.close()
    const destination = new SyslogDestination({ host: '127.0.0.1', port, tls: null })
    await expect(destination.deliver({ gateway: 'g', trail: 't' }, intents(1, 3_000))).rejects.toThrow()
    server.close()
  })

  test('because it neither reads nor closes is let go when the destination is closed', async () => {
    const sockets: Socket[] = []
    const server = createServer({ pauseOnConnect: true }, (socket) => sockets.push(socket))
    const port = await listening(server)
    const destination = new SyslogDestination({ host: '127.0.0.1', port, tls: null })
    const delivering = expect(destination.deliver({ gateway: 'g', trail: 't' }, intents(1, 10))).rejects.toThrow(
      /closed/,
    )
    await expect.poll(() => sockets.length).toBe(1)
    await destination.close()
    await delivering
    for (const socket of sockets) socket.destroy()
    server.close()
  })
})
