import { isAscii } from 'node:buffer'
import { createHash, createHmac, pbkdf2 } from 'node:crypto'
import { ProtocolError } from './protocol-error.ts'
import { saslPrep } from './saslprep.ts'

/** Most iterations that a server may ask of us: more is an attack on our processor. RFC 7677 begins at 4096. */
export const MAX_SCRAM_ITERATIONS = 1_000_000
const HASH_BYTES = 32

/** What a server stores instead of a password: enough to check a proof, not enough to make one. */
export interface ScramVerifier {
  readonly iterations: number
  readonly salt: Buffer
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

/**
 * RFC 5802 SaltedPassword, off the main thread. Equal to the password: a secret. Of bytes (UTF-8) no JavaScript string is made, unless
 * some are not ASCII and SASLprep has to look at them. Throws `BAD_VALUE` for the iterations.
 */
export function saltPassword(password: string | Buffer, salt: Buffer, iterations: number): Promise<Buffer> {
  if (!(Number.isInteger(iterations) && iterations >= 1 && iterations <= MAX_SCRAM_ITERATIONS)) {
    throw new ProtocolError('BAD_VALUE', 'a SCRAM iteration count is out of range')
  }
  return new Promise((resolve, reject) => {
    pbkdf2(prepared(password), salt, iterations, HASH_BYTES, 'sha256', (error, salted) => {
      if (error === null) resolve(salted)
      else reject(error)
    })
  })
}

function prepared(password: string | Buffer): string | Buffer {
  if (typeof password === 'string') return saslPrep(password)
  return isAscii(password) ? password : saslPrep(password.toString())
}

/** The verifier of a password, with a random salt given by the caller. */
export async function makeScramVerifier(password: string, salt: Buffer, iterations: number): Promise<ScramVerifier> {
  return verifierOf(await saltPassword(password, salt, iterations), salt, iterations)
}

/** The verifier that belongs to a salted password. */
export function verifierOf(saltedPassword: Buffer, salt: Buffer, iterations: number): ScramVerifier {
  return {
    iterations,
    salt,
    storedKey: sha256(hmac(saltedPassword, 'Client Key')),
    serverKey: hmac(saltedPassword, 'Server Key'),
  }
}

/**
 * A verifier that no password fits, the same each time for one user and `seed` (a secret of the caller): so that who
 * asks for an unknown user cannot tell. The iterations must be those of real verifiers.
 */
export function mockScramVerifier(user: string, seed: Buffer, iterations: number): ScramVerifier {
  return {
    iterations,
    salt: hmac(seed, `salt ${user}`).subarray(0, 16),
    storedKey: hmac(seed, `stored key ${user}`),
    serverKey: hmac(seed, `server key ${user}`),
  }
}

const VERIFIER = /^SCRAM-SHA-256\$([1-9]\d{0,6}):([A-Za-z0-9+/]+={0,2})\$([A-Za-z0-9+/]{43}=):([A-Za-z0-9+/]{43}=)$/

/** Reads a verifier as PostgreSQL stores it: `SCRAM-SHA-256$iterations:salt$storedKey:serverKey`. Undefined: it is none. */
export function parseScramVerifier(text: string): ScramVerifier | undefined {
  const [, iterations, salt, storedKey, serverKey] = VERIFIER.exec(text) ?? []
  if (iterations === undefined || salt === undefined || storedKey === undefined || serverKey === undefined)
    return undefined
  if (Number(iterations) > MAX_SCRAM_ITERATIONS) return undefined
  return {
    iterations: Number(iterations),
    salt: Buffer.from(salt, 'base64'),
    storedKey: Buffer.from(storedKey, 'base64'),
    serverKey: Buffer.from(serverKey, 'base64'),
  }
}

export function formatScramVerifier(verifier: ScramVerifier): string {
  const { iterations, salt, storedKey, serverKey } = verifier
  const keys = `${storedKey.toString('base64')}:${serverKey.toString('base64')}`
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${keys}`
}

export function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

export function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}

/** Throws a RangeError unless both have 32 bytes. */
export function xor(left: Buffer, right: Buffer): Buffer {
  if (left.length !== HASH_BYTES || right.length !== HASH_BYTES) throw new RangeError('not two SHA-256 values')
  return Buffer.from(left.map((byte, index) => byte ^ (right[index] ?? 0)))
}

/** Strict base64: undefined for anything that another reader might read differently. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}
