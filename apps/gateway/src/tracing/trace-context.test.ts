import type { GateSession } from '@gatehouse/core'
import { describe, expect, test } from 'vitest'
import { traceParentIn, traceParentOfAttributes, traceParentOfText } from './trace-context.ts'

const ID = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const PARENT = `00-${ID}-${SPAN}-01`
const JOINED = { traceId: ID, spanId: SPAN, sampled: true }

describe('A traceparent', () => {
  test.each([PARENT, `traceparent=${PARENT}`, `my-agent ${PARENT};rest`, `app,traceparent='${PARENT}'`])(
    'is read in %s',
    (text) => {
      expect(traceParentIn(text)).toEqual(JOINED)
    },
  )

  test('says whether the trace is kept', () => {
    expect(traceParentIn(`00-${ID}-${SPAN}-00`)?.sampled).toBe(false)
    expect(traceParentIn(`00-${ID}-${SPAN}-03`)?.sampled).toBe(true)
  })

  test.each([
    '',
    `01-${ID}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${ID}-${'0'.repeat(16)}-01`,
    `00-${ID.toUpperCase()}-${SPAN}-01`,
    `00-${ID}-${SPAN}-0`,
    `00-${ID}-${SPAN}-01-more`,
    `ff00-${ID}-${SPAN}-01`,
    `00-${ID}-${SPAN}0-01`,
  ])('is none: %s', (text) => {
    expect(traceParentIn(text)).toBeNull()
  })
})

describe('A statement', () => {
  test.each([
    `SELECT 1 /*traceparent='${PARENT}'*/`,
    `/* traceparent='${PARENT}' */ SELECT 1`,
    `SELECT 1 /*app='x',traceparent='${PARENT}',tracestate='a%3D1'*/;`,
    `/* first */ SELECT '${'x'.repeat(20_000)}' /*traceparent='${PARENT}'*/`,
  ])('joins the trace of its comment', (text) => {
    expect(traceParentOfText(text)).toEqual(JOINED)
  })

  test.each([
    'SELECT 1',
    `SELECT 'traceparent=${PARENT}'`,
    `SELECT 1 /* no */, 'traceparent=''${PARENT}'''`,
    `SELECT 1 /*traceparent='${PARENT}`.slice(0, 60),
    `SELECT 1 /* a */ traceparent='${PARENT}' /* b */`,
  ])('joins none by %s', (text) => {
    expect(traceParentOfText(text)).toBeNull()
  })

  test('of a megabyte of comments is read at once', () => {
    const text = `/*traceparent=${'/*'.repeat(500_000)}`
    const begun = performance.now()
    expect(traceParentOfText(text)).toBeNull()
    expect(performance.now() - begun).toBeLessThan(20_000)
  })

  test('of MySQL joins that of a query attribute, of PostgreSQL not that of a value', () => {
    const parameters = ['x', `traceparent=${PARENT}`]
    expect(traceParentOfAttributes({ engine: 'mysql' } as GateSession, parameters)).toEqual(JOINED)
    expect(traceParentOfAttributes({ engine: 'postgres' } as GateSession, parameters)).toBeNull()
  })
})
