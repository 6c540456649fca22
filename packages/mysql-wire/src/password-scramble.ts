import { createHash, timingSafeEqual } from 'node:crypto'

/** What a server keeps of a password to check scrambles with. Neither is the password; both are secrets. */
export interface StoredPassword {
  /** SHA256(SHA256(password)), for caching_sha2_password. */
  readonly sha256Twice: Buffer
  /** SHA1(SHA1(password)), for mysql_native_password. */
  readonly sha1Twice: Buffer
}

/** Makes what checks scrambles of a password. */
export function storePassword(password: Buffer): StoredPassword {
  return { sha256Twice: sha256(sha256(password)), sha1Twice: sha1(sha1(password)) }
}

/**
 * The client's proof for caching_sha2_password: XOR(SHA256(password), SHA256(SHA256(SHA256(password)), scramble)), 32
 * bytes; empty for an empty password. Manual: "Caching SHA-2 Pluggable Authentication".
 */
export function cachingSha2Scramble(password: Buffer, scramble: Buffer): Buffer {
  if (password.length === 0) return Buffer.alloc(0)
  const once = sha256(password)
  return xor(once, sha256(sha256(once), scramble))
}

/** True when a client's proof for caching_sha2_password was made with the password. */
export function checkCachingSha2(proof: Buffer, scramble: Buffer, stored: StoredPassword): boolean {
  if (proof.length !== 32) return false
  const once = xor(proof, sha256(stored.sha256Twice, scramble))
  return timingSafeEqual(sha256(once), stored.sha256Twice)
}

/**
 * The client's proof for mysql_native_password: XOR(SHA1(password), SHA1(scramble, SHA1(SHA1(password)))), 20 bytes;
 * empty for an empty password. Manual: "Native Authentication".
 */
export function nativeScramble(password: Buffer, scramble: Buffer): Buffer {
  if (password.length === 0) return Buffer.alloc(0)
  const once = sha1(password)
  return xor(once, sha1(scramble, sha1(once)))
}

/** True when a client's proof for mysql_native_password was made with the password. */
export function checkNative(proof: Buffer, scramble: Buffer, stored: StoredPassword): boolean {
  if (proof.length !== 20) return false
  const once = xor(proof, sha1(scramble, stored.sha1Twice))
  return timingSafeEqual(sha1(once), stored.sha1Twice)
}

/** `bytes` with `key`, over and over, laid on it. */
export function xor(bytes: Buffer, key: Buffer): Buffer {
  const result = Buffer.alloc(bytes.length)
  for (let index = 0; index < bytes.length; index++) {
    result[index] = (bytes[index] ?? 0) ^ (key[index % key.length] ?? 0)
  }
  return result
}

function sha256(...parts: Buffer[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function sha1(...parts: Buffer[]): Buffer {
  const hash = createHash('sha1')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
