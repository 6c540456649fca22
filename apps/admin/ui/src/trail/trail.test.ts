import { describe, expect, test } from 'vitest'
import { hashOf, routeOf } from '../route.ts'
import { blocksOf, rowCount } from './answer-blocks.ts'
import { barsOf, heatOf } from './bars.ts'
import type { TimelineStatement } from './records.ts'
import { stateOf } from './statement-state.ts'
import { statementAt, stripMarks, stripTime } from './strip-time.ts'
import { localMoment, queryOf, textOfQuery, toggled, utcMoment } from './trail-query.ts'
import { nextRefusal } from './use-playback.ts'

const statement = (over: Partial<TimelineStatement>): TimelineStatement => ({
  seq: 1,
  time: '2026-01-31T12:00:00.000Z',
  state: 'done',
  text: 'select 1',
  textCut: false,
  actions: [],
  relations: [],
  rule: null,
  code: null,
  masked: [],
  rows: null,
  microseconds: null,
  held: null,
  ...over,
})

describe('an address', () => {
  test('of a search and of one moment of a session is what it was made from', () => {
    expect(routeOf('#/trail?outcome=refused&text=a%3Fb')).toEqual({
      view: 'trail',
      id: null,
      query: 'outcome=refused&text=a%3Fb',
    })
    expect(routeOf(hashOf('trail', 's/1', 'at=7'))).toEqual({ view: 'trail', id: 's/1', query: 'at=7' })
    expect(routeOf('#/approvals/a1')).toEqual({ view: 'approvals', id: 'a1', query: '' })
  })

  test('that nobody made leads somewhere all the same', () => {
    expect(routeOf('#/trail/sessions/%E0')).toEqual({ view: 'trail', id: '%E0', query: '' })
    expect(routeOf('#/?x').view).toBe('approvals')
  })

  test('holds every field of a search, and nothing that is none', () => {
    const query = { text: 'a & b=c', subject: 'ada@example.com', held: 'true' }
    expect(queryOf(textOfQuery(query))).toEqual(query)
    expect(queryOf('subject=&evil=1&limit=9')).toEqual({})
    expect(toggled(query, 'held', 'true')).toEqual({ text: 'a & b=c', subject: 'ada@example.com' })
    expect(toggled(query, 'held', 'false').held).toBe('false')
  })

  test('keeps moments over the reader’s time zone', () => {
    expect(utcMoment(localMoment('2026-07-01T10:20:30.000Z'))).toBe('2026-07-01T10:20:30.000Z')
    expect(localMoment('yesterday')).toBe('')
    expect(utcMoment('')).toBe('')
  })
})

describe('a strip of time', () => {
  test('shortens what nobody would watch, and says how long it was', () => {
    const time = stripTime([0, 1_000, 601_000, 602_000], 3_000)
    expect(time).toMatchObject({ length: 5_000, gaps: [{ at: 1_000, shown: 3_000, was: 600_000 }] })
    expect([-5, 0, 500, 1_000, 301_000, 601_000, 601_500, 999_999].map(time.place)).toEqual([
      0, 0, 500, 1_000, 2_500, 4_000, 4_500, 5_000,
    ])
  })

  test('of a single moment, or of none, has a length', () => {
    expect(stripTime([5]).length).toBe(1)
    expect(stripTime([Number.NaN]).place(7)).toBe(0)
  })

  test('tells which statement is at a place', () => {
    expect([-1, 0, 9, 10, 99].map((place) => statementAt([0, 10, 20], place))).toEqual([0, 0, 0, 1, 2])
  })

  test('of many statements shows no more marks than fit, and refusals among them', () => {
    const many = Array.from({ length: 5_000 }, (_, seq) =>
      statement({
        seq,
        time: new Date(seq * 1_000).toISOString(),
        state: seq === 2_345 ? 'refused' : 'done',
      }),
    )
    const marks = stripMarks(many, stripTime(many.map(({ time }) => Date.parse(time))), 100)
    expect(marks.length).toBeLessThanOrEqual(100)
    expect(marks.filter(({ state }) => state === 'refused')).toMatchObject([{ index: 2_345 }])
    expect(marks.reduce((sum, { count }) => sum + count, 0)).toBe(5_000)
  })

  test('leads from refusal to refusal, and no further', () => {
    const some = (['refused', 'done', 'failed', 'refused'] as const).map((state) => ({ state }))
    expect(nextRefusal(some, 0, 1)).toBe(3)
    expect(nextRefusal(some, 3, 1)).toBe(null)
    expect(nextRefusal(some, 3, -1)).toBe(0)
  })
})

