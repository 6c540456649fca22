import type { MaskSpec, ValueType } from '@gatehouse/core'
import { describe, expect, test } from 'vitest'
import { columnKey, type MaskedAlready, type TargetColumn } from './columns.ts'
import { postgresType } from './postgres-type.ts'
import { propose } from './propose.ts'
import { SampleTally } from './sample-tally.ts'

const OIDS: ReadonlyMap<string, number> = new Map([
  ['text', 25],
  ['int4', 23],
  ['int8', 20],
  ['date', 1082],
  ['timestamptz', 1184],
  ['jsonb', 3802],
  ['inet', 869],
  ['numeric', 1700],
])

function column(
  name: string,
  typeName = 'text',
  masked: MaskedAlready | null = null,
  ownTypeName: string | null = null,
): TargetColumn {
  const [relation = '', own = ''] = name.split('.')
  const type: ValueType = {
    name: typeName,
    oid: OIDS.get(typeName) ?? 0,
    element: null,
    enumLabels: null,
    modifier: -1,
  }
  return {
    name: { schema: 'public', relation, column: own },
    relationKind: 'table',
    type: postgresType(type),
    typeText: typeName,
    ownTypeName,
    masked,
    detected: new Set(),
  }
}

/** A sample of values, of which some are wholly, and some in part, what a detector found. */
function tally(values: number, detector = '', whole = 0, within = 0): SampleTally {
  const made = new SampleTally()
  for (let index = 0; index < values; index++) {
    const end = index < whole ? 10 : index < whole + within ? 2 : 0
    made.add(10, end === 0 ? [] : [{ detector, start: 0, end }])
  }
  return made
}

function proposed(
  columns: readonly TargetColumn[],
  tallies: Readonly<Record<string, SampleTally>> = {},
  links: readonly (readonly [string, string])[] = [],
) {
  const byKey = new Map(Object.entries(tallies).map(([name, one]) => [columnKey(column(name).name), one]))
  const pairs = links.map(([from, to]) => ({ from: column(from).name, to: column(to).name }))
  const { masks, freeText } = propose(columns, pairs, byKey)
  return {
    masks: masks.map(({ column: of, kind, confidence, spec, why }) => ({
      column: `${of.name.relation}.${of.name.column}`,
      kind,
      confidence,
      spec,
      sameAs: why.sameAs === null ? null : `${why.sameAs.name.relation}.${why.sameAs.name.column}`,
    })),
    freeText: freeText.map(({ column: of, found }) => [`${of.name.relation}.${of.name.column}`, found]),
  }
}

describe('name and values together', () => {
  test.each([
    ['agree', 'u.email', tally(40, 'email', 30), ['email-addresses', 'certain']],
    ['the name alone', 'u.email', null, ['email-addresses', 'likely']],
    ['the name, and only NULLs', 'u.email', tally(0), ['email-addresses', 'likely']],
    ['the name, against many values', 'u.email', tally(40), ['email-addresses', 'look at it']],
    ['the name, against a few values', 'u.email', tally(5), ['email-addresses', 'likely']],
    ['a name whose values have no form', 'u.last_name', tally(40), ['names-of-people', 'certain']],
    ['nearly all values alone', 'u.c17', tally(40, 'email', 38), ['email-addresses', 'certain']],
    ['most values alone', 'u.c17', tally(40, 'email', 25), ['email-addresses', 'likely']],
    ['two values alone', 'u.c17', tally(2, 'email', 2), ['email-addresses', 'likely']],
    ['nearly all values, which are only digits', 'u.c17', tally(40, 'phone', 40), ['telephone-numbers', 'likely']],
    ['most values, which are only digits', 'u.c17', tally(40, 'phone', 25), ['telephone-numbers', 'look at it']],
    ['values of another kind than the name', 'u.phone', tally(40, 'email', 40), ['email-addresses', 'certain']],
  ] as const)('%s', (_what, name, sample, wanted) => {
    const { masks } = proposed([column(name)], sample === null ? {} : { [name]: sample })
    expect(masks.map(({ kind, confidence }) => [kind, confidence])).toEqual([wanted])
  })

  test('values in the midst of text are no column of that kind, but free text to look into', () => {
    const { masks, freeText } = proposed([column('t.body')], { 't.body': tally(40, 'email', 2, 20) })
    expect(masks).toEqual([])
    expect(freeText).toEqual([['t.body', [{ detector: 'email', hits: 22 }]]])
  })

  test('what the policy looks for already is not proposed again', () => {
    const body: TargetColumn = { ...column('t.body'), detected: new Set(['email']) }
    const sample = tally(40, 'email', 0, 20)
    expect(proposed([body], { 't.body': sample }).freeText).toEqual([])
    sample.add(10, [{ detector: 'iban', start: 0, end: 2 }])
    expect(proposed([body], { 't.body': sample }).freeText).toEqual([['t.body', [{ detector: 'iban', hits: 1 }]]])
  })

  test('a column of nothing is proposed for nothing', () => {
    expect(proposed([column('t.body'), column('t.n', 'int4')], { 't.body': tally(40) })).toEqual({
      masks: [],
      freeText: [],
    })
  })

  test('a domain says by its name what it is for', () => {
    const columns = ['email_address', 'order_reference'].map((type) => column(`t.${type[0]}`, 'text', null, type))
    expect(proposed(columns).masks.map(({ column: name, kind, confidence }) => [name, kind, confidence])).toEqual([
      ['t.e', 'email-addresses', 'likely'],
    ])
  })

  test('a network address is one by its type', () => {
    const { masks } = proposed([column('customers.seen_from', 'inet'), column('machines.at', 'inet')])
    expect(masks.map(({ column: name, confidence }) => [name, confidence])).toEqual([
      ['customers.seen_from', 'likely'],
      ['machines.at', 'look at it'],
    ])
  })
})

