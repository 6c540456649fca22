/** What a recording is made of, uncompressed: entries, each a byte that says which, and its fields. Described in docs/recording.md. */

/** The first byte of each entry. */
export const RecordingEntry = {
  /** Bytes that went to the client: UInt32LE length, bytes. */
  Sent: 1,
  /** What follows answers an intent: Float64LE time, Float64LE sequence number (0: none), UInt8 MySQL's `ResponseKind`. */
  Answer: 2,
  /** Bytes that were left out, up to the next answer: UInt8 1 statement, 2 session or 3 in clear, Float64LE how many. */
  Omitted: 3,
  /** The first entry: UInt32LE capabilities agreed with a MySQL client. */
  Begin: 4,
  /** The clock: Float64LE milliseconds since the epoch. */
  Time: 5,
  /** Bytes of COPY that came from the client: UInt32LE length, bytes. */
  Received: 6,
} as const

/** One entry, read. Bytes are views. */
export type RecordedEntry =
  | { readonly kind: 'sent' | 'received'; readonly bytes: Buffer }
  | { readonly kind: 'answer'; readonly time: number; readonly intent: number; readonly response: number }
  | { readonly kind: 'omitted'; readonly cap: 'statement' | 'session' | 'in_clear'; readonly bytes: number }
  | { readonly kind: 'begin'; readonly capabilities: number }
  | { readonly kind: 'time'; readonly time: number }

const CAPS = ['statement', 'session', 'in_clear'] as const

/** Reads the entries of one chunk. Throws `RangeError` where it is cut or holds what is no entry. */
export function* readEntries(chunk: Buffer): Generator<RecordedEntry> {
  for (let at = 0; at < chunk.length;) {
    const code = chunk[at++]
    switch (code) {
      case RecordingEntry.Sent:
      case RecordingEntry.Received: {
        const end = at + 4 + chunk.readUInt32LE(at)
        if (end > chunk.length) throw new RangeError('a recording ends inside an entry')
        yield { kind: code === RecordingEntry.Sent ? 'sent' : 'received', bytes: chunk.subarray(at + 4, end) }
        at = end
        break
      }
      case RecordingEntry.Answer:
        yield {
          kind: 'answer',
          time: chunk.readDoubleLE(at),
          intent: chunk.readDoubleLE(at + 8),
          response: chunk.readUInt8(at + 16),
        }
        at += 17
        break
      case RecordingEntry.Omitted:
        yield {
          kind: 'omitted',
          cap: CAPS[chunk.readUInt8(at) - 1] ?? 'session',
          bytes: chunk.readDoubleLE(at + 1),
        }
        at += 9
        break
      case RecordingEntry.Begin:
        yield { kind: 'begin', capabilities: chunk.readUInt32LE(at) }
        at += 4
        break
      case RecordingEntry.Time:
        yield { kind: 'time', time: chunk.readDoubleLE(at) }
        at += 8
        break
      default:
        throw new RangeError(`a recording holds an entry of an unknown kind, ${code}`)
    }
  }
}
