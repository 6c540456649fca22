import { describe, expect, test } from 'vitest'
import type { IssuerConfig } from './issuer-config.ts'
import { principalFromClaims } from './principal-from-claims.ts'
import { issuerConfig } from './testing/loopback-issuer.ts'

const NOW = 1_800_000_000_000
const EXP = NOW / 1000 + 300

function read(claims: Readonly<Record<string, unknown>>, changes: Partial<IssuerConfig> = {}): Record<string, unknown> {
  const config = { ...issuerConfig('https://issuer.example'), ...changes }
  const verdict = principalFromClaims(config, { sub: 'alice', exp: EXP, ...claims }, NOW)
  return verdict.kind === 'principal' ? { ...verdict.principal } : { ...verdict }
}

describe('the subject', () => {
  test('comes from the configured claim', () => {
    expect(read({ email: 'a@b.example' }, { subjectClaim: 'email' })).toMatchObject({ subject: 'a@b.example' })
    expect(read({ user: { id: 'u1' } }, { subjectClaim: 'user.id' })).toMatchObject({ subject: 'u1' })
  })

  test('is never missing, empty, another type, over-long, or unprintable', () => {
    expect(read({ sub: undefined })).toMatchObject({ code: 'MISSING_CLAIM' })
    const unfit = [
      '',
      '  ',
      5,
      ['alice'],
      {},
      true,
      'x'.repeat(256),
      'a\0',
      'a\nb',
      'ali\u202ece',
      'ali\u200bce',
      '\ud800',
    ]
    for (const sub of unfit) expect(read({ sub })).toMatchObject({ code: 'INVALID_CLAIM' })
    expect(read({ sub: 'Ödön 山田 <x@y>' })).toMatchObject({ subject: 'Ödön 山田 <x@y>' })
  })

  test('is not an e-mail address that the issuer says is unverified', () => {
    const byEmail = { subjectClaim: 'email' }
    expect(read({ email: 'ceo@b.example', email_verified: false }, byEmail)).toMatchObject({ code: 'INVALID_CLAIM' })
    expect(read({ email: 'ceo@b.example', email_verified: 'false' }, byEmail)).toMatchObject({ code: 'INVALID_CLAIM' })
    expect(read({ email: 'ceo@b.example', email_verified: true }, byEmail)).toMatchObject({ subject: 'ceo@b.example' })
  })

  test('is not found on what every object inherits', () => {
    expect(read({}, { subjectClaim: 'constructor.name' })).toMatchObject({ code: 'MISSING_CLAIM' })
    expect(read({ sub: 'x' }, { subjectClaim: ['sub', 'length'] })).toMatchObject({ code: 'MISSING_CLAIM' })
  })
})

describe('the actor', () => {
  test('is the first claim that is there: act.sub, azp, client_id', () => {
    expect(read({ act: { sub: 'copilot' }, azp: 'b', client_id: 'c' })).toMatchObject({ actor: 'copilot' })
    expect(read({ azp: 'b', client_id: 'c' })).toMatchObject({ actor: 'b' })
    expect(read({ client_id: 'c' })).toMatchObject({ actor: 'c' })
    expect(read({})).toMatchObject({ actor: null })
    expect(read({ azp: 'b' }, { actorClaims: [] })).toMatchObject({ actor: null })
  })

  test('that is there but unfit is refused, never passed over for the next', () => {
    expect(read({ act: { sub: 7 }, azp: 'b' })).toMatchObject({ code: 'INVALID_CLAIM' })
    expect(read({ azp: '', client_id: 'c' })).toMatchObject({ code: 'INVALID_CLAIM' })
  })
})

describe('groups', () => {
  test('come from a name, a nested claim, a URL, or a name with dots', () => {
    expect(read({ groups: ['a', 'b'] })).toMatchObject({ groups: ['a', 'b'] })
    expect(read({ realm_access: { roles: ['r'] } }, { groupsClaim: 'realm_access.roles' })).toMatchObject({
      groups: ['r'],
    })
    const url = 'https://example.com/v1.0/groups'
    expect(read({ [url]: ['g'] }, { groupsClaim: url })).toMatchObject({ groups: ['g'] })
    expect(read({ 'acme.groups': ['d'] }, { groupsClaim: ['acme.groups'] })).toMatchObject({ groups: ['d'] })
    expect(read({ 'cognito:groups': ['c'] }, { groupsClaim: 'cognito:groups' })).toMatchObject({ groups: ['c'] })
  })

  test('are not taken from a claim whose name only looks like the path', () => {
    expect(read({ 'realm_access.roles': ['dba'] }, { groupsClaim: 'realm_access.roles' })).toMatchObject({ groups: [] })
  })

  test('may be one text, or none', () => {
    expect(read({ groups: 'Data Engineers' })).toMatchObject({ groups: ['Data Engineers'] })
    expect(read({})).toMatchObject({ groups: [] })
    expect(read({ groups: [] })).toMatchObject({ groups: [] })
  })

  test('that cannot all be read are refused: a rule that denies one would not bite', () => {
    for (const groups of [['a', 1], [null], [['a']], { a: true }, 5, [''], true]) {
      expect(read({ groups })).toMatchObject({ code: 'INVALID_CLAIM' })
    }
    const overage = { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://x.example' } } }
    expect(read(overage)).toMatchObject({ code: 'INVALID_CLAIM' })
  })
})

describe('required claims', () => {
  test('must be there, and have one of the values where values are named', () => {
    const present = { requiredClaims: [{ claim: 'tenant', oneOf: [] }] }
    expect(read({ tenant: 'x' }, present)).toMatchObject({ subject: 'alice' })
    expect(read({ tenant: null }, present)).toMatchObject({ code: 'MISSING_CLAIM' })
    expect(read({}, present)).toMatchObject({ code: 'MISSING_CLAIM', message: expect.stringContaining('tenant') })
    const valued = { requiredClaims: [{ claim: 'org', oneOf: ['acme', 7] }] }
    expect(read({ org: 'acme' }, valued)).toMatchObject({ subject: 'alice' })
    expect(read({ org: ['z', 7] }, valued)).toMatchObject({ subject: 'alice' })
    expect(read({ org: '7' }, valued)).toMatchObject({ code: 'CLAIM_MISMATCH' })
    expect(read({ org: ['z'] }, valued)).toMatchObject({ code: 'CLAIM_MISMATCH' })
  })
})
