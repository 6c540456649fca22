import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { RedisAddress } from '../servers/redis.ts'

/** Values that stand nowhere else, each with what it was used for. */
export class Canaries {
  readonly #planted: { readonly what: string; readonly value: string }[] = []

  /** A new word. */
  word(what: string): string {
    return this.plant(what, `qz${randomBytes(8).toString('hex')}`)
  }

  /** A new whole number of nine digits. */
  number(what: string): string {
    return this.plant(what, String(700_000_000 + (randomBytes(4).readUInt32BE() % 99_999_999)))
  }

  plant(what: string, value: string): string {
    this.#planted.push({ what, value })
    return value
  }

  /** What each canary was for, and in which form it is where; none: every one was kept out. */
  foundIn(places: ReadonlyMap<string, Buffer>): string[] {
    const found: string[] = []
    for (const { what, value } of this.#planted)
      for (const [form, bytes] of formsOf(value))
        for (const [place, written] of places) if (written.includes(bytes)) found.push(`${what}: ${form} in ${place}`)
    return found
  }
}

/** A value as it is, turned round, coded, and as what stands for it in a record of something large. */
function formsOf(value: string): readonly (readonly [string, Buffer])[] {
  const bytes = Buffer.from(value)
  const integer = Buffer.alloc(4)
  if (/^\d{9}$/.test(value)) integer.writeUInt32BE(Number(value))
  const digests = ['sha256', 'sha1', 'md5'].map(
    (name) => [name, Buffer.from(createHash(name).update(value).digest('hex').slice(0, 16))] as const,
  )
  return [
    ['plain', bytes],
    ['upper case', Buffer.from(value.toUpperCase())],
    ['reversed', Buffer.from(bytes.toReversed())],
    ['hexadecimal', Buffer.from(bytes.toString('hex'))],
    ['UTF-16', Buffer.from(value, 'utf16le')],
    ...[0, 1, 2].map((shift) => ['base64', base64Middle(bytes, shift)] as const),
    ...digests,
    ...(integer.readUInt32BE() === 0 ? [] : ([['int4', Buffer.from(integer.toString('hex'))]] as const)),
  ]
}

/** The characters of Base64 that depend on nothing but the value, with `shift` bytes before it. */
function base64Middle(bytes: Buffer, shift: number): Buffer {
  const coded = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replaceAll('=', '')
  return Buffer.from(coded.slice(shift === 0 ? 0 : shift + 1, -2))
}

/** Every file of a folder, at any depth. */
export function filesOf(folder: string): Map<string, Buffer> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(files.map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name))]))
}

/** All that a Redis keeps under a prefix, as its members are and as DUMP writes it. */
export async function keptIn(address: RedisAddress, prefix: string): Promise<Map<string, Buffer>> {
  const redis = new Redis({ ...address, lazyConnect: true })
  await redis.connect()
  try {
    const kept = new Map<string, Buffer>()
    for await (const keys of redis.scanStream({ match: `*${prefix}*` }) as AsyncIterable<string[]>)
      for (const key of keys) {
        const type = await redis.type(key)
        const members =
          type === 'string'
            ? [await redis.getBuffer(key)]
            : type === 'hash'
              ? Object.entries(await redis.hgetall(key)).flat()
              : []
        const dump = await redis.dumpBuffer(key)
        kept.set(
          key,
          Buffer.concat([Buffer.from(key), dump ?? Buffer.alloc(0), ...members.map((one) => Buffer.from(one ?? ''))]),
        )
      }
    return kept
  } finally {
    redis.disconnect()
  }
}
