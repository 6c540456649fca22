import type { PacketCursor } from '@gatehouse/mysql-wire'
import type { Connection } from '../connection.ts'
import { appendMaskedRow, maskedRows, type RowMasks, rowStays } from './result-masks.ts'

const NOTHING: Buffer = Buffer.alloc(0)

/** Masked rows are staged when they have come to this size. */
const MASKED_BYTES = 32 * 1024

/**
 * What goes to the client, in order: runs of packets as they came, masked rows, and packets of the gateway's own. Sequence
 * ids are written again only where packets were left out or put in before.
 */
export class ClientOutput {
  /** The sequence id of the next packet to the client. Set at the beginning of each response. */
  nextSequenceId = 0
  readonly #client: Pick<Connection, 'stage'>
  /** Adjoining packets that go to the client as they are and are not staged yet: one copy serves them all. */
  #run: Buffer = NOTHING
  #start = -1
  #end = -1
  #chunk: Buffer = NOTHING
  /** A piece of a packet has gone to the client, and the rest has not come yet. */
  #midPacket = false
  /** Rows that were written again. */
  #rewritten = 0

  constructor(client: Pick<Connection, 'stage'>) {
    this.#client = client
  }

  /** Bytes arrive in this chunk. */
  begin(chunk: Buffer): void {
    this.#chunk = chunk
  }

  /** The packet, or piece of one, goes on as it is. */
  pass(cursor: PacketCursor): void {
    this.#midPacket = !cursor.last
    if (cursor.first) {
      const sequenceId = this.nextSequenceId
      if (cursor.sequenceId !== sequenceId) cursor.bytes[cursor.start + 3] = sequenceId
      this.nextSequenceId = (sequenceId + 1) & 0xff
    }
    if (this.#run === cursor.bytes && this.#end === cursor.start) {
      this.#end = cursor.end
      return
    }
    this.flush()
    this.#run = cursor.bytes
    this.#start = cursor.start
    this.#end = cursor.end
    // What was cut by the end of a chunk lies in the cursor's own buffer, where the next such packet is put.
    if (cursor.bytes !== this.#chunk) this.flush()
  }

  /** The row under the cursor, whole, goes on masked. */
  passMasked(masks: RowMasks, cursor: PacketCursor): void {
    // A row in which nothing changes goes with its neighbours, as it came; behind one that did change it is not looked for at once,
    // for where many change, going to and fro costs more than it saves. A joined row has no header to go with.
    const look = cursor.packets === 1 && (maskedRows.length === 0 || ++this.#rewritten % 16 === 0)
    if (look && rowStays(masks, cursor.bytes, cursor.payload, cursor.end)) return this.pass(cursor)
    if (this.#end > this.#start) this.flush()
    this.nextSequenceId = appendMaskedRow(masks, cursor.bytes, cursor.payload, cursor.end, this.nextSequenceId)
    if (maskedRows.length > MASKED_BYTES) this.flush()
  }

  /** A packet of the gateway's own, made with `nextSequenceId`. */
  send(packet: Buffer): void {
    this.flush()
    this.#client.stage(packet, 0, packet.length)
    this.nextSequenceId = (this.nextSequenceId + 1) & 0xff
  }

  /** The last packet there is; not sent behind a piece of one whose rest will not come: it would be read as that. */
  lastWord(packet: Buffer): void {
    this.flush()
    if (!this.#midPacket) this.#client.stage(packet, 0, packet.length)
  }

  /** Stages everything. Has to be called before the chunk is used again. */
  flush(): void {
    if (this.#end > this.#start) this.#client.stage(this.#run, this.#start, this.#end)
    this.#start = this.#end = -1
    if (maskedRows.length === 0) return
    this.#client.stage(maskedRows.bytes, 0, maskedRows.length)
    maskedRows.length = 0
  }
}
