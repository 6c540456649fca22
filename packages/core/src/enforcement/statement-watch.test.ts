import { expect, test } from 'vitest'
import { encodeSessionPart } from '../audit/encode-record.ts'
import { DEFAULT_RECORD_LIMITS } from '../audit/encode-statement.ts'
import { DEFAULT_REDACTION } from '../audit/record-redactor.ts'
import { NO_PART, type RecordPart } from '../audit/record-part.ts'
import { access, agent, policyOf, statement } from '../policy/policy-fixtures.ts'
import type { TextFacts } from '../statement/facts.ts'
import { Gate } from './gate.ts'
import { RateLimiter } from './rate-limit.ts'
import type { StatementObserver } from './statement-observer.ts'

const SELECT: TextFacts = {
  statements: [statement({ action: 'select', accesses: [access('select', 'public.orders')] })],
  fingerprint: 'aaaaaaaaaaaaaaaa',
}
const POLICY = policyOf('rules: [{ name: read, allow: { actions: [select] , relations: ["*"] } }]')

/** What two statements leave in the trail, one that succeeds and one that fails, watched by this observer. */
function recordedWith(observer: StatementObserver | null): { readonly records: readonly string[]; refused: boolean } {
  const records: string[] = []
  const add = (members: string, before: RecordPart = NO_PART, after: RecordPart = NO_PART): number =>
    records.push(`{${before.text}${members}${after.text}}`)
  const session = { id: 's-1', principal: agent, target: 'shop', engine: 'postgres' as const }
  const gate = new Gate<object>(
    { ...session, credential: null, encoded: encodeSessionPart(session) },
    {
      reader: {
        inlineLimitBytes: 1000,
        read: () => ({ kind: 'read', facts: SELECT, forwardText: null }),
        readLarge: () => Promise.resolve({ kind: 'read', facts: SELECT, forwardText: null }),
        withoutLiterals: () => null,
      },
      policy: { current: POLICY },
      trail: { append: add, owe: add, commit: () => undefined },
      rates: new RateLimiter(),
      clock: { now: () => 0, monotonic: () => 0 },
      recordLimits: DEFAULT_RECORD_LIMITS,
      redaction: DEFAULT_REDACTION,
      observer,
    },
  )
  let refused = false
  for (const error of [null, '42P01']) {
    const judgement = gate.judge(Buffer.from('select 1'), 0, 8, {})
    if (judgement === null) throw new Error('it was not read')
    const admission = gate.admit(judgement, 'select 1', null)
    refused ||= admission.refusal !== null
    gate.outcome(admission, error)
    gate.outcome(admission, error)
  }
  return { records, refused }
}

const broken = (at: string, traces: boolean, told: unknown[]): StatementObserver => {
  const tell = (what: string) => () => {
    if (what === at) throw new Error(`no ${what}`)
  }
  return {
    traces,
    judged: tell('judged'),
    admitted: tell('admitted'),
    settled: tell('settled'),
    failed: (error) => {
      told.push(String(error))
      throw new Error('nor that')
    },
  }
}

test.each(['judged', 'admitted', 'settled'].flatMap((at) => [[at, false] as const, [at, true] as const]))(
  'an observer that throws in %s (it traces: %s) changes nothing of what is decided and recorded, and is told so',
  (at, traces) => {
    const told: unknown[] = []
    const unwatched = recordedWith(null)
    expect(unwatched).toMatchObject({ refused: false, records: { length: 4 } })
    expect(unwatched.records.filter((record) => record.includes('"kind":"outcome"'))).toHaveLength(2)
    expect(recordedWith(broken(at, traces, told))).toEqual(unwatched)
    expect(told).toEqual([`Error: no ${at}`, `Error: no ${at}`])
  },
)
