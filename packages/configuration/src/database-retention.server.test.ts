import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type HeldNames, readRecords, type ShippedRecord, TrailWriter } from '@gatehouse/audit-trail'
import { PostgresDestination } from '@gatehouse/audit-trail/postgres'
import type { AuditRecord } from '@gatehouse/core'
import { describe, expect, inject, test } from 'vitest'
import { databases, rowsOf } from '../../../test/servers/trail-database.ts'
import { DatabaseRetention, type DatabaseRetentionPorts } from './database-retention.ts'

const { postgres18 } = inject('servers')
const DAY = 86_400_000

function recordOf(seq: number, daysAgo: number, session: string): ShippedRecord {
  const zeros = '0'.repeat(64)
  const time = new Date(Date.now() - daysAgo * DAY).toISOString()
  const line = `{"seq":${seq},"time":"${time}","prev":"${zeros}","hash":"${zeros}","kind":"session_start","session":"${session}"}`
  return { record: JSON.parse(line) as AuditRecord, segment: 1, line }
}

describe.skipIf('absent' in postgres18)('records in the database', () => {
  const { make } = databases(postgres18)

  test('that are older than is kept go when nothing holds them, and the trail says so before', async () => {
    const database = { url: await make(), ca: null }
    const destination = new PostgresDestination(database)
    const records = [recordOf(1, 40, 'old'), recordOf(2, 40, 'held'), recordOf(3, 5, 'new')]
    await destination.deliver({ gateway: 'gateway-a', trail: '0123456789abcdef' }, records)
    await destination.close()
    const directory = mkdtempSync(join(tmpdir(), 'gatehouse-database-retention-'))
    const trail = await TrailWriter.open(directory, { gatewayId: 'admin' })
    const retention = (more: Partial<DatabaseRetentionPorts>): DatabaseRetention =>
      new DatabaseRetention({
        database,
        days: 30,
        held: (): Promise<HeldNames> => Promise.resolve({ sessions: ['held'], subjects: [] }),
        trail,
        told: () => undefined,
        failed: () => undefined,
        ...more,
      })
    const left = async (): Promise<unknown> =>
      rowsOf(database.url, `SELECT line::json->>'session' FROM gatehouse_audit.record ORDER BY seq`)
    const all = retention({})
    const unknown = retention({ held: () => Promise.reject(new Error('Redis is gone')) })
    try {
      await expect(unknown.turn()).rejects.toThrow('Redis is gone')
      expect(await left()).toEqual([['old'], ['held'], ['new']])
      await all.turn()
      expect(await left()).toEqual([['held'], ['new']])
      const told: unknown[] = []
      await readRecords(directory, { kinds: ['retention'] }, ({ retention: said }) => told.push(said) > 0)
      expect(told).toEqual([
        { database: { before: expect.any(String) as string }, why: 'records are kept for 30 days in the database' },
      ])
    } finally {
      await unknown.close()
      await all.close()
      await trail.close()
      rmSync(directory, { recursive: true })
    }
  })
})
