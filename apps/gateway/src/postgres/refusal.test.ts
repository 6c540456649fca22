import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { encodeRefusal, SQLSTATES } from './refusal.ts'

const here = import.meta.dirname
const page = readFileSync(join(here, '../../../../docs/errors.md'), 'utf8')
const [refusals = '', farewells = ''] = page.split('## Farewells')
const rows = (text: string): [string, string][] =>
  [...text.matchAll(/^\| `([A-Z_]+)` \| ([0-9A-Z]{5}) \|/gm)].map(([, code = '', state = '']) => [code, state])

test('every refusal is on the page of errors with its SQLSTATE, and the page lists no other', () => {
  expect(Object.fromEntries(rows(refusals))).toEqual(SQLSTATES)
})

test('every farewell that the sources can say is on the page, and the page lists no other', () => {
  const sources = [here, join(here, '..')]
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
  const said = new Set<string>()
  for (const pattern of [/(?:refused|farewell)\(\s*'[a-z ]+',\s*'([A-Z_]+)'/g, /code: '([A-Z_]+)',\s*message/g]) {
    for (const [, code = ''] of sources.matchAll(pattern)) said.add(code)
  }
  said.add('TOKEN_REFUSED')
  expect(said.size).toBeGreaterThan(12)
  const listed = new Set(rows(farewells).map(([code]) => code))
  const known = new Set(Object.keys(SQLSTATES))
  expect([...said].filter((code) => !listed.has(code) && !known.has(code))).toEqual([])
  // In whatever words: a code that stands nowhere is said by nobody.
  expect([...listed].filter((code) => !sources.includes(`'${code}'`))).toEqual([])
})

test('a refusal names rule and object, says what would work, and its detail is one line of JSON', () => {
  const bytes = encodeRefusal({
    code: 'NOT_ALLOWED',
    rule: 'default',
    object: 'public.users',
    message: 'no rule allows it',
    hint: 'ask for something else',
    retryAfterSeconds: 7,
    position: null,
    approval: null,
  })
  const fields = Object.fromEntries(
    bytes
      .subarray(5)
      .toString('utf8')
      .split('\0')
      .filter((field) => field !== '')
      .map((field) => [field[0], field.slice(1)]),
  )
  expect(fields).toMatchObject({
    S: 'ERROR',
    C: '42501',
    M: 'gatehouse: no rule allows it (rule default, public.users)',
    H: 'ask for something else',
  })
  expect(JSON.parse(fields.D ?? '')).toEqual({
    code: 'NOT_ALLOWED',
    rule: 'default',
    object: 'public.users',
    retryAfterSeconds: 7,
  })
})
