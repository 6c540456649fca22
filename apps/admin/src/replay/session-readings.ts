import { existsSync } from 'node:fs'
import { findSession, replaySession, type TrailOfSession } from '@gatehouse/session-replay'
import { ReplayReader } from './replay-reader.ts'

/** Sessions whose records are kept in memory for whoever goes on reading. */
const MOST_KEPT = 4
/** Of each of them, lines of records in bytes: a session without end must not end the service. */
const KEPT_BYTES = 32 * 1024 * 1024
const MOST_READERS = 8
const KEPT_MILLISECONDS = 60_000

/** A session in one of the trails. */
export interface FoundSession {
  /** Of the trail. */
  readonly directory: string
  readonly trail: TrailOfSession
}

/** Where a page of a replay ended, in a session as it was then. */
export interface ReplayPlace {
  /** Events before it. */
  readonly position: number
  /** How much of the session was known. */
  readonly records: number
  readonly chunks: number
}

/** As a cursor: opaque to whoever gets it. */
export function cursorOf({ position, records, chunks }: ReplayPlace): string {
  return [position, records, chunks].map((one) => one.toString(36)).join('.')
}

/** Null: it is no cursor. */
export function placeOf(cursor: string): ReplayPlace | null {
  const [, ...numbers] = /^([0-9a-z]{1,9})\.([0-9a-z]{1,9})\.([0-9a-z]{1,9})$/.exec(cursor) ?? []
  const [position, records, chunks] = numbers.map((one) => Number.parseInt(one, 36))
  return position === undefined || records === undefined || chunks === undefined ? null : { position, records, chunks }
}

/** A reader that waits for whoever reads on. */
interface KeptReader {
  readonly key: string
  readonly reader: ReplayReader
  readonly timer: ReturnType<typeof setTimeout>
}

/**
 * Reads recorded sessions bit by bit. A trail is walked once for a session and a recording once for somebody who reads on: what is found,
 * and readers where they stopped, are kept for a minute. Whatever is not kept is read again from the start, to the same effect.
 */
export class SessionReadings {
  readonly #directories: () => readonly string[]
  /** By session, oldest first. */
  readonly #found = new Map<string, { readonly at: number; readonly session: Promise<FoundSession | null> }>()
  #readers: KeptReader[] = []

  /** `directories`: of all trails: a session is in one of them. */
  constructor(directories: () => readonly string[]) {
    this.#directories = directories
  }

  /** Finds a session; null: it is in no trail. `fresh`: what was recorded since is wanted too. Rejects when a trail cannot be read. */
  async find(session: string, fresh: boolean): Promise<FoundSession | null> {
    const kept = this.#found.get(session)
    if (!fresh && kept !== undefined && kept.at > Date.now() - KEPT_MILLISECONDS) return kept.session
    const found = this.#walk(session)
    this.#found.delete(session)
    this.#found.set(session, { at: Date.now(), session: found })
    found.catch(() => this.#found.delete(session))
    for (const oldest of this.#found.keys()) {
      if (this.#found.size <= MOST_KEPT) break
      this.#found.delete(oldest)
    }
    return found
  }

  /** A reader that stands at `place` (null: at the start), or no further than there. */
  reader({ directory, trail }: FoundSession, place: ReplayPlace): ReplayReader {
    const key = keyOf(trail, place)
    const fit = this.#readers
      .filter((kept) => kept.key === key && kept.reader.position <= place.position)
      .toSorted((one, other) => other.reader.position - one.reader.position)[0]
    if (fit !== undefined) return this.#taken(fit)
    return new ReplayReader(replaySession(directory, asItWas(trail, place)))
  }

  /** A reader that stands at the statement whose story begins with this record, or before it. */
  readerBefore({ directory, trail }: FoundSession, seq: number): ReplayReader {
    const key = keyOf(trail, whole(trail))
    const fit = this.#readers
      .filter((kept) => kept.key === key && kept.reader.start < seq)
      .toSorted((one, other) => other.reader.start - one.reader.start)[0]
    return fit === undefined ? new ReplayReader(replaySession(directory, trail)) : this.#taken(fit)
  }

  /** Keeps a reader for whoever reads on. */
  keep({ trail }: FoundSession, place: ReplayPlace, reader: ReplayReader): void {
    const kept: KeptReader = {
      key: keyOf(trail, place),
      reader,
      timer: setTimeout(() => this.#drop(kept), KEPT_MILLISECONDS).unref(),
    }
    this.#readers.push(kept)
    const [oldest] = this.#readers
    if (oldest !== undefined && this.#readers.length > MOST_READERS) this.#drop(oldest)
  }

  async close(): Promise<void> {
    this.#found.clear()
    for (const { timer, reader } of this.#readers.splice(0)) {
      clearTimeout(timer)
      await reader.close()
    }
  }

  async #walk(session: string): Promise<FoundSession | null> {
    for (const directory of this.#directories()) {
      if (!existsSync(directory)) continue
      const trail = await findSession(directory, session, { keptBytes: KEPT_BYTES })
      if (trail !== null) return { directory, trail }
    }
    return null
  }

  #taken(kept: KeptReader): ReplayReader {
    clearTimeout(kept.timer)
    this.#readers = this.#readers.filter((one) => one !== kept)
    return kept.reader
  }

  #drop(kept: KeptReader): void {
    // One that cannot be closed is let go of all the same.
    this.#taken(kept)
      .close()
      .catch(() => undefined)
  }
}

/** All that is known of the session. */
export function whole({ records, chunks }: TrailOfSession): ReplayPlace {
  return { position: 0, records: records.length, chunks: chunks.length }
}

function keyOf({ session }: TrailOfSession, { records, chunks }: ReplayPlace): string {
  return `${session} ${records} ${chunks}`
}

/** INVARIANT: what is recorded is only ever added to, so a cursor stands for the same place however much came since. */
function asItWas(trail: TrailOfSession, { records, chunks }: ReplayPlace): TrailOfSession {
  const omitted = records < trail.records.length ? 0 : trail.omitted
  return { ...trail, records: trail.records.slice(0, records), chunks: trail.chunks.slice(0, chunks), omitted }
}
