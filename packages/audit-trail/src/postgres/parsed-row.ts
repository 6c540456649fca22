import type { AuditRecord } from '@gatehouse/core'
import { textOf, timeOf } from '../search/record-facts.ts'
import type { ShippedRecord } from '../shipping/destination.ts'
import { outcomeTerms, recordTerms, searchable, type Terms } from './record-terms.ts'

/** A record with its line. */
export interface Kept {
  readonly record: AuditRecord
  readonly line: string
}

/** What becomes a row: a record, with its outcome where it is an intent that has one; or an outcome without its intent. */
export interface Row {
  /** Of an outcome alone: the number of its intent. */
  readonly seq: number
  /** Where it stands in time, in milliseconds: never before a row of its trail that has a smaller number. */
  readonly time: number
  /** Null: the intent is not here. */
  readonly own: Kept | null
  readonly outcome: Kept | null
}

/** Records of one delivery, put together. */
export interface Folded {
  /** In order. Outcomes are not in it. */
  readonly own: readonly Kept[]
  /** By the number of the intent. */
  readonly outcomes: ReadonlyMap<number, Kept>
}

/** Puts each outcome to the number of its intent. A record that comes twice is taken once. */
export function fold(records: readonly ShippedRecord[]): Folded {
  const own = new Map<number, Kept>()
  const outcomes = new Map<number, Kept>()
  for (const { record, line } of records) {
    if (record.kind === 'outcome') outcomes.set(intentOf(record), { record, line })
    else own.set(record.seq, { record, line })
  }
  return { own: [...own.values()].toSorted((one, other) => one.record.seq - other.record.seq), outcomes }
}

/** An outcome that names none stands under its own number. */
function intentOf({ statement, seq }: AuditRecord): number {
  return statement !== undefined && 'intent' in statement && Number.isSafeInteger(statement.intent)
    ? statement.intent
    : seq
}

/** The columns of rows, one list for each; times as the database reads them. */
export interface Columns {
  readonly times: string[]
  readonly seqs: number[]
  readonly outcomeTimes: (string | null)[]
  readonly outcomeSeqs: (number | null)[]
  readonly clocks: (string | null)[]
  readonly terms: string[]
  readonly statements: (string | null)[]
  readonly lines: (string | null)[]
  readonly outcomes: (string | null)[]
}

/** The same rows by column. */
export function columnsOf(rows: readonly Row[]): Columns {
  const columns: Columns = {
    times: [],
    seqs: [],
    outcomeTimes: [],
    outcomeSeqs: [],
    clocks: [],
    terms: [],
    statements: [],
    lines: [],
    outcomes: [],
  }
  for (const { seq, time, own, outcome } of rows) {
    const clock = own === null ? time : timeOf(own.record)
    const text = own === null ? null : textOf(own.record)
    columns.times.push(new Date(time).toISOString())
    columns.seqs.push(seq)
    columns.outcomeTimes.push(outcome === null ? null : new Date(timeOf(outcome.record)).toISOString())
    columns.outcomeSeqs.push(outcome?.record.seq ?? null)
    columns.clocks.push(clock === time ? null : new Date(clock).toISOString())
    columns.terms.push(`{${termsOfRow(own, outcome).join(',')}}`)
    columns.statements.push(text === null ? null : searchable(text))
    columns.lines.push(own?.line ?? null)
    columns.outcomes.push(outcome?.line ?? null)
  }
  return columns
}

function termsOfRow(own: Kept | null, outcome: Kept | null): Terms {
  if (own !== null) return recordTerms(own.record, outcome?.record ?? null)
  return outcome === null ? [] : outcomeTerms(outcome.record)
}
