import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import type { OtlpConfig } from '@gatehouse/configuration'
import { openServiceLog, type ServiceLog } from '@gatehouse/monitoring'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { parse, stringify } from 'yaml'
import { type Installation, startInstallation } from '../harness/installation.ts'
import { ALLOW_ALL, scenePromises, SHARED, targetOf } from '../postgres/scene.ts'
import { startCollector, whyNoCollector } from '../servers/otelcol.ts'
import { createDatabase } from '../servers/postgres.ts'
import { OtlpReceiver, type ReceivedLine } from './otlp-receiver.ts'
import { scrape } from './scrape.ts'

const patience = { timeout: 20_000, interval: 50 }
const FAILS = 'log lines cannot be sent: they are dropped and counted, and stand on standard output'
const WORKS = 'log lines are sent again'

const SEVERITIES: Readonly<Record<number, readonly [number, string]>> = {
  10: [1, 'trace'],
  20: [5, 'debug'],
  30: [9, 'info'],
  40: [13, 'warn'],
  50: [17, 'error'],
  60: [21, 'fatal'],
}

/** What must be received of a line that was written. */
function sentOf(text: string): Partial<ReceivedLine> {
  const { level, time, msg, ...attributes } = JSON.parse(text) as { level: number; time: number; msg: string }
  const [severityNumber, severityText] = SEVERITIES[level] ?? expect.unreachable(`level ${String(level)}`)
  // OTLP has an empty value for null.
  const received = Object.entries(attributes).map(([name, value]: [string, unknown]) => [name, value ?? undefined])
  return {
    time: BigInt(time) * 1_000_000n,
    severityNumber,
    severityText,
    body: msg,
    attributes: Object.fromEntries(received) as Record<string, unknown>,
  }
}

const shown = ({ time, severityNumber, severityText, body, attributes }: ReceivedLine): Partial<ReceivedLine> => ({
  time,
  severityNumber,
  severityText,
  body,
  attributes,
})

describe('The log of a gateway', () => {
  const written: string[] = []
  let receiver: OtlpReceiver
  beforeAll(async () => {
    receiver = await OtlpReceiver.open()
  })
  afterAll(() => receiver.close())
  const promise = scenePromises(SHARED, () => ({
    policy: ALLOW_ALL,
    shared: {
      // oxlint-disable-next-line no-template-curly-in-string
      tracing: { otlp: { endpoint: receiver.endpoint, headers: { authorization: '${OTLP_TOKEN}' } } },
      log: { level: 'trace', collector: {} },
      monitoring: { address: '127.0.0.1:0' },
    },
    environment: { OTLP_TOKEN: 'Bearer canary-otlp-token' },
    logged: (line) => written.push(line),
  }))

  promise('goes to the collector of its traces, line by line as it is written', async ({ gateway }) => {
    const canary = `canary_${randomBytes(6).toString('hex')}`
    const client = new Client({ connectionString: await gateway.url('shop') })
    await client.connect()
    await client.query(`SELECT '${canary}'`)
    await client.query(`SELECT ${canary}`).catch(() => undefined)
    await client.end()
    const { host, port } = gateway
    const refused = new Client({ host, port, user: 'agent', database: 'shop', password: canary })
    await expect(refused.connect()).rejects.toThrow(/gatehouse/)
    // One refused login, and a session that began and ended, are among them.
    await expect.poll(() => written.filter((line) => line.includes('"session":"')).length, patience).toBeGreaterThan(1)
    // Others may come while this is looked at.
    const until = written.map(sentOf)
    await expect.poll(() => receiver.lines.slice(0, until.length).map(shown), patience).toEqual(until)
    await expect.poll(() => receiver.spans.length, patience).toBeGreaterThan(0)
    expect(receiver.lines[0]?.resource).toEqual(receiver.spans[0]?.resource)
    expect(receiver.lines[0]?.resource).toMatchObject({
      'service.name': 'gatehouse',
      'service.instance.id': 'test-gateway',
    })
    // A line's session is that of the spans.
    const sessions = new Set(receiver.lines.map(({ attributes }) => attributes['session']))
    expect(sessions).toContain(receiver.spans[0]?.attributes['gatehouse.session.id'])
    for (const headers of receiver.headers) expect(headers.authorization).toBe('Bearer canary-otlp-token')
    const sent = receiver.bodies.join('')
    for (const secret of [canary, 'canary-otlp-token']) expect(sent).not.toContain(secret)
    await expect
      .poll(async () => {
        const seen = await scrape(gateway.gateway.monitoring)
        return seen.value('gatehouse_log_lines_total', { outcome: 'exported' })
      }, patience)
      .toBeGreaterThanOrEqual(until.length)
  })
})

