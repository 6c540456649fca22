import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { Secret } from '@gatehouse/core'
import { AuthenticationPlugin, ServerAuthentication, type StoredPassword } from '@gatehouse/mysql-wire'
import {
  credentialNameIn,
  fitsSecret,
  makeCredentialName,
  makeCredentialSecret,
  makeVerifiers,
  scramVerifierOf,
  storedPasswordOf,
} from './index.ts'

/** What a server that keeps this says to a client's proof. */
function answers(plugin: string, proof: Buffer, scramble: Buffer, stored: StoredPassword | null): string {
  if (stored === null) return 'nothing is stored'
  const server = new ServerAuthentication({ scramble, clearPassword: false, secure: true, pluginAuth: false, stored })
  return server.start(plugin, proof).kind
}

// The manual's formulas, written out: XOR(H(password), H(of both)).
function cachingSha2(password: Buffer, scramble: Buffer): Buffer {
  const once = hash('sha256', password)
  return xor(once, hash('sha256', Buffer.concat([hash('sha256', once), scramble])))
}

function native(password: Buffer, scramble: Buffer): Buffer {
  const once = hash('sha1', password)
  return xor(once, hash('sha1', Buffer.concat([scramble, hash('sha1', once)])))
}

function hash(name: string, bytes: Buffer): Buffer {
  return createHash(name).update(bytes).digest()
}

function xor(one: Buffer, other: Buffer): Buffer {
  return Buffer.from(one.map((byte, at) => byte ^ (other[at] ?? 0)))
}

describe('the name of a session credential', () => {
  test('is known again, with a target behind it or without', () => {
    const name = makeCredentialName()
    expect(credentialNameIn(name)).toBe(name)
    expect(credentialNameIn(`${name}+shop`)).toBe(name)
    expect(name.length).toBeLessThanOrEqual(32)
    expect(makeCredentialName()).not.toBe(name)
  })

  test('is no other name', () => {
    for (const user of ['', 'agent', 'gh-', 'gh-short', 'GH-aaaaaaaaaaaaaaaaaaaa', 'gh-aaaaaaaaaaaaaaaaaaa1', '+shop'])
      expect(credentialNameIn(user)).toBe(null)
  })
})

describe('the verifiers of a secret', () => {
  test('hold a proof of every login method against it, and no other', async () => {
    const secret = makeCredentialSecret()
    const verifiers = await makeVerifiers(secret)
    const scramble = randomBytes(20)
    for (const [password, right] of [
      [secret, true],
      [makeCredentialSecret(), false],
      [new Secret(''), false],
    ] as const) {
      const bytes = Buffer.from(password.expose())
      expect(fitsSecret(verifiers, password)).toBe(right)
      const stored = storedPasswordOf(verifiers)
      const { CACHING_SHA2, NATIVE } = AuthenticationPlugin
      expect(answers(CACHING_SHA2, cachingSha2(bytes, scramble), scramble, stored) === 'accepted').toBe(right)
      expect(answers(NATIVE, native(bytes, scramble), scramble, stored) === 'accepted').toBe(right)
    }
    expect(scramVerifierOf(verifiers)).toMatchObject({ iterations: 4096 })
    expect(JSON.stringify(verifiers)).not.toContain(secret.expose())
  })

  test('that are damaged fit nothing', () => {
    for (const damaged of [{}, { mysql: '' }, { mysql: 'AAAA:AAAA' }, { 'scram-sha-256': 'SCRAM-SHA-256$1:x' }]) {
      expect(storedPasswordOf(damaged)).toBe(null)
      expect(scramVerifierOf(damaged)).toBe(null)
      expect(fitsSecret(damaged, new Secret(''))).toBe(false)
    }
  })
})
