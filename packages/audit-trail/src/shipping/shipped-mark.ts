import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceByLine } from '../replace-by-line.ts'
import type { TrailIdentity } from './destination.ts'

/** What a destination was known to have; 0: nothing. */
export interface Mark {
  /** The last record. */
  readonly seq: number
  /** The last segment, where it gets whole files. */
  readonly segment: number
  /** The last file of recordings. */
  readonly recording: number
}

const NOTHING: Mark = { seq: 0, segment: 0, recording: 0 }

/**
 * The file `shipped-<name>.json` beside the trail: what a destination had when it was asked last. So what waits is known while it is down, and where to go on, if
 * it does not know itself.
 */
export class ShippedMark {
  readonly #path: string
  readonly #trail: string
  #written = ''

  constructor(directory: string, destination: string, { trail }: TrailIdentity) {
    this.#path = join(directory, fileName(destination))
    this.#trail = trail
  }

  /** Rejects when the file is there and cannot be read. */
  async read(): Promise<Mark> {
    let text: string
    try {
      text = await readFile(this.#path, 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return NOTHING
      throw error
    }
    const mark = parseMark(text)
    if (mark === null)
      throw new Error(
        `${this.#path} cannot be read: without it the destination is asked, or gets the trail from the start`,
      )
    return mark.trail === this.#trail ? mark : NOTHING
  }

  /** Rejects when it cannot be written; then the former one stays. Nothing is done when it says so already. */
  async write({ seq, segment, recording }: Mark): Promise<void> {
    const line = JSON.stringify({ trail: this.#trail, seq, segment, recording })
    if (line === this.#written) return
    await replaceByLine(this.#path, line)
    this.#written = line
  }
}

function parseMark(text: string): (Mark & { readonly trail: string }) | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const { trail, seq, segment, recording } = value as Record<string, unknown>
  if (typeof trail !== 'string' || !isCount(seq) || !isCount(segment) || !isCount(recording)) return null
  return { trail, seq, segment, recording }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** A file's name for a destination; a few digits keep apart what differs in other characters alone. */
function fileName(destination: string): string {
  const plain = destination.replaceAll(/[^A-Za-z0-9.-]+/g, '-').slice(0, 100)
  return `shipped-${plain}-${hash('sha256', destination).slice(0, 8)}.json`
}
