import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { actionWords } from './action-words.ts'
import { lintPolicy } from './lint-policy.ts'
import { parsePolicy } from './parse-policy.ts'
import { parsePolicyTests } from './policy-test-file.ts'

const page = readFileSync(new URL('../../../../docs/policy.md', import.meta.url), 'utf8')
const [policyExample = '', clearExample = '', functionsExample = '', testExample = ''] = [
  ...page.matchAll(/```yaml\n(.*?)```/gs),
].map((match) => match[1] ?? '')

test('the examples of docs/policy.md are a policy and a test file, without a warning', () => {
  const parsed = parsePolicy(policyExample)
  expect(parsed).toMatchObject({ ok: true })
  if (parsed.ok) expect(lintPolicy(parsed.policy, null)).toEqual([])
  expect(parsePolicy(clearExample)).toMatchObject({ ok: true })
  expect(parsePolicy(functionsExample)).toMatchObject({ ok: true })
  expect(parsePolicyTests(testExample)).toMatchObject({ ok: true })
})

test('docs/policy.md names every action word that is not made of a verb and a kind of object', () => {
  const words = new Set(page.match(/[a-z_*]+/g))
  const missing = [...actionWords].filter((word) => !/^(?:create|alter|drop)_/.test(word) && !words.has(word))
  expect(missing).toEqual([])
})
