import { hash } from 'node:crypto'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import type { RecordedChunk } from '@gatehouse/core'
import { listRecordings, recordingName } from './recording-names.ts'
import { searchTrail } from './search.ts'

/** What a chunk may have, compressed or not: far more than a recorder writes. */
const MAX_CHUNK_BYTES = 1024 * 1024 * 1024 + 64 * 1024

const decompress = promisify<Buffer, object, Buffer>(zstdDecompress)

/** What was found of the recordings of a trail. */
export interface RecordingsReport {
  /** Chunks whose bytes are those that the trail names. */
  readonly chunks: number
  /** The first that is not; null: all are. */
  readonly firstBreak: string | null
  /** What is no proof of a change: bytes that no record names, which a crash leaves; chunks that could not be written. */
  readonly warnings: readonly string[]
}

/**
 * Holds every chunk that the trail in `directory` names against its hash. Proves nothing of the trail: `verifyTrail` does.
 * `session`: of this one alone. Rejects when the directory cannot be read.
 */
export async function verifyRecordings(directory: string, session?: string): Promise<RecordingsReport> {
  const warnings: string[] = []
  const parts = new Map<string, number>()
  const named = new Map<string, number>()
  const found: { readonly seq: number; readonly session: string; readonly chunk: RecordedChunk }[] = []
  await searchTrail(directory, { kind: 'recording', ...(session === undefined ? {} : { session }) }, (record) => {
    if (record.recording !== undefined)
      found.push({ seq: record.seq, session: record.session ?? '', chunk: record.recording })
    return true
  })
  let chunks = 0
  let firstBreak: string | null = null
  await using files = new RecordingFiles(directory)
  for (const { seq, session: of, chunk } of found) {
    const where = `record ${seq}, part ${chunk.part} of session ${of}`
    // An older part may be in a segment that was moved away: only what follows one must be the next.
    const before = parts.get(of)
    parts.set(of, chunk.part)
    if (before !== undefined && chunk.part !== before + 1) firstBreak ??= `${where}: part ${before + 1} is missing`
    if ('lost' in chunk) {
      warnings.push(`${where} could not be written: ${chunk.lost}`)
      continue
    }
    const fault = await files.fault(chunk)
    if (fault === null) chunks++
    else firstBreak ??= `${where}: ${fault}`
    named.set(chunk.file, (named.get(chunk.file) ?? 0) + chunk.bytes)
  }
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
  return { chunks, firstBreak, warnings }
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
    try {
      return await decompress(stored, { maxOutputLength: Math.min(chunk.uncompressed, MAX_CHUNK_BYTES) || 1 })
    } catch (error) {
      return `it cannot be uncompressed: ${error instanceof Error ? error.message : String(error)}`
    }
  }

  async #stored(chunk: RecordedChunk): Promise<Buffer | string> {
    if ('lost' in chunk) return `it could not be written: ${chunk.lost}`
    const { file, offset, bytes, sha256 } = chunk
    // The name comes out of the trail, which may be anybody's: nothing else is opened.
    if (!/^\d{6,15}\.recording$/.test(file) || !(bytes >= 0 && bytes <= MAX_CHUNK_BYTES)) return 'it names no chunk'
    const handle = await this.#handle(file)
    if (handle === null) return `${file} is missing`
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
