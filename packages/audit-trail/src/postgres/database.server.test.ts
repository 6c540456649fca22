import { readFileSync } from 'node:fs'
import { Client } from 'pg'
import { describe, expect, inject, test, vi } from 'vitest'
import { TrailFolder, writeTrails } from '../search/testing/written-trails.ts'
import { naiveFacet, naiveSearch } from '../search/testing/naive-search.ts'
import type { TrailQuery } from '../search/trail-index.ts'
import { poolConfig } from './connection.ts'
import { PostgresDestination } from './postgres-destination.ts'
import { PostgresIndex } from './postgres-index.ts'
import { removeRecords } from './remove-records.ts'
import { databases, rowsOf } from '../../../../test/servers/trail-database.ts'
import { madeIntent, madeOutcome, madeRecord } from './testing/made-records.ts'

const servers = inject('servers')
const { postgres18 } = servers
const of = { gateway: 'gateway-a', trail: '0123456789abcdef' }
const use = { name: 'test', connections: 1, statementMilliseconds: 1_000 }

async function ship(
  url: string,
  records: Parameters<PostgresDestination['deliver']>[1],
  ca: string | null = null,
): Promise<void> {
  const destination = new PostgresDestination({ url, ca })
  try {
    await destination.deliver(of, records)
  } finally {
    await destination.close()
  }
}

describe('the address of a database', () => {
  test.each([
    ['postgres://a:b@127.0.0.1/trail', false],
    ['postgres://a:b@localhost:5433/trail?sslmode=disable', false],
    ['postgres://a:b@db.example.com/trail', { rejectUnauthorized: true }],
    ['postgres://a:b@db.example.com/trail?sslmode=require', { rejectUnauthorized: true }],
    ['postgresql://a:b@[::1]/trail?sslmode=verify-full', { rejectUnauthorized: true }],
  ])('%s is reached with TLS unless it is on this machine', (url, ssl) => {
    expect(poolConfig({ url, ca: null }, use).ssl).toEqual(ssl)
  })

  test.each([
    ['postgres://a:hunter2@db.example.com/trail?sslmode=disable', 'in clear'],
    ['postgres://a:hunter2@db.example.com/trail?sslmode=prefer', 'verify-full'],
    ['postgres://a:hunter2@db.example.com/trail?sslmode=no-verify', 'verify-full'],
    ['postgres://a:hunter2@127.0.0.1/trail?sslmode=allow', 'verify-full'],
    ['postgres://a:hunter2@db.example.com/trail?ssl=false', 'only sslmode'],
    ['postgres://a:hunter2@127.0.0.1/trail?host=db.example.com', 'only sslmode'],
    // A password with characters that end it.
    ['postgres://a:5432/x?hunter2@db.example.com/trail', 'only sslmode'],
    ['postgres://a:5432/x?sslmode=hunter2@db.example.com/trail', 'verify-full'],
    ['postgres://a:hunter2/x@db.example.com/trail', 'no address'],
    ['postgres://a:hunter2@db.example.com', 'database'],
    ['mysql://a:hunter2@db.example.com/trail', 'postgres://'],
    ['hunter2', 'no address'],
    ['postgres://a:%hunter2@127.0.0.1/trail', '%25'],
  ])('%s is refused, and the refusal does not repeat it', (url, why) => {
    const opening = (): unknown => poolConfig({ url, ca: null }, use)
    expect(opening).toThrow(why)
    expect(opening).not.toThrow('hunter2')
  })
})

