import { parsePolicy, type Authority, type StatementFacts } from '@gatehouse/core'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type Dialect, dialectOf } from '../dialect.ts'
import { parseText } from '../parser/parse-text.ts'
import { readFacts } from '../read-facts.ts'
import { namesOf } from './fixtures/catalog-of.ts'

const folder = fileURLToPath(new URL('../../../../../../shared/corpus/', import.meta.url))
const absent = !existsSync(`${folder}mysql.jsonl`)

function corpusText(file: string): string {
  return readFileSync(`${folder}${file}`, 'utf8')
}

const POLICY = `
rules:
  - name: agents-read
    allow: { actions: [select, explain, session, call], relations: [app.*, other.*, information_schema.*] }
  - name: agents-write
    allow: { actions: [write, lock], relations: [app.*] }
  - { name: vault-is-closed, deny: { relations: [app.vault] } }
  - { name: no-wide-writes, deny: { unboundedWrites: true } }
  - { name: no-truncate, deny: { actions: [truncate] } }
masks:
  - { columns: [users.ssn, users.salary, users.dob, users.photo, users.doc], with: redact }
  - { columns: [users.email], with: { partial: { keepLast: 4 } } }
`

interface Case {
  readonly id: string
  readonly sql?: string
  readonly expect: string
}

interface Riddle {
  readonly id: string
  readonly sql: string
  readonly want: string
  readonly server?: string
  readonly sql_mode?: string
  readonly accepted?: Readonly<Record<string, boolean>>
}

function lines(file: string): readonly unknown[] {
  return corpusText(file)
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line))
}

/** Definitions of the corpus's schema that a catalog is made from. */
function schema(): string {
  const definitions = corpusText('mysql-schema.sql')
    .split(/;\s*/)
    .map((text) => text.trim())
  return definitions.filter((text) => /^CREATE (?:TABLE|VIEW|FUNCTION|PROCEDURE)/.test(text)).join(';\n')
}

/** The facts of a text; null: it is refused as no SQL. */
function factsIn(sql: string, definitions: string, dialect: Dialect): readonly StatementFacts[] | null {
  const bytes = Buffer.from(sql)
  const parsed = parseText(bytes, 0, bytes.length, dialect)
  if ('error' in parsed) return null
  return readFacts(
    parsed.statements.map(({ statement }) => statement),
    namesOf(definitions, dialect),
  )
}

function authority(): Authority {
  const parsed = parsePolicy(POLICY)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  const agent = { subject: 'a', actor: 'b', groups: [], issuer: 'i', claims: {}, expiresAt: 0 }
  return parsed.policy.authorityFor(agent, 'corpus', 'mysql')
}

/** What becomes of the text: its first refusal, else whether anything in it is masked. */
function fate(facts: readonly StatementFacts[] | null, rules: Authority): 'refused' | 'masked' | 'permitted' {
  const decisions = facts?.map((statement) => rules.decide(statement)) ?? null
  if (decisions === null || decisions.some(({ kind }) => kind === 'deny')) return 'refused'
  return decisions.some((decision) => decision.kind !== 'deny' && decision.obligations.outputs !== null)
    ? 'masked'
    : 'permitted'
}

const FATES: Readonly<Record<string, readonly string[]>> = {
  MASK: ['masked'],
  MASK_OR_DENY: ['masked', 'refused'],
  DENY: ['refused'],
  APPROVE_OR_DENY: ['refused'],
  ALLOW: ['permitted'],
}

/**
 * What is decided otherwise, and why. UNION without ALL tells by its number of rows which values are equal: a probe, as INTERSECT is,
 * which `predicates: equality` permits. Of several statements each is judged, and the corpus wants none of them to write.
 */
const OTHERWISE: Readonly<Record<string, string>> = {
  'MY-016': 'refused',
  'MY-017': 'refused',
}

/** Cases about what one of the flavours does not have. */
const FLAVOURS: Readonly<Record<string, 'mysql' | 'mariadb'>> = {
  'MY-019': 'mysql',
  'MY-020': 'mysql',
  'MY-034': 'mysql',
  'MY-071': 'mariadb',
  'MY-109': 'mariadb',
}

// The corpus is not part of the project: without it beside the checkout there is nothing to read.
describe.skipIf(absent).each([
  { flavour: 'mysql', version: 90_700 },
  { flavour: 'mariadb', version: 101_114 },
] as const)('the corpus, read for $flavour', ({ flavour, version }) => {
  const rules = authority()

  test('every case is decided as it must be', () => {
    const definitions = schema()
    const wrong: string[] = []
    let judged = 0
    for (const { id, sql, expect: wanted } of lines('mysql.jsonl') as readonly Case[]) {
      const fates = FATES[wanted]
      if (sql === undefined || fates === undefined || (FLAVOURS[id] ?? flavour) !== flavour) continue
      judged++
      const dialect = dialectOf({ flavour, version }, '')
      const found = fate(factsIn(sql, definitions, dialect), rules)
      if (found !== OTHERWISE[id] && !fates.includes(found)) wrong.push(`${id} ${wanted}: ${found}: ${sql}`)
    }
    expect(wrong).toEqual([])
    expect(judged).toBeGreaterThan(80)
  })

  test('what the server touches is seen, however it is written', () => {
    const definitions = 'CREATE TABLE secret (id int, pw varchar(20))'
    const wrong: string[] = []
    for (const { id, sql, want, server, sql_mode: mode, accepted } of lines(
      'reading-mysql.jsonl',
    ) as readonly Riddle[]) {
      if ((server ?? flavour) !== flavour || accepted?.[flavour] === false || (want !== 'secret' && want !== 'none'))
        continue
      // Six digits with a leading zero are a version to MySQL alone.
      if (flavour === 'mariadb' && id === 'exec-comment 6 digits') continue
      const facts = factsIn(sql, definitions, dialectOf({ flavour, version }, mode ?? ''))
      const seen = facts?.some(
        ({ complete, accesses, beneath }) =>
          !complete || [...accesses, ...beneath.accesses].some(({ relation }) => relation?.name === 'secret'),
      )
      if (seen !== (want === 'secret')) wrong.push(`${id}: ${String(seen)}: ${sql}`)
    }
    expect(wrong).toEqual([])
  })
})
