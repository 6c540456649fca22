import { encodeSessionPart } from '@gatehouse/core'
import { expect, it, vi } from 'vitest'
import { TrailDirectory } from '../fixtures/trail-directory.ts'
import { verifyRecordings } from './recording-chunks.ts'
import { Recorder } from './recorder.ts'
import { readRecords } from '../chain/read-records.ts'
import type { TrailWriter } from '../writing/trail-writer.ts'

const SESSION = encodeSessionPart({
  id: 's1',
  principal: { subject: 'ada', actor: null, groups: [], issuer: 'https://issuer.example' },
  target: 'shop',
  engine: 'postgres',
})
const CAPS = { maxBytesPerStatement: 1_000, maxBytesPerSession: 1_500 }

async function opened(
  directory: TrailDirectory,
  recordings: string = directory.path,
): Promise<{ trail: TrailWriter; recorder: Recorder; failures: string[] }> {
  const trail = await directory.open()
  const failures: string[] = []
  const recorder = new Recorder(recordings, {
    ...CAPS,
    trail,
    schedule: () => trail.commit(),
    failed: (reason) => void failures.push(reason),
  })
  return { trail, recorder, failures }
}

it('what cannot be written is named in the trail, and every session that is recorded is told', async () => {
  using directory = new TrailDirectory()
  const { trail, recorder, failures } = await opened(directory, `${directory.path}/nowhere`)
  const recording = recorder.begin(SESSION)
  const other = recorder.begin(SESSION)
  const lost = vi.fn()
  recording.onLost = lost
  other.onLost = lost
  recording.sent(Buffer.alloc(100), 0, 100)
  recording.seal()
  await expect.poll(() => failures).toHaveLength(1)
  expect(lost).toHaveBeenCalledTimes(2)
  expect(recording.sent(Buffer.alloc(100), 0, 100)).toBe(true)
  await recorder.close()
  await trail.close()
  expect(await verifyRecordings(directory.path)).toMatchObject({
    chunks: 0,
    firstBreak: null,
    warnings: [expect.stringMatching(/part 1 of session s1 could not be written: ENOENT/) as string],
  })
})

it('parts of a session are numbered, and the session’s cap is said once, at its end', async () => {
  using directory = new TrailDirectory()
  const { trail, recorder } = await opened(directory)
  const recording = recorder.begin(SESSION)
  for (let intent = 1; intent <= 5; intent++) {
    recording.answer(intent, 0)
    recording.sent(Buffer.alloc(600), 0, 600)
    recording.seal()
  }
  recording.end()
  await recorder.close()
  await trail.close()
  const parts: unknown[] = []
  await readRecords(directory.path, { kinds: ['recording'] }, (record) => {
    parts.push([record.recording?.part, record.recording?.last])
    return true
  })
  expect(parts.at(-1)).toEqual([parts.length, true])
  expect(await verifyRecordings(directory.path)).toEqual({
    chunks: parts.length,
    removed: 0,
    firstBreak: null,
    warnings: [],
  })
})
