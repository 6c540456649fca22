import { createPrivateKey, pbkdf2Sync, sign } from 'node:crypto'
import { ProtocolError } from './protocol-error.ts'

/** 'P', for PBKDF2: the only key derivation there is. */
const PBKDF2 = 0x50
const FEWEST_ITERATIONS = 1_024
/** log2(iterations) - 10: what MariaDB's own client takes at most, 8,192 iterations. */
const LARGEST_FACTOR = 3
const KEY_BYTES = 32
const LONGEST_SALT = 256
/** Random bytes that a client adds to the server's scramble. */
export const PARSEC_RANDOM_BYTES = 32
/** The DER of a PKCS #8 private key of Ed25519 up to its 32 bytes (RFC 8410). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')

/**
 * The client's proof for MariaDB's parsec: its own random bytes, then an Ed25519 signature over the server's scramble
 * and them; 96 bytes. `extSalt`: what the server sends when asked for it (how keys are derived, then the salt). Blocks
 * for some milliseconds. Throws `BAD_VALUE`. MariaDB manual: "Authentication Plugin - PARSEC".
 */
export function parsecProof(password: Buffer, scramble: Buffer, extSalt: Buffer, random: Buffer): Buffer {
  const [method, factor] = extSalt
  if (method !== PBKDF2 || factor === undefined || factor > LARGEST_FACTOR || extSalt.length > LONGEST_SALT) {
    throw new ProtocolError('BAD_VALUE', 'the server wants a key derivation that parsec does not have')
  }
  if (random.length !== PARSEC_RANDOM_BYTES) throw new RangeError('parsec needs 32 random bytes')
  const seed = pbkdf2Sync(password, extSalt.subarray(2), FEWEST_ITERATIONS << factor, KEY_BYTES, 'sha512')
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' })
  return Buffer.concat([random, sign(null, Buffer.concat([scramble, random]), key)])
}
