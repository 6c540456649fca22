import { expect, test } from 'vitest'
import type { DocumentRoom, RoomEvent } from './documents.ts'
import { MemoryRoom } from './memory/memory-room.ts'
import { type ListEntry, SharedList } from './shared-list.ts'

/** A room whose store can be replaced by an empty one, and be out of reach. */
class FickleRoom implements DocumentRoom {
  store = new MemoryRoom(() => Date.now())
  reachable = true
  readonly #listeners = new Set<(event: RoomEvent) => void>()

  load: DocumentRoom['load'] = (keys) => this.#reached().load(keys)
  commit: DocumentRoom['commit'] = async (change) => this.#reached().commit(change)
  members: DocumentRoom['members'] = (index, count, after) => this.#reached().members(index, count, after)
  membersUpTo: DocumentRoom['membersUpTo'] = (index, rank, count) => this.#reached().membersUpTo(index, rank, count)
  ranked: DocumentRoom['ranked'] = (index, members) => this.#reached().ranked(index, members)

  watch(listener: (event: RoomEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(event: RoomEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  #reached(): MemoryRoom {
    if (!this.reachable) throw new Error('out of reach')
    return this.store
  }
}

test('what a store has forgotten is put back, also when it could not be the first time', async () => {
  const room = new FickleRoom()
  const list = new SharedList<ListEntry>(room, true)
  const stop = await list.start()
  await list.put((at) => ({ id: 'a', at, until: null }))
  room.store = new MemoryRoom(() => Date.now())
  room.reachable = false
  room.tell({ kind: 'resync', forgotten: true })
  await new Promise((resolve) => setImmediate(resolve))
  room.reachable = true
  // By now the store is known to be another one.
  room.tell({ kind: 'resync', forgotten: false })
  await expect.poll(async () => (await list.all()).map(({ id }) => id)).toEqual(['a'])
  expect([...list.entries].map(({ id }) => id)).toEqual(['a'])
  stop()
})