describe('what came back', () => {
  test('is put together over pages', () => {
    const blocks = blocksOf([
      { kind: 'columns', time: 1, names: ['a'] },
      { kind: 'rows', rows: [['1'], [null]] },
      { kind: 'rows', rows: [['3']] },
      { kind: 'done', time: 2, text: 'SELECT 3' },
      { kind: 'rows', rows: [['x']] },
    ])
    expect(blocks).toEqual([
      { kind: 'result', names: ['a'], rows: [['1'], [null], ['3']] },
      { kind: 'done', time: 2, text: 'SELECT 3' },
      { kind: 'result', names: [], rows: [['x']] },
    ])
    expect(rowCount(blocks)).toBe(4)
  })
})

describe('a state', () => {
  const record = { seq: 1, time: '', hash: '', kind: 'intent' }
  const outcome = (error: string | null): Parameters<typeof stateOf>[0]['outcome'] => ({
    ...record,
    kind: 'outcome',
    outcome: { rows: 0, bytes: 0, error, duration_us: 1 },
  })
  test('is told from intent and outcome', () => {
    const permit = { ...record, decision: { effect: 'permit', rule: 'r', approval: null } } as const
    const deny = { ...record, decision: { effect: 'deny', rule: 'r', approval: null } } as const
    expect(
      [
        { record: permit, outcome: outcome(null) },
        { record: permit, outcome: outcome('22012') },
        { record: permit, outcome: null },
        { record: deny, outcome: null },
        { record: { ...record, kind: 'approval_asked' }, outcome: null },
        { record: { ...record, kind: 'policy_loaded' }, outcome: null },
      ].map((found) => stateOf(found).word),
    ).toEqual(['ran', 'failed', 'no outcome', 'refused', 'held', 'policy loaded'])
  })
})

describe('charts', () => {
  test('draw all bars to one scale, each piece upon the one below', () => {
    const bucket = { from: '2026-01-31T12:00:00.000Z', statements: 4, failed: 1, refused: 1, held: 1 }
    const { bars, most, mostHeld } = barsOf([bucket, { ...bucket, statements: 8, failed: 0, refused: 8, held: 0 }])
    expect({ most, mostHeld }).toEqual({ most: 8, mostHeld: 1 })
    expect(bars[0]?.pieces).toEqual([
      { kind: 'ran', from: 0, to: 0.25 },
      { kind: 'failed', from: 0.25, to: 0.375 },
      { kind: 'refused', from: 0.375, to: 0.5 },
    ])
    expect(bars[1]).toMatchObject({ pieces: [{ kind: 'refused', from: 0, to: 1 }], held: 0 })
    expect(barsOf([]).bars).toEqual([])
  })

  test('show those with most masked columns, and count who is not shown', () => {
    const heat = heatOf(
      [
        { subject: 'a', column: 'x', count: 100 },
        { subject: 'b', column: 'x', count: 1 },
        { subject: 'c', column: 'y', count: 50 },
      ],
      2,
      1,
    )
    expect(heat).toMatchObject({ subjects: ['a', 'c'], columns: ['x'], left: 2 })
    expect([heat.level('a', 'x'), heat.level('c', 'x'), heat.count('b', 'x'), heat.level('b', 'x')]).toEqual([
      4, 0, 1, 1,
    ])
  })
})
