import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { judgeName } from './judge-name.ts'
import { nameWords } from './name-words.ts'
import { postgresType } from './postgres-type.ts'
import type { SuggestedType } from './suggested-type.ts'

interface Label {
  readonly relation: string
  readonly column: string
  readonly type: SuggestedType
  readonly typeName: string
  readonly kind: string | null
}

function labels(file: string): readonly Label[] {
  return readFileSync(join(import.meta.dirname, 'fixtures', file), 'utf8')
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => {
      const [, relation = '', column = '', type = '', kind = ''] = /^([^.]+)\.(\S+) (\S+) (\S+)$/.exec(line) ?? []
      return { relation, column, type: typeNamed(type), typeName: type, kind: kind === '-' ? null : kind }
    })
}

function typeNamed(name: string): SuggestedType {
  const enumLabels = name === 'enum' ? ['a', 'b'] : null
  return postgresType({ name, oid: 0, element: null, enumLabels, modifier: -1 })
}

interface Score {
  readonly total: number
  readonly precision: number
  readonly recall: number
  /** Proposed as what it is, of what is proposed and is something. */
  readonly rightKind: number
  readonly missed: readonly string[]
  readonly mistaken: readonly string[]
}

function score(all: readonly Label[]): Score {
  let found = 0
  let right = 0
  const missed: string[] = []
  const mistaken: string[] = []
  for (const { relation, column, type, typeName, kind } of all) {
    const judged = judgeName(relation, column, type)
    const name = `${relation}.${column} ${typeName}`
    if (kind !== null && judged === null) missed.push(`${name} ${kind}`)
    if (kind === null && judged !== null) mistaken.push(`${name} as ${judged.kind} (${judged.strength})`)
    if (kind === null || judged === null) continue
    found++
    if (judged.kind === kind) right++
  }
  const personal = all.filter(({ kind }) => kind !== null).length
  return {
    total: all.length,
    precision: found / (found + mistaken.length),
    recall: found / personal,
    rightKind: right / found,
    missed,
    mistaken,
  }
}

function told(name: string, { total, precision, recall, rightKind, missed, mistaken }: Score): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
  return [
    `${name}: ${total} columns; precision ${percent(precision)}, recall ${percent(recall)}, of the right kind ${percent(rightKind)}`,
    ...missed.map((line) => `  missed: ${line}`),
    ...mistaken.map((line) => `  mistaken: ${line}`),
  ].join('\n')
}

describe('what columns are called says what they hold', () => {
  test('names made for this test are told apart', () => {
    const result = score(labels('ordinary-names.txt'))
    console.log(told('ordinary names', result))
    expect(result.total).toBeGreaterThan(400)
    expect(result.precision).toBeGreaterThan(0.97)
    expect(result.recall).toBeGreaterThan(0.97)
    expect(result.rightKind).toBeGreaterThan(0.98)
  })

  test('so are those of well-known schemas', () => {
    const result = score(labels('known-schemas.txt'))
    console.log(told('well-known schemas', result))
    expect(result.total).toBeGreaterThan(180)
    expect(result.precision).toBeGreaterThan(0.95)
    expect(result.recall).toBeGreaterThan(0.85)
    expect(result.rightKind).toBeGreaterThan(0.95)
  })

  test('so are most of those that the rules were not made for', () => {
    const result = score(labels('held-out-names.txt'))
    console.log(told('held out', result))
    expect(result.total).toBeGreaterThan(180)
    expect(result.precision).toBeGreaterThan(0.9)
    expect(result.recall).toBeGreaterThan(0.7)
    expect(result.rightKind).toBeGreaterThan(0.9)
  })
})

test.each([
  ['billing_email_2', ['billing', 'email', '2']],
  ['BillingEMailAddress', ['billing', 'email', 'address']],
  ['E-Mail', ['email']],
  ['HTTPHeaderName', ['http', 'header', 'name']],
  ['Straße', ['strasse']],
  ['teléfono_móvil', ['telefono', 'movil']],
  ['dateofbirth', ['date', 'of', 'birth']],
  ['"; drop', ['drop']],
  ['', []],
])('the words of %j are %j', (name, words) => {
  expect(nameWords(name)).toEqual(words)
})
