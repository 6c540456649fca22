import { randomBytes } from 'node:crypto'
import { MessageWriter, type ReplyQueue, RequestKind } from '@gatehouse/postgres-wire'
import type { Connection } from '../connection.ts'
import { type Asked, SessionProbe } from './asked.ts'

/** No client can guess it, and so have one of its own by that name. */
const PROBE_NAME = `gatehouse_${randomBytes(12).toString('hex')}`

/** A question of the gateway's own to a session, whose answer is one text cell. */
export class SessionQuestion {
  readonly #inBatch: Buffer
  readonly #alone: Buffer

  constructor(sql: string) {
    this.#inBatch = probeMessages(sql, 0x48 /* Flush */)
    this.#alone = probeMessages(sql, 0x53 /* Sync */)
  }

  /**
   * Asks it: in the middle of a batch of the client's, or as a batch of its own. `answered` is called once, from the middle of the
   * replies: with null when the server did not answer. Every request under way must have been answered.
   */
  ask(
    upstream: Connection,
    queue: ReplyQueue<Asked>,
    inBatch: boolean,
    answered: (answer: string | null) => void,
  ): void {
    const message = inBatch ? this.#inBatch : this.#alone
    upstream.stage(message, 0, message.length)
    const probe = new SessionProbe(inBatch, ({ answer }) => {
      answered(answer)
    })
    const around = new SessionProbe(inBatch, null)
    queue.push(RequestKind.Close, around)
    queue.push(RequestKind.Parse, probe)
    queue.push(RequestKind.Bind, probe)
    queue.push(RequestKind.Execute, probe)
    queue.push(RequestKind.Close, around)
    queue.push(RequestKind.Close, probe)
    if (!inBatch) queue.push(RequestKind.Sync, probe)
  }
}

/**
 * Closed before, for a question that failed half-way leaves its statement behind; and the portal after, for it would
 * live until the end of the transaction.
 */
function probeMessages(sql: string, last: number): Buffer {
  const writer = new MessageWriter()
  writer.begin(0x43 /* C */).byte(0x53 /* S */).cString(PROBE_NAME).end()
  writer.begin(0x50 /* P */).cString(PROBE_NAME).cString(sql).int16(0).end()
  writer.begin(0x42 /* B */).cString(PROBE_NAME).cString(PROBE_NAME).int16(0).int16(0).int16(0).end()
  writer.begin(0x45 /* E */).cString(PROBE_NAME).int32(0).end()
  writer.begin(0x43 /* C */).byte(0x50 /* P */).cString(PROBE_NAME).end()
  writer.begin(0x43 /* C */).byte(0x53 /* S */).cString(PROBE_NAME).end()
  return writer.begin(last).end().take()
}
