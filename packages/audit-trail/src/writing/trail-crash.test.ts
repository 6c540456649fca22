import { spawn } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { TrailDirectory } from '../fixtures/trail-directory.ts'
import { verifyTrail } from '../verification/verify.ts'

const CHILD = fileURLToPath(new URL('../fixtures/append-forever.ts', import.meta.url))

/** Runs the child until it has said enough, kills it with SIGKILL, and gives back what it said was committed. */
function appendUntilKilled(directory: string, segmentBytes: number, killAfterBytes: number): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CHILD, directory, String(segmentBytes)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    let complaint = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1')
      if (said.length >= killAfterBytes) child.kill('SIGKILL')
    })
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString('utf8')))
    child.on('close', (_, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the child ended by itself: ${complaint}`))
      // The last line may be cut; a cut number would not be the one that was committed.
      else resolve(said.slice(0, said.lastIndexOf('\n')).split('\n').map(Number))
    })
  })
}

it('a process that is killed at any moment has every record that it committed', { timeout: 60_000 }, async () => {
  using directory = new TrailDirectory()
  let said = 0
  for (let round = 0; round < 12; round++) {
    const committed = await appendUntilKilled(directory.path, 20_000 + round * 5_000, 50 + ((round * 7_919) % 9_000))
    said += committed.length
    const before = await verifyTrail(directory.path)
    expect(before.firstBreak).toBe(null)

    const trail = await directory.open()
    await trail.close()
    const report = await verifyTrail(directory.path)
    expect(report).toMatchObject({ firstBreak: null, warnings: [] })

    const intents = new Set<number>()
    for (let segment = 1; existsSync(directory.file(segment)); segment++) {
      for (const line of readFileSync(directory.file(segment), 'utf8').split('\n')) {
        if (line.includes('"kind":"intent"')) intents.add(Number(/"seq":([0-9]+)/.exec(line)?.[1]))
      }
    }
    expect(committed.filter((seq) => !intents.has(seq))).toEqual([])
  }
  expect(said).toBeGreaterThan(1_000)
  expect(readdirSync(directory.path)).not.toContain('lock')
  expect(existsSync(join(directory.path, 'head.json'))).toBe(true)
})
