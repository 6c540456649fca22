import { createHash } from 'node:crypto'

// Ed25519 (RFC 8032) with a key of any length: MariaDB hashes the password where the RFC hashes a 32-byte seed, so the
// runtime's own Ed25519 cannot sign with it. Points in extended coordinates; every bit costs the same two steps.

const P = 2n ** 255n - 19n
const ORDER = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n
const D = mod(-121_665n * power(121_666n, P - 2n))
type Point = readonly [x: bigint, y: bigint, z: bigint, t: bigint]
const NEUTRAL: Point = [0n, 1n, 1n, 0n]
const BASE_X = 15_112_221_349_535_400_772_501_151_409_588_531_511_454_012_693_041_857_206_046_113_283_949_847_762_202n
const BASE_Y = 46_316_835_694_926_478_169_428_394_003_475_163_141_307_993_866_256_225_615_783_033_603_165_251_855_960n
const BASE: Point = [BASE_X, BASE_Y, 1n, mod(BASE_X * BASE_Y)]

/**
 * The client's proof for MariaDB's client_ed25519: its signature of the scramble, 64 bytes. Takes some milliseconds, and
 * not quite the same ones for every password. MariaDB manual: "Authentication Plugin - ed25519".
 */
export function ed25519Proof(password: Buffer, scramble: Buffer): Buffer {
  const hash = sha512(password)
  const scalarBytes = Buffer.from(hash.subarray(0, 32))
  scalarBytes[0] = (scalarBytes[0] ?? 0) & 0xf8
  scalarBytes[31] = ((scalarBytes[31] ?? 0) & 0x3f) | 0x40
  const scalar = toInteger(scalarBytes)
  const publicKey = encodePoint(multiply(scalar))
  const nonce = toInteger(sha512(hash.subarray(32), scramble)) % ORDER
  const r = encodePoint(multiply(nonce))
  const challenge = toInteger(sha512(r, publicKey, scramble)) % ORDER
  return Buffer.concat([r, toBytes((nonce + challenge * scalar) % ORDER)])
}

function multiply(scalar: bigint): Point {
  let [low, high]: [Point, Point] = [NEUTRAL, BASE]
  for (let bit = 255n; bit >= 0n; bit--) {
    const sum = add(low, high)
    if (((scalar >> bit) & 1n) === 0n) [low, high] = [add(low, low), sum]
    else [low, high] = [sum, add(high, high)]
  }
  return low
}

/** RFC 8032, section 5.1.4: complete, so that it doubles too. */
function add([x1, y1, z1, t1]: Point, [x2, y2, z2, t2]: Point): Point {
  const a = mod((y1 - x1) * (y2 - x2))
  const b = mod((y1 + x1) * (y2 + x2))
  const c = mod(2n * t1 * t2 * D)
  const d = mod(2n * z1 * z2)
  const [e, f, g, h] = [b - a, d - c, d + c, b + a]
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)]
}

function encodePoint([x, y, z]: Point): Buffer {
  const inverse = power(z, P - 2n)
  const bytes = toBytes(mod(y * inverse))
  if ((mod(x * inverse) & 1n) === 1n) bytes[31] = (bytes[31] ?? 0) | 0x80
  return bytes
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let square = mod(base), left = exponent; left > 0n; left >>= 1n, square = mod(square * square)) {
    if ((left & 1n) === 1n) result = mod(result * square)
  }
  return result
}

function mod(value: bigint): bigint {
  const rest = value % P
  return rest < 0n ? rest + P : rest
}

/** Little-endian, as everything in RFC 8032. */
function toInteger(bytes: Buffer): bigint {
  let value = 0n
  for (let index = bytes.length; index > 0; index--) value = (value << 8n) | BigInt(bytes[index - 1] ?? 0)
  return value
}

function toBytes(value: bigint): Buffer {
  const bytes = Buffer.alloc(32)
  for (let index = 0; index < 32; index++) bytes[index] = Number((value >> BigInt(8 * index)) & 0xffn)
  return bytes
}

function sha512(...parts: Buffer[]): Buffer {
  const hash = createHash('sha512')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
