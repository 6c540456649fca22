import { expect, test } from 'vitest'
import { parsePolicy } from './parse-policy.ts'
import { policyOf } from './policy-fixtures.ts'

function problemsOf(text: string): readonly string[] {
  const parsed = parsePolicy(text)
  return parsed.ok ? [] : parsed.problems.map(({ message, hint }) => `${message} ${hint}`)
}

test('a classify rule is read, with a name of its own where it has none', () => {
  const { classify } = policyOf(`
classify:
  - { detect: [credit_card, email] }
  - name: ends-stay
    who: { groups: [ai-agents] }
    detect: [iban, iban]
    with: { partial: { keepLast: 4 } }
    except: [public.accounts.iban, "*.note"]
`).document
  expect(classify.map(({ name, detect, replacement }) => [name, detect, replacement])).toEqual([
    ['classify credit_card email', ['credit_card', 'email'], { kind: 'redact' }],
    ['ends-stay', ['iban'], { kind: 'partial', keepFirst: 0, keepLast: 4 }],
  ])
  expect(classify[1]?.except.map(({ source }) => source)).toEqual(['public.accounts.iban', '*.note'])
})

test.each([
  ['[{ detect: [credit_crad] }]', 'Unknown detector "credit_crad". Did you mean credit_card?'],
  ['[{ detect: [] }]', 'detect'],
  ['[{ with: redact }]', 'detects nothing'],
  ['[{ detect: [email], columns: [a.b] }]', 'Unknown key "columns"'],
  ['[{ detect: [email], with: hash }]', 'Unknown replacement "hash"'],
  ['[{ detect: [email], with: redct }]', 'Did you mean redact?'],
  ['[{ detect: [email], with: partial }]', 'needs an option'],
  ['[{ detect: [email], with: { partial: { keepLast: 7 } } }]', 'from 0 to 6'],
  ['[{ detect: [email], with: { partial: {} } }]', 'keeps nothing'],
  ['[{ detect: [email], with: { constant: x } }]', 'Unknown key "constant"'],
  ['[{ detect: [email], except: [note] }]', 'no pattern for columns'],
  ['[{ detect: [email] }, { detect: [email] }]', 'used twice'],
])('classify: %s is refused', (list, problem) => {
  const problems = problemsOf(`classify: ${list}`)
  expect(problems.join('\n')).toContain(problem)
})

test('rules that hold together add up; where they differ, nothing of a value stays', () => {
  const policy = policyOf(`
classify:
  - { name: a, detect: [email], with: { partial: { keepLast: 3 } } }
  - { name: b, detect: [email, jwt], who: { groups: [ai-agents] } }
`)
  const principal = (groups: readonly string[]): Parameters<typeof policy.authorityFor>[0] => ({
    issuer: 'https://login.example.com',
    subject: 'dana',
    actor: null,
    groups,
    claims: {},
    expiresAt: 0,
  })
  const said = (groups: readonly string[]): string => {
    const { classifier } = policy.authorityFor(principal(groups), 'shop', 'postgres')
    const out = { bytes: Buffer.alloc(200), length: 0, ensure: (): void => undefined }
    const source = Buffer.from('to lena@example.com')
    classifier?.appendReport(source, 0, source.length, out)
    return out.bytes.toString('utf8', 0, out.length)
  }
  expect(said([])).toBe(`to ${'*'.repeat(13)}com`)
  expect(said(['ai-agents'])).toBe('to [redacted email]')
  expect(policy.authorityFor(principal(['ai-agents']), 'shop', 'postgres').classifier?.rules).toEqual(['a', 'b'])
  expect(policy.authorityFor(principal(['ai-agents']), 'shop', 'postgres').masksAny).toBe(false)
})
