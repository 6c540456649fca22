import { DELIVERY_MILLISECONDS, type Message, type Messages, type Receiver } from '../messages.ts'
import { newReadableId } from '../readable-id.ts'
import type { RedisConnection } from './redis-connection.ts'

/** A message on its way: where its answer goes, under which id. */
interface Letter {
  readonly id: string
  readonly replyTo: string
  readonly message: Message
}

interface Reply {
  readonly id: string
  readonly done: boolean
}

/** Messages over channels of Redis; each is answered. */
export class RedisMessages implements Messages {
  readonly #redis: RedisConnection
  readonly #replyTo: string
  readonly #waiting = new Map<string, (done: boolean) => void>()

  constructor(redis: RedisConnection) {
    this.#redis = redis
    this.#replyTo = `${redis.prefix}:replies:${newReadableId()}`
  }

  /** Begins to hear answers. */
  open(): Promise<void> {
    return this.#redis.listen(this.#replyTo, (text) => {
      const { id, done } = JSON.parse(text) as Reply
      this.#waiting.get(id)?.(done)
    })
  }

  async send(gateway: string, message: Message): Promise<boolean> {
    const id = newReadableId()
    const letter: Letter = { id, replyTo: this.#replyTo, message }
    const answered = new Promise<boolean>((resolve) => {
      const late = setTimeout(resolve, DELIVERY_MILLISECONDS, false)
      this.#waiting.set(id, (done) => {
        clearTimeout(late)
        resolve(done)
      })
    })
    try {
      await this.#redis.ask((redis) => redis.publish(this.#channelOf(gateway), JSON.stringify(letter)))
      return await answered
    } finally {
      this.#waiting.get(id)?.(false)
      this.#waiting.delete(id)
    }
  }

  receive(gateway: string, receiver: Receiver): () => void {
    const channel = this.#channelOf(gateway)
    const answer = async (text: string): Promise<void> => {
      const { id, replyTo, message } = JSON.parse(text) as Letter
      const reply: Reply = { id, done: await receiver(message) }
      await this.#redis.ask((redis) => redis.publish(replyTo, JSON.stringify(reply)))
    }
    // Not heard, or not answered: its sender is told that nobody did as told.
    this.#redis.listen(channel, (text) => void answer(text).catch(() => undefined)).catch(() => undefined)
    return () => {
      this.#redis.stopListening(channel)
    }
  }

  #channelOf(gateway: string): string {
    return `${this.#redis.prefix}:to:${gateway}`
  }
}
