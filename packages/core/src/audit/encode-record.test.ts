import * as fc from 'fast-check'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Decision } from '../policy/decision.ts'
import type { RelationName, StatementFacts, TextFacts } from '../statement/facts.ts'
import {
  appendIntent,
  encodeAlarm,
  encodeFactsPart,
  encodeLoginRefused,
  encodePolicyLoaded,
  encodeRefusedPart,
  encodeSessionEnd,
  encodeSessionPart,
  encodeSessionStart,
  type FactsPart,
  oweOutcome,
  type SessionPart,
} from './encode-record.ts'
import { DEFAULT_RECORD_LIMITS, type RecordLimits } from './encode-statement.ts'
import { jsonText } from './json-text.ts'
import { NO_PART, type RecordPart } from './record-part.ts'
import type { RecordableParameter } from './record-redactor.ts'
import type { AuditRecord, AuditedParameter, AuditedSession, RecordedStatement } from './record.ts'

const anyText = fc.string({ unit: 'binary' })
const hostileText = fc.oneof(
  anyText,
  fc.string({
    unit: fc.constantFrom(
      '"',
      '\\',
      '\n',
      '\r',
      '\u0000',
      '\u001b',
      '\u009b',
      '\u2028',
      '\u202e',
      '\u200b',
      '\ud800',
      '\udc00',
      'a',
      'é',
      '🙂',
    ),
  }),
)

const session: AuditedSession = {
  id: 's-1',
  principal: {
    subject: 'dana@example.com',
    actor: 'copilot',
    groups: ['ai-agents', 'eng'],
    issuer: 'https://login.example.com',
  },
  target: 'shop',
  engine: 'postgres',
}
const part = encodeSessionPart(session)

const statementFacts = (relation: RelationName, complete = true): StatementFacts => ({
  action: 'select',
  accesses: [{ action: 'select', relation, columns: null }],
  functions: [],
  unboundedWrite: false,
  settings: [],
  files: [],
  programs: [],
  dynamicSql: false,
  output: null,
  decides: [],
  writes: [],
  beneath: { accesses: [], functions: [] },
  names: { prepared: null, cursor: null },
  changesNames: false,
  complete,
  reason: complete ? null : 'a function is not known',
})
const users: RelationName = { schema: 'public', name: 'users' }
const facts: TextFacts = { statements: [statementFacts(users)], fingerprint: '50fde20626009aba' }
const permit: Decision = {
  kind: 'permit',
  rules: ['agents-read'],
  obligations: {
    outputs: [
      null,
      { spec: { kind: 'redact' }, rule: 'mask-email', columns: ['public.users.ssn', 'public.users.email'] },
    ],
    rowLimit: null,
    redactReports: true,
    clear: null,
  },
}
const deny: Decision = {
  kind: 'deny',
  code: 'DENIED_BY_RULE',
  rule: 'never',
  object: 'public.users',
  reason: 'no',
  hint: 'ask',
}

/** What a reader of the trail makes of the members. One line, or the trail could not be read. */
function read(members: string): AuditRecord {
  expect(members).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/u)
  expect(members.isWellFormed()).toBe(true)
  expect(members.startsWith('"kind":"')).toBe(true)
  return JSON.parse(`{${members}}`) as AuditRecord
}
const readStatement = (members: string): RecordedStatement => {
  const { statement } = read(members)
  if (statement === undefined || !('text' in statement)) throw new Error('no text')
  return statement
}
/** Keeps the last record as a trail would write it. */
const trail = {
  last: '',
  append: (members: string, before: RecordPart = NO_PART, after: RecordPart = NO_PART): number => {
    trail.last = Buffer.concat([before.bytes, Buffer.from(members), after.bytes]).toString('utf8')
    return 1
  },
  owe: (members: string, before?: RecordPart, after?: RecordPart): void => void trail.append(members, before, after),
}
type Rest<Call> = Call extends (trail: never, ...rest: infer Given) => unknown ? Given : never
const encodeIntent = (
  session: SessionPart,
  text: string,
  parameters: readonly RecordableParameter[] | null,
  facts: FactsPart,
  limits?: RecordLimits,
): string => {
  appendIntent(trail, session, { text, parameters, redacted: null }, facts, limits)
  return trail.last
}
const encodeOutcome = (...given: Rest<typeof oweOutcome>): string => {
  oweOutcome(trail, ...given)
  return trail.last
}
const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

