import { randomBytes, timingSafeEqual } from 'node:crypto'
import { Secret } from '@gatehouse/core'
import { type StoredPassword, storePassword } from '@gatehouse/mysql-wire'
import {
  formatScramVerifier,
  makeScramVerifier,
  parseScramVerifier,
  type ScramVerifier,
} from '@gatehouse/postgres-wire'

/** The secret is 160 random bits, so that no number of iterations is needed to guard it; RFC 7677's fewest keeps logins quick. */
export const CREDENTIAL_SCRAM_ITERATIONS = 4096
const SALT_BYTES = 16

/** The verifiers of one secret, by login method, as `Credentials` keeps them. */
export type CredentialVerifiers = Readonly<Record<'scram-sha-256' | 'mysql', string>>

/** A new secret, 27 characters of base64url. */
export function makeCredentialSecret(): Secret<string> {
  return new Secret(randomBytes(20).toString('base64url'))
}

/** What is kept of a secret. */
export async function makeVerifiers(secret: Secret<string>): Promise<CredentialVerifiers> {
  const password = secret.expose()
  const scram = await makeScramVerifier(password, randomBytes(SALT_BYTES), CREDENTIAL_SCRAM_ITERATIONS)
  const { sha256Twice, sha1Twice } = storePassword(Buffer.from(password))
  return {
    'scram-sha-256': formatScramVerifier(scram),
    mysql: `${sha256Twice.toString('base64')}:${sha1Twice.toString('base64')}`,
  }
}

/** What a SCRAM-SHA-256 exchange is held against; null: these verifiers hold none. */
export function scramVerifierOf(verifiers: Readonly<Record<string, string>>): ScramVerifier | null {
  return parseScramVerifier(verifiers['scram-sha-256'] ?? '') ?? null
}

/** What MySQL's scrambles are held against; null: these verifiers hold none. */
export function storedPasswordOf(verifiers: Readonly<Record<string, string>>): StoredPassword | null {
  const [sha256Twice, sha1Twice] = (verifiers['mysql'] ?? '').split(':').map((part) => Buffer.from(part, 'base64'))
  if (sha256Twice?.length !== 32 || sha1Twice?.length !== 20) return null
  return { sha256Twice, sha1Twice }
}

/** True when a secret that came as it is (under TLS) is the one the verifiers were made of. Takes as long either way. */
export function fitsSecret(verifiers: Readonly<Record<string, string>>, secret: Secret<string>): boolean {
  const stored = storedPasswordOf(verifiers)
  const given = storePassword(Buffer.from(secret.expose())).sha256Twice
  return stored !== null && timingSafeEqual(given, stored.sha256Twice)
}
