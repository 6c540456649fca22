import { createHash, createPublicKey, generatePrime } from 'node:crypto'

const PRIME_BITS = 1024
/** A modulus of 16,384 bits, the largest that clients' OpenSSL takes: a token of 2,000 bytes fits under it. */
const PRIMES = 16
const EXPONENT = 65_537n
const HASH_BYTES = 20

interface Factor {
  readonly prime: bigint
  readonly exponent: bigint
  /** What this factor's result counts for in the whole (Chinese remainder theorem). */
  readonly weight: bigint
}

/**
 * The RSA key of `caching_sha2_password` for clients without TLS on a loopback address: some drivers send no clear password there
 * on any account, and all of them take such a key. It is as long as tokens are; of many primes, so that it is made in
 * a second. It protects nothing that the loopback interface does not: do not use it anywhere else.
 */
export class LoopbackKey {
  /** The public key, as the server sends it. */
  readonly pem: string
  readonly #factors: readonly Factor[]
  readonly #modulus: bigint
  readonly #bytes: number

  private constructor(primes: readonly bigint[]) {
    const modulus = primes.reduce((product, prime) => product * prime, 1n)
    this.#modulus = modulus
    this.#bytes = Math.ceil(modulus.toString(16).length / 2)
    this.#factors = primes.map((prime) => {
      const others = modulus / prime
      return {
        prime,
        exponent: inverse(EXPONENT, prime - 1n),
        weight: others * inverse(others % prime, prime),
      }
    })
    const n = bytesOf(modulus, this.#bytes).toString('base64url')
    const key = createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' })
    this.pem = key.export({ type: 'spki', format: 'pem' }).toString()
  }

  static async make(): Promise<LoopbackKey> {
    const primes: bigint[] = []
    while (primes.length < PRIMES) {
      const prime = await makePrime()
      if ((prime - 1n) % EXPONENT !== 0n && !primes.includes(prime)) primes.push(prime)
    }
    return new LoopbackKey(primes)
  }

  /** What was encrypted under the key by RSAES-OAEP with SHA-1 (RFC 8017 section 7.1); null: nothing was. */
  decrypt(cipher: Buffer): Buffer | null {
    if (cipher.length !== this.#bytes) return null
    const value = BigInt(`0x${cipher.toString('hex')}`)
    if (value >= this.#modulus) return null
    let message = 0n
    for (const { prime, exponent, weight } of this.#factors) message += power(value % prime, exponent, prime) * weight
    return unpad(bytesOf(message % this.#modulus, this.#bytes))
  }
}

function makePrime(): Promise<bigint> {
  return new Promise((resolve, reject) =>
    generatePrime(PRIME_BITS, { bigint: true }, (error, prime) =>
      error instanceof Error ? reject(error) : resolve(prime),
    ),
  )
}

const EMPTY_LABEL = createHash('sha1').digest()

function unpad(encoded: Buffer): Buffer | null {
  const seed = encoded.subarray(1, 1 + HASH_BYTES)
  const block = encoded.subarray(1 + HASH_BYTES)
  mask(seed, block)
  mask(block, seed)
  const end = block.indexOf(1, HASH_BYTES)
  const padded = end !== -1 && block.subarray(HASH_BYTES, end).every((byte) => byte === 0)
  if (encoded[0] !== 0 || !padded || !block.subarray(0, HASH_BYTES).equals(EMPTY_LABEL)) return null
  return block.subarray(end + 1)
}

/** MGF1 with SHA-1 of `source`, over `bytes`. */
function mask(bytes: Buffer, source: Buffer): void {
  const counter = Buffer.alloc(4)
  for (let at = 0; at < bytes.length; at += HASH_BYTES) {
    counter.writeUInt32BE(at / HASH_BYTES)
    const digest = createHash('sha1').update(source).update(counter).digest()
    for (let index = 0; index < HASH_BYTES && at + index < bytes.length; index++)
      bytes[at + index] = (bytes[at + index] ?? 0) ^ (digest[index] ?? 0)
  }
}

function bytesOf(value: bigint, length: number): Buffer {
  return Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex')
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus
    if (bit === '1') result = (result * base) % modulus
  }
  return result
}

/** Throws a RangeError where there is none. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [rest, next] = [modulus, value % modulus]
  let [factor, nextFactor] = [0n, 1n]
  while (next !== 0n) {
    const quotient = rest / next
    ;[rest, next] = [next, rest - quotient * next]
    ;[factor, nextFactor] = [nextFactor, factor - quotient * nextFactor]
  }
  if (rest !== 1n) throw new RangeError('no inverse')
  return ((factor % modulus) + modulus) % modulus
}
