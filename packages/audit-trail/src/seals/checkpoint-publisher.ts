import { open } from 'node:fs/promises'
import { postJson } from '../post-json.ts'

/** A place outside the trail's directory where checkpoints are kept. */
export interface CheckpointSink {
  /** What it is called in the log. */
  readonly name: string
  /** Keeps one line. Rejects when it may not have been kept. */
  readonly keep: (line: string) => Promise<void>
}

/** How long the last checkpoint may take to be kept when the trail is closed. */
const LAST_PATIENCE_MILLISECONDS = 5_000

/** Lines at the end of a file, made durable one by one. The file is made where it is not there. */
export function fileSink(path: string): CheckpointSink {
  return {
    name: path,
    keep: async (line) => {
      const file = await open(path, 'a', 0o640)
      try {
        await file.appendFile(`${line}\n`)
        await file.datasync()
      } finally {
        await file.close()
      }
    },
  }
}

/** A POST of each line as `application/json`, with a bearer token or none. Any answer but 2xx counts as not kept. */
export function webhookSink(url: string, token: string | null): CheckpointSink {
  return {
    name: new URL(url).origin,
    keep: async (line) => {
      const { status } = await postJson(url, token === null ? null : `Bearer ${token}`, line)
      if (status < 200 || status > 299) throw new Error(`it answered ${String(status)}`)
    },
  }
}

/**
 * Keeps the newest checkpoint elsewhere every so often: what was kept shows when the trail's end is cut off later, or all of it is
 * put back to an older copy. A sink that fails is tried again with the newest one; it stops nothing.
 */
export class CheckpointPublisher {
  readonly #sinks: readonly CheckpointSink[]
  readonly #onFailure: (sink: string, error: unknown) => void
  readonly #timer: NodeJS.Timeout
  readonly #kept = new Map<CheckpointSink, string>()
  readonly #underWay = new Map<CheckpointSink, Promise<void>>()
  #newest: string | null = null

  constructor(
    sinks: readonly CheckpointSink[],
    everySeconds: number,
    onFailure: (sink: string, error: unknown) => void,
  ) {
    this.#sinks = sinks
    this.#onFailure = onFailure
    this.#timer = setInterval(() => this.#publish(), everySeconds * 1_000).unref()
  }

  /** There is a newer checkpoint. The first is kept at once. */
  readonly tell = (line: string): void => {
    const first = this.#newest === null
    this.#newest = line
    if (first) this.#publish()
  }

  /** Keeps the last one, as far as the sinks are there. Never rejects. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    const kept = async (): Promise<void> => {
      await Promise.all(this.#underWay.values())
      this.#publish()
      await Promise.all(this.#underWay.values())
    }
    let giveUp: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => (giveUp = setTimeout(resolve, LAST_PATIENCE_MILLISECONDS)))
    await Promise.race([kept(), patience])
    clearTimeout(giveUp)
  }

  #publish(): void {
    const line = this.#newest
    if (line === null) return
    for (const sink of this.#sinks) {
      if (this.#underWay.has(sink) || this.#kept.get(sink) === line) continue
      const keeping = sink
        .keep(line)
        .then(() => void this.#kept.set(sink, line))
        .catch((error: unknown) => this.#onFailure(sink.name, error))
        .finally(() => this.#underWay.delete(sink))
      this.#underWay.set(sink, keeping)
    }
  }
}