describe('A collector of log lines', () => {
  let receiver: OtlpReceiver
  let written: string[]
  let opened: ServiceLog | null
  beforeEach(async () => {
    receiver = await OtlpReceiver.open()
    written = []
    opened = null
  })
  afterEach(async () => {
    await opened?.close()
    await receiver.close()
  })
  const open = async (changes: Partial<OtlpConfig> = {}, maxQueuedLines = 4096): Promise<ServiceLog> => {
    const otlp: OtlpConfig = {
      endpoint: receiver.logsEndpoint,
      protocol: 'http/protobuf',
      headers: {},
      caFile: null,
      timeoutSeconds: 60,
      ...changes,
    }
    opened = await openServiceLog(
      {
        level: 'trace',
        base: { gateway: 'g' },
        service: { name: 'gatehouse', instance: 'g', version: '1' },
        collector: { otlp, maxQueuedLines },
      },
      { write: (line) => written.push(line) },
    )
    return opened
  }
  const said = (): string[] => written.map((line) => (JSON.parse(line) as { msg: string }).msg)

  test.each(['http/protobuf', 'http/json'] as const)(
    'gets every level and every kind of field as %s',
    async (protocol) => {
      const { log, close } = await open({ protocol })
      const child = log.child({ session: 's' })
      for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const)
        child[level](
          { text: 'é\u0000"', none: null, many: 7, part: 0.5, yes: true, list: ['a', 1], deep: { a: { b: 'c' } } },
          `a line at ${level}`,
        )
      expect(await close()).toBe(true)
      expect(receiver.lines.map(shown)).toEqual(written.map(sentOf))
      expect(receiver.headers[0]?.['content-type']).toBe(
        protocol === 'http/json' ? 'application/json' : 'application/x-protobuf',
      )
    },
  )

  test('holds nothing up when it does not answer: what waits is bounded, the rest is dropped and counted', async () => {
    receiver.status = null
    const { log, lines, close } = await open({}, 128)
    for (let count = 0; count < 5_000; count++) log.info({ count }, 'one of many')
    expect(written).toHaveLength(5_000)
    expect(lines?.queued).toBeLessThanOrEqual(128)
    expect(lines?.dropped).toBeGreaterThanOrEqual(5_000 - 512 - 128)
    // Its timeout is a minute.
    await expect.poll(() => receiver.asked, patience).toBe(1)
    expect(await close()).toBe(false)
    expect(lines?.queued).toBe(0)
  })

  test('is said once to fail, and once to work again, and lines about that are not sent', async () => {
    receiver.status = 500
    const { log, lines, close } = await open()
    log.info('first')
    await expect.poll(said, patience).toEqual(['first', FAILS])
    log.info('second')
    await expect.poll(() => lines?.failed, patience).toBe(2)
    receiver.status = 200
    log.info('third')
    await expect.poll(said, patience).toEqual(['first', FAILS, 'second', 'third', WORKS])
    // What was left would be sent now, and asked for once more.
    expect(await close()).toBe(true)
    expect(receiver.lines.map(({ body }) => body)).toEqual(['third'])
    expect(receiver.asked).toBe(3)
    expect(lines).toEqual({ exported: 1, failed: 2, dropped: 0, queued: 0 })
  })

  test('gets what is left when the log is closed, and nothing after', async () => {
    const { log, lines, close } = await open()
    log.info('last words')
    expect(await close()).toBe(true)
    expect(receiver.lines.map(({ body }) => body)).toEqual(['last words'])
    log.info('too late')
    expect(said()).toEqual(['last words', 'too late'])
    expect(lines).toEqual({ exported: 1, failed: 0, dropped: 1, queued: 0 })
  })
})

const { redis } = inject('servers')

