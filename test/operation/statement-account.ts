import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Read at once of one file. */
const PIECE_BYTES = 1 << 20

/** What servers say they ran, held against what trails say was to run. Statements are told apart by a tag in their text. */
export class StatementAccount {
  readonly #tag: RegExp
  readonly #serverLogs: readonly TailedFile[]
  readonly #trails: readonly TailedTrail[]
  readonly #seen = new Set<string>()
  readonly #recorded = new Set<string>()
  /** The address of the client in each record that a session begins with, and how often. */
  readonly addresses: Map<string, number> = new Map()
  /** By the subject of a session, the place in the list of the trail that has it. */
  readonly gatewayOf: Map<string, number> = new Map()

  /** `tag`: finds the tags in a line; global. */
  constructor(tag: RegExp, serverLogs: readonly string[], trails: readonly string[]) {
    this.#tag = tag
    this.#serverLogs = serverLogs.map((file) => new TailedFile(file))
    this.#trails = trails.map((directory) => new TailedTrail(directory))
  }

  /** Reads what is new. Returns the tags of statements that ran and are in no trail: servers are asked first, and what runs was recorded before. */
  read(): readonly string[] {
    for (const log of this.#serverLogs)
      // A server may say it twice: as it was prepared, and as it ran.
      for (const line of log.lines()) for (const [tag] of line.matchAll(this.#tag)) this.#seen.add(tag)
    for (const [gateway, trail] of this.#trails.entries())
      for (const line of trail.lines()) this.#readRecord(line, gateway)
    return [...this.#seen].filter((tag) => !this.#recorded.has(tag))
  }

  /** Statements that a server ran. */
  get ran(): number {
    return this.#seen.size
  }

  #readRecord(line: string, gateway: number): void {
    if (line.includes('"kind":"session_start"')) {
      const record = JSON.parse(line) as {
        readonly client: { readonly address: string }
        readonly principal: { readonly subject: string }
      }
      const { address } = record.client
      this.addresses.set(address, (this.addresses.get(address) ?? 0) + 1)
      this.gatewayOf.set(record.principal.subject, gateway)
    }
    if (!line.includes('"kind":"intent"')) return
    for (const [tag] of line.matchAll(this.#tag)) this.#recorded.add(tag)
  }
}

/** The lines of a file that grows, each once. */
class TailedFile {
  readonly #file: string
  #offset = 0
  #rest = ''

  constructor(file: string) {
    this.#file = file
  }

  *lines(): Iterable<string> {
    if (!existsSync(this.#file) || statSync(this.#file).size <= this.#offset) return
    const descriptor = openSync(this.#file, 'r')
    try {
      const piece = Buffer.allocUnsafe(PIECE_BYTES)
      for (;;) {
        const length = readSync(descriptor, piece, 0, piece.length, this.#offset)
        if (length === 0) return
        this.#offset += length
        const lines = (this.#rest + piece.toString('latin1', 0, length)).split('\n')
        this.#rest = lines.pop() ?? ''
        yield* lines
      }
    } finally {
      closeSync(descriptor)
    }
  }
}

/** The records of a trail that grows, each once, as text. */
class TailedTrail {
  readonly #directory: string
  readonly #segments = new Map<string, TailedFile>()

  constructor(directory: string) {
    this.#directory = directory
  }

  *lines(): Iterable<string> {
    if (!existsSync(this.#directory)) return
    for (const name of readdirSync(this.#directory).sort()) {
      if (!/^\d+\.jsonl$/.test(name)) continue
      let segment = this.#segments.get(name)
      if (segment === undefined) this.#segments.set(name, (segment = new TailedFile(join(this.#directory, name))))
      yield* segment.lines()
    }
  }
}
