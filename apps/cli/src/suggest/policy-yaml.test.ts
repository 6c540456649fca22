import { masksOfColumn, type MaskSpec, parsePolicy } from '@gatehouse/core'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TargetColumn } from './columns.ts'
import { policyYaml, type SuggestionReport } from './policy-yaml.ts'
import { postgresType } from './postgres-type.ts'
import type { Proposal } from './proposal.ts'

const TEXT = postgresType({ name: 'text', oid: 25, element: null, enumLabels: null, modifier: -1 })
const BASE = 'rules:\n  - { name: all, allow: { actions: [select], relations: ["*"] } }\n'

function proposal(schema: string, relation: string, column: string, spec: MaskSpec, typeText = 'text'): Proposal {
  const target: TargetColumn = {
    name: { schema, relation, column },
    relationKind: 'table',
    type: TEXT,
    typeText,
    ownTypeName: null,
    masked: null,
    detected: new Set(),
  }
  const why = { name: true, type: false, content: { says: 'nothing' as const }, sameAs: target }
  return { column: target, kind: 'email-addresses', confidence: 'likely', spec, why }
}

function report(over: Partial<SuggestionReport> = {}): SuggestionReport {
  return {
    target: 'shop',
    sampleRows: 200,
    tables: 1,
    sampled: 1,
    notSampled: [],
    materializedViews: [],
    foreignTables: [],
    takenNames: new Set(),
    ...over,
  }
}

/** What PostgreSQL takes for a name: 1 to 63 bytes, anything but a zero byte. */
const name = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 15 }),
    fc.string({
      unit: fc.constantFrom(...'"\'\\.*#:{}[]\n\r\t -&!|>%@`e\u0085\u2028\u200b\ufeff'.split('')),
      minLength: 1,
      maxLength: 63,
    }),
    fc.constantFrom('null', 'true', 'on', 'y', '~', '1', '1.2', 'a'.repeat(63), '"'.repeat(63)),
  )
  .filter((text) => !text.includes('\0') && Buffer.byteLength(text) <= 63 && text.isWellFormed())

test('whatever a column is called, its rule is read back and means it alone', () => {
  fc.assert(
    fc.property(name, name, name, (schema, relation, column) => {
      const text = policyYaml(
        {
          masks: [proposal(schema, relation, column, { kind: 'email' }, column)],
          freeText: [],
          masked: [
            {
              ...proposal(schema, relation, column, { kind: 'email' }).column,
              masked: { rules: [column], spec: null, forSome: true },
            },
          ],
        },
        report({
          notSampled: [{ relation, why: 'permission denied' }],
          materializedViews: [`${schema}.${relation}`],
          foreignTables: [`${schema}.${relation}`],
        }),
      )
      const parsed = parsePolicy(BASE + text)
      if (!parsed.ok) throw new Error(`${JSON.stringify(parsed.problems)}\n${text}`)
      const { masks, allow } = parsed.policy.document
      expect([masks.length, allow.length]).toEqual([1, 1])
      const own = { schema, relation, column }
      expect(masksOfColumn(parsed.policy, 'shop', 'postgres', own)).toHaveLength(1)
      for (const part of ['schema', 'relation', 'column'] as const)
        expect(masksOfColumn(parsed.policy, 'shop', 'postgres', { ...own, [part]: `${own[part]}x` })).toEqual([])
      expect(masksOfColumn(parsed.policy, 'other', 'postgres', own)).toEqual([])
    }),
    { numRuns: 300 },
  )
})

test.each<MaskSpec>([
  { kind: 'redact' },
  { kind: 'null' },
  { kind: 'email' },
  { kind: 'hash' },
  { kind: 'hash', key: '2025' },
  { kind: 'pseudonym', domain: 'true' },
  { kind: 'pseudonym', domain: 'people', key: 'k1' },
  { kind: 'partial', keepFirst: 2, keepLast: 0 },
  { kind: 'partial', keepFirst: 1, keepLast: 4 },
  { kind: 'truncate', to: 'year' },
  { kind: 'truncate', to: 1000 },
  { kind: 'constant', value: 'null: "#\n' },
])('the mask $kind is written as the policy language has it', (spec) => {
  const text = policyYaml({ masks: [proposal('public', 'a', 'b', spec)], freeText: [], masked: [] }, report())
  const parsed = parsePolicy(BASE + text)
  expect(parsed.ok && parsed.policy.document.masks[0]?.spec).toEqual(spec)
})

test('a name that a rule of the policy has is not used again', () => {
  const proposals = [proposal('public', 'a', 'b', { kind: 'email' }), proposal('public', 'c', 'd', { kind: 'redact' })]
  const text = policyYaml(
    { masks: proposals, freeText: [], masked: [] },
    report({ takenNames: new Set(['email-addresses', 'email-addresses-3']) }),
  )
  expect([...text.matchAll(/name: (.*)/g)].map(([, given]) => given)).toEqual([
    'email-addresses-2',
    'email-addresses-4',
  ])
})
