import type { Judgement } from '@gatehouse/core'
import { describe, expect, test } from 'vitest'
import { NamesBySql } from './names-by-sql.ts'

const text = (): Judgement => ({}) as unknown as Judgement
const weighing = (weight: number): { weight: number } => ({ weight })

describe('names that statements give', () => {
  test('are known from the word of the server on', () => {
    const names = new NamesBySql()
    const judgement = text()
    names.give('q', judgement, 1, weighing(1))
    expect(names.get('q')).toBeUndefined()
    names.ran('q', judgement, 0)
    names.ran('q', text(), 1)
    expect(names.get('q')).toBeUndefined()
    names.ran('q', judgement, 1)
    expect(names.get('q')).toEqual(weighing(1))
    expect(names.version).toBe(1)
  })

  test('are not known when another request came between', () => {
    const names = new NamesBySql()
    const judgement = text()
    names.give('q', judgement, 0, weighing(1))
    names.forget('q')
    names.ran('q', judgement, 0)
    names.give('q', judgement, 0, weighing(1))
    names.give('q', text(), 0, weighing(2))
    names.ran('q', judgement, 0)
    names.give('r', judgement, 0, weighing(1))
    names.forget(null)
    names.ran('r', judgement, 0)
    expect(names.size).toBe(0)
    expect(names.idle).toBe(true)
  })

  test('are bounded in number and in what is kept with them', () => {
    const names = new NamesBySql()
    const give = (name: string, weight: number): void => {
      const judgement = text()
      names.give(name, judgement, 0, weighing(weight))
      names.ran(name, judgement, 0)
    }
    give('large', 3 << 20)
    give('larger', 3 << 20)
    expect(names.get('larger')).toBeUndefined()
    names.forget('large')
    give('larger', 3 << 20)
    expect(names.get('larger')).toBeDefined()
    for (let index = 0; index < 2000; index++) give(`q${index}`, 1)
    expect(names.size).toBe(1000)
  })
})