describe('Services as processes', () => {
  let receiver: OtlpReceiver
  let installation: Installation | null = null
  let drop: () => Promise<void> = () => Promise.resolve()
  beforeAll(async () => {
    receiver = await OtlpReceiver.open()
    if ('absent' in SHARED || 'absent' in redis) return
    const name = `loglines_${randomBytes(6).toString('hex')}`
    const database = await createDatabase(SHARED.address, name, 'SELECT 1')
    drop = database.drop
    const collector = { otlp: { endpoint: receiver.logsEndpoint, timeoutSeconds: 60 } }
    installation = await startInstallation({
      redis: redis.address,
      targets: { shop: targetOf(SHARED.address, database.database) },
      policy: ALLOW_ALL,
      gateways: 1,
      admins: 1,
      settings: { workers: 2, log: { collector } },
      adminSettings: { log: { collector } },
      monitored: true,
    })
  }, 120_000)
  afterAll(async () => {
    await installation?.close()
    await receiver.close()
    await drop()
  })
  const there = (context: { skip(reason: string): never }): Installation =>
    installation ?? context.skip('absent' in redis ? redis.absent : 'absent' in SHARED ? SHARED.absent : '')
  const sentBy = (): Set<string> =>
    new Set(
      receiver.lines.map(
        ({ resource }) => `${String(resource['service.name'])} ${String(resource['service.instance.id'])}`,
      ),
    )

  test('send each their own: primary, workers, admin service', async (context) => {
    const { gateways, admins } = there(context)
    await expect
      .poll(() => sentBy(), patience)
      .toEqual(
        new Set(['gatehouse gateway-1', 'gatehouse gateway-1-1', 'gatehouse gateway-1-2', 'gatehouse-admin admin-1']),
      )
    const monitoring = { host: '127.0.0.1', port: gateways[0]?.ports['monitoring'] ?? 0 }
    await expect
      .poll(
        async () => (await scrape(monitoring)).value('gatehouse_log_lines_total', { outcome: 'exported' }),
        patience,
      )
      .toBeGreaterThan(0)
    const page = await fetch(`http://127.0.0.1:${String(admins[0]?.ports['http'])}/metrics`)
    expect(await page.text()).toMatch(/gatehouse_log_lines_total\{outcome="exported"\} [1-9]/)
  })

  test('need a restart for another collector', async (context) => {
    const [gateway] = there(context).gateways
    if (gateway === undefined) expect.unreachable()
    const good = readFileSync(gateway.configFile, 'utf8')
    const settings = parse(good) as { log: { collector: unknown } }
    settings.log.collector = null
    writeFileSync(gateway.configFile, stringify(settings, { aliasDuplicateObjects: false }))
    await expect
      .poll(() => gateway.log().filter(({ needsRestart }) => needsRestart !== undefined), patience)
      .toMatchObject([{ needsRestart: ['log.collector'] }])
    writeFileSync(gateway.configFile, good)
  })

  test('say their last words, and end though the collector does not answer', async (context) => {
    const { gateways, admins } = there(context)
    await admins[0]?.stop()
    receiver.status = null
    const asked = receiver.asked
    // With a timeout of a minute it would keep them for longer than this test may take.
    await gateways[0]?.tellToEnd()
    expect(receiver.asked).toBeGreaterThan(asked)
  })
})

describe('A real collector', () => {
  test('takes log lines', async (context) => {
    const absent = whyNoCollector()
    if (absent !== null) context.skip(absent)
    const collector = await startCollector()
    try {
      const { log, close } = await openServiceLog(
        {
          level: 'info',
          base: { gateway: 'g' },
          service: { name: 'gatehouse', instance: 'g', version: '1' },
          collector: {
            otlp: {
              endpoint: collector.logsEndpoint,
              protocol: 'http/protobuf',
              headers: {},
              caFile: null,
              timeoutSeconds: 10,
            },
            maxQueuedLines: 128,
          },
        },
        { write: () => undefined },
      )
      log.warn({ session: 's-1' }, 'seen by a collector')
      expect(await close()).toBe(true)
      await vi.waitFor(() => expect(collector.printed()).toContain('Body: Str(seen by a collector)'), 20_000)
      expect(collector.printed()).toMatch(/SeverityNumber: Warn\(13\)/)
      expect(collector.printed()).toContain('session: Str(s-1)')
    } finally {
      await collector.stop()
    }
  })
})