describe.skipIf('absent' in postgres18)('the database', () => {
  const { make } = databases(postgres18)

  test('is made by several who start at once, and once', async () => {
    const url = await make()
    const record = madeIntent(1, '2026-01-01T00:00:00.000Z')
    await Promise.all(Array.from({ length: 6 }, () => ship(url, [record])))
    expect(await rowsOf(url, 'SELECT number FROM gatehouse_audit.migration ORDER BY 1')).toEqual([['1'], ['2']])
    expect(await rowsOf(url, 'SELECT seq FROM gatehouse_audit.record')).toEqual([['1']])
  })

  test('that is newer than the program, or not made yet, is told so', async () => {
    const url = await make()
    const index = new PostgresIndex({ url, ca: null })
    const search = (): Promise<unknown> => index.search({}, { limit: 1, order: 'newest', cursor: null })
    try {
      await expect(search()).rejects.toThrow('version 0')
      await ship(url, [madeIntent(1, '2026-01-01T00:00:00.000Z')])
      expect(await search()).toMatchObject({ next: null })
      await rowsOf(url, "INSERT INTO gatehouse_audit.migration VALUES (999, 'later')")
      await expect(ship(url, [])).resolves.toBe(undefined)
      await expect(ship(url, [madeIntent(2, '2026-01-01T00:00:00.000Z')])).rejects.toThrow('newer than this program')
    } finally {
      await index.close()
    }
  })

  test('needs no more than these rights of who writes, and of who searches', async () => {
    const url = await make()
    await ship(url, [madeIntent(1, '2026-01-01T00:00:00.000Z')])
    const as = (role: string): string => {
      const at = new URL(url)
      at.username = role
      at.password = 'role secret'
      return at.href
    }
    const [writer, searcher] = ['w', 's'].map(
      (letter) => `${letter}_${new URL(url).pathname.slice(7, 20).replaceAll('-', '')}`,
    )
    await rowsOf(url, `CREATE ROLE ${writer} LOGIN PASSWORD 'role secret'`)
    await rowsOf(url, `CREATE ROLE ${searcher} LOGIN PASSWORD 'role secret'`)
    try {
      for (const statement of rights(writer ?? '', searcher ?? '')) await rowsOf(url, statement)
      await ship(as(writer ?? ''), [
        madeIntent(2, '2026-02-01T00:00:00.000Z'),
        madeOutcome(3, '2026-02-01T00:00:00.000Z', 1),
      ])
      await expect(ship(as(searcher ?? ''), [madeIntent(4, '2026-02-01T00:00:00.000Z')])).rejects.toThrow(
        'permission denied',
      )
      const index = new PostgresIndex({ url: as(searcher ?? ''), ca: null })
      try {
        const page = await index.search({}, { limit: 10, order: 'newest', cursor: null })
        expect(page.records.map(({ record }) => record.seq)).toEqual([2, 1])
        expect((await index.summarize({})).statements).toBe(2)
      } finally {
        await index.close()
      }
    } finally {
      for (const role of [writer, searcher]) {
        await rowsOf(url, `DROP OWNED BY ${role}`)
        await rowsOf(url, `DROP ROLE ${role}`)
      }
    }
  })

  test('that does not answer ends a search, which says what would help, and not those behind it', async () => {
    const url = await make()
    await ship(url, [madeIntent(1, '2026-01-01T00:00:00.000Z')])
    const index = new PostgresIndex({ url, ca: null }, { statementMilliseconds: 500 })
    const search = (): Promise<unknown> => index.search({}, { limit: 1, order: 'newest', cursor: null })
    const client = new Client({ connectionString: url })
    await client.connect()
    try {
      await vi.waitFor(search, 20_000)
      await client.query('BEGIN; LOCK TABLE gatehouse_audit.record IN ACCESS EXCLUSIVE MODE')
      await expect(search()).rejects.toThrow('shorter stretch of time')
      await client.query('ROLLBACK')
      await vi.waitFor(search, 20_000)
    } finally {
      await client.end()
      await index.close()
    }
  })

  test('is searched without pg_trgm too', async () => {
    const url = await make()
    await rowsOf(url, 'CREATE SCHEMA gatehouse_audit')
    await ship(url, [madeIntent(1, '2026-01-01T00:00:00.000Z')])
    await rowsOf(url, 'DROP EXTENSION pg_trgm CASCADE')
    await ship(url, [
      madeIntent(2, '2026-01-03T00:00:00.000Z', { statement: { text: 'Needle', parameters: [], fingerprint: null } }),
    ])
    const index = new PostgresIndex({ url, ca: null })
    try {
      const page = await index.search({ text: 'nEEDLE' }, { limit: 10, order: 'newest', cursor: null })
      expect(page.records.map(({ record }) => record.seq)).toEqual([2])
    } finally {
      await index.close()
    }
  })

  test('proves by its certificate that it is the one', async () => {
    const url = new URL(await make())
    if ('absent' in postgres18 || postgres18.address.tls === null) throw new Error('this server has no TLS')
    const record = [madeIntent(1, '2026-01-01T00:00:00.000Z')]
    url.searchParams.set('sslmode', 'verify-full')
    await expect(ship(url.href, record)).rejects.toThrow(/certificate|self-signed/)
    await ship(url.href, record, postgres18.address.tls.ca)
    expect(await rowsOf(url.href.replace(/\?.*/, ''), 'SELECT seq FROM gatehouse_audit.record')).toEqual([['1']])
  })
})

