import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DirectoryIndex, readRecords, trailDirectories, workerTrail } from '@gatehouse/audit-trail'
import type { AuditRecord } from '@gatehouse/core'
import { type Connection, createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { type Installation, startInstallation } from '../harness/installation.ts'
import type { LogLine, Service } from '../harness/service-process.ts'
import { scrape } from '../monitoring/scrape.ts'
import { targetOf as mysqlTarget } from '../mysql/scene.ts'
import { targetOf } from '../postgres/scene.ts'
import { WireClient } from '../postgres/wire-client.ts'
import { createDatabase as createMysqlDatabase } from '../servers/mysql.ts'
import { createDatabase } from '../servers/postgres.ts'

const { postgres18, mysql9, redis } = inject('servers')
const missing = [postgres18, mysql9, redis].flatMap((server) => ('absent' in server ? [server.absent] : []))
const COMMAND = join(import.meta.dirname, '../../apps/cli/src/main.ts')
const POLICY = `rules:
  - { name: read, allow: { actions: [select], relations: ["*"], functions: ["*"] } }
  - name: asked
    approve: { actions: [select], relations: [public.asked], by: { groups: [dba] }, holdTimeoutSeconds: 600 }
`
const patience = { timeout: 20_000, interval: 50 }
const run = promisify(execFile)

describe.skipIf(missing.length > 0)('A gateway of two workers', () => {
  let installation: Installation
  let databases: { readonly database: string; readonly drop: () => Promise<void> }[]
  let gateway: Service
  let trail: string

  beforeAll(async () => {
    if ('absent' in postgres18 || 'absent' in mysql9 || 'absent' in redis) return
    const name = `workers_${String(Math.random()).slice(2, 12)}`
    databases = [
      await createDatabase(postgres18.address, name, 'CREATE TABLE asked (id int)'),
      await createMysqlDatabase(mysql9.address, name, 'SELECT 1'),
    ]
    installation = await startInstallation({
      redis: redis.address,
      targets: { shop: targetOf(postgres18.address, name), orders: mysqlTarget(mysql9.address, name) },
      policy: POLICY,
      gateways: 1,
      admins: 1,
      settings: { workers: 2 },
      monitored: true,
    })
    const [one] = installation.gateways
    if (one === undefined) throw new Error('there is no gateway')
    gateway = one
    trail = installation.trails[0] ?? ''
    await vi.waitFor(() => expect(said('gateway is listening with all its workers')).toHaveLength(1), patience)
  }, 120_000)
  afterAll(async () => {
    await installation.close()
    for (const { drop } of databases) await drop()
  })

  const said = (message: string): LogLine[] => gateway.log().filter(({ msg }) => msg === message)
  /** The process that is worker 1 or 2 now. */
  const pidOf = (worker: number): number =>
    Number(said('worker is listening').findLast((line) => line['worker'] === worker)?.['pid'])
  const postgres = async (): Promise<WireClient> =>
    WireClient.login(
      { host: '127.0.0.1', port: gateway.ports['postgres'] ?? 0 },
      { database: 'shop', password: await installation.token() },
    )
  const mysql = async (): Promise<Connection> => {
    const token = await installation.token()
    return createConnection({
      host: '127.0.0.1',
      port: gateway.ports['mysql'] ?? 0,
      user: 'agent',
      database: 'orders',
      password: token,
      authPlugins: { mysql_clear_password: () => () => Buffer.from(`${token}\0`) },
    })
  }
  /** Which workers have begun a session of this engine, by their trails. */
  const beganBy = async (engine: string): Promise<readonly string[]> => {
    const found = await new DirectoryIndex(trailDirectories(trail)).search(
      { kind: 'session_start' },
      { limit: 1000, order: 'oldest', cursor: null },
    )
    const began = found.records.filter(({ record }) => JSON.stringify(record).includes(`"engine":"${engine}"`))
    return [...new Set(began.map(({ gateway: id }) => id))].sort()
  }
  /** The trails of both, proven whole by the command that an auditor runs. */
  const verified = async (): Promise<string> =>
    (await run(process.execPath, [COMMAND, 'audit', 'verify', trail])).stdout
  const isSealed = (worker: number): boolean =>
    (
      JSON.parse(readFileSync(join(trail, `worker-${String(worker)}`, 'head.json'), 'utf8')) as {
        readonly closed: boolean
      }
    ).closed

  test('both get connections of both engines, and each writes a trail of its own', async () => {
    await vi.waitFor(async () => {
      await (await postgres()).end()
      const client = await mysql()
      await client.query('SELECT 1')
      await client.end()
      expect(await beganBy('postgres')).toEqual(['gateway-1-1', 'gateway-1-2'])
      expect(await beganBy('mysql')).toEqual(['gateway-1-1', 'gateway-1-2'])
    }, patience)
  })

  test('one that is killed under load is replaced; the sessions of the other go on, and no statement that was answered is missing', async () => {
    const answered: string[] = []
    const stop = new AbortController()
    /** Asks without end; false: its connection broke. */
    const work = async (name: string): Promise<boolean> => {
      const client = await postgres()
      for (let at = 0; !stop.signal.aborted; at++) {
        const text = `SELECT 'agent ${name}, statement ${String(at)}'`
        const answer = await client.query(text).catch(() => [])
        if (!answer.some(({ kind }) => kind === 'CommandComplete')) return false
        answered.push(text)
      }
      await client.end()
      return true
    }
    const first = Array.from({ length: 12 }, (_, at) => work(`a${String(at)}`))
    await vi.waitFor(() => expect(answered.length).toBeGreaterThan(200), patience)
    const victim = pidOf(1)
    process.kill(victim, 'SIGKILL')
    await vi.waitFor(() => {
      expect(said('worker crashed and is replaced')).toMatchObject([
        { worker: 1, pid: victim, signal: 'SIGKILL', restarts: 1 },
      ])
      expect(pidOf(1)).not.toBe(victim)
    }, patience)
    // Whoever was thrown out connects again, and both serve.
    const second = Array.from({ length: 8 }, (_, at) => work(`b${String(at)}`))
    const before = answered.length
    await vi.waitFor(() => expect(answered.length).toBeGreaterThan(before + 100), patience)
    stop.abort()
    const unharmed = (await Promise.all(first)).filter((whole) => whole).length
    expect(unharmed).toBeGreaterThan(0)
    expect(await Promise.all(second)).toEqual(Array.from({ length: 8 }, () => true))

    const recorded = new Set<string>()
    for (const directory of trailDirectories(trail))
      await readRecords(directory, {}, (record) => {
        const { statement } = record as { readonly statement?: { readonly text?: string } }
        if (statement?.text !== undefined) recorded.add(statement.text)
        return true
      })
    expect(answered.filter((text) => !recorded.has(text))).toEqual([])
  }, 60_000)

  test('the sessions of one that is killed are accounted for: ended in its trail, with what is not known, and shown no more', async () => {
    const kindsOf = async (session: string): Promise<readonly AuditRecord[]> => {
      const found: AuditRecord[] = []
      await readRecords(workerTrail(trail, 2), { session }, (record) => found.push(record) > 0)
      return found
    }
    /** Connections until one is worker 2's: its client, and the session's id. */
    const onWorker2 = async (): Promise<readonly [WireClient, string]> => {
      for (;;) {
        const client = await postgres()
        const id = (await client.rows("SELECT right(current_setting('application_name'), 16)"))[0]?.[0] ?? ''
        if ((await kindsOf(id)).length > 0) return [client, id]
        await client.end()
      }
    }
    const [[busy, running], [waiting, held], [, idle]] = [await onWorker2(), await onWorker2(), await onWorker2()]
    const shown = async (): Promise<readonly string[]> =>
      (await (await installation.person('dana', installation.admins[0]?.ports['http'])).sessions()).map(({ id }) => id)
    await expect.poll(shown).toEqual(expect.arrayContaining([running, held, idle]))
    busy.send({ kind: 'Query', text: 'SELECT pg_sleep(600)' })
    waiting.send({ kind: 'Query', text: 'SELECT id FROM asked' })
    await waiting.until('NoticeResponse')
    await expect.poll(async () => (await kindsOf(running)).filter(({ kind }) => kind === 'intent')).toHaveLength(2)
    await expect.poll(async () => (await kindsOf(held)).at(-1)?.kind).toBe('approval_asked')
    const intent = (await kindsOf(running)).at(-1)?.seq
    const before = said('worker is listening').length
    process.kill(pidOf(2), 'SIGKILL')
    await expect.poll(() => said('worker is listening').length).toBe(before + 1)

    await expect.poll(async () => (await kindsOf(running)).at(-1)?.kind).toBe('session_end')
    expect((await kindsOf(running)).at(-1)).toMatchObject({
      principal: { subject: expect.any(String) },
      target: 'shop',
      end: { reason: 'crashed', statements: 2, unknown: [intent] },
    })
    await expect
      .poll(async () => (await kindsOf(idle)).at(-1))
      .toMatchObject({ end: { reason: 'crashed', statements: 1 } })
    expect((await kindsOf(idle)).at(-1)).not.toHaveProperty('end.unknown')
    expect((await kindsOf(held)).slice(-2)).toMatchObject([
      { kind: 'approval_ended', approval: { state: 'voided', reason: 'crashed' } },
      { kind: 'session_end', end: { reason: 'crashed', statements: 1 } },
    ])
    await expect.poll(shown).not.toEqual(expect.arrayContaining([expect.stringMatching(`${running}|${held}|${idle}`)]))
    const ended = { engine: 'postgres', reason: 'crashed' }
    const second = { host: '127.0.0.1', port: (gateway.ports['monitoring'] ?? 0) + 1 }
    await expect.poll(async () => (await scrape(second)).value('gatehouse_sessions_ended_total', ended)).toBe(3)
    expect((await scrape(second)).value('gatehouse_worker_restarts_total')).toBe(1)
  }, 60_000)

  test('SIGTERM to the primary ends both, and both trails are sealed and whole', async () => {
    const client = await postgres()
    const pids = [pidOf(1), pidOf(2)]
    const ended = client.until('ErrorResponse')
    await gateway.stop()
    // It is told why in its own protocol.
    expect((await ended).at(-1)).toMatchObject({ kind: 'ErrorResponse' })
    expect(pids.filter(isAlive)).toEqual([])
    expect([isSealed(1), isSealed(2)]).toEqual([true, true])
    expect((await verified()).match(/The trail is whole/g)).toHaveLength(2)
  }, 60_000)

  test('a primary that is killed takes its workers with it, and they end properly', async () => {
    await gateway.start()
    await vi.waitFor(() => expect(said('gateway is listening with all its workers')).toHaveLength(1), patience)
    const pids = [pidOf(1), pidOf(2)]
    await gateway.kill()
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), patience)
    expect([isSealed(1), isSealed(2)]).toEqual([true, true])
    await gateway.start()
    await vi.waitFor(async () => expect(await (await postgres()).query('SELECT 1')).not.toEqual([]), patience)
  }, 60_000)
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
