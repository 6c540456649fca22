import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lexer, type Tokens } from 'marked'
import { expect, test } from 'vitest'
import { ROOT } from './markdown-blocks.ts'

const STRIDE = [
  'Spoofing',
  'Tampering',
  'Repudiation',
  'Information disclosure',
  'Denial of service',
  'Elevation of privilege',
]

const page = lexer(readFileSync(join(ROOT, 'docs/threat-model.md'), 'utf8'))
const headings = page.flatMap((token) => (token.type === 'heading' ? [(token as Tokens.Heading).text] : []))
const tables = page.filter((token): token is Tokens.Table => token.type === 'table')
const rows = tables.flatMap((table) => table.rows.map((row) => row.map(({ text }) => text)))

test('docs/threat-model.md has a table for each letter of STRIDE', () => {
  expect(headings.filter((heading) => STRIDE.includes(heading))).toEqual(STRIDE)
  expect(tables).toHaveLength(STRIDE.length)
  for (const table of tables)
    expect(table.header.map(({ text }) => text)).toEqual(['threat', 'what stands in the way', 'test'])
})

test.each(rows.map((row) => [row[0] ?? '', row] as const))('%s', (_, [threat, defence, tests = '']) => {
  expect(threat).toMatch(/\S/)
  expect(defence).toMatch(/\S/)
  const files = Array.from(tests.matchAll(/`([^`]+)`/g), ([, file = '']) => file)
  expect(files.length).toBeGreaterThan(0)
  for (const file of files) {
    expect(file).toMatch(/\.test\.ts$/)
    expect(existsSync(join(ROOT, file)), `${file} is not there`).toBe(true)
  }
})
