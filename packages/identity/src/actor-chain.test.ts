import { describe, expect, test } from 'vitest'
import { actorChainIn, MAX_ACTORS } from './actor-chain.ts'
import { principalFromClaims } from './principal-from-claims.ts'
import { issuerConfig } from './testing/loopback-issuer.ts'

const USUAL = ['act.sub', 'azp', 'client_id']

/** Actors within one another, the first outermost. */
function acts(...names: readonly string[]): unknown {
  return names.reduceRight<unknown>((act, sub) => (act === undefined ? { sub } : { sub, act }), undefined)
}

describe('actors in a token', () => {
  test('are the one who acts now, and those who acted before, the last of them first', () => {
    expect(actorChainIn({ act: acts('c', 'b', 'a'), azp: 'z' }, USUAL)).toEqual({ actor: 'c', prior: ['b', 'a'] })
    expect(actorChainIn({ act: acts('c') }, USUAL)).toEqual({ actor: 'c', prior: [] })
    expect(actorChainIn({ azp: 'z' }, USUAL)).toEqual({ actor: 'z', prior: [] })
    expect(actorChainIn({ act: null }, USUAL)).toEqual({ actor: null, prior: [] })
  })

  test('have all acted before, where the actor is told by another claim', () => {
    expect(actorChainIn({ act: acts('b', 'a'), cid: 'z' }, ['cid'])).toEqual({ actor: 'z', prior: ['b', 'a'] })
    expect(actorChainIn({ act: acts('b', 'a'), azp: 'z' }, ['azp', 'act.sub'])).toEqual({
      actor: 'z',
      prior: ['b', 'a'],
    })
    expect(actorChainIn({ act: acts('b', 'a') }, [])).toEqual({ actor: null, prior: ['b', 'a'] })
  })

  test('may be named by client_id where there is no sub, as the configuration says', () => {
    const claims = { act: { client_id: 'b', act: { client_id: 'a' } }, azp: 'z' }
    expect(actorChainIn(claims, ['act.client_id'])).toEqual({ actor: 'b', prior: ['a'] })
    // Else azp would pass for who acts, though the token says that it is another.
    expect(actorChainIn(claims, USUAL)).toMatchObject({ code: 'INVALID_CLAIM' })
  })

  test.each([
    ['text', 'copilot'],
    ['a list', [{ sub: 'copilot' }]],
    ['a number', 7],
    ['a switch', true],
    ['nobody', {}],
    ['a nameless one', { sub: '' }],
    ['an unprintable one', { sub: 'cop\u202eilot' }],
    ['one of another type', { sub: { name: 'copilot' } }],
    ['a bad one further in', { sub: 'c', act: { sub: 'b', act: 'a' } }],
    ['a nameless one further in', { sub: 'c', act: { iss: 'https://a.example' } }],
    ['more than can be', acts(...Array.from({ length: MAX_ACTORS + 1 }, (_, at) => `agent-${at}`))],
  ])('are refused where act is %s', (_, act) => {
    expect(actorChainIn({ act, azp: 'z' }, USUAL)).toMatchObject({ kind: 'refused', code: 'INVALID_CLAIM' })
    expect(actorChainIn({ act, azp: 'z' }, ['azp'])).toMatchObject({ kind: 'refused', code: 'INVALID_CLAIM' })
  })

  test('may be as many as the limit', () => {
    const names = Array.from({ length: MAX_ACTORS }, (_, at) => `agent-${at}`)
    expect(actorChainIn({ act: acts(...names) }, USUAL)).toEqual({ actor: names[0], prior: names.slice(1) })
  })
})

describe('the client that a token was issued to', () => {
  const read = (claims: Readonly<Record<string, unknown>>, authorizedParties: readonly string[]): unknown =>
    principalFromClaims(
      { ...issuerConfig('https://issuer.example'), authorizedParties },
      { sub: 'alice', exp: 1_800_000_300, ...claims },
      1_800_000_000_000,
    )

  test('is one of the authorized parties, where there are any', () => {
    expect(read({ azp: 'copilot' }, ['copilot', 'cursor'])).toMatchObject({ kind: 'principal' })
    expect(read({ client_id: 'cursor' }, ['copilot', 'cursor'])).toMatchObject({ kind: 'principal' })
    expect(read({ azp: 'stranger' }, [])).toMatchObject({ kind: 'principal' })
    expect(read({ azp: 'stranger' }, ['copilot'])).toMatchObject({ code: 'CLAIM_MISMATCH' })
    for (const azp of ['', 'COPILOT', 'copilot ', ['copilot'], 7]) {
      expect(read({ azp }, ['copilot'])).toMatchObject({ code: 'CLAIM_MISMATCH' })
    }
    expect(read({}, ['copilot'])).toMatchObject({ code: 'MISSING_CLAIM' })
  })

  test('fits by azp and by client_id, where a token has both', () => {
    expect(read({ azp: 'copilot', client_id: 'stranger' }, ['copilot'])).toMatchObject({ code: 'CLAIM_MISMATCH' })
    expect(read({ azp: 'stranger', client_id: 'copilot' }, ['copilot'])).toMatchObject({ code: 'CLAIM_MISMATCH' })
    expect(read({ azp: 'copilot', client_id: 'copilot' }, ['copilot'])).toMatchObject({ kind: 'principal' })
  })
})
