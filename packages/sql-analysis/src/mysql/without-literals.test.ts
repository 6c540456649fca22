import type { StatementFacts } from '@gatehouse/core'
import { expect, test } from 'vitest'
import { type Dialect, dialectOf } from './dialect.ts'
import { withoutLiterals } from './without-literals.ts'

const MYSQL = dialectOf({ flavour: 'mysql', version: 90704 }, '')

const redact = (text: string, dialect: Dialect | undefined = MYSQL): string | null =>
  withoutLiterals(text, { statements: [], fingerprint: '', ...(dialect === undefined ? {} : { dialect }) }, 10_000)

test.each([
  [
    'select \'a\', "b", 1 from `t 1` where x = ?',
    "select '[redacted]', '[redacted]', [redacted] from `t 1` where x = ?",
  ],
  ["'it\\'s' 'a''b' n'c' _utf8mb4'd'", "'[redacted]' '[redacted]' '[redacted]' _utf8mb4'[redacted]'"],
  [
    "x'ff' 0xff b'1' 0b1 1.5 .5 1e5 a1",
    "'[redacted]' [redacted] '[redacted]' [redacted] [redacted] [redacted] [redacted] a1",
  ],
  ['a = TRUE or falsehood', 'a = [redacted] or falsehood'],
  ["select /* 'a' */ 1 # b\n+ 2 -- c", 'select [redacted] + [redacted] '],
  ["select /*!80000 'a' + */ 1", "select '[redacted]' + [redacted]"],
  ["select /*+ SET_VAR(a = 'b') */ 1", 'select   [redacted]'],
  ["create user 'a'@'h' identified by 'b'", "create user '[redacted]'@'h' identified by '[redacted]'"],
])('of %s stays %s', (text, kept) => expect(redact(text)).toBe(kept))

test('what the dialect says is no escape is none', () => {
  const text = "select 'a\\', 'b' from t where c = 'd\\'"
  expect(redact(text, dialectOf({ flavour: 'mysql', version: 90704 }, 'NO_BACKSLASH_ESCAPES'))).toBe(
    "select '[redacted]', '[redacted]' from t where c = '[redacted]'",
  )
  expect(redact('"name" = \'a\'', dialectOf({ flavour: 'mysql', version: 90704 }, 'ANSI_QUOTES'))).toBe(
    '"name" = \'[redacted]\'',
  )
})

test('nothing is said of a text that cannot be read, or not be known how', () => {
  expect(redact("x = 'never closed")).toBeNull()
  expect(withoutLiterals("'a'", { statements: [], fingerprint: '' }, 100)).toBeNull()
})

test('a value in the quotes of names goes where the text was not understood', () => {
  const facts = { statements: [{ complete: false } as StatementFacts], fingerprint: '', dialect: MYSQL }
  expect(withoutLiterals('where email = `ada@x.example`', facts, 100)).toBe('where email = [redacted]')
})
