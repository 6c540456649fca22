/** One writer per directory: a lock file that names the process which holds it. */
import { TrailUnavailable } from '@gatehouse/core'
import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, type Stats, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

const LOCK_NAME = 'lock'

interface Holder {
  readonly host: string
  readonly pid: number
  /** When the process started, in the system's ticks since boot; null where the system does not tell. */
  readonly started: string | null
  /** Different for every lock ever taken. */
  readonly token: string
}

/** The start time of a process (proc(5), `stat`, field 22): the same pid with another one is another process. */
function processStart(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in parentheses, and may hold anything: count from its end.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    // EPERM: it is there, and someone else's.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
  }
  const started = processStart(holder.pid)
  return holder.started === null || started === null || started === holder.started
}

function readHolder(path: string): Holder | null {
  try {
    return holderIn(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}

/** Null: it names nobody. */
function holderIn(text: string): Holder | null {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null
    const { host, pid, started, token } = holder ?? {}
    if (typeof host !== 'string' || typeof pid !== 'number' || typeof token !== 'string' || !(pid > 0)) return null
    return { host, pid, started: typeof started === 'string' ? started : null, token }
  } catch {
    return null
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** The right to write into one directory. */
export class WriterLock {
  readonly #directory: string
  readonly #path: string
  readonly #token: string
  /** The file as it was taken. To look at it needs no descriptor. */
  readonly #taken: Stats

  private constructor(directory: string, path: string, token: string) {
    this.#directory = directory
    this.#path = path
    this.#token = token
    this.#taken = statSync(path)
  }

  /**
   * Takes the lock of `directory`. A lock whose process is gone is taken over; one that another host holds is not,
   * because nothing can be known of its process. Throws `TrailUnavailable` when someone else holds it.
   */
  static take(directory: string): WriterLock {
    const path = join(directory, LOCK_NAME)
    const token = randomUUID()
    const own: Holder = { host: hostname(), pid: process.pid, started: processStart(process.pid), token }
    const draft = `${path}.${token}`
    writeFileSync(draft, `${JSON.stringify(own)}\n`, { flag: 'wx', mode: 0o600 })
    try {
      try {
        // A link appears with its whole content or not at all.
        linkSync(draft, path)
      } catch (error) {
        if (!hasCode(error, 'EEXIST')) throw error
        WriterLock.#removeStale(directory, path, token)
        linkSync(draft, path)
      }
    } catch (error) {
      if (hasCode(error, 'EEXIST')) throw new TrailUnavailable(`${directory}: another process took the lock just now`)
      throw error
    } finally {
      unlinkSync(draft)
    }
    return new WriterLock(directory, path, token)
  }

  static #removeStale(directory: string, path: string, token: string): void {
    const holder = readHolder(path)
    if (holder === null) {
      throw new TrailUnavailable(`${path} cannot be read: remove it if no gateway writes to ${directory}`)
    }
    if (holder.host !== hostname()) {
      throw new TrailUnavailable(`${directory} is locked by host ${holder.host}: remove ${path} if that host is gone`)
    }
    if (isAlive(holder)) throw new TrailUnavailable(`${directory} is being written by process ${holder.pid}`)
    const aside = `${path}.stale.${token}`
    renameSync(path, aside)
    const moved = readHolder(aside)
    // Someone may have taken it over between the look and the move: give it back.
    if (moved?.token !== holder.token) linkSync(aside, path)
    unlinkSync(aside)
  }

  /** Throws what is wrong when the lock file is there no more, is somebody else's, or cannot be looked at. */
  check(): void {
    const found = statSync(this.#path, { throwIfNoEntry: false })
    if (found === undefined) throw new Error(`${this.#directory}: the lock file was removed`)
    if (isSame(found, this.#taken)) return
    // Written anew: by whom, its text says. What the system says when it cannot be read (no descriptor is left) is said as it is.
    if (holderIn(readFileSync(this.#path, 'utf8'))?.token !== this.#token)
      throw new Error(`${this.#directory}: the lock file was taken by another process`)
  }

  /** True while the lock file is there and is this one's. */
  get held(): boolean {
    try {
      this.check()
      return true
    } catch {
      return false
    }
  }

  /** Gives the lock back; nothing happens when it is no longer this one's. */
  release(): void {
    if (this.held) unlinkSync(this.#path)
  }
}

function isSame(one: Stats, other: Stats): boolean {
  return one.dev === other.dev && one.ino === other.ino && one.mtimeMs === other.mtimeMs && one.size === other.size
}
