import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { makeKeyPair, readTrailId } from '@gatehouse/audit-trail'
import { Client } from 'pg'
import { describe, expect, onTestFinished, test, type TestContext, vi } from 'vitest'
import { startGatewayProcess } from '../harness/gateway-process.ts'
import { openScene, present, recordsOf, SHARED, targetOf, ALLOW_ALL } from '../postgres/scene.ts'
import { errorOf, WireClient } from '../postgres/wire-client.ts'
import { startFlakyProxy } from '../servers/flaky-proxy.ts'
import { createDatabase } from '../servers/postgres.ts'
import { startS3 } from '../servers/s3.ts'
import { startTcpGate, type TcpGate } from '../servers/tcp-gate.ts'

/** Longer than the longest wait between two tries. */
const PATIENCE = { timeout: 60_000 }
/** A long run: `GATEHOUSE_TEST_LONG=1`. */
const STATEMENTS = process.env['GATEHOUSE_TEST_LONG'] === '1' ? 50_000 : 400

interface Archive {
  /** As `audit.shipping.postgres`. */
  readonly settings: { readonly url: string }
  readonly gate: TcpGate
  /** A folder of its own. */
  readonly folder: string
  /** The numbers of the records that it has of this trail, ascending, as it has them. */
  readonly numbers: (trailDirectory: string) => Promise<readonly number[]>
}

/** A database for records, behind a gate that can be shut. */
async function openArchive(context: TestContext): Promise<Archive> {
  const server = present(SHARED, context)
  const { database, url, drop } = await createDatabase(server, `archive_${randomBytes(6).toString('hex')}`)
  const gate = await startTcpGate(server)
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-archive-'))
  const through = new URL(url)
  through.hostname = '127.0.0.1'
  through.port = String(gate.port)
  through.pathname = database
  through.searchParams.set('sslmode', 'disable')
  writeFileSync(join(folder, 'url'), through.href)
  onTestFinished(async () => {
    await gate.close()
    await drop()
    rmSync(folder, { recursive: true })
  })
  return {
    settings: { url: `file:${join(folder, 'url')}` },
    gate,
    folder,
    numbers: async (trailDirectory) => {
      const client = new Client({ connectionString: url })
      await client.connect()
      try {
        const { rows } = await client.query<{ seq: string }>(
          `select r.seq from gatehouse_audit.record r join gatehouse_audit.trail t on t.id = r.trail
             where t.trail = $1 and line is not null
           union all
           select r.outcome_seq from gatehouse_audit.record r join gatehouse_audit.trail t on t.id = r.trail
             where t.trail = $1 and outcome is not null
           order by 1`,
          [readTrailId(trailDirectory)],
        )
        return rows.map(({ seq }) => Number(seq))
      } finally {
        await client.end()
      }
    },
  }
}

/** Numbers from 1 to `last`. */
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1)

async function lastOf(trailDirectory: string): Promise<number> {
  return (await recordsOf(trailDirectory)).at(-1)?.seq ?? 0
}

describe('the audit database', () => {
  test('down for the whole of a load run, and then back, has every record once; sessions notice nothing', async (context) => {
    const archive = await openArchive(context)
    archive.gate.shut()
    const logged: string[] = []
    const trailDirectory = join(archive.folder, 'trail')
    const scene = await openScene(present(SHARED, context), {
      audit: { directory: trailDirectory, shipping: { postgres: archive.settings }, segmentBytes: 65_536 },
      logged: (line) => logged.push(line),
    })
    try {
      const clients = await Promise.all([scene.enter(), scene.enter(), scene.enter(), scene.enter()])
      await Promise.all(
        clients.map(async (client) => {
          for (let turn = 0; turn < STATEMENTS / 4; turn++)
            expect(await client.rows(`select ${String(turn)}`)).toEqual([[String(turn)]])
        }),
      )
      await vi.waitFor(() => expect(logged.join('')).toContain('cannot be shipped to a destination'), PATIENCE)
      archive.gate.open()
      const last = await lastOf(trailDirectory)
      await vi.waitFor(
        async () => expect((await archive.numbers(trailDirectory)).at(-1)).toBeGreaterThanOrEqual(last),
        PATIENCE,
      )
      for (const client of clients) await client.end()
    } finally {
      await scene.close()
    }
    // What was recorded in the end is there too, when the gateway is closed.
    const records = await lastOf(trailDirectory)
    expect(records).toBeGreaterThan(STATEMENTS * 2)
    expect(await archive.numbers(trailDirectory)).toEqual(upTo(records))
  }, 180_000)

  test('that stays down stops all traffic at the limit, politely; it goes on by itself', async (context) => {
    const archive = await openArchive(context)
    archive.gate.shut()
    const scene = await openScene(present(SHARED, context), {
      audit: { shipping: { postgres: archive.settings, spoolBytes: 16 * 1024 * 1024 } },
    })
    try {
      const client = await scene.enter()
      const text = `select 1 /* ${'x'.repeat(60_000)} */`
      const run = async (): Promise<string | undefined> => {
        const { fields } = errorOf(await client.query(text)) ?? {}
        return fields === undefined ? undefined : `${fields.get('C') ?? ''} ${fields.get('M') ?? ''}`
      }
      let refusal: string | undefined
      for (let turn = 0; turn < 5_000 && refusal === undefined; turn++) refusal = await run()
      expect(refusal).toMatch(
        /^53100 gatehouse: .* \d+ bytes of the audit trail wait to be shipped, more than the 16777216 of audit\.shipping\.spoolBytes/,
      )
      // Nobody gets in, and who is in is told again; the session lives.
      await expect(scene.enter()).rejects.toThrow(/the audit trail cannot be written, so no session can begin/)
      expect(await run()).toMatch(/^53100/)
      archive.gate.open()
      await vi.waitFor(async () => expect(await run()).toBeUndefined(), PATIENCE)
      await client.end()
      const alarms = await scene.records(({ kind }) => kind === 'alarm')
      expect(alarms.map(({ alarm }) => (alarm as { code: string }).code)).toEqual(['TRAIL_STOPPED', 'TRAIL_RESUMED'])
    } finally {
      await scene.close()
    }
  }, 180_000)

  test('has every record once when the gateway is killed while it ships', async (context) => {
    const archive = await openArchive(context)
    const server = present(SHARED, context)
    const { database, drop } = await createDatabase(server, `e2e_${randomBytes(6).toString('hex')}`)
    let gateway = await startGatewayProcess({
      targets: { shop: targetOf(server, database) },
      policy: ALLOW_ALL,
      audit: { shipping: { postgres: archive.settings }, segmentBytes: 65_536 },
    })
    try {
      for (let run = 0; run < 2; run++) {
        const { host, port, token } = gateway
        const client = await WireClient.login({ host, port }, { database: 'shop', password: await token() })
        archive.gate.shut()
        for (let turn = 0; turn < 300; turn++) await client.query(`select ${String(turn)}`)
        const before = await archive.numbers(gateway.trailDirectory).catch(() => [])
        archive.gate.open()
        // Killed as soon as it has begun to ship what waited.
        await vi.waitFor(
          async () => {
            expect((await archive.numbers(gateway.trailDirectory)).length).toBeGreaterThan(before.length)
          },
          { ...PATIENCE, interval: 5 },
        )
        await gateway.kill()
        gateway = await gateway.restart()
      }
      // The last records are of the session that was cut off: the gateway that goes on accounts for it while it ships.
      await vi.waitFor(async () => {
        const last = await lastOf(gateway.trailDirectory)
        expect(await archive.numbers(gateway.trailDirectory)).toEqual(upTo(last))
      }, PATIENCE)
    } finally {
      await gateway.close()
      await drop()
    }
  }, 180_000)
})

