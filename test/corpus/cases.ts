import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../../shared/corpus/', import.meta.url))

/** What must come of a case; the corpus's own README says what each word means. */
export type Expectation =
  | 'MASK'
  | 'DENY'
  | 'MASK_OR_DENY'
  | 'APPROVE_OR_DENY'
  | 'CLASSIFY_WRITE'
  | 'ALLOW'
  | 'LIMIT'
  | 'POLICY'
  | 'SPECIAL'

export interface SqlCase {
  readonly id: string
  readonly class: string
  readonly sql: string
  readonly expect: Expectation
  readonly must: string
}

export interface WireCase {
  readonly id: string
  readonly class: string
  readonly case: string
  readonly must: string
}

/** Why nothing of the corpus can be run here; null when it is there. */
export const absence: string | null = existsSync(`${folder}postgres.jsonl`)
  ? null
  : 'the corpus is not beside this checkout (../shared/corpus)'

/** The text of one corpus file; empty where the corpus is absent. */
export function corpusText(file: string): string {
  return absence === null ? readFileSync(`${folder}${file}`, 'utf8') : ''
}

/** A text made to be read otherwise by a gateway than by the server. */
export interface ReadingCase {
  readonly id: string
  readonly sql: string
  /** `secret`: the server touches table `secret`; `none`: it does not; `danger:X`: X must be seen. */
  readonly want: string
  readonly sql_mode?: string
  /** The flavour it is for; absent: both. */
  readonly server?: 'mysql' | 'mariadb'
  readonly accepted: { readonly mysql: boolean; readonly mariadb: boolean }
}

/** The cases of SQL; none where the corpus is absent. A case without a text is the empty text. */
export function sqlCases(file: 'postgres.jsonl' | 'mysql.jsonl'): readonly SqlCase[] {
  return (lines(file) as readonly (Omit<SqlCase, 'sql'> & Partial<SqlCase>)[]).map((one) => ({ sql: '', ...one }))
}

/** The cases of the wire; none where the corpus is absent. */
export function wireCases(file: 'postgres-wire.jsonl' | 'mysql-wire.jsonl'): readonly WireCase[] {
  return lines(file) as readonly WireCase[]
}

/** The texts made to mislead; none where the corpus is absent. */
export function readingCases(file: 'reading-mysql.jsonl'): readonly ReadingCase[] {
  return lines(file) as readonly ReadingCase[]
}

function lines(file: string): readonly unknown[] {
  return corpusText(file)
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line))
}
