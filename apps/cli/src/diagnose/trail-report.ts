import { createReadStream, existsSync, mkdtempSync, readdirSync, rmSync, statfsSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { trailDirectories, type TrailStart, verifyTrail } from '@gatehouse/audit-trail'

/** Every trail of a gateway: its head, whether its last segment is whole, and the room on its disk. Numbers and hashes only. */
export async function trailReport(directory: string): Promise<readonly object[]> {
  if (!existsSync(directory)) return [{ directory, missing: true }]
  const { bavail, bsize } = statfsSync(directory)
  return await Promise.all(
    trailDirectories(directory).map(async (trail) => {
      const segments = readdirSync(trail)
        .filter((name) => /^\d+\.jsonl$/.test(name))
        .sort()
      const last = segments.at(-1)
      const size = { directory: trail, freeBytes: bavail * bsize, segments: segments.length, last: last ?? null }
      if (last === undefined) return size
      try {
        return { ...size, lastSegment: await verifySegment(join(trail, last), last) }
      } catch (error) {
        return { ...size, fault: error instanceof Error ? error.message : String(error) }
      }
    }),
  )
}

/** Verifies one segment by itself, in a folder of its own: the whole trail may take minutes. */
async function verifySegment(file: string, name: string): Promise<object> {
  const start = await startOf(file)
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-segment-'))
  try {
    symlinkSync(resolve(file), join(folder, name))
    const { records, head, firstBreak, warnings } = await verifyTrail(folder, {
      copy: true,
      ...(start === null ? {} : { start }),
    })
    return { records, head, firstBreak, warnings }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the first record of a segment says of the one before; null: it is the first. */
async function startOf(file: string): Promise<TrailStart | null> {
  const lines = createInterface({ input: createReadStream(file, { end: 65_536 }) })
  for await (const line of lines) {
    lines.close()
    const { trail } = JSON.parse(line) as {
      readonly trail?: {
        readonly segment: number
        readonly previous: { readonly seq: number; readonly hash: string } | null
      }
    }
    const previous = trail?.previous ?? null
    return trail === undefined || previous === null
      ? null
      : { segment: trail.segment, head: { seq: previous.seq, hash: previous.hash } }
  }
  return null
}
