import { constants, createPublicKey, type KeyObject, publicEncrypt } from 'node:crypto'
import { xor } from './password-scramble.ts'
import { ProtocolError } from './protocol-error.ts'

const SMALLEST_MODULUS_BITS = 2048
const LARGEST_MODULUS_BITS = 16_384
const LONGEST_PEM = 8_192
/** What OAEP with SHA-1 takes of the modulus, bytes. */
const OAEP_BYTES = 42

/**
 * A password as the client plugins of caching_sha2_password and sha256_password send it without TLS: with its NUL, the
 * scramble laid on it, encrypted by the server's RSA key (OAEP). `publicKey`: PEM. Throws `BAD_VALUE` for a key that is
 * none, is no RSA key of 2048 to 16384 bits, or is too short for the password.
 */
export function encryptPassword(password: Buffer, scramble: Buffer, publicKey: string): Buffer {
  const key = readKey(publicKey)
  const modulusBits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (key.asymmetricKeyType !== 'rsa' || modulusBits < SMALLEST_MODULUS_BITS || modulusBits > LARGEST_MODULUS_BITS) {
    throw new ProtocolError('BAD_VALUE', 'the server has no RSA key of 2048 to 16384 bits')
  }
  if (password.length + 1 > modulusBits / 8 - OAEP_BYTES) {
    throw new ProtocolError('BAD_VALUE', "the password is too long for the server's RSA key; TLS would take it")
  }
  const clear = xor(Buffer.concat([password, Buffer.alloc(1)]), scramble)
  return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, clear)
}

function readKey(publicKey: string): KeyObject {
  if (publicKey.length > LONGEST_PEM || !publicKey.includes('BEGIN PUBLIC KEY')) throw noKey()
  try {
    return createPublicKey(publicKey)
  } catch {
    throw noKey()
  }
}

function noKey(): ProtocolError {
  return new ProtocolError('BAD_VALUE', 'the server sent no public key')
}
