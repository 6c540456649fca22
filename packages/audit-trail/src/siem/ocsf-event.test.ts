import type { AuditRecord, RecordKind } from '@gatehouse/core'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import * as fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { eventText } from './event-text.ts'
import { SAMPLE_RECORDS, SAMPLE_TRAIL, sampleRecord } from './fixtures/sample-records.ts'
import { ocsfEvent, refusedEvent } from './ocsf-event.ts'
import type { OcsfEvent } from './ocsf-frame.ts'

interface Schema {
  readonly $id: string
  readonly classes: Readonly<Record<string, object>>
  readonly captions: Readonly<Record<string, Captions>>
}

type Captions = Readonly<Record<string, Readonly<Record<string, string>>>> & {
  readonly class_name: string
  readonly category_uid: number
}

const schema = JSON.parse(readFileSync(new URL('fixtures/ocsf-1.8.0.json', import.meta.url), 'utf8')) as Schema
const ajv = new Ajv2020({ strict: false, allErrors: true })
ajv.addSchema(schema)
const validators = new Map<number, ValidateFunction>(
  Object.keys(schema.classes).map((uid) => [Number(uid), ajv.compile({ $ref: `${schema.$id}#/classes/${uid}` })]),
)

/** As it is sent, read back. */
const sent = (event: OcsfEvent): Record<string, unknown> => JSON.parse(eventText(event)) as Record<string, unknown>
const eventOf = (record: AuditRecord): Record<string, unknown> => sent(ocsfEvent(SAMPLE_TRAIL, record))
const of = (kind: RecordKind, other: object = {}): Record<string, unknown> => eventOf(sampleRecord(kind, other))

function expectValid(event: Record<string, unknown>): void {
  const validate = validators.get(Number(event['class_uid']))
  if (validate === undefined) throw new Error(`no class ${String(event['class_uid'])} in the fixture`)
  if (!validate(event)) expect({ errors: validate.errors, event }).toBe('valid')
}

/** Every text and number in a value. */
function leaves(value: unknown): (string | number | boolean)[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(leaves)
  return value === null || value === undefined ? [] : [value as string | number | boolean]
}

describe.each(SAMPLE_RECORDS.map((record) => [record.kind, record] as const))('a record of kind %s', (_, record) => {
  const event = eventOf(record)

  it('is an event of a class of the OCSF schema', () => expectValid(event))

  it('is called in words what it is called in numbers', () => {
    const captions = schema.captions[String(event['class_uid'])]
    expect(event).toMatchObject({ class_name: captions?.class_name, category_uid: captions?.category_uid })
    const activity = captions?.['activity_id']?.[String(event['activity_id'])]
    if (event['activity_id'] !== 99) expect(event['activity_name']).toBe(activity)
    expect(event['type_uid']).toBe(Number(event['class_uid']) * 100 + Number(event['activity_id']))
    for (const name of ['severity', 'status', 'action', 'disposition']) {
      const id = event[`${name}_id`]
      if (typeof id === 'number') expect(event[name]).toBe(captions?.[`${name}_id`]?.[id])
    }
  })

  it('is told apart by gateway, trail and number', () => {
    expect(event['time']).toBe(Date.parse('2026-01-31T12:00:00.250Z'))
    expect(event['metadata']).toMatchObject({
      version: '1.8.0',
      uid: 'gateway-1/0123456789abcdef/9',
      sequence: 9,
      event_code: record.kind,
    })
  })

  it('loses nothing that the record holds but the hash of the one before', () => {
    const { prev: _prev, ...members } = record
    const held = new Set(leaves(event).map(String))
    const lost = leaves(members).filter(
      (leaf) => !held.has(String(leaf)) && !JSON.stringify(event).includes(String(leaf)),
    )
    expect(lost).toEqual([])
  })

  it('is the same event each time', () => expect(eventOf(structuredClone(record))).toEqual(event))
})