describe('S3-compatible storage that fails at random', () => {
  test('has every segment and recording of a gateway; a downloaded copy passes `gatehouse audit verify`', async (context) => {
    const s3 = await startS3('plain')
    const proxy = await startFlakyProxy(s3.endpoint, 4711)
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bucket-'))
    onTestFinished(async () => {
      await proxy.close()
      await s3.stop()
      rmSync(folder, { recursive: true })
    })
    const keys = makeKeyPair()
    for (const [name, text] of Object.entries({
      secret: s3.secretAccessKey,
      'trail.key': keys.privateKey,
      'trail.pub': keys.publicKey,
    }))
      writeFileSync(join(folder, name), text)
    await s3.makeBucket('trail')
    proxy.rate = 0.3
    const trailDirectory = join(folder, 'trail')
    const options = {
      recording: { mode: 'on' },
      audit: {
        directory: trailDirectory,
        signingKey: `file:${join(folder, 'trail.key')}`,
        segmentBytes: 65_536,
        shipping: {
          s3: {
            endpoint: proxy.endpoint,
            bucket: 'trail',
            prefix: 'audit/',
            pathStyle: true,
            accessKeyId: s3.accessKeyId,
            secretAccessKey: `file:${join(folder, 'secret')}`,
          },
        },
      },
    }
    const copy = join(folder, 'copy')
    const key = join(folder, 'trail.pub')
    const scene = await openScene(present(SHARED, context), options)
    let below = ''
    try {
      below = `audit/test-gateway/${readTrailId(trailDirectory) ?? ''}/`
      const client = await scene.enter()
      for (let turn = 0; turn < STATEMENTS; turn++) await client.query(`select ${String(turn)}, repeat('x', 200)`)
      await client.end()
      // While it is written: what is finished is there, and verifies.
      await vi.waitFor(
        async () => expect((await s3.download('trail', below, copy)).length).toBeGreaterThanOrEqual(4),
        PATIENCE,
      )
      expect(verified(copy, key)).toMatchObject({ status: 0 })
    } finally {
      await scene.close()
    }

    // What could not be shipped in the last seconds is shipped by the next start.
    const files = readdirSync(trailDirectory).filter((name) => /^\d{6}\.(jsonl|seal\.json|recording)$/.test(name))
    expect(files).toContain('000001.recording')
    const next = await openScene(present(SHARED, context), options)
    try {
      await vi.waitFor(async () => {
        expect(await s3.download('trail', below, copy)).toEqual(expect.arrayContaining(files))
      }, PATIENCE)
    } finally {
      await next.close()
    }
    for (const name of files)
      expect(readFileSync(join(copy, name)).equals(readFileSync(join(trailDirectory, name)))).toBe(true)
    expect(verified(copy, key)).toMatchObject({ status: 0 })
    const second = join(copy, '000002.jsonl')
    writeFileSync(second, readFileSync(second, 'utf8').replace('select', 'SELECT'))
    expect(verified(copy, key)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('BROKEN at 000002.jsonl') as string,
    })
  }, 180_000)
})

/** What `gatehouse audit verify` says of a downloaded copy. */
function verified(copy: string, key: string) {
  const main = resolve(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.ts')
  return spawnSync(process.execPath, [main, 'audit', 'verify', copy, '--copy', '--key', key], { encoding: 'utf8' })
}
