import type { Deliveries, Delivery, DeliveryOutcome, DeliveryPlace } from './deliveries.ts'
import { type DocumentRoom, type Transaction, transact } from './documents.ts'
import { OneAtATime } from './one-at-a-time.ts'

/** How long it is known what was sent. */
const KEPT_MILLISECONDS = 4 * 24 * 3600 * 1000
/** Most messages of one request: more channels than anybody has. */
const MOST_MESSAGES = 200
/** Index of requests by when the first of their messages is to be tried. */
const DUE = 'due'

/** Deliveries as documents of a room. */
export class StoredDeliveries implements Deliveries {
  readonly #room: DocumentRoom
  readonly #turns = new OneAtATime()

  constructor(room: DocumentRoom) {
    this.#room = room
  }

  async want(approval: string, places: readonly DeliveryPlace[]): Promise<void> {
    await this.#change(approval, (known, now) => {
      const fresh = places
        .filter((place) => !known.some((one) => isAt(one, place)))
        .map(({ channel, event }): Delivery => ({ channel, event, state: 'pending', tries: 0, at: now, status: null }))
      return { after: fresh.length === 0 ? known : [...known, ...fresh].slice(0, MOST_MESSAGES), result: undefined }
    })
  }

  take(approval: string, leaseMilliseconds: number): Promise<readonly Delivery[]> {
    return this.#change(approval, (known, now) => {
      const taken = known
        .filter(({ state, at }) => state === 'pending' && at <= now)
        .map((one) => ({ ...one, tries: one.tries + 1, at: now + leaseMilliseconds }))
      const after = known.map((one) => taken.find((other) => isAt(other, one)) ?? one)
      return { after: taken.length === 0 ? known : after, result: taken }
    })
  }

  async settle(approval: string, place: DeliveryPlace, outcome: DeliveryOutcome): Promise<void> {
    await this.#change(approval, (known, now) => ({
      after: known.map((one) => (isAt(one, place) && one.state === 'pending' ? settled(one, outcome, now) : one)),
      result: undefined,
    }))
  }

  async due(most: number): Promise<readonly string[]> {
    const { now } = await this.#room.load([])
    return await this.#room.membersUpTo(DUE, now, most)
  }

  async of(approval: string): Promise<readonly Delivery[]> {
    const { values } = await this.#room.load([messagesKey(approval)])
    const [text] = values
    return text === null || text === undefined ? [] : (JSON.parse(text) as readonly Delivery[])
  }

  spend(id: string, until: number): Promise<boolean> {
    return transact(this.#room, async (transaction) => {
      const [spent] = await transaction.read([`spent:${id}`])
      if (spent !== null || until <= transaction.now) return false
      transaction.write(`spent:${id}`, {}, until)
      return true
    })
  }

  #change<Result>(
    approval: string,
    step: (known: readonly Delivery[], now: number) => { after: readonly Delivery[]; result: Result },
  ): Promise<Result> {
    return this.#turns.run(approval, () =>
      transact(this.#room, async (transaction) => {
        const [document] = (await transaction.read([messagesKey(approval)])) as [readonly Delivery[] | null]
        const known = document ?? []
        const { after, result } = step(known, transaction.now)
        if (after !== known) write(transaction, approval, after)
        // An index may name what is not kept any more.
        else if (known.length === 0) transaction.rank(DUE, approval, null)
        return result
      }),
    )
  }
}

function settled(one: Delivery, outcome: DeliveryOutcome, now: number): Delivery {
  const { status } = outcome
  return outcome.state === 'again'
    ? { ...one, status, at: now + outcome.afterMilliseconds }
    : { ...one, status, state: outcome.state, at: now }
}

function write(transaction: Transaction, approval: string, messages: readonly Delivery[]): void {
  const pending = messages.filter(({ state }) => state === 'pending').map(({ at }) => at)
  transaction.write(messagesKey(approval), messages, transaction.now + KEPT_MILLISECONDS)
  transaction.rank(DUE, approval, pending.length === 0 ? null : Math.min(...pending))
}

function isAt(one: DeliveryPlace, other: DeliveryPlace): boolean {
  return one.channel === other.channel && one.event === other.event
}

function messagesKey(approval: string): string {
  return `messages:${approval}`
}
