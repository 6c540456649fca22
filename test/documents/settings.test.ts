import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { accountOf } from './account.ts'
import { blocksOf, documentPages, placeOf } from './markdown-blocks.ts'
import { checkSettings } from './settings.ts'

const blocks = documentPages().flatMap((page) => blocksOf(page))
const accounts = blocks.map((block) => ({ block, account: accountOf(block) }))
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-documents-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('every block of the documents is run or checked, or says why not', () => {
  const problems = accounts.flatMap(({ block, account }) =>
    account.kind === 'problem' ? [`${placeOf(block)} ${account.what}`] : [],
  )
  const count = (kind: string): number => accounts.filter(({ account }) => account.kind === kind).length
  const notRun = accounts.flatMap(({ block, account }) =>
    account.kind === 'not run' ? [`  ${placeOf(block)} ${account.why}`] : [],
  )
  console.info(
    `${String(accounts.length)} blocks: ${String(count('run'))} run, ${String(count('checked'))} checked, ` +
      `${String(count('tested'))} by a test that the page names, ${String(count('not run'))} not run:\n${notRun.join('\n')}`,
  )
  expect(problems).toEqual([])
})

describe('YAML of the documents is what the product reads', () => {
  const yaml = accounts.filter(({ block, account }) => block.language === 'yaml' && account.kind === 'checked')
  test.each(yaml.map(({ block }) => [placeOf(block), block] as const))('%s', (_, block) => {
    expect(checkSettings(block.text, folder).problems).toBe(null)
  })
})

test.each(accounts.filter(({ block, account }) => block.language === 'json' && account.kind === 'checked'))(
  '$block.page:$block.line is JSON, one document or one a line',
  ({ block }) => {
    const documents = block.text.startsWith('{\n') ? [block.text] : block.text.trim().split('\n')
    for (const document of documents) expect(() => JSON.parse(document) as unknown).not.toThrow()
  },
)

test('what is wrong with a setting, a rule or an expectation is found', () => {
  const wrong = [
    ['gateway', 'audit: { directory: audit, retention: { recordDays: 1 } }'],
    ['admin', 'channels: [{ name: x, kind: pigeon, url: "https://x.example" }]'],
    ['policy', 'rules: [{ name: x, allow: { actions: [selekt] } }]'],
    ['policy', '- { name: x, allow: { action: [select] } }'],
    ['policy tests', '- { as: { subject: x }, on: shop, sql: SELECT 1, expect: perhaps }'],
  ] as const
  for (const [as, text] of wrong)
    expect(checkSettings(text, folder)).toMatchObject({ as, problems: expect.stringMatching(/\S/) })
})
