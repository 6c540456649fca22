import { describe, expect, it } from 'vitest'
import { PreparedStatements } from './prepared-statements.ts'

const a = { text: 'a' }
const b = { text: 'b' }
const fresh = (): PreparedStatements<object, object> => new PreparedStatements()

describe('prepared statements and portals', () => {
  it('are there for the next request before their reply has come', () => {
    const names = fresh()
    names.sendParse('s', a)
    expect(names.statements.get('s')).toBe(a)
    names.settleParse('s', 'done')
    expect(names.statements.get('s')).toBe(a)
  })

  it('are not there when their Parse or Bind failed or was skipped; what was there before is', () => {
    for (const outcome of ['failed', 'skipped'] as const) {
      const names = fresh()
      names.sendParse('s', a)
      names.settleParse('s', 'done')
      names.sendParse('s', b)
      names.sendParse('t', b)
      names.sendBind('p', a)
      expect(names.statements.get('s')).toBe(b)
      names.settleParse('s', outcome)
      names.settleParse('t', outcome)
      names.settleBind('p', outcome)
      expect([names.statements.get('s'), names.statements.get('t'), names.portals.get('p')]).toEqual([
        a,
        undefined,
        undefined,
      ])
    }
  })

  it('without a name are replaced, and destroyed by a failed attempt or a simple Query, but not by a skipped one', () => {
    const names = fresh()
    for (const statement of [a, b]) {
      names.sendParse('', statement)
      names.settleParse('', 'done')
    }
    expect(names.statements.get('')).toBe(b)
    names.sendParse('', a)
    names.settleParse('', 'skipped')
    expect(names.statements.get('')).toBe(b)
    names.sendParse('', a)
    names.settleParse('', 'failed')
    expect(names.statements.get('')).toBeUndefined()
    names.sendParse('', a)
    names.settleParse('', 'done')
    names.sendBind('', a)
    names.settleBind('', 'done')
    names.sendParse('', b)
    names.simpleQueryStarted()
    names.settleParse('', 'skipped')
    expect([names.statements.get(''), names.portals.get('')]).toEqual([undefined, undefined])
  })

  it('end with Close; portals with the transaction; statements outlive it', () => {
    const names = fresh()
    for (const name of ['s', 't']) {
      names.sendParse(name, a)
      names.settleParse(name, 'done')
      names.sendBind(name, a)
      names.settleBind(name, 'done')
    }
    names.sendCloseStatement('s')
    expect(names.statements.get('s')).toBeUndefined()
    names.settleCloseStatement('s', 'skipped')
    expect(names.statements.get('s')).toBe(a)
    names.sendClosePortal('s')
    names.settleClosePortal('s', 'done')
    names.sendCloseStatement('s')
    names.settleCloseStatement('s', 'done')
    expect([names.statements.get('s'), names.portals.get('s'), names.portals.get('t')]).toEqual([
      undefined,
      undefined,
      a,
    ])
    names.transactionEnded()
    expect([names.statements.get('t'), names.portals.get('t')]).toEqual([a, undefined])
    expect([names.statements.size, names.portals.size]).toEqual([1, 0])
  })

  it('outlive the Close of their statement, as in PostgreSQL', () => {
    const names = fresh()
    names.sendParse('s', a)
    names.settleParse('s', 'done')
    names.sendBind('p', a)
    names.settleBind('p', 'done')
    names.sendCloseStatement('s')
    names.settleCloseStatement('s', 'done')
    expect(names.portals.get('p')).toBe(a)
  })

  it('are limited in number, and a name that is known can still be replaced at the limit', () => {
    const names = new PreparedStatements<object, object>({ maxStatements: 2, maxPortals: 1 })
    expect([names.sendParse('1', a), names.sendParse('2', a), names.sendParse('3', a)]).toEqual([true, true, false])
    expect([names.sendBind('1', a), names.sendBind('2', a)]).toEqual([true, false])
    expect(names.sendParse('2', b)).toBe(true)
    expect(() => names.settleParse('3', 'done')).toThrow('no request under way')
  })
})
