import type { StatementFacts } from '@gatehouse/core'
import { loadModule, parseSync } from 'libpg-query'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Catalog } from '../catalog.ts'
import { prescan } from '../prescan.ts'
import { defaultPrescanLimits } from '../prescan-limits.ts'
import { Work, readFacts } from '../read-facts.ts'
import { PostgresReader, type Reading } from '../reader.ts'
import { giantView, hostileCatalog } from './fixtures/hostile-catalog.ts'
import { HOSTILE_TEXTS } from './fixtures/hostile-texts.ts'
import { ORDINARY_TEXTS } from './fixtures/ordinary-texts.ts'
import { readStatement } from './fixtures/sample-catalog.ts'
import { TEXT_UNITS } from '../../facts/work.ts'

const LIMIT = new RegExp(`more than (?:${TEXT_UNITS} units of work|1000 deep)|nested too deep`)

interface Cost {
  readonly facts: readonly StatementFacts[]
  readonly work: Work
  readonly milliseconds: number
}

beforeAll(() => loadModule())

function read(text: string, catalog: Catalog): Cost {
  const tree = parseSync(text)
  const work = new Work(Buffer.byteLength(text))
  const before = process.threadCpuUsage()
  const facts = readFacts(tree, { catalog, searchPath: ['pg_catalog', 'public', 'other'], parse: parseSync }, work)
  const { user, system } = process.threadCpuUsage(before)
  return { facts, work, milliseconds: (user + system) / 1000 }
}

function isWithinLimits(text: string): boolean {
  const bytes = Buffer.from(text)
  return prescan(bytes, 0, bytes.length, defaultPrescanLimits) === null
}

describe('hostile texts of 16 KiB', () => {
  const catalog = hostileCatalog()
  const texts = HOSTILE_TEXTS.filter(([, text]) => isWithinLimits(text))

  it('are within what is parsed at all, nearly all of them, and within 16 KiB', () => {
    expect(texts.length).toBeGreaterThan(0.9 * HOSTILE_TEXTS.length)
    for (const [name, text] of HOSTILE_TEXTS) expect(text.length, name).toBeLessThanOrEqual(16 * 1024)
    expect(new Set(HOSTILE_TEXTS.map(([name]) => name)).size).toBe(HOSTILE_TEXTS.length)
  })

  it('cost no more than the budget, and are incomplete for a limit that is named when they would', () => {
    const times: string[] = []
    for (const [name, text] of texts) {
      const { facts, work, milliseconds } = read(text, catalog)
      times.push(`${milliseconds.toFixed(1)} ms ${work.spent} ${name}`)
      expect(work.spent, name).toBeLessThanOrEqual(TEXT_UNITS)
      expect(facts.length, name).toBeGreaterThan(0)
      if (work.exhausted) {
        const [first] = facts.filter((one) => !one.complete)
        expect(first?.reason, name).toMatch(LIMIT)
        expect(facts.at(-1)?.complete, name).toBe(false)
      }
    }
    const slowest = times.toSorted((a, b) => Number.parseFloat(b) - Number.parseFloat(a)).slice(0, 12)
    console.info(`slowest of ${times.length} by processor time, the first time each is read:\n${slowest.join('\n')}`)
  }, 120_000)

  it.each([
    'NOT in OR 400',
    'NOT in OR 490',
    'CASE in WHEN 400',
    'opposites 490',
    'IN',
    'OR',
    'USING',
    'NATURAL joins',
    'parenthesised joins 400',
    'cross joins',
    'commas',
    'CTE chain',
    'WITH in the first arm 80',
    'VALUES',
    'overloads',
  ])('%s is read in full: it costs no more than in proportion', (wanted) => {
    const [, text] = HOSTILE_TEXTS.find(([name]) => name === wanted) ?? ['', '']
    const { facts, work } = read(text, catalog)
    expect(work.exhausted).toBe(false)
    // What is too wide for any server is told apart once all of it was read.
    const reasons = facts
      .map((one) => one.reason)
      .filter((reason) => reason?.startsWith('more than 1664 columns') !== true)
    expect(reasons).toEqual(reasons.map(() => null))
  })

  it('cost no more than the budget on a search path of thousands of schemas', () => {
    const searchPath = Array.from({ length: 5000 }, (_, index) => `tenant_${index}`)
    const texts = ['nope', 'over(1)', "''::nope", '1 @+@ 2'].map((part) => `select ${Array(1500).fill(part).join()}`)
    for (const text of [...texts, `select 1 from ${Array(3000).fill('nope').join()}`]) {
      const work = new Work()
      const [facts] = readFacts(parseSync(text), { catalog, searchPath, parse: parseSync }, work)
      expect(work.spent).toBeLessThanOrEqual(TEXT_UNITS)
      expect(facts?.complete).toBe(!work.exhausted)
    }
  })

  it('leave nothing behind: what follows in the text is incomplete, the next text is not', () => {
    const [, stars = ''] = HOSTILE_TEXTS.find(([name]) => name === 'cross joins and stars') ?? []
    const { facts } = read(`${stars}; select id from users; begin`, catalog)
    expect(facts.map((one) => one.complete)).toEqual([false, false, false])
    expect(facts.map((one) => one.reason)).toEqual(facts.map(() => expect.stringMatching(LIMIT)))
    expect(read('select id from users', catalog).facts[0]).toMatchObject({ complete: true, action: 'select' })
  })
})

