import type { CellMask } from '@gatehouse/core'
import type { CopyFields, FrameCursor } from '@gatehouse/postgres-wire'
import type { Connection } from '../connection.ts'
import { type Asked, comesInClear, intentOf } from './asked.ts'
import { appendMaskedCopy, appendMaskedRow, maskedRows, rowStays } from './result-masks.ts'

const NOTHING: Buffer = Buffer.alloc(0)

/** CopyInResponse, CopyOutResponse, CopyBothResponse. */
const COPY_BEGINS: ReadonlySet<number> = new Set([0x47, 0x48, 0x57])
const READY_FOR_QUERY = 0x5a

/** Masked rows are staged when they have come to this size. */
const MASKED_BYTES = 32 * 1024

/** What goes to the client, in order: runs of bytes as they came, masked rows, and messages of the gateway's own. */
export class ClientOutput {
  readonly #client: Pick<Connection, 'stage' | 'recording'>
  /** Adjoining frames that go to the client as they are and are not staged yet: one copy serves them all. */
  #run: Buffer = NOTHING
  #start = -1
  #end = -1
  #chunk: Buffer = NOTHING
  /** A piece of a message has gone to the client, and the rest has not come yet. */
  #midFrame = false
  /** A COPY is under way. */
  #copying = false
  /** To be said behind that message, or that COPY. */
  readonly #toTell: Buffer[] = []
  /** Rows that were written again. */
  #rewritten = 0

  constructor(client: Pick<Connection, 'stage' | 'recording'>) {
    this.#client = client
  }

  /** Bytes arrive in this chunk. */
  begin(chunk: Buffer): void {
    this.#chunk = chunk
  }

  /** What the next message answers, for the session's recording if there is one. `tag`: its own. `error`: it may be an answer to nothing that is known. */
  answers(about: Asked | undefined, tag: number, error: boolean): void {
    if (COPY_BEGINS.has(tag)) this.#copying = true
    else if (tag === READY_FOR_QUERY) this.#copying = false
    const { recording } = this.#client
    if (recording === null) return
    const intent = intentOf(about)
    if (intent === recording.intent || (intent === 0 && !error)) return
    this.flush()
    recording.answer(intent, 0, comesInClear(about))
  }

  /** The frame, or piece of one, goes on as it is. */
  pass(cursor: FrameCursor): void {
    if (this.#run === cursor.bytes && this.#end === cursor.start) {
      this.#end = cursor.end
      this.#midFrame = !cursor.last
      return
    }
    // What is to be told waits for this piece, too.
    this.flush()
    this.#midFrame = !cursor.last
    this.#run = cursor.bytes
    this.#start = cursor.start
    this.#end = cursor.end
    // What was cut by the end of a chunk lies in the cursor's own buffer, where the next such frame is put.
    if (cursor.bytes !== this.#chunk) this.flush()
  }

  /** The DataRow under the cursor goes on masked. */
  passMasked(masks: readonly (CellMask | null)[], cursor: FrameCursor): void {
    // A row in which nothing changes goes with its neighbours, as it came; behind one that did change it is not looked for at once,
    // for where many change, going to and fro costs more than it saves.
    const look = maskedRows.length === 0 || ++this.#rewritten % 16 === 0
    if (look && rowStays(masks, cursor.bytes, cursor.start, cursor.end)) return this.pass(cursor)
    if (this.#end > this.#start) this.flush()
    appendMaskedRow(masks, cursor.bytes, cursor.start, cursor.end)
    if (maskedRows.length > MASKED_BYTES) this.flush()
  }

  /** The CopyData under the cursor, to which `fields` was reset, goes on masked. */
  passCopied(masks: readonly (CellMask | null)[], fields: CopyFields, cursor: FrameCursor): void {
    if (this.#end > this.#start) this.flush()
    appendMaskedCopy(masks, fields, cursor.bytes, cursor.start, cursor.end)
    if (maskedRows.length > MASKED_BYTES) this.flush()
  }

  /** A message of the gateway's own. */
  send(message: Buffer): void {
    this.flush()
    this.#client.stage(message, 0, message.length)
  }

  /** Says something that answers nothing, a notice, between two messages, and not within a COPY. */
  tell(message: Buffer): void {
    if (this.#midFrame || this.#copying) this.#toTell.push(message)
    else this.#client.stage(message, 0, message.length)
  }

  /** The last message there is; not sent behind a piece of one whose rest will not come. */
  lastWord(message: Buffer): void {
    this.flush()
    if (!this.#midFrame) this.#client.stage(message, 0, message.length)
  }

  /** Sends what stands in place of a message. True: nothing does (null), and it goes on as it is. */
  replace(message: Buffer | null): boolean {
    if (message !== null) this.send(message)
    return message === null
  }

  /** Stages everything. Has to be called before the chunk is used again. */
  flush(): void {
    if (this.#end > this.#start) this.#client.stage(this.#run, this.#start, this.#end)
    this.#start = this.#end = -1
    if (maskedRows.length > 0) {
      this.#client.stage(maskedRows.bytes, 0, maskedRows.length)
      maskedRows.length = 0
    }
    if (this.#toTell.length > 0 && !this.#midFrame && !this.#copying)
      for (const message of this.#toTell.splice(0)) this.#client.stage(message, 0, message.length)
  }
}
