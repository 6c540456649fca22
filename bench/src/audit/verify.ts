import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { makeKeyPair, readSigningKey, readVerifyingKeys, Recorder, TrailWriter } from '@gatehouse/audit-trail'
import { verifyRecordings, verifyTrail } from '@gatehouse/audit-trail'
import { encodeSessionPart } from '@gatehouse/core'
import type { Options } from '../options.ts'
import { BENCH_FOLDER } from '../scene.ts'

const MEGABYTE = 1_000_000
/** Of records, and of recordings before they are compressed. */
const BYTES = { whole: 1_000 * MEGABYTE, quick: 100 * MEGABYTE }
const ROUNDS = 3
const STATEMENTS_PER_COMMIT = 64
/** One answer of a recorded session. */
const ANSWER_BYTES = 64 * 1024

const WHO = {
  principal: {
    subject: 'dana@example.com',
    actor: 'copilot',
    groups: ['ai-agents'],
    issuer: 'https://login.example.com',
  },
  target: 'shop',
  engine: 'postgres',
} as const

/** How fast a sealed trail, and the recordings beside it, are verified: wall time, and CPU time of all threads. As Markdown. */
export async function measureVerify(options: Options, tell: (text: string) => void): Promise<string> {
  mkdirSync(BENCH_FOLDER, { recursive: true })
  const folder = mkdtempSync(join(BENCH_FOLDER, 'run-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const directory = join(folder, 'trail')
  const recorded = join(folder, 'recorded')
  const pair = makeKeyPair()
  const bytes = options.quick ? BYTES.quick : BYTES.whole
  tell(`writing ${String(bytes / MEGABYTE)} MB of records, and as much of recordings`)
  await write(directory, bytes, pair.privateKey)
  await record(recorded, bytes)
  const keys = readVerifyingKeys([pair.publicKey])
  const rows: string[] = []
  for (const [what, where, file, verify] of [
    ['records', directory, /\.jsonl$/, () => verifyTrail(directory, { keys })],
    ['recordings, as they are stored', recorded, /\.recording$/, () => verifyRecordings(recorded)],
  ] as const) {
    const megabytes = sizeOf(where, file) / MEGABYTE
    for (let round = 1; round <= ROUNDS; round++) {
      const spent = process.cpuUsage()
      const begun = performance.now()
      const { firstBreak } = await verify()
      const seconds = (performance.now() - begun) / 1_000
      const { user, system } = process.cpuUsage(spent)
      if (firstBreak !== null) throw new Error(`the trail is broken: ${JSON.stringify(firstBreak)}`)
      const figures = [megabytes, megabytes / seconds, megabytes / ((user + system) / 1e6)]
      rows.push(
        `| ${what} | ${figures.map((figure) => figure.toFixed(0)).join(' | ')} | ${(loadavg()[0] ?? 0).toFixed(1)} |`,
      )
    }
  }
  return [
    '| what | MB | MB/s of wall time | MB/s of CPU time | load |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...rows,
  ].join('\n')
}

async function write(directory: string, bytes: number, privateKey: string): Promise<void> {
  const signing = readSigningKey(privateKey)
  const trail = await TrailWriter.open(directory, {
    gatewayId: 'bench',
    signing,
    syncMilliseconds: 1_000,
    checkMilliseconds: 1_000,
  })
  try {
    let members = 0
    for (let statement = 1; members < bytes; statement++) {
      const session = `"session":"9f1c2d3e-0000-4000-8000-${String(statement % 1_000).padStart(12, '0')}"`
      const { principal, target, engine } = WHO
      const who = `"principal":${JSON.stringify(principal)},"target":"${target}","engine":"${engine}"`
      const asked = `"kind":"intent",${session},${who},"statement":{"text":"select id, email, total from public.orders o join public.users u on u.id = o.user_id where o.id = $1 and u.created > $2","parameters":["${String(statement)}","2026-01-01"],"fingerprint":"50fde20626009aba"},"actions":["select"],"relations":["public.orders","public.users"],"decision":{"effect":"permit","rule":"agents-read-the-shop","approval":null},"masked":["public.users.email"]`
      const intent = trail.append(asked)
      const became = `"kind":"outcome",${session},"statement":{"intent":${String(intent)}},"outcome":{"rows":1,"bytes":${String(statement % 400)},"error":null,"duration_us":${String(statement % 5_000)}},"masked":["public.users.email"]`
      trail.owe(became)
      members += asked.length + became.length
      if (statement % STATEMENTS_PER_COMMIT !== 0) continue
      trail.commit()
      await nextTurn()
    }
    trail.commit()
  } finally {
    await trail.close()
  }
}

async function record(directory: string, bytes: number): Promise<void> {
  const trail = await TrailWriter.open(directory, { gatewayId: 'bench' })
  const recorder = new Recorder(directory, {
    maxBytesPerStatement: Number.MAX_SAFE_INTEGER,
    maxBytesPerSession: Number.MAX_SAFE_INTEGER,
    trail,
    schedule: () => trail.commit(),
    failed: (reason) => {
      throw new Error(reason)
    },
  })
  const recording = recorder.begin(encodeSessionPart({ id: 'recorded', ...WHO }))
  for (let done = 0; done < bytes; done += ANSWER_BYTES) {
    // Digits that do not repeat: what is stored of them is half.
    const answer = Buffer.from(randomBytes(ANSWER_BYTES / 2).toString('hex'))
    recording.sent(answer, 0, answer.length)
    if (recorder.behind) await new Promise<void>((resolve) => recorder.onceCaughtUp(resolve))
  }
  recording.end()
  await recorder.close()
  await trail.close()
}

function sizeOf(directory: string, wanted: RegExp): number {
  return readdirSync(directory)
    .filter((file) => wanted.test(file))
    .reduce((sum, file) => sum + statSync(join(directory, file)).size, 0)
}
