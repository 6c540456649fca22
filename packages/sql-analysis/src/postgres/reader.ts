import type { TextFacts } from '@gatehouse/core'
import type { ParseResult } from 'libpg-query'
import type { Catalog } from './catalog.ts'
import type { CatalogRows } from './catalog-rows.ts'
import { readFacts } from './read-facts.ts'
import type { NameEnvironment } from './read-facts.ts'
import { LibpgParser } from './libpg-parser.ts'
import { defaultPrescanLimits } from './prescan-limits.ts'
import type { PrescanLimits } from './prescan-limits.ts'
import { analyse, compileFunction, parseQuery } from './reader-analyse.ts'
import type { ReadFacts } from './reader-analyse.ts'
import { unreadable, weightOf } from '../reading/reading.ts'
import type { Reading } from '../reading/reading.ts'
import { ShapeCache } from '../reading/shape-cache.ts'
import { ShapeLexer } from './shape-lexer.ts'
import { hashOfBytes } from '../reading/hash.ts'
import { WorkerClient } from '../reading/worker-client.ts'
import type { Analysis } from '../reading/worker-messages.ts'
import { withoutLiterals } from './without-literals.ts'
import type { LargeAsk, WorkerStart } from './worker-start.ts'

export type { ReadFacts, Reading }

export interface PostgresReaderOptions {
  /** Reads facts from trees. Default: this package's; another one in tests only. */
  readonly readFacts?: ReadFacts
  /** Address of the module that exports the same `readFacts`, for the worker thread. Default: this package's. */
  readonly factsModule?: URL
  /** The rows a catalog was built from, for the worker thread; undefined: not known, and larger texts are refused. */
  readonly catalogRows: (catalog: Catalog) => CatalogRows | undefined
  /** Milliseconds a larger text may take. Default 2,000. */
  readonly deadlineMilliseconds?: number
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
const defaultDeadlineMilliseconds = 2000
const defaultCacheEntries = 4096
const defaultCacheBytes = 16 * 1024 * 1024
/** Search paths with caches of their own, for each catalog; when there are more, they start again empty. */
const maxSearchPaths = 32
/** What a cache entry costs beside its key and value. */
const entryBytes = 160

/** Reads PostgreSQL texts to facts, and remembers what it read. */
export class PostgresReader {
  readonly inlineLimitBytes: number
  readonly #parser: LibpgParser
  readonly #readFacts: ReadFacts
  readonly #limits: PrescanLimits
  readonly #worker: WorkerClient<Catalog, CatalogRows, LargeAsk>
  readonly #catalogRows: (catalog: Catalog) => CatalogRows | undefined
  readonly #cacheEntries: number
  readonly #cacheBytes: number
  readonly #lexer = new ShapeLexer()
  readonly #caches = new WeakMap<NameEnvironment, Caches>()
  readonly #paths = new WeakMap<Catalog, Map<string, Caches>>()
  #lastNames: NameEnvironment | null = null
  #lastCaches: Caches | null = null

  private constructor(parser: LibpgParser, options: PostgresReaderOptions) {
    this.#parser = parser
    this.#readFacts = options.readFacts ?? readFacts
    this.#limits = { ...defaultPrescanLimits, ...options.limits }
    this.inlineLimitBytes = options.inlineLimitBytes ?? defaultInlineLimitBytes
    this.#catalogRows = options.catalogRows
    const factsModule = (options.factsModule ?? new URL('./read-facts.ts', import.meta.url)).href
    const start: WorkerStart = { compiled: parser.compiled, limits: this.#limits, factsModule }
    this.#worker = new WorkerClient(
      new URL('./worker.ts', import.meta.url),
      start,
      options.deadlineMilliseconds ?? defaultDeadlineMilliseconds,
    )
    this.#cacheEntries = options.cacheEntries ?? defaultCacheEntries
    this.#cacheBytes = options.cacheBytes ?? defaultCacheBytes
  }

  static async create(options: PostgresReaderOptions): Promise<PostgresReader> {
    return new PostgresReader(await LibpgParser.create(), options)
  }

