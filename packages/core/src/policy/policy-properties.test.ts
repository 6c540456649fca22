import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StatementFacts } from '../statement/facts.ts'
import type { Authority } from './authority.ts'
import { decisionAt } from './decision-at.ts'
import { parsePolicy } from './parse-policy.ts'
import { agent, authorityOf, policyOf } from './policy-fixtures.ts'

// Few words, so that rules and facts meet often.
const schema = fc.constantFrom('public', 'app')
const name = fc.constantFrom('users', 'orders', 'ssn')
const actionWord = fc.constantFrom('select', 'insert', 'drop', 'write', '*', 'set', 'begin', 'alter')
const action = fc.constantFrom(
  'select',
  'insert',
  'drop_table',
  'alter_table',
  'set',
  'begin',
  'commit',
  'show',
  'set_role',
  'odd',
)
const pattern = fc.constantFrom('*', 'public.*', '*.users', 'users', 'app.orders', 'public.us*')
const columnPattern = fc.constantFrom('*.ssn', 'public.users.ssn', 'users.*', 'app.orders.users')
const relation = fc.record({ schema: fc.option(schema), name })
const column = fc.record({ schema, relation: name, column: name })
const source = fc.record({
  column,
  how: fc.constantFrom('copied' as const, 'derived' as const, 'compared' as const, 'decides' as const),
})
const some = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { maxLength: 2 })
const settingName = fc.constantFrom('search_path', 'role', 'client_encoding', 'timezone', '*')

const facts: fc.Arbitrary<StatementFacts> = fc.record({
  action,
  accesses: some(fc.record({ action, relation: fc.option(relation), columns: fc.option(some(name)) })),
  functions: some(
    fc.record({
      schema: fc.option(schema),
      name,
      trust: fc.constantFrom(
        'harmless' as const,
        'expanded' as const,
        'sensitive' as const,
        'revealing' as const,
        'user' as const,
        'unknown' as const,
      ),
    }),
  ),
  unboundedWrite: fc.boolean(),
  settings: some(
    fc.record({
      action: fc.constantFrom('set' as const, 'reset' as const, 'show' as const),
      name: settingName,
      value: fc.option(fc.constantFrom('UTF8', 'users')),
    }),
  ),
  files: some(fc.constantFrom('/a', '/b')),
  programs: some(fc.constantFrom('cat')),
  dynamicSql: mostly(false),
  output: fc.option(
    some(
      fc.record({
        name: fc.option(name),
        sources: some(source),
        through: fc.constant([]),
        complete: mostly(true),
        reason: fc.constant(null),
      }),
    ),
  ),
  decides: some(fc.record({ column, by: fc.constantFrom('equality' as const, 'value' as const) })),
  writes: some(
    fc.record({ target: fc.option(column), sources: some(source), through: fc.constant([]), complete: mostly(true) }),
  ),
  beneath: fc.record({
    accesses: some(fc.record({ action, relation: fc.option(relation), columns: fc.option(some(name)) })),
    functions: fc.constant([]),
  }),
  names: fc.constant({ prepared: null, cursor: null }),
  changesNames: fc.boolean(),
  complete: mostly(true),
  reason: fc.constant(null),
})

function mostly(value: boolean): fc.Arbitrary<boolean> {
  return fc.oneof({ weight: 7, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: fc.constant(!value) })
}

const list = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { minLength: 1, maxLength: 3 })
const allow = fc.oneof(
  fc.record({
    actions: list(actionWord),
    relations: list(pattern),
    functions: list(pattern),
    settings: fc.constant(['*']),
    files: fc.constant(['*']),
    programs: fc.constant(['*']),
  }),
  fc.constant({ actions: ['*'], relations: ['*'], functions: ['*'], settings: ['*'], files: ['*'], programs: ['*'] }),
)
const deny = fc.oneof<fc.Arbitrary<Record<string, unknown>>[]>(
  fc.record({ actions: list(actionWord) }),
  fc.record({ actions: list(actionWord), relations: list(pattern) }),
  fc.record({ columns: list(columnPattern) }),
  fc.record({ functions: list(pattern), settings: fc.constant(['search_path']) }),
  fc.record({ unboundedWrites: fc.constant(true) }),
  fc.record({ files: fc.constant(true), programs: fc.constant(true) }),
)
const mask = fc.record({
  columns: list(columnPattern),
  with: fc.constantFrom('redact', 'email', 'hash'),
  predicates: fc.constantFrom('deny', 'equality', 'allow'),
})
const policy = fc.record({
  allow: fc.array(allow, { minLength: 1, maxLength: 4 }),
  deny: some(deny),
  masks: some(mask),
  limits: some(fc.integer({ min: 1, max: 9 })),
})

