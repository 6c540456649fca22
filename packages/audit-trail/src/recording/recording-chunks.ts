import { hash } from 'node:crypto'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { constants, zstdDecompress } from 'node:zlib'
import type { RecordedChunk, RecordedRemoval } from '@gatehouse/core'
import { chunkOf, MAX_CHUNK_BYTES } from './recorded-chunk.ts'
import { listRecordings, recordingName } from './recording-names.ts'
import { recordsOfKinds } from '../chain/read-records.ts'
import { listSegments } from '../chain/segment-names.ts'

/** A frame that asks for a larger window is none of a recorder: it would cost memory before a byte of it is read. */
const MAX_WINDOW_LOG = 24

const DECOMPRESSION = { params: { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG } }

const decompress = promisify<Buffer, object, Buffer>(zstdDecompress)

/** What was found of the recordings of a trail. */
export interface RecordingsReport {
  /** Chunks whose bytes are those that the trail names. */
  readonly chunks: number
  /** Chunks that are not there, as the trail says itself: their files were removed. */
  readonly removed: number
  /** The first that is not; null: all are. */
  readonly firstBreak: string | null
  /** What is no proof of a change: bytes that no record names, which a crash leaves; chunks that could not be written. */
  readonly warnings: readonly string[]
}

/**
 * Holds every chunk that the trail in `directory` names against its hash. Proves nothing of the trail: `verifyTrail` does, which also says
 * what was `removed` from it. `session`: of this one alone. `copy`: of what was shipped, which comes without the newest files: that they are missing is a
 * warning. Rejects when the directory cannot be read.
 */
export async function verifyRecordings(
  directory: string,
  session?: string,
  removed: readonly RecordedRemoval[] = [],
  copy = false,
): Promise<RecordingsReport> {
  const warnings: string[] = []
  /** The last part of each session, and the record that names it. */
  const parts = new Map<string, { readonly part: number; readonly seq: number }>()
  const named = new Map<string, number>()
  const goneFiles = new Set(removed.map(({ file }) => file))
  const goneRecords = removed.flatMap((removal) => ('segment' in removal ? [removal] : []))
  let chunks = 0
  let gone = 0
  let firstBreak: string | null = null
  const newest = copy ? (listRecordings(directory).at(-1) ?? 0) : Number.POSITIVE_INFINITY
  const notCopied = new Set<string>()
  await using files = new RecordingFiles(directory)
  for (const segment of listSegments(directory)) {
    for (const record of await recordsOfKinds(directory, segment, ['recording'])) {
      const { seq, session: of = '' } = record
      if (session !== undefined && of !== session) continue
      const chunk = chunkOf(record)
      if (chunk === null) {
        firstBreak ??= `record ${seq} of session ${of}: it names no chunk`
        continue
      }
      const where = `record ${seq}, part ${chunk.part} of session ${of}`
      // An older part may have been in a segment that was removed: only what follows one must be the next.
      const before = parts.get(of)
      parts.set(of, { part: chunk.part, seq })
      if (before !== undefined && chunk.part !== before.part + 1) {
        const mayBeGone =
          chunk.part > before.part && goneRecords.some(({ first, last }) => first > before.seq && last < seq)
        if (!mayBeGone) firstBreak ??= `${where}: part ${before.part + 1} is missing`
      }
      if ('lost' in chunk) {
        warnings.push(`${where} could not be written: ${chunk.lost}`)
        continue
      }
      named.set(chunk.file, (named.get(chunk.file) ?? 0) + chunk.bytes)
      const fault = await files.fault(chunk)
      if (fault === null) chunks++
      else if (goneFiles.has(chunk.file) && !(await files.has(chunk.file))) gone++
      else if (Number.parseInt(chunk.file, 10) > newest) notCopied.add(chunk.file)
      else firstBreak ??= `${where}: ${fault}`
    }
  }
  for (const file of notCopied) warnings.push(`${file} is not in this copy: it was still written, or on its way`)
  if (session === undefined) {
    for (const number of listRecordings(directory)) {
      const { size } = await stat(join(directory, recordingName(number)))
      const rest = size - (named.get(recordingName(number)) ?? 0)
      if (rest > 0)
        warnings.push(
          `${recordingName(number)} has ${rest} bytes that no record names: it is being written, or a crash left them`,
        )
    }
  }
  return { chunks, removed: gone, firstBreak, warnings }
}

/** Reads chunks, one file open at a time. */
export class RecordingFiles implements AsyncDisposable {
  readonly #directory: string
  #open: { readonly name: string; readonly handle: FileHandle } | null = null

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Why a chunk is not what the trail says; null: it is. */
  async fault(chunk: RecordedChunk): Promise<string | null> {
    const bytes = await this.#stored(chunk)
    return typeof bytes === 'string' ? bytes : null
  }

  /** The chunk, uncompressed; a text says why it cannot be trusted or read. */
  async read(chunk: RecordedChunk): Promise<Buffer | string> {
    const stored = await this.#stored(chunk)
    if (typeof stored === 'string') return stored
    const { uncompressed } = chunk
    if (uncompressed > MAX_CHUNK_BYTES) return `it names ${uncompressed} bytes, more than a chunk can have`
    try {
      const bytes = await decompress(stored, { maxOutputLength: Math.max(uncompressed, 1), ...DECOMPRESSION })
      return bytes.length === uncompressed
        ? bytes
        : `it has ${bytes.length} bytes where the trail names ${uncompressed}`
    } catch (error) {
      return `it cannot be uncompressed: ${error instanceof Error ? error.message : String(error)}`
    }
  }

  /** True when the file of recordings is there. */
  async has(file: string): Promise<boolean> {
    return (await this.#handle(file)) !== null
  }

  async #stored(chunk: RecordedChunk): Promise<Buffer | string> {
    if ('lost' in chunk) return `it could not be written: ${chunk.lost}`
    const { file, offset, bytes, sha256 } = chunk
    // The name comes out of the trail, which may be anybody's: nothing else is opened.
    if (!/^\d{6,15}\.recording$/.test(file) || !(bytes <= MAX_CHUNK_BYTES)) return 'it names no chunk'
    const handle = await this.#handle(file)
    if (handle === null) return `${file} is missing`
    const there = (await handle.stat()).size
    if (offset + bytes > there) return `${file} ends at ${there}, ${offset + bytes - there} bytes short`
    const stored = Buffer.allocUnsafeSlow(bytes)
    const { bytesRead } = await handle.read(stored, 0, bytes, offset)
    if (bytesRead < bytes) return `${file} ends at ${offset + bytesRead}, ${bytes - bytesRead} bytes short`
    return hash('sha256', stored) === sha256 ? stored : `${file} was changed between ${offset} and ${offset + bytes}`
  }

  async #handle(name: string): Promise<FileHandle | null> {
    if (this.#open?.name === name) return this.#open.handle
    await this.#close()
    try {
      const handle = await open(join(this.#directory, name), 'r')
      this.#open = { name, handle }
      return handle
    } catch {
      return null
    }
  }

  async #close(): Promise<void> {
    const opened = this.#open
    this.#open = null
    await opened?.handle.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close()
  }
}