describe('a statement', () => {
  it('that is let through is a query with its text as it is recorded, on its database, by its agent', () => {
    expect(of('intent')).toMatchObject({
      class_uid: 6005,
      activity_name: 'Query',
      severity: 'Informational',
      status: 'Unknown',
      action: 'Allowed',
      actor: {
        user: { name: 'dana@example.com', groups: [{ name: 'ai-agents' }] },
        app_name: 'copilot',
        session: { uid: 's-1' },
      },
      database: { name: 'shop' },
      table: { name: 'public.users' },
      query_info: {
        query_string: 'select email from users where id = $1',
        data: ['7'],
        uid: '50fde20626009aba',
      },
      authorizations: [{ decision: 'permit', policy: { name: 'agents-read-the-shop' } }],
      unmapped: { masked: ['public.users.email'] },
    })
  })

  it('that is refused is a failure that was blocked, by which rule and why', () => {
    const decision = {
      effect: 'deny',
      rule: 'never',
      approval: null,
      code: 'DENIED',
      object: 'drop_table on public.users',
    }
    const event = of('intent', { decision, actions: ['drop_table'] })
    expectValid(event)
    expect(event).toMatchObject({
      activity_name: 'Delete',
      severity: 'Medium',
      status: 'Failure',
      status_code: 'DENIED',
      action: 'Denied',
      disposition: 'Blocked',
      authorizations: [{ decision: 'deny', policy: { name: 'never' } }],
    })
  })

  it.each([
    [['select', 'delete'], 'Delete', 7],
    [['create_table', 'select'], 'Create', 6],
    [['select', 'update'], 'Update', 2],
    [['insert', 'select'], 'Write', 5],
    [['copy_to'], 'Read', 1],
    [['begin'], 'begin', 99],
    [[], 'Unread', 99],
  ])('that does %j is the activity %s', (actions, name, id) => {
    const event = of('intent', { actions })
    expectValid(event)
    expect(event).toMatchObject({ activity_name: name, activity_id: id })
  })

  it('and its outcome belong together', () => {
    const event = of('outcome', { outcome: { rows: null, bytes: null, error: '23505', duration_us: 2_400 } })
    expectValid(event)
    expect(event).toMatchObject({
      metadata: { correlation_uid: 'gateway-1/0123456789abcdef/7' },
      status: 'Failure',
      status_code: '23505',
      duration: 2,
    })
    expect(of('intent', { seq: 7 })).toMatchObject({ metadata: { uid: 'gateway-1/0123456789abcdef/7' } })
  })
})

it('the examples in docs/siem.md are what is sent', () => {
  const page = readFileSync(new URL('../../../../docs/siem.md', import.meta.url), 'utf8')
  for (const kind of ['intent', 'outcome'] as const) {
    expect(page).toContain(`\n${eventText(ocsfEvent(SAMPLE_TRAIL, sampleRecord(kind)))}\n`)
  }
})

it('a refused login says from where, as an address or as what it is', () => {
  expect(of('login_refused')).toMatchObject({ status: 'Failure', src_endpoint: { ip: '2001:db8::7' } })
  const local = of('login_refused', { client: { address: 'unix:/run/gatehouse', user: null }, target: null })
  expectValid(local)
  expect(local).toMatchObject({ src_endpoint: { name: 'unix:/run/gatehouse' }, user: { name: 'unknown' } })
})

it('people who sign in are logons, and a lost recording is a failure', () => {
  const admin = { action: 'signed_in', by: { subject: 'bob@example.com' }, object: 'page', reason: null }
  expectValid(of('admin_action', { admin }))
  expect(of('admin_action', { admin })).toMatchObject({
    class_uid: 3002,
    activity_id: 1,
    user: { name: 'bob@example.com' },
  })
  const lost = of('recording', { recording: { part: 2, lost: 'ENOSPC', uncompressed: 9, last: false } })
  expectValid(lost)
  expect(lost).toMatchObject({ severity: 'High', status: 'Failure', status_detail: 'ENOSPC' })
})

it('what a collector refused is told of under the name of what it refused', () => {
  const event = sent(refusedEvent(SAMPLE_TRAIL, sampleRecord('intent'), 400))
  expectValid(event)
  expect(event).toMatchObject({ status_code: '400', metadata: { uid: 'gateway-1/0123456789abcdef/9', sequence: 9 } })
})

it('records that lack members, or of a kind that is not known yet, are valid events all the same', () => {
  for (const { kind } of SAMPLE_RECORDS) {
    const { seq, time, prev, hash } = sampleRecord(kind)
    expectValid(eventOf({ seq, time, prev, hash, kind }))
  }
  expectValid(eventOf({ ...sampleRecord('alarm'), kind: 'of_tomorrow' as RecordKind }))
})

it('whatever texts records hold, they are read back the same from a line of printable ASCII', () => {
  const kinds = fc.constantFrom(...SAMPLE_RECORDS.map(({ kind }) => kind))
  const text = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(kinds, text, text, (kind, user, sql) => {
      const principal = { subject: user, actor: sql, groups: [user], issuer: 'i' }
      const other = {
        session: user,
        principal,
        ...(kind === 'intent' ? { statement: { text: sql, parameters: [user], fingerprint: null } } : {}),
      }
      const line = eventText(ocsfEvent(SAMPLE_TRAIL, sampleRecord(kind, other)))
      expect(line).toMatch(/^[\x20-\x7e]+$/)
      const event = JSON.parse(line) as Record<string, unknown>
      expectValid(event)
      if (kind === 'intent') expect(event).toMatchObject({ query_info: { query_string: sql, data: [user] } })
    }),
  )
})
