import { expect, test } from 'vitest'
import { parsePolicy } from './parse-policy.ts'
import { classifiersOfColumn, masksOfColumn } from './rules-of-column.ts'

const TEXT = `
masks:
  - { name: everywhere, columns: ["*.ssn"], with: redact }
  - { name: shop, target: "shop*", columns: [public.users.ssn], with: email }
  - { name: for-some, who: { groups: [a] }, columns: [public.users.email], with: email }
classify:
  - { name: all-text, detect: [email] }
  - { name: one-target, target: shop, detect: [iban], except: [public.users.ssn] }
`

test.each([
  ['shop-2', 'ssn', ['everywhere', 'shop'], ['all-text']],
  ['shop', 'ssn', ['everywhere', 'shop'], ['all-text']],
  ['shop', 'email', ['for-some'], ['all-text', 'one-target']],
  ['other', 'ssn', ['everywhere'], ['all-text']],
  ['other', 'SSN', [], ['all-text']],
])('on %s, users.%s has the masks %j and is looked into by %j', (target, column, masks, classifiers) => {
  const parsed = parsePolicy(TEXT)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  const name = { schema: 'public', relation: 'users', column }
  expect(masksOfColumn(parsed.policy, target, 'postgres', name).map((rule) => rule.name)).toEqual(masks)
  expect(classifiersOfColumn(parsed.policy, target, 'postgres', name).map((rule) => rule.name)).toEqual(classifiers)
})
