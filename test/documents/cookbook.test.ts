import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lintPolicy, parsePolicy } from '@gatehouse/core'
import { describe, expect, test } from 'vitest'
import { blocksOf, ROOT } from './markdown-blocks.ts'

const folder = join(ROOT, 'docs/cookbook')
const recipes = readdirSync(folder)
const blocks = blocksOf('docs/cookbook.md')

describe.each(recipes)('the recipe %s', (recipe) => {
  const policy = readFileSync(join(folder, recipe, 'policy.yaml'), 'utf8')

  test('is shown on the page as it is', () => {
    expect(blocks.map(({ text }) => text)).toContain(policy)
  })

  test('is read without a warning', () => {
    const parsed = parsePolicy(policy)
    expect(parsed).toMatchObject({ ok: true })
    if (parsed.ok) expect(lintPolicy(parsed.policy, null)).toEqual([])
  })

  test('has expectations for both engines, which the commands of the page run', () => {
    expect(readdirSync(join(folder, recipe))).toEqual(['policy.yaml', 'shop-mysql.test.yaml', 'shop.test.yaml'])
    const commands = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text)
    expect(commands.join('')).toContain(`policy test docs/cookbook/${recipe} `)
  })
})
