import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openMemoryCoordination, type Coordination } from '@gatehouse/coordination'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { KeptHolds } from './kept-holds.ts'

const by = { issuer: 'https://idp', subject: 'sam', actor: null }
let directory: string
let opened: Coordination[]
let kept: KeptHolds[]

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-holds-'))
  opened = []
  kept = []
})
afterEach(async () => {
  for (const one of kept) await one.close()
  for (const one of opened) await one.close()
  rmSync(directory, { recursive: true })
})

/** A store without memory of any before it, and what is kept beside the trail. */
async function start(): Promise<{ readonly coordination: Coordination; readonly holds: KeptHolds }> {
  const coordination = await openMemoryCoordination()
  opened.push(coordination)
  const holds = new KeptHolds(directory, coordination.legalHolds, () => undefined)
  kept.push(holds)
  return { coordination, holds }
}

it('a store that has lost its memory gets the holds back, and those that were lifted it does not', async () => {
  const { coordination, holds } = await start()
  const { legalHolds } = coordination
  await legalHolds.set({ what: { kind: 'session', session: 's1' }, reason: 'a', by })
  const lifted = await legalHolds.set({ what: { kind: 'subject', subject: 'ada' }, reason: 'b', by })
  expect(await holds.names()).toEqual({ sessions: ['s1'], subjects: ['ada'] })
  await legalHolds.lift(lifted.id, { by, reason: null })
  expect(await holds.names()).toEqual({ sessions: ['s1'], subjects: [] })
  const again = await start()
  expect(await again.holds.names()).toEqual({ sessions: ['s1'], subjects: [] })
  expect(await again.coordination.legalHolds.list()).toMatchObject([{ what: { session: 's1' }, lifted: null }])
})

it('a hold is kept beside the trail as soon as it is set', async () => {
  const { coordination } = await start()
  await coordination.legalHolds.set({ what: { kind: 'session', session: 's1' }, reason: 'a', by })
  await vi.waitFor(() => expect(readFileSync(join(directory, 'legal-holds.json'), 'utf8')).toContain('"s1"'), 20_000)
})

it('nothing is known where the copy cannot be read', async () => {
  const { holds } = await start()
  writeFileSync(join(directory, 'legal-holds.json'), '[{"id":1}]')
  await expect(holds.names()).rejects.toThrow(/no copy of legal holds: nothing is removed until/)
})
