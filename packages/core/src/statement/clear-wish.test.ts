import { expect, test } from 'vitest'
import { asksInClear } from './clear-wish.ts'

const asks = (text: string): boolean => asksInClear(Buffer.from(`xx${text}yy`), 2, 2 + Buffer.byteLength(text))

test.each(['/* gatehouse: unmask */ SELECT 1', ' \n/*GATEHOUSE:unmask*/SELECT 1', '/*\tgatehouse : UnMask\t*/'])(
  'asks: %j',
  (text) => {
    expect(asks(text)).toBe(true)
  },
)

test.each([
  '',
  '/',
  'SELECT 1 /* gatehouse: unmask */',
  "SELECT '/* gatehouse: unmask */'",
  '/* x */ /* gatehouse: unmask */ SELECT 1',
  '/*! gatehouse: unmask */ SELECT 1',
  '/*!80000 gatehouse: unmask */ SELECT 1',
  '/*M! gatehouse: unmask */ SELECT 1',
  '/* gatehouse: unmask',
  '/* gatehouse: unmask x */ SELECT 1',
  '-- gatehouse: unmask\nSELECT 1',
  '/* gatehouse: un/**/mask */ SELECT 1',
])('does not ask: %j', (text) => {
  expect(asks(text)).toBe(false)
})
