import type { ReplayEvent } from '@gatehouse/session-replay'
import { expect, test } from 'vitest'
import { findInSession } from './replay/find-in-session.ts'
import { readPage } from './replay/replay-page.ts'
import { ReplayReader } from './replay/replay-reader.ts'
import { cursorOf, placeOf } from './replay/session-readings.ts'

const intent = (seq: number, text: string): ReplayEvent => ({
  kind: 'record',
  record: {
    seq,
    kind: 'intent',
    time: '',
    prev: '',
    hash: '',
    statement: { text, parameters: [], fingerprint: null },
  },
})
const EVENTS: readonly ReplayEvent[] = [
  intent(5, 'select name'),
  { kind: 'columns', time: 1, names: ['name'] },
  { kind: 'row', cells: ['Ann'] },
  { kind: 'row', cells: [null] },
  { kind: 'row', cells: ['x'.repeat(10_000)] },
  { kind: 'done', time: 2, text: 'SELECT 3' },
  intent(7, 'select 2'),
  { kind: 'row', cells: ['ANNA'] },
]

async function* events(): AsyncGenerator<ReplayEvent> {
  yield* EVENTS
}

test('a page ends where it is full, and at the next statement where one is asked for', async () => {
  const reader = new ReplayReader(events())
  await reader.skipToStart(5)
  const first = await readPage(reader, 3, 5)
  expect(first).toMatchObject({ more: true, events: [{ kind: 'record' }, { kind: 'columns' }, { rows: [['Ann']] }] })
  const rest = await readPage(reader, 100, 5)
  expect(rest).toEqual({
    more: false,
    events: [
      { kind: 'rows', rows: [[null], [{ text: 'x'.repeat(4096), left: 5904 }]] },
      { kind: 'done', time: 2, text: 'SELECT 3' },
    ],
  })
  expect((await readPage(reader, 100, 7)).events).toHaveLength(2)
  expect(await readPage(reader, 100, null)).toEqual({ more: false, events: [] })
})

test('much text ends a page before its rows do', async () => {
  const wide = 'y'.repeat(4000)
  const reader = new ReplayReader(
    (async function* () {
      for (let row = 0; row < 1000; row++) yield { kind: 'row', cells: [wide] } as const
    })(),
  )
  const { events: shown, more } = await readPage(reader, 1000, null)
  expect(more).toBe(true)
  expect(JSON.stringify(shown).length).toBeLessThan(600 * 1024)
})

test('a text is found in statements and answers, once in each, and the search goes on where it stopped', async () => {
  const reader = new ReplayReader(events())
  expect(await findInSession(reader, 'ann', 4)).toEqual({
    found: [{ statement: 5, where: 'answer', excerpt: 'Ann' }],
    more: true,
  })
  expect(await findInSession(reader, 'ann', 100)).toEqual({
    found: [{ statement: 7, where: 'answer', excerpt: 'ANNA' }],
    more: false,
  })
})

test('a cursor is what it was made from, and anything else is none', () => {
  const place = { position: 123_456, records: 40, chunks: 7 }
  expect(placeOf(cursorOf(place))).toEqual(place)
  for (const bad of ['', '1', '1.2', '1.2.3.4', '-1.2.3', '1.2.x y', `${'9'.repeat(12)}.1.1`])
    expect(placeOf(bad)).toBe(null)
})
