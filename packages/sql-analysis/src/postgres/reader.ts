import type { NameEnvironment } from './facts/reading.ts'
import { LibpgParser } from './libpg-parser.ts'
import { defaultPrescanLimits } from './prescan-limits.ts'
import type { PrescanLimits } from './prescan-limits.ts'
import { analyse } from './reader-analyse.ts'
import type { Analysis, ReadFacts } from './reader-analyse.ts'
import { unreadable, weightOf } from './reader-reading.ts'
import type { Reading } from './reader-reading.ts'
import { ShapeCache } from './shape-cache.ts'
import { hashOfBytes, ShapeLexer } from './shape-lexer.ts'

export type { ReadFacts, Reading }

export interface PostgresReaderOptions {
  readonly readFacts: ReadFacts
  readonly limits?: Partial<PrescanLimits>
  /** Longest text that `read` takes, in bytes. Default 16 KiB. */
  readonly inlineLimitBytes?: number
  /** Readings kept for each environment and kind of key, in each of two generations. Default 4,096. */
  readonly cacheEntries?: number
  /** Rough bytes that each of those generations may hold. Default 16 MiB. */
  readonly cacheBytes?: number
}

/** Readings for one environment. A shape whose literals matter is kept as null: its texts are found by their exact bytes. */
interface Caches {
  readonly shapes: ShapeCache<Reading | null>
  readonly exact: ShapeCache<Reading>
}

const defaultInlineLimitBytes = 16 * 1024
const defaultCacheEntries = 4096
const defaultCacheBytes = 16 * 1024 * 1024
/** What a cache entry costs beside its key and value. */
const entryBytes = 160

/** Reads PostgreSQL texts to facts, and remembers what it read. */
export class PostgresReader {
  readonly inlineLimitBytes: number
  readonly #parser: LibpgParser
  readonly #readFacts: ReadFacts
  readonly #limits: PrescanLimits
  readonly #cacheEntries: number
  readonly #cacheBytes: number
  readonly #lexer = new ShapeLexer()
  readonly #caches = new WeakMap<NameEnvironment, Caches>()
  #lastNames: NameEnvironment | null = null
  #lastCaches: Caches | null = null

  private constructor(parser: LibpgParser, options: PostgresReaderOptions) {
    this.#parser = parser
    this.#readFacts = options.readFacts
    this.#limits = { ...defaultPrescanLimits, ...options.limits }
    this.inlineLimitBytes = options.inlineLimitBytes ?? defaultInlineLimitBytes
    this.#cacheEntries = options.cacheEntries ?? defaultCacheEntries
    this.#cacheBytes = options.cacheBytes ?? defaultCacheBytes
  }

  static async create(options: PostgresReaderOptions): Promise<PostgresReader> {
    return new PostgresReader(await LibpgParser.create(), options)
  }

  /**
   * Reads the text `bytes[start, end)`, without its closing NUL, of at most `inlineLimitBytes` (a longer one is refused). Never throws.
   * Readings are shared between texts of one shape in one environment *object*: keep one per catalog and search path, not per session.
   */
  read(bytes: Buffer, start: number, end: number, names: NameEnvironment): Reading {
    if (end - start > this.inlineLimitBytes) {
      return unreadable('TOO_LONG', `statement of ${end - start} bytes: the limit is ${this.inlineLimitBytes} (inlineLimitBytes)`)
    }
    const caches = names === this.#lastNames && this.#lastCaches !== null ? this.#lastCaches : this.#cachesOf(names)
    const length = this.#lexer.scan(bytes, start, end)
    if (length >= 0) {
      const known = caches.shapes.find(this.#lexer.hash, this.#lexer.shape, 0, length)
      if (known !== undefined && known !== null) return known
      if (known === undefined) return this.#readNew(bytes, start, end, names, caches)
    }
    return caches.exact.find(hashOfBytes(bytes, start, end), bytes, start, end) ?? this.#readNew(bytes, start, end, names, caches)
  }

  async close(): Promise<void> {
    await this.#parser.ready()
  }

  #readNew(bytes: Buffer, start: number, end: number, names: NameEnvironment, caches: Caches): Reading {
    const literals: number[] = []
    const isPlain = this.#lexer.scan(bytes, start, end, literals) >= 0
    const analysis = analyse(bytes, start, end, names, isPlain ? literals : null, this.#parser, this.#readFacts, this.#limits)
    this.#remember(bytes, start, end, caches, analysis)
    return analysis.reading
  }

  #remember(bytes: Buffer, start: number, end: number, caches: Caches, { reading, holds }: Analysis): void {
    const weight = entryBytes + (end - start) + weightOf(reading)
    const length = this.#lexer.scan(bytes, start, end)
    if (holds === 'once') return
    if (holds === 'shape') {
      caches.shapes.add(this.#lexer.hash, this.#lexer.shape, 0, length, reading, weight)
      return
    }
    // A syntax error says nothing of the shape: its literals may be what is wrong.
    if (length >= 0 && reading.kind === 'read') {
      caches.shapes.add(this.#lexer.hash, this.#lexer.shape, 0, length, null, entryBytes + length)
    }
    caches.exact.add(hashOfBytes(bytes, start, end), bytes, start, end, reading, weight)
  }

  #cachesOf(names: NameEnvironment): Caches {
    let caches = this.#caches.get(names)
    if (caches === undefined) {
      caches = {
        shapes: new ShapeCache(this.#cacheEntries, this.#cacheBytes),
        exact: new ShapeCache(this.#cacheEntries, this.#cacheBytes),
      }
      this.#caches.set(names, caches)
    }
    this.#lastNames = names
    this.#lastCaches = caches
    return caches
  }
}
