import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boundedEventText, eventText, LEAST_EVENT_BYTES } from './event-text.ts'
import { SAMPLE_RECORDS, SAMPLE_TRAIL, sampleRecord } from './fixtures/sample-records.ts'
import { ocsfEvent } from './ocsf-event.ts'

interface Cut {
  readonly metadata: { readonly uid: string; readonly is_truncated?: boolean; readonly untruncated_size?: number }
  readonly query_info?: { readonly query_string: string }
  readonly actor: { readonly user: { readonly name: string } }
  readonly unmapped?: { readonly decision: unknown; readonly relations: readonly string[] }
}

const statement = (text: string): object => ({ statement: { text, parameters: [], fingerprint: null } })

describe('an event that may have so many bytes', () => {
  it('is whole where it fits', () => {
    const event = ocsfEvent(SAMPLE_TRAIL, sampleRecord('intent'))
    expect(boundedEventText(event, 8_192)).toBe(eventText(event))
    expect(eventText(event)).not.toContain('is_truncated')
  })

  it('says that it is cut and how long it was, and keeps who did what on what', () => {
    const event = ocsfEvent(SAMPLE_TRAIL, sampleRecord('intent', statement('select 1 -- '.repeat(5_000))))
    const cut = JSON.parse(boundedEventText(event, 8_192)) as Cut
    expect(cut.metadata).toMatchObject({ is_truncated: true, untruncated_size: eventText(event).length })
    expect(cut.query_info?.query_string).toMatch(/^select 1 -- select 1.*…$/)
    expect(cut.query_info?.query_string.length).toBeGreaterThan(4_000)
    expect(cut.actor.user.name).toBe('dana@example.com')
    expect(cut.unmapped?.decision).toEqual({ effect: 'permit', rule: 'agents-read-the-shop', approval: null })
  })

  it('has shorter lists where it is lists that are long', () => {
    const relations = Array.from({ length: 1_000 }, (_, index) => `public.table_${String(index)}`)
    const cut = JSON.parse(
      boundedEventText(ocsfEvent(SAMPLE_TRAIL, sampleRecord('intent', { relations })), 8_192),
    ) as Cut
    expect(cut.query_info?.query_string).toBe('select email from users where id = $1')
    expect(cut.unmapped?.relations.length).toBeGreaterThan(100)
    expect(cut.unmapped?.relations.length).toBeLessThan(1_000)
  })

  it('has no more than them and is JSON, whatever it is about', () => {
    const long = fc.string({ unit: 'binary', minLength: 0, maxLength: 3_000 })
    const names = fc.array(long, { maxLength: 40 })
    const bytes = fc.integer({ min: LEAST_EVENT_BYTES, max: 20_000 })
    const kinds = fc.constantFrom(...SAMPLE_RECORDS.map(({ kind }) => kind))
    const of = { gateway: 'g'.repeat(128), trail: '0123456789abcdef' }
    fc.assert(
      fc.property(kinds, long, names, bytes, (kind, text, list, most) => {
        const principal = { subject: text, actor: text, groups: list, issuer: text }
        const by = {
          action: text,
          by: principal,
          object: text,
          reason: text,
          id: text,
          state: text,
          code: text,
          message: text,
        }
        const event = ocsfEvent(
          of,
          sampleRecord(kind, {
            session: text,
            target: text,
            principal,
            ...(kind === 'intent' ? { statement: { text, parameters: list, fingerprint: text } } : {}),
            actions: list,
            relations: [text],
            masked: list,
            decision: { effect: 'deny', rule: text, rules: list, approval: text, code: text, object: text },
            client: { address: text, user: text },
            refusal: { code: text, reason: text },
            admin: by,
            alarm: by,
            approval: by,
            policy: { version: text, source: text },
            end: { reason: text },
          }),
        )
        const cut = boundedEventText(event, most)
        expect(cut.length).toBeLessThanOrEqual(most)
        expect((JSON.parse(cut) as Cut).metadata.uid).toBe(event.metadata.uid)
      }),
    )
  })

  it('fits into the least of them with nothing but the widest characters in all of it', () => {
    const text = '\u202e'.repeat(2_000)
    const list = Array.from({ length: 20 }, () => text.slice(0, 300))
    const principal = { subject: text, actor: text, groups: list, issuer: text }
    const decision = { effect: 'deny', rule: text, rules: list, approval: text, code: text, object: text }
    for (const { kind } of SAMPLE_RECORDS) {
      const event = ocsfEvent(
        { gateway: 'g'.repeat(128), trail: '0123456789abcdef' },
        sampleRecord(kind, {
          session: text,
          target: text,
          principal,
          decision,
          actions: list,
          relations: [text],
          approval: { id: text, by: principal, state: text, reason: text, verdict: text },
          admin: { action: text, by: principal, object: text, reason: text },
          alarm: { code: text, message: text },
          client: { address: text, user: text },
          refusal: { code: text, reason: text },
          ...(kind === 'intent' ? { statement: { text, parameters: list, fingerprint: text } } : {}),
        }),
      )
      expect(boundedEventText(event, LEAST_EVENT_BYTES).length, kind).toBeLessThanOrEqual(LEAST_EVENT_BYTES)
    }
  })
})