interface Parts {
  readonly allow: readonly unknown[]
  readonly deny: readonly unknown[]
  readonly masks: readonly Record<string, unknown>[]
  readonly limits: readonly number[]
}

interface Written {
  readonly rules: readonly unknown[]
  readonly masks?: readonly unknown[]
  readonly limits?: readonly unknown[]
}

function written(parts: Parts): Written {
  return {
    rules: [
      ...parts.allow.map((rule, index) => ({ name: `a${index}`, allow: rule })),
      ...parts.deny.map((rule, index) => ({ name: `d${index}`, deny: rule })),
    ],
    ...(parts.masks.length === 0 ? {} : { masks: parts.masks.map((rule, index) => ({ name: `m${index}`, ...rule })) }),
    ...(parts.limits.length === 0
      ? {}
      : { limits: parts.limits.map((rows, index) => ({ name: `l${index}`, rowsPerStatement: rows })) }),
  }
}

function authority(parts: Written): Authority {
  return authorityOf(JSON.stringify(parts))
}

const runs = { numRuns: 1500 }

test('the generated policies and facts meet: some permits, some denials of each kind', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(policy, facts, (parts, one) => {
      const decision = authority(written(parts)).decide(one)
      seen.add(decision.kind === 'deny' ? decision.code : 'permit')
    }),
    { numRuns: 3000, seed: 1 },
  )
  expect([...seen].sort()).toEqual(
    [
      'DENIED_BY_RULE',
      'MASKED_COLUMN_COPIED',
      'MASKED_COLUMN_DECIDES',
      'MASK_NOT_POSSIBLE',
      'NOT_ALLOWED',
      'NOT_UNDERSTOOD',
      'PINNED_SETTING',
      'permit',
    ].sort(),
  )
})

test('adding a deny rule never permits more', () => {
  fc.assert(
    fc.property(policy, deny, facts, (parts, extra, one) => {
      const before = authority(written(parts)).decide(one)
      const after = authority(written({ ...parts, deny: [...parts.deny, extra] })).decide(one)
      return before.kind === 'permit' || after.kind === 'deny'
    }),
    runs,
  )
})

test('adding an approve rule never lets run without people what did not run before, and takes nothing from masks', () => {
  const approve = fc.oneof(
    fc.record({ actions: list(actionWord) }),
    fc.record({ actions: list(actionWord), relations: list(pattern) }),
    fc.record({ actions: fc.constant(['*']), functions: fc.constant(['*']), settings: fc.constant(['*']) }),
    fc.record({ functions: list(pattern), estimatedRowsOver: fc.constant(5) }),
    fc.record({ unboundedWrites: fc.constant(true) }),
  )
  const seen = new Set<string>()
  fc.assert(
    fc.property(policy, approve, facts, (parts, extra, one) => {
      const before = authority(written(parts)).decide(one)
      const rules = written(parts)
      const asks = { name: 'p', approve: { ...extra, by: { groups: ['dba'] } } }
      const after = authority({ ...rules, rules: [...rules.rules, asks] }).decide(one)
      seen.add(`${before.kind} ${after.kind}`)
      if (before.kind === 'deny') return after.kind !== 'permit' && decisionAt(after, 0).kind !== 'permit'
      if (after.kind !== 'deny') expect(after.obligations).toEqual(before.obligations)
      return true
    }),
    { ...runs, seed: 1 },
  )
  expect([...seen].sort()).toEqual(['deny ask', 'deny deny', 'permit ask', 'permit permit'])
})

