import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TrailWriter, verifyTrail } from '@gatehouse/audit-trail'
import { NO_SHIPPING } from '@gatehouse/configuration'
import { MemoryHub, openMemoryCoordination } from '@gatehouse/coordination'
import { expect, test, vi } from 'vitest'
import { startAdminScene } from './testing/admin-scene.ts'

test('the service removes what is older than it is told to keep, but not what people have put on hold', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-admin-retention-'))
  const file = (name: string): string => join(directory, name)
  // Three segments of long ago.
  for (const subject of ['alice', 'bob', 'carol']) {
    const old = await TrailWriter.open(directory, { gatewayId: 'admin-1', now: () => Date.UTC(2026, 0, 1) })
    old.append(`"kind":"admin_action","admin":{"action":"trail_read","by":{"subject":"${subject}"}}`)
    old.commit()
    await old.close()
  }
  const hub = new MemoryHub()
  const before = await openMemoryCoordination(hub)
  const by = { issuer: 'https://idp', subject: 'sam', actor: null }
  await before.legalHolds.set({ what: { kind: 'subject', subject: 'bob' }, reason: 'case 4711', by })
  const scene = await startAdminScene(
    {
      audit: {
        directory,
        syncMilliseconds: 0,
        signingKey: null,
        checkpoints: { everySeconds: 60, files: [], webhooks: [] },
        shipping: NO_SHIPPING,
        retention: { recordsDays: 1, recordingsDays: null, databaseDays: null },
      },
    },
    null,
    hub,
  )
  try {
    await vi.waitFor(() => {
      expect(existsSync(file('000003.jsonl'))).toBe(false)
    }, 20_000)
    expect(existsSync(file('000001.jsonl'))).toBe(false)
    expect(existsSync(file('000002.jsonl'))).toBe(true)
    expect(existsSync(file('legal-holds.json'))).toBe(true)
    expect(await verifyTrail(directory)).toMatchObject({ firstBreak: null, removed: [{ segment: 1 }, { segment: 3 }] })
  } finally {
    await scene.stop()
    await before.close()
    rmSync(directory, { recursive: true })
  }
})