describe('the mask means something on the type', () => {
  test.each([
    ['p.ssn', 'text', { kind: 'partial', keepFirst: 0, keepLast: 4 }],
    ['p.ssn', 'int4', { kind: 'redact' }],
    ['p.email', 'jsonb', { kind: 'redact' }],
    ['p.dob', 'date', { kind: 'truncate', to: 'year' }],
    ['p.dob', 'timestamptz', { kind: 'truncate', to: 'year' }],
    ['p.dob', 'text', { kind: 'redact' }],
    ['p.salary', 'numeric', { kind: 'redact' }],
    ['p.phone', 'text', { kind: 'partial', keepFirst: 0, keepLast: 2 }],
    ['p.phone', 'int8', { kind: 'redact' }],
  ] as const)('%s %s', (name, type, spec) => {
    expect(proposed([column(name, type)]).masks[0]?.spec).toEqual(spec satisfies MaskSpec)
  })
})

describe('foreign keys', () => {
  test('both sides get the mask of the surer one, over any number of steps', () => {
    const columns = ['people.email', 'letters.written_to', 'replies.c'].map((name) => column(name))
    const { masks } = proposed(columns, {}, [
      ['letters.written_to', 'people.email'],
      ['replies.c', 'letters.written_to'],
    ])
    expect(masks.map(({ column: name, spec, sameAs }) => [name, spec.kind, sameAs])).toEqual([
      ['letters.written_to', 'pseudonym', 'people.email'],
      ['people.email', 'pseudonym', null],
      ['replies.c', 'pseudonym', 'people.email'],
    ])
    expect(new Set(masks.map(({ spec }) => JSON.stringify(spec))).size).toBe(1)
  })

  test('what must not even be told apart gets no pseudonym', () => {
    const columns = [column('users.api_key'), column('calls.made_with')]
    const { masks } = proposed(columns, {}, [['calls.made_with', 'users.api_key']])
    expect(masks.map(({ spec }) => spec.kind)).toEqual(['redact', 'redact'])
  })

  test("the policy's own mask goes before every proposal", () => {
    const mine: MaskedAlready = { rules: ['mine'], spec: { kind: 'hash' }, forSome: false }
    const { masks } = proposed([column('people.email', 'text', mine), column('letters.email'), column('x.c')], {}, [
      ['letters.email', 'people.email'],
      ['x.c', 'people.email'],
    ])
    expect(masks.map(({ column: name, spec, confidence }) => [name, spec.kind, confidence])).toEqual([
      ['letters.email', 'hash', 'certain'],
      ['x.c', 'hash', 'certain'],
    ])
  })

  test('a key of nothing personal stays unmasked', () => {
    const columns = [column('orders.customer_id', 'int4'), column('customers.id', 'int4')]
    expect(proposed(columns, {}, [['orders.customer_id', 'customers.id']]).masks).toEqual([])
  })

  test('a key that leads to itself, or to a column that is not read, harms nothing', () => {
    const { masks } = proposed([column('people.email')], {}, [
      ['people.email', 'people.email'],
      ['people.email', 'gone.email'],
    ])
    expect(masks.map(({ column: name, sameAs }) => [name, sameAs])).toEqual([['people.email', null]])
  })
})