it('says who acted before, where somebody did', () => {
  const principal = { ...session.principal, priorActors: ['planner', 'web'] }
  const record = JSON.parse(
    `{${encodeSessionStart(encodeSessionPart({ ...session, principal }), '::1', null, null, 'token')}}`,
  ) as AuditRecord
  expect(record.principal).toEqual(principal)
})

describe('a text in a record', () => {
  it('comes back as it was, whatever is in it, and never breaks the line or reaches a terminal', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const encoded = jsonText(text)
        expect(JSON.parse(encoded)).toBe(text)
        expect(encoded).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u200b]/u)
        expect(encoded.isWellFormed()).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  it('keeps what people write as they write it', () => {
    expect(jsonText("select 'Zoë', '東京', '🙂' -- it's")).toBe(`"select 'Zoë', '東京', '🙂' -- it's"`)
  })
})

describe('an intent', () => {
  it('says who, where, what, and what was decided', () => {
    const record = read(
      encodeIntent(
        part,
        'select email from users where id = $1',
        ['7', null, Buffer.from([0, 255])],
        encodeFactsPart(facts, [permit]),
      ),
    )
    expect(record).toEqual({
      kind: 'intent',
      session: 's-1',
      principal: session.principal,
      target: 'shop',
      engine: 'postgres',
      statement: {
        text: 'select email from users where id = $1',
        parameters: ['7', null, { hex: '00ff' }],
        fingerprint: '50fde20626009aba',
      },
      actions: ['select'],
      relations: ['public.users'],
      decision: { effect: 'permit', rule: 'agents-read', approval: null },
      masked: ['public.users.email', 'public.users.ssn'],
    })
  })

  it('can be read back whatever the client, the token or the catalog put into it', () => {
    fc.assert(
      fc.property(fc.array(hostileText, { minLength: 10, maxLength: 10 }), (texts) => {
        const [
          id = '',
          subject = '',
          group = '',
          issuer = '',
          target = '',
          text = '',
          value = '',
          schema = '',
          name = '',
          rule = '',
        ] = texts
        const hostile = encodeSessionPart({
          id,
          principal: { subject, actor: group, groups: [group, ''], issuer },
          target,
          engine: 'mysql',
        })
        const sheet: TextFacts = { statements: [statementFacts({ schema, name })], fingerprint: rule }
        const record = read(
          encodeIntent(hostile, text, [value], encodeFactsPart(sheet, [{ ...permit, rules: [rule] }], rule)),
        )
        expect(record).toMatchObject({
          session: id,
          principal: { subject, actor: group, groups: [group, ''], issuer },
          target,
        })
        expect(record).toMatchObject({
          statement: { text, parameters: [value], fingerprint: rule },
          relations: [`${schema}.${name}`],
        })
        expect(record.decision).toEqual({ effect: 'permit', rule, approval: rule })
        read(encodeSessionStart(hostile, text, value, name, 'credential'))
        read(encodeSessionEnd(hostile, text, 1, 2))
        read(encodeOutcome(hostile, 1, 2, 3, text, 4, encodeRefusedPart(null, { code: text, rule, object: name })))
        const login = { code: text, reason: value, user: name, target, address: schema, credential: name }
        read(encodeLoginRefused({ ...login, engine: 'mysql', certificate: null }))
        const certificate = { subject: text, serialNumber: value, fingerprint256: schema, fault: text }
        read(encodeLoginRefused({ ...login, engine: 'mysql', certificate }))
        read(encodePolicyLoaded(text, value, 1))
        read(encodeAlarm(hostile, text, value))
      }),
    )
  })

  it('is kept whole up to the limit, and says what was cut beyond it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 80 }),
        fc.integer({ min: 0, max: 90 }),
        (text, maxTextBytes) => {
          const bytes = Buffer.from(text)
          const statement = readStatement(
            encodeIntent(part, text, null, encodeFactsPart(facts, [permit]), {
              ...DEFAULT_RECORD_LIMITS,
              maxTextBytes,
            }),
          )
          if (bytes.length <= maxTextBytes) {
            expect(statement).toEqual({ text, parameters: [], fingerprint: facts.fingerprint })
            return
          }
          const kept = Buffer.from(statement.text)
          expect(kept.length).toBeLessThanOrEqual(maxTextBytes)
          expect(kept.length).toBeGreaterThan(maxTextBytes - 4)
          expect(bytes.subarray(0, kept.length)).toEqual(kept)
          expect(statement).toMatchObject({
            textBytes: bytes.length,
            textTruncated: bytes.length - kept.length,
            textSha256: sha256(bytes),
          })
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('keeps small parameters and says what is left of large ones', () => {
    const limits = { maxTextBytes: 100, maxParameterBytes: 4, maxParametersBytes: 1_000, maxParameters: 10 }
    const parameters: AuditedParameter[] = ['ab', 'ééé', Buffer.from('12345'), new Uint8Array([1]), null, '']
    const statement = readStatement(encodeIntent(part, 'x', parameters, encodeFactsPart(facts, [permit]), limits))
    expect(statement.parameters).toEqual([
      'ab',
      { text: 'éé', textBytes: 6, textTruncated: 2, textSha256: sha256('ééé') },
      { binary: 5, sha256: sha256('12345') },
      { hex: '01' },
      null,
      '',
    ])
  })

  it('says how many parameters it left out, and their hash', () => {
    const limits = { ...DEFAULT_RECORD_LIMITS, maxParameters: 2 }
    const statement = readStatement(
      encodeIntent(part, 'x', ['a', 'b', 'é', null, Buffer.from('z')], encodeFactsPart(facts, [permit]), limits),
    )
    expect(statement.parameters).toEqual(['a', 'b'])
    expect(statement.parametersOmitted).toEqual({ count: 3, bytes: 3, sha256: sha256('t2:én;b1:z') })
    const many = Array.from({ length: 65_535 }, () => 'x'.repeat(1_000))
    expect(encodeIntent(part, 'x', many, encodeFactsPart(facts, [permit])).length).toBeLessThan(70_000)
  })

  it('records the denial where any statement of the text is denied', () => {
    const two: TextFacts = {
      ...facts,
      statements: [statementFacts(users), statementFacts({ schema: null, name: 'nowhere' }, false)],
    }
    const record = read(encodeIntent(part, 'x', null, encodeFactsPart(two, [permit, deny])))
    expect(record.decision).toEqual({
      effect: 'deny',
      rule: 'never',
      approval: null,
      code: 'DENIED_BY_RULE',
      object: 'public.users',
    })
    expect(record.statement).toMatchObject({ complete: false })
    expect(record.relations).toEqual(['public.users', 'nowhere'])
  })

  it('records what the gateway itself refused, even if it could not be read', () => {
    const refused = encodeRefusedPart(null, { code: 'UNREADABLE', rule: 'gateway', object: 'statement' })
    const record = read(encodeIntent(part, 'selct', null, refused))
    expect(record).toMatchObject({
      statement: { fingerprint: null, complete: false },
      actions: [],
      relations: [],
      masked: [],
    })
    expect(record.decision).toMatchObject({ effect: 'deny', code: 'UNREADABLE' })
  })

  it('lists every rule of a permit that needed several', () => {
    const other: Decision = { ...permit, rules: ['b', 'agents-read'] }
    const record = read(encodeIntent(part, 'x', null, encodeFactsPart(facts, [permit, other], 'approval-7')))
    expect(record.decision).toEqual({
      effect: 'permit',
      rule: 'agents-read',
      rules: ['agents-read', 'b'],
      approval: 'approval-7',
    })
  })

  it('names at most a thousand relations and counts the others', () => {
    const sheet: TextFacts = {
      ...facts,
      statements: Array.from({ length: 1_500 }, (_, index) => statementFacts({ schema: 's', name: `t${index}` })),
    }
    const record = read(encodeIntent(part, 'x', null, encodeFactsPart(sheet, [permit])))
    expect(record.relations).toHaveLength(1_000)
    expect(record.relationsOmitted).toBe(500)
  })
})

describe('the other records', () => {
  it('an outcome names its intent, and what was masked', () => {
    expect(read(encodeOutcome(part, 12, 3, 456, null, 78.6, encodeFactsPart(facts, [permit])))).toEqual({
      kind: 'outcome',
      session: 's-1',
      statement: { intent: 12 },
      outcome: { rows: 3, bytes: 456, error: null, duration_us: 79 },
      masked: ['public.users.email', 'public.users.ssn'],
    })
  })

  it('no number can break a record', () => {
    const { outcome } = read(
      encodeOutcome(
        part,
        1,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        '42501',
        Number.NaN,
        encodeFactsPart(facts, [permit]),
      ),
    )
    expect(outcome).toEqual({ rows: null, bytes: null, error: '42501', duration_us: null })
  })

  it('an alarm of no session has none', () => {
    expect(read(encodeAlarm(null, 'TEST', 'look'))).toEqual({ kind: 'alarm', alarm: { code: 'TEST', message: 'look' } })
  })
})