describe('ordinary texts of up to 16 KiB', () => {
  it.each(ORDINARY_TEXTS)('%s is read in full, with half of the budget to spare', (_, text) => {
    const { facts, work } = read(text, hostileCatalog())
    expect(facts.map((one) => one.reason)).toEqual(facts.map(() => null))
    expect(work.spent).toBeLessThan(TEXT_UNITS / 2)
  })

  it('cost no more in proportion to their length', () => {
    const spent = [100, 200, 400].map((count) => {
      const terms = `${'(id=1 or not '.repeat(count)}id=2${')'.repeat(count)}`
      return read(`delete from users where ${terms}`, hostileCatalog()).work.spent
    })
    const [small = 0, middle = 0, large = 0] = spent
    expect(middle).toBeLessThan(2.2 * small)
    expect(large).toBeLessThan(2.2 * middle)
  })

  it('may cost more when they are longer', () => {
    expect(new Work(1024 * 1024).limit).toBeGreaterThan(10 * TEXT_UNITS)
    expect(new Work(1).limit).toBe(TEXT_UNITS)
  })
})

describe('views', () => {
  it('that double at each level are bounded, and read at most once each', () => {
    const catalog = hostileCatalog()
    const costs = Array.from({ length: 40 }, () => read('select * from double30', catalog))
    for (const { work } of costs) expect(work.spent).toBeLessThanOrEqual(TEXT_UNITS)
    const last = costs.at(-1)
    expect(last?.work.spent).toBeLessThan(TEXT_UNITS / 50)
    expect(last?.facts[0]?.output?.every((column) => column.complete)).toBe(false)
  })

  it('whose own query is too entangled make whatever names them incomplete, and are not tried again', () => {
    const catalog = giantView()
    const [first, second] = [read('select * from giant', catalog), read('select * from giant', catalog)]
    for (const cost of [first, second]) {
      expect(cost?.facts[0]?.complete).toBe(false)
      expect(cost?.facts[0]?.reason).toMatch(/view giant: too entangled: more than \d+ units of work/)
    }
    expect(second?.work.spent).toBeLessThan(TEXT_UNITS / 100)
  })

  it('are not held against anybody when the text that named them first went too deep', () => {
    const catalog = hostileCatalog()
    const deep = `${'select ('.repeat(490)}select again from tagged_again${')'.repeat(490)}`
    const deeper = `select ${'case when true then '.repeat(450)}(${deep})${' end'.repeat(450)}`
    for (const text of [deeper, deep]) expect(read(text, catalog).facts).toHaveLength(1)
    expect(read('select again from tagged_again', catalog).facts[0]?.output).toMatchObject([
      { complete: true, sources: [{ column: { relation: 'people', column: 'ssn' } }] },
    ])
  })

  it('say when they were what the budget ended on: the text may be read again', () => {
    const catalog = giantView(150)
    const text = Array.from({ length: 5 }, (_, index) => `select * from giant${index || ''}`).join(' union all ')
    const costs = Array.from({ length: 5 }, () => read(text, catalog))
    expect(costs[0]?.work).toMatchObject({ exhausted: true, ranOutOnView: true })
    expect(costs.at(-1)?.work).toMatchObject({ exhausted: false, ranOutOnView: false })
    expect(costs.at(-1)?.facts[0]?.complete).toBe(true)
  })

  it('then are read again by the reader, which keeps every other reading', async () => {
    const reader = await PostgresReader.create({ catalogRows: () => undefined })
    const names = {
      catalog: giantView(150),
      searchPath: ['pg_catalog', 'public'],
      parse: (sql: string) => reader.parseQuery(sql),
    }
    const readings = (text: string): Reading[] => {
      const bytes = Buffer.from(text)
      return Array.from({ length: 5 }, () => reader.read(bytes, 0, bytes.length, names))
    }
    const incomplete = { kind: 'read', facts: { statements: [{ complete: false }] } }
    const views = readings(Array.from({ length: 5 }, (_, index) => `table giant${index || ''}`).join(' union all '))
    expect(views[0]).toMatchObject(incomplete)
    expect(views.at(-1)).toMatchObject({ kind: 'read', facts: { statements: [{ complete: true }] } })
    const [, stars = ''] = HOSTILE_TEXTS.find(([name]) => name === 'stars') ?? []
    const [first, ...others] = readings(stars)
    expect(first).toMatchObject(incomplete)
    for (const other of others) expect(other).toBe(first)
    await reader.close()
  })
})

describe('what a condition lets through, however it is nested', () => {
  it.each<[string, boolean]>([
    [`${'(id=1 or not '.repeat(300)}id=2${')'.repeat(300)}`, false],
    [`${'(id=1 or not '.repeat(300)}true${')'.repeat(300)}`, false],
    [`${'not ('.repeat(300)}id=id${')'.repeat(300)}`, true],
    [`${'not ('.repeat(301)}id<>id${')'.repeat(301)}`, true],
    [Array.from({ length: 900 }, (_, i) => `id=${i}`).join(' or '), false],
    [`${Array.from({ length: 900 }, (_, i) => `id=${i}`).join(' or ')} or id<>700`, true],
    [`${Array.from({ length: 900 }, (_, i) => `id=${i}`).join(' or ')} or not (id = 700)`, true],
    [`${Array.from({ length: 900 }, (_, i) => `id=${i}`).join(' or ')} or ssn is null or ssn is not null`, true],
    [`id in (${Array.from({ length: 900 }, (_, i) => i).join()})`, false],
    [`id in (${Array.from({ length: 900 }, (_, i) => i).join()}, id)`, true],
    [`5 in (${Array.from({ length: 900 }, (_, i) => i).join()})`, true],
    ['lower(ssn) = lower( ssn )', true],
    ['lower(ssn) = lower(name)', false],
  ])('%.60s…: all of them is %s', (condition, all) => {
    expect(readStatement(`delete from people where ${condition}`).unboundedWrite).toBe(all)
  })
})
