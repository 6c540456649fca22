import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DocumentRoom, Loaded, RoomChange, RoomEvent, RoomNote } from '../documents.ts'
import { newReadableId } from '../readable-id.ts'
import type { RedisConnection } from './redis-connection.ts'
import { COMMIT, LOAD, LOOK, MEMBERS, RANKED } from './scripts.ts'

/** How long news may be on the way before it counts as missed. */
const NEWS_MILLISECONDS = 250

/** A room in Redis: all its keys are in one hash slot. */
export class RedisRoom implements DocumentRoom {
  readonly #redis: RedisConnection
  readonly #base: string
  readonly #channel: string
  readonly #listeners = new Set<(event: RoomEvent) => void>()
  /** The version of the last news that came. */
  #seen = 0
  /** Made when the room was first looked at: another one means that the server has forgotten the room since. */
  #epoch = ''

  constructor(redis: RedisConnection, name: string) {
    this.#redis = redis
    this.#base = `{${redis.prefix}:${name}}`
    this.#channel = `${this.#base}:news`
  }

  /** Begins to hear news. */
  async open(): Promise<void> {
    await this.#redis.listen(this.#channel, (text) => {
      const blank = text.indexOf(' ')
      this.#seen = Number(text.slice(0, blank))
      this.#tell({ kind: 'changed', note: JSON.parse(text.slice(blank + 1)) as RoomNote })
    })
    const { epoch, version } = await this.#look()
    this.#epoch = epoch
    this.#seen = version
  }

  /** Whether news was missed; whoever watches is then told to look again, and also when the connection is `back`. */
  async check(back: boolean): Promise<void> {
    const first = await this.#look()
    if (!back && first.epoch === this.#epoch) {
      if (first.version === this.#seen) return
      await sleep(NEWS_MILLISECONDS)
      if (first.version <= this.#seen) return
    }
    const { epoch, version } = await this.#look()
    const forgotten = epoch !== this.#epoch
    this.#epoch = epoch
    this.#seen = version
    this.#tell({ kind: 'resync', forgotten })
  }

  async load(keys: readonly string[]): Promise<Loaded> {
    const answer = await this.#redis.run(LOAD, keys.length === 0 ? [this.#key('version')] : keys.map(this.#key), [])
    const [now, values] = answer as [string, (string | null)[]]
    return { now: Number(now), values: keys.length === 0 ? [] : values }
  }

  async commit({ expected, writes, ranks, note }: RoomChange): Promise<boolean> {
    const change = {
      expected: expected.map(({ key, value }) => [this.#key(key), value === null ? '' : sha1(value)]),
      writes: writes.map(({ key, value, expiresAt }) => [this.#key(key), value ?? '', number(expiresAt)]),
      ranks: ranks.map(({ index, member, rank, dropBelow }) => [
        this.#key(index),
        member,
        number(rank),
        number(dropBelow),
      ]),
      note: note === null ? '' : JSON.stringify(note),
    }
    const keys = new Set([this.#key('version')])
    for (const [key = ''] of [...change.expected, ...change.writes, ...change.ranks]) keys.add(key)
    return (await this.#redis.run(COMMIT, [...keys], [JSON.stringify(change), this.#channel])) === 1
  }

  async members(index: string, count: number, after: string | null): Promise<readonly string[]> {
    return (await this.#redis.run(MEMBERS, [this.#key(index)], [count, after ?? ''])) as string[]
  }

  membersUpTo(index: string, rank: number, count: number): Promise<readonly string[]> {
    return this.#redis.ask((redis) => redis.zrangebyscore(this.#key(index), '-inf', rank, 'LIMIT', 0, count))
  }

  async ranked(index: string, members: readonly string[]): Promise<readonly boolean[]> {
    if (members.length === 0) return []
    const found = (await this.#redis.run(RANKED, [this.#key(index)], members)) as number[]
    return found.map((one) => one === 1)
  }

  watch(listener: (event: RoomEvent) => void): () => void {
    const own = (event: RoomEvent): void => {
      listener(event)
    }
    this.#listeners.add(own)
    return () => {
      this.#listeners.delete(own)
    }
  }

  async #look(): Promise<{ readonly epoch: string; readonly version: number }> {
    const keys = [this.#key('epoch'), this.#key('version')]
    const [epoch, version] = (await this.#redis.run(LOOK, keys, [newReadableId()])) as [string, string]
    return { epoch, version: Number(version) }
  }

  #tell(event: RoomEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  readonly #key = (key: string): string => `${this.#base}:${key}`
}

function number(value: number | null): string {
  return value === null ? '' : String(Math.round(value))
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex')
}
