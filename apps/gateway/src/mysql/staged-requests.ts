import type { Admission } from '@gatehouse/core'
import { encodeQuery, LARGEST_PACKET, PACKET_HEADER_BYTES, PacketWriter } from '@gatehouse/mysql-wire'
import type { Connection } from '../connection.ts'
import type { Turn } from '../turn.ts'

/** A command of the client: its payload bytes[payload, end), and how many packets it came in. */
export interface CommandBytes {
  readonly bytes: Buffer
  /** Offset of the packet's header; meant only where the payload came in one packet. */
  readonly start: number
  readonly payload: number
  readonly end: number
  readonly packets: number
}

/**
 * Commands on their way upstream. They are written at the end of the turn, when their records are durable; where the record
 * of one could not be written, something that the server must reject goes in its place.
 */
export class StagedRequests {
  readonly #upstream: Connection
  readonly #turn: Turn
  readonly #poison: Buffer
  /** What was recorded in this turn, and where its bytes begin. */
  #recorded: { readonly admission: Admission; readonly segments: number; readonly end: number } | null = null
  #recordedTurn = -1

  /** `capabilities`: what is agreed with the upstream. */
  constructor(upstream: Connection, turn: Turn, capabilities: number) {
    this.#upstream = upstream
    this.#turn = turn
    writer.clear()
    encodeQuery('refused by gatehouse', capabilities, writer)
    this.#poison = writer.take()
    upstream.onUnrecorded = (reason) => this.#takeBack(reason)
  }

  /** What is staged next runs under this admission, whose record is in this turn. */
  recorded(admission: Admission): void {
    const { segments } = this.#upstream
    this.#recorded = { admission, segments: segments.length, end: segments.at(-1)?.end ?? 0 }
    this.#recordedTurn = this.#turn.number
  }

  /** The client's own command. */
  forward({ bytes, start, payload, end, packets }: CommandBytes): void {
    if (packets === 1) return this.#upstream.stage(bytes, start, end)
    let at = payload
    for (let id = 0; ; id++) {
      const size = Math.min(LARGEST_PACKET, end - at)
      header.writeUIntLE(size, 0, 3)
      header[3] = id & 0xff
      this.#upstream.stage(header, 0, PACKET_HEADER_BYTES)
      this.#upstream.stage(bytes, at, at + size)
      at += size
      if (size < LARGEST_PACKET) return
    }
  }

  /** The client's command with another text in its text's place, which begins at `textStart` and ends the command. */
  forwardText({ bytes, payload }: CommandBytes, textStart: number, text: string): void {
    this.instead(writer.begin(0).bytes(bytes, payload, textStart).text(text).end().take())
  }

  /** A command of the gateway's own. */
  instead(packets: Buffer): void {
    this.#upstream.stage(packets, 0, packets.length)
  }

  #takeBack(reason: Error): void {
    const recorded = this.#recorded
    if (recorded === null || this.#recordedTurn !== this.#turn.number) return
    this.#recorded = null
    const { segments } = this.#upstream
    segments.length = Math.min(segments.length, Math.max(recorded.segments, 0))
    const last = segments.at(-1)
    if (last !== undefined) last.end = Math.min(last.end, recorded.end)
    segments.push({ bytes: this.#poison, start: 0, end: this.#poison.length })
    recorded.admission.unrecord(reason)
  }
}

const writer = new PacketWriter()
const header = Buffer.alloc(PACKET_HEADER_BYTES)