describe.skipIf('absent' in postgres18)('numbers', () => {
  const { make } = databases(postgres18)

  test('over any stretch of time are those of its records', async () => {
    const url = await make()
    using folder = new TrailFolder()
    // Records of some days, with hours and days cut anywhere.
    const trails = await writeTrails(folder.path, {
      statements: 60,
      step: (chance) => Math.floor(chance() * 2_400_000),
    })
    const destination = new PostgresDestination({ url, ca: null })
    for (const { identity, shipped } of trails)
      for (let at = 0; at < shipped.length; at += 23) await destination.deliver(identity, shipped.slice(at, at + 23))
    await destination.close()
    const index = new PostgresIndex({ url, ca: null })
    try {
      const begun = Date.UTC(2026, 0, 1)
      const at = (hours: number): string => new Date(begun + hours * 3_600_000).toISOString()
      const queries: TrailQuery[] = [
        {},
        { since: at(0), until: at(24) },
        { since: at(0.4), until: at(50.7) },
        { since: at(23.9) },
        { until: at(24.1) },
        { since: at(5.2), until: at(5.8) },
        { since: at(7), until: at(8) },
        { since: at(25), until: at(24) },
        { since: at(100_000) },
      ]
      for (const query of queries) {
        const found = naiveSearch(trails, query, 'oldest')
        const statements = found.filter(({ record }) => record.kind === 'intent')
        const summary = await index.summarize(query)
        expect([query, summary.statements, summary.complete, summary.countedFrom]).toEqual([
          query,
          statements.length,
          true,
          found[0]?.record.time ?? null,
        ])
        for (const facet of ['subject', 'kind', 'relation', 'outcome', 'code', 'masked'] as const)
          expect([query, facet, summary.facets[facet]]).toEqual([query, facet, naiveFacet(found, facet)])
        expect(summary.overTime.reduce((sum, bucket) => sum + bucket.statements, 0)).toBe(statements.length)
        expect(summary.shapes.every(({ text, count }) => count > 0 && typeof text === 'string')).toBe(true)
      }
    } finally {
      await index.close()
    }
  })
})

describe.skipIf('absent' in postgres18)('old records', () => {
  const { make } = databases(postgres18)

  test('are removed by day and by time, but not what is held; the numbers say from when on they count', async () => {
    const url = await make()
    const held = { session: 's-held' }
    const person = { principal: { subject: 'eve"@example.com', actor: null, groups: [], issuer: '' } }
    await ship(url, [
      madeIntent(1, '2026-01-01T10:00:00.000Z'),
      madeIntent(2, '2026-01-02T10:00:00.000Z', held),
      madeIntent(3, '2026-01-02T11:00:00.000Z'),
      madeIntent(4, '2026-01-03T10:00:00.000Z', person),
      madeIntent(5, '2026-01-03T11:00:00.000Z'),
      madeIntent(6, '2026-01-03T13:00:00.000Z'),
      madeRecord(7, '2026-01-04T10:00:00.000Z', 'alarm', { alarm: { code: 'X' } }),
    ])
    const before = new Date('2026-01-03T12:30:00.000Z')
    const names = { sessions: ['s-held'], subjects: ['eve"@example.com'] }
    expect(await removeRecords({ url, ca: null }, { before, held: names })).toEqual({ days: 1, rows: 2 })
    const left = 'SELECT seq FROM gatehouse_audit.record ORDER BY 1'
    expect(await rowsOf(url, left)).toEqual([['2'], ['4'], ['6'], ['7']])
    const index = new PostgresIndex({ url, ca: null })
    try {
      expect(await index.summarize({})).toMatchObject({
        complete: false,
        countedFrom: '2026-01-03T13:00:00.000Z',
        statements: 1,
      })
      expect(await index.summarize({ since: '2026-01-03T13:00:00.000Z' })).toMatchObject({
        complete: true,
        statements: 1,
      })
      expect(await removeRecords({ url, ca: null }, { before, held: { sessions: [], subjects: [] } })).toEqual({
        days: 1,
        rows: 1,
      })
      expect(await rowsOf(url, left)).toEqual([['6'], ['7']])
      // What is older comes again only from who has kept it: then it is there again, and goes with the next turn.
      await ship(url, [madeIntent(8, '2026-01-05T10:00:00.000Z')])
      expect(await rowsOf(url, left)).toEqual([['6'], ['7'], ['8']])
    } finally {
      await index.close()
    }
  })
})

/** The rights that docs/trail-database.md gives, read from there. */
function rights(writer: string, searcher: string): readonly string[] {
  const page = readFileSync(new URL('../../../../docs/trail-database.md', import.meta.url), 'utf8')
  const [block = ''] = /```sql\n[^]*?```/.exec(page) ?? []
  const granted = block.matchAll(/^GRANT .+(?=;$)/gm)
  const statements = Array.from(granted, ([statement]) =>
    statement.replaceAll('gatehouse_writer', writer).replaceAll('gatehouse_reader', searcher),
  )
  if (statements.length < 5) throw new Error('the page gives fewer rights than it did')
  return statements
}
