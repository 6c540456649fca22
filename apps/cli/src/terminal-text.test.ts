import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { age, terminalLine, terminalTable, terminalText } from './terminal-text.ts'

test('what a terminal would obey or hide is written out', () => {
  expect(terminalText('a\u001b[2Jb\u202ec\u200bd\re\nf')).toBe('a\\u{1b}[2Jb\\u{202e}c\\u{200b}d\\u{d}e\nf')
})

test('whatever a stranger sends, a line is one line without control', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 1, max: 120 }), (text, width) => {
      const line = terminalLine(text, width)
      expect(Array.from(line).length).toBeLessThanOrEqual(width)
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      expect(line.isWellFormed()).toBe(true)
    }),
  )
})

test('columns stand under one another, and ages are short', () => {
  expect(
    terminalTable([
      ['ID', 'WHAT'],
      ['long-id', 'x'],
    ]),
  ).toBe('ID       WHAT\nlong-id  x')
  const now = Date.parse('2026-01-01T12:00:00Z')
  expect(['11:59:20', '11:57:00', '10:00:00', '11:59:59'].map((time) => age(`2026-01-01T${time}Z`, now))).toEqual([
    '40s',
    '3m',
    '2h',
    '1s',
  ])
})
