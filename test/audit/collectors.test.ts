import { writeFileSync } from 'node:fs'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OcsfEvent } from '@gatehouse/audit-trail'
import { expect, test } from 'vitest'
import { ALLOW_ALL, openScene, recordsOf, SHARED } from '../postgres/scene.ts'
import { makeAuthority } from '../servers/certificates.ts'
import { type Rsyslog, startRsyslog, type SyslogMessage, whyNoRsyslog } from '../servers/rsyslog.ts'

/** What would end a line, forge a message, end a frame, or act on a terminal. */
const HOSTILE = [
  'select 1 -- \r\n<110>1 2026-01-31T12:00:00.000Z forged gatehouse - intent - {"class_uid":6005}',
  "select '|' || chr(0x1b::int) -- \u2028\u202e\u001b[2J 99 <13>1",
  `select '${'é'.repeat(6000)}'`,
]

const eventsOf = (messages: readonly SyslogMessage[]): OcsfEvent[] =>
  messages.map(({ text }) => JSON.parse(text) as OcsfEvent)

const distinct = (events: readonly OcsfEvent[]): number[] => [
  ...new Set(events.map(({ metadata }) => metadata.sequence)),
]

test('collectors get every record of a gateway as an event, in order, by syslog in clear, by TLS, and by POST', async (context) => {
  const why = 'absent' in SHARED ? SHARED.absent : await whyNoRsyslog()
  if (why !== null) context.skip(why)
  if ('absent' in SHARED) return
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-collectors-'))
  const authority = makeAuthority()
  const caFile = join(folder, 'ca.pem')
  writeFileSync(caFile, authority.certificate)
  const posted: OcsfEvent[] = []
  const collector = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')))
    request.on('end', () => {
      posted.push(...(JSON.parse(body) as OcsfEvent[]))
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  const at = collector.address()
  const rsyslog: Rsyslog = await startRsyslog(authority.forServer(['127.0.0.1']), authority.certificate)
  try {
    const { port, tlsPort } = rsyslog
    const scene = await openScene(SHARED.address, {
      policy: ALLOW_ALL,
      audit: {
        shipping: {
          webhooks: [{ url: `http://127.0.0.1:${String(typeof at === 'object' ? (at?.port ?? 0) : 0)}/` }],
          syslog: [
            { host: '127.0.0.1', port, tls: null },
            { host: '127.0.0.1', port: tlsPort, tls: { caFile } },
          ],
        },
      },
    })
    const client = await scene.enter()
    for (const text of HOSTILE) await client.query(text)
    await client.end()
    const directory = scene.gateway.trailDirectory
    await scene.gateway.gateway.close()
    const records = await recordsOf(directory)
    const numbers = records.map(({ seq }) => seq)
    await expect.poll(() => distinct(posted)).toEqual(numbers)
    // Both wrote to one file: each event is there from either, and each road kept its order.
    await expect.poll(() => rsyslog.messages().length).toBeGreaterThanOrEqual(2 * numbers.length)
    const messages = rsyslog.messages()
    const events = eventsOf(messages)
    expect(distinct(events).toSorted((one, other) => one - other)).toEqual(numbers)
    for (const seq of numbers)
      expect(events.filter(({ metadata }) => metadata.sequence === seq).length).toBeGreaterThanOrEqual(2)
    expect(messages.every(({ application, host }) => application === 'gatehouse' && host !== 'forged')).toBe(true)
    expect(new Set(messages.map(({ priority }) => priority >> 3))).toEqual(new Set([13]))
    const asked = records.filter(({ kind }) => kind === 'intent')
    expect(asked.length).toBeGreaterThanOrEqual(HOSTILE.length)
    for (const { seq } of asked) {
      const same = posted.find(({ metadata }) => metadata.sequence === seq)
      expect(same).toMatchObject({ class_uid: 6005 })
    }
    await scene.close().catch(() => undefined)
  } finally {
    await rsyslog.stop()
    collector.closeAllConnections()
    collector.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