  /**
   * Reads the text `bytes[start, end)`, without its closing NUL, of at most `inlineLimitBytes` (a longer one is refused). Never throws.
   * Readings are shared between texts of one shape, in all environments of one catalog object and search path.
   */
  read(bytes: Buffer, start: number, end: number, names: NameEnvironment): Reading {
    if (end - start > this.inlineLimitBytes) {
      return unreadable(
        'TOO_LONG',
        `statement of ${end - start} bytes: the limit is ${this.inlineLimitBytes} (inlineLimitBytes)`,
      )
    }
    const caches = names === this.#lastNames && this.#lastCaches !== null ? this.#lastCaches : this.#cachesOf(names)
    return this.#find(bytes, start, end, caches) ?? this.#readNew(bytes, start, end, names, caches)
  }

  /**
   * Reads a larger text in a worker thread, which is killed at its deadline (the text is then refused). Never rejects. The bytes are
   * copied before it returns. What the thread needs of the catalog crosses once. Prepared statements and cursors are not known there.
   */
  async readLarge(bytes: Buffer, names: NameEnvironment): Promise<Reading> {
    const length = bytes.length
    if (length > this.#limits.maxStatementBytes) {
      const limit = `the limit is ${this.#limits.maxStatementBytes} (maxStatementBytes)`
      return unreadable('TOO_LONG', `statement of ${length} bytes: ${limit}`)
    }
    const caches = this.#cachesOf(names)
    const known = this.#find(bytes, 0, length, caches)
    if (known !== undefined) return known
    const literals: number[] = []
    const isPlain = this.#lexer.scan(bytes, 0, length, literals) >= 0
    const copy = Buffer.from(bytes)
    const ask: LargeAsk = { literals: isPlain ? literals : null, searchPath: names.searchPath }
    const analysis = await this.#worker.read(copy, ask, names.catalog, this.#catalogRows)
    this.#remember(copy, 0, length, caches, analysis)
    return analysis.reading
  }

  /** Parses the text of a view for a `NameEnvironment`, under the limits of statements. Throws when it cannot be parsed. */
  parseQuery(sql: string): ParseResult {
    return parseQuery(this.#parser, sql, this.#limits)
  }

  /** Compiles a stored function in PL/pgSQL, for `NameEnvironment.parsePlpgsql`. Throws when it cannot be compiled. */
  parsePlpgsql(sql: string): unknown {
    return compileFunction(this.#parser, sql)
  }

  /** As the port of core says. */
  withoutLiterals(text: string, facts: TextFacts): string {
    return withoutLiterals(text, facts)
  }

  /** Ends the worker thread. `read` goes on working; `readLarge` refuses. */
  async close(): Promise<void> {
    await this.#worker.close()
    await this.#parser.ready()
  }

  #find(bytes: Buffer, start: number, end: number, caches: Caches): Reading | undefined {
    const length = this.#lexer.scan(bytes, start, end)
    if (length >= 0) {
      const known = caches.shapes.find(this.#lexer.hash, this.#lexer.shape, 0, length)
      if (known !== null) return known
    }
    return caches.exact.find(hashOfBytes(bytes, start, end), bytes, start, end)
  }

  #readNew(bytes: Buffer, start: number, end: number, names: NameEnvironment, caches: Caches): Reading {
    const literals: number[] = []
    const isPlain = this.#lexer.scan(bytes, start, end, literals) >= 0
    const analysis = analyse(
      bytes,
      start,
      end,
      names,
      isPlain ? literals : null,
      this.#parser,
      this.#readFacts,
      this.#limits,
    )
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

  /** Environments of one catalog and search path share: what depends on more (prepared statements, cursors) is never kept. */
  #cachesOf(names: NameEnvironment): Caches {
    let caches = this.#caches.get(names)
    if (caches === undefined) {
      caches = this.#cachesOfPath(names)
      this.#caches.set(names, caches)
    }
    this.#lastNames = names
    this.#lastCaches = caches
    return caches
  }

  #cachesOfPath(names: NameEnvironment): Caches {
    let paths = this.#paths.get(names.catalog)
    if (paths === undefined || paths.size >= maxSearchPaths) {
      paths = new Map()
      this.#paths.set(names.catalog, paths)
    }
    const key = JSON.stringify(names.searchPath)
    let caches = paths.get(key)
    if (caches === undefined) {
      caches = {
        shapes: new ShapeCache(this.#cacheEntries, this.#cacheBytes),
        exact: new ShapeCache(this.#cacheEntries, this.#cacheBytes),
      }
      paths.set(key, caches)
    }
    return caches
  }
}