test('removing an allow rule never permits more', () => {
  fc.assert(
    fc.property(policy, allow, facts, (parts, extra, one) => {
      const without = authority(written(parts)).decide(one)
      const withIt = authority(written({ ...parts, allow: [...parts.allow, extra] })).decide(one)
      return without.kind === 'deny' || withIt.kind === 'permit'
    }),
    runs,
  )
})

test('the order of rules never matters, not even for what the refusal says', () => {
  fc.assert(
    fc.property(policy, facts, fc.nat(), (parts, one, turn) => {
      const straight = written(parts)
      const rotate = <T>(items: readonly T[]): readonly T[] => {
        const by = turn % Math.max(1, items.length)
        return [...items.slice(by), ...items.slice(0, by)].toReversed()
      }
      const turned: Written = {
        rules: rotate(straight.rules),
        ...(straight.masks === undefined ? {} : { masks: rotate(straight.masks) }),
        ...(straight.limits === undefined ? {} : { limits: rotate(straight.limits) }),
      }
      expect(authority(turned).decide(one)).toEqual(authority(straight).decide(one))
    }),
    runs,
  )
})

test('a permit never lets a masked column out unmasked, decide, or be copied away', () => {
  fc.assert(
    fc.property(policy, facts, (parts, one) => {
      const masked = { ...parts, masks: [{ columns: ['*.ssn'], with: 'redact' }] }
      const decision = authority(written(masked)).decide(one)
      if (decision.kind === 'deny') return
      const isMasked = (candidate: { readonly column: string }): boolean => candidate.column === 'ssn'
      for (const [index, { sources }] of (one.output ?? []).entries()) {
        const leaves = sources.filter((each) => each.how !== 'decides' && isMasked(each.column))
        const kind = leaves.some(({ how }) => how !== 'copied') ? 'withhold' : 'redact'
        if (leaves.length > 0) expect(decision.obligations.outputs?.[index]?.spec).toEqual({ kind })
      }
      expect(one.decides.some(({ column }) => isMasked(column))).toBe(false)
      const copied = one.writes.filter(({ sources }) => sources.some((each) => isMasked(each.column)))
      expect(copied.every(({ target }) => target !== null && isMasked(target))).toBe(true)
    }),
    runs,
  )
})

test('decide never throws, whatever it is given, and never permits what is no fact sheet', () => {
  const all = authorityOf(
    JSON.stringify(
      written({
        allow: [{ actions: ['*'], relations: ['*'], functions: ['*'] }],
        deny: [{ files: true }],
        masks: [],
        limits: [],
      }),
    ),
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.anything(),
        fc.dictionary(fc.constantFrom('action', 'accesses', 'settings', 'output', 'complete'), fc.anything()),
      ),
      (anything) => {
        // The caller breaks the contract on purpose.
        const decision = all.decide(anything as StatementFacts)
        return decision.kind === 'deny'
      },
    ),
    runs,
  )
})

test('any text at all is read as a policy or refused with problems, never thrown on', () => {
  const bits = fc.constantFrom(
    'rules:',
    '\n',
    '  - ',
    'name: ',
    'a',
    '{',
    '}',
    '[',
    ']',
    ': ',
    'allow',
    'deny',
    'masks',
    '"',
    "'",
    '&x',
    '*x',
    '!!',
    '%',
    '\t',
    '|',
    '>',
    '#',
    '\u0000',
    '-',
    '?',
  )
  const yamlish = fc.array(bits, { maxLength: 60 }).map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(fc.oneof(fc.string(), yamlish), (text) => {
      const parsed = parsePolicy(text)
      return (
        parsed.ok ||
        parsed.problems.every(
          ({ line, column: at, message, hint }) => line > 0 && at > 0 && message !== '' && hint !== '',
        )
      )
    }),
    runs,
  )
})

test('a policy without an allow rule for someone permits nothing', () => {
  const nobody = policyOf(
    'rules: [{ name: a, who: { groups: [others] }, allow: { actions: ["*"], relations: ["*"], functions: ["*"] } }]',
  )
  const none = nobody.authorityFor(agent, 'shop', 'postgres')
  fc.assert(
    fc.property(facts, (one) => none.decide(one).kind === 'deny'),
    runs,
  )
  expect(none.allowsAnything).toBe(false)
})
