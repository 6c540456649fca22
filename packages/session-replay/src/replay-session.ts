import { chunkOf, type RecordedEntry, readEntries, RecordingFiles, readRecords } from '@gatehouse/audit-trail'
import type { AuditRecord, RecordedChunk } from '@gatehouse/core'
import { MysqlAnswers } from './mysql-answers.ts'
import { PostgresAnswers } from './postgres-answers.ts'
import type { AnswerDecoder, ReplayEvent } from './replay-event.ts'

/** What the trail says of one session, and where its recording is. */
export interface TrailOfSession {
  readonly session: string
  readonly engine: 'postgres' | 'mysql'
  /** In order; with what people decided about its statements, without what names chunks. */
  readonly records: readonly AuditRecord[]
  readonly chunks: readonly RecordedChunk[]
  /** Files that the trail says were removed, and why. */
  readonly removed: ReadonlyMap<string, string>
  /** Records behind these that were not kept, as there are too many; 0: there are none. */
  readonly omitted: number
}

/** Lines of a session's records that are kept in memory, in bytes; as records they weigh some times as much. */
const KEPT_BYTES = 512 * 1024 * 1024

/**
 * Finds a session in the trail in `directory`. Null: it is not there. Of a session whose lines are longer than `keptBytes` (default 512 MiB) the first are kept, and
 * the others counted. Rejects when the directory cannot be read.
 */
export async function findSession(
  directory: string,
  session: string,
  { keptBytes = KEPT_BYTES }: { readonly keptBytes?: number } = {},
): Promise<TrailOfSession | null> {
  const records: AuditRecord[] = []
  const chunks: RecordedChunk[] = []
  const approvals = new Set<string>()
  const removed = new Map<string, string>()
  let kept = 0
  let omitted = 0
  await readRecords(directory, { session, kinds: ['retention', 'approval_decided'] }, (record, bytes) => {
    const { approval } = record
    if (record.kind === 'retention') addRemoved(removed, record)
    if (record.session === session) {
      // From the first that is too much on: what is kept has no holes.
      if (omitted > 0 || (kept += bytes) > keptBytes) {
        omitted++
        return true
      }
      const chunk = chunkOf(record)
      if (chunk === null) records.push(record)
      else chunks.push(chunk)
      if (approval != null) approvals.add(approval.id)
    } else if (record.kind === 'approval_decided' && approval != null && approvals.has(approval.id))
      records.push(record)
    return true
  })
  const engine = records[0]?.engine
  return engine === undefined ? null : { session, engine, records, chunks, removed, omitted }
}

/**
 * Tells a session from its beginning to its end: each statement as the trail has it, then what the client got for it, in bounded
 * memory but for the trail's records. Rows are what was recorded; statements that were not recorded are told all the same.
 */
export async function* replaySession(directory: string, found: TrailOfSession): AsyncGenerator<ReplayEvent> {
  const { records } = found
  let next = 0
  /** Tells the records up to this one. */
  function* upTo(seq: number): Generator<ReplayEvent> {
    for (let record = records[next]; record !== undefined && record.seq <= seq; record = records[++next])
      yield { kind: 'record', record }
  }
  /** Tells the records from before this moment: what follows answers something that the trail does not number. */
  function* before(moment: string): Generator<ReplayEvent> {
    for (let record = records[next]; record !== undefined && record.time <= moment; record = records[++next])
      yield { kind: 'record', record }
  }
  let decoder: AnswerDecoder = found.engine === 'mysql' ? new MysqlAnswers(0) : new PostgresAnswers()
  let time = 0
  await using files = new RecordingFiles(directory)
  for (const chunk of found.chunks) {
    const bytes = await files.read(chunk)
    const gone = 'file' in chunk ? found.removed.get(chunk.file) : undefined
    if (typeof bytes === 'string') {
      const why = `part ${chunk.part} of the recording: ${gone ?? bytes}`
      yield { kind: 'missing', why, bytes: chunk.uncompressed }
      decoder.resynchronize()
      continue
    }
    for (const entry of entriesOf(bytes)) {
      switch (entry.kind) {
        case 'begin':
          if (found.engine === 'mysql') decoder = new MysqlAnswers(entry.capabilities)
          break
        case 'time':
          time = entry.time
          break
        case 'answer': {
          time = entry.time
          yield* entry.intent === 0 ? before(isoTime(time)) : upTo(entry.intent)
          decoder.answer(entry.intent, entry.response)
          break
        }
        case 'unreadable':
          yield { kind: 'missing', why: `part ${chunk.part} of the recording: ${entry.why}`, bytes: entry.bytes }
          decoder.resynchronize()
          break
        case 'omitted':
          yield { kind: 'missing', why: `the cap of the ${entry.cap} was reached`, bytes: entry.bytes }
          decoder.resynchronize()
          break
        case 'sent':
          yield* decoder.sent(entry.bytes, time)
          break
        case 'received':
          yield* decoder.received(entry.bytes)
          break
        default:
          throw entry satisfies never
      }
    }
  }
  yield* upTo(Infinity)
  if (found.omitted > 0) {
    const why = `${found.omitted} more records of the session, which is too long to be told whole: \`gatehouse audit search --session\` finds them`
    yield { kind: 'missing', why, bytes: 0 }
  }
}

function addRemoved(removed: Map<string, string>, { retention }: AuditRecord): void {
  if (typeof retention?.file === 'string')
    removed.set(retention.file, `${retention.file} was removed: ${retention.why}`)
}

/** What is left of a chunk from where it holds what no recorder writes. */
interface Unreadable {
  readonly kind: 'unreadable'
  readonly why: string
  readonly bytes: number
}

/** The entries of a chunk. Its hash says that the gateway wrote it, not that the gateway was sound: what is no entry ends it. */
function* entriesOf(chunk: Buffer): Generator<RecordedEntry | Unreadable> {
  const entries = readEntries(chunk)
  for (;;) {
    let next: IteratorResult<RecordedEntry>
    try {
      next = entries.next()
    } catch (error) {
      yield { kind: 'unreadable', why: error instanceof Error ? error.message : String(error), bytes: chunk.length }
      return
    }
    if (next.done === true) return
    yield next.value
  }
}

/** As the trail writes moments; empty for what is none. */
export function isoTime(milliseconds: number): string {
  return Math.abs(milliseconds) < 8.64e15 ? new Date(milliseconds).toISOString() : ''
}
