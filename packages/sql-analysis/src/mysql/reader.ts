import { Buffer } from 'node:buffer'
import type { StatementReader, TextFacts } from '@gatehouse/core'
import { hashOfBytes } from '../reading/hash.ts'
import { unreadable, weightOf } from '../reading/reading.ts'
import type { Reading } from '../reading/reading.ts'
import { ShapeCache } from '../reading/shape-cache.ts'
import { WorkerClient } from '../reading/worker-client.ts'
import type { Analysis } from '../reading/worker-messages.ts'
import type { MysqlCatalog } from './catalog.ts'
import type { MysqlCatalogRows } from './catalog-rows.ts'
import type { Dialect } from './dialect.ts'
import { Lexer } from './lexer/lexer.ts'
import { TextError } from './lexer/text-error.ts'
import { Tokens } from './lexer/tokens.ts'
import { type MysqlNames, namesKey } from './names.ts'
import { DEFAULT_TEXT_LIMITS, type TextLimits } from './parser/statement-limits.ts'
import { analyse, refusalOf } from './reader-analyse.ts'
import { Shape } from './shape.ts'
import { withoutLiterals } from './without-literals.ts'
import type { LargeAsk, LargeRows, WorkerStart } from './worker-start.ts'

export interface MysqlReaderOptions {
  /** The rows a catalog was built from, for the worker thread; undefined: not known. Default: of none; larger texts are then read where they come. */
  readonly catalogRows?: (catalog: MysqlCatalog) => MysqlCatalogRows | undefined
  /** Milliseconds a larger text may take. Default 2,000. */
  readonly deadlineMilliseconds?: number
  /** Longest text that is read at all, in bytes. Default 1 MiB. */
  readonly maxStatementBytes?: number
  readonly limits?: Partial<TextLimits>
  /** Longest text that `read` takes, in bytes. Default 64 KiB: some 10 milliseconds. */
  readonly inlineLimitBytes?: number
  /** Readings kept for each environment and kind of key, in each of two generations. Default 4,096. */
  readonly cacheEntries?: number
  /** Rough bytes that each of those generations may hold. Default 16 MiB. */
  readonly cacheBytes?: number
}

/** What was read under one environment, and what reads there. */
interface Environment {
  readonly shapes: ShapeCache<Reading>
  readonly exact: ShapeCache<Reading>
  readonly lexer: Lexer
  readonly spareLexer: Lexer
}

const DEFAULT_MAX_STATEMENT_BYTES = 1024 * 1024
const DEFAULT_INLINE_LIMIT_BYTES = 64 * 1024
const DEFAULT_DEADLINE_MILLISECONDS = 2000
const DEFAULT_CACHE_ENTRIES = 4096
const DEFAULT_CACHE_BYTES = 16 * 1024 * 1024
/** Schemas and dialects with caches of their own, for each catalog; when there are more, they start again empty. */
const MAX_ENVIRONMENTS = 32
/** What a cache entry costs beside its key and value. */
const ENTRY_BYTES = 160

/** Reads texts of MySQL and MariaDB to facts, and remembers what it read. */
export class MysqlReader implements StatementReader<MysqlNames> {
  readonly inlineLimitBytes: number
  readonly #maxStatementBytes: number
  readonly #limits: TextLimits
  readonly #catalogRows: ((catalog: MysqlCatalog) => MysqlCatalogRows | undefined) | null
  readonly #worker: WorkerClient<MysqlCatalog, LargeRows, LargeAsk>
  readonly #cacheEntries: number
  readonly #cacheBytes: number
  readonly #tokens = new Tokens()
  readonly #spareTokens = new Tokens()
  readonly #shape = new Shape()
  readonly #environments = new WeakMap<MysqlNames, Environment>()
  readonly #ofCatalogs = new WeakMap<MysqlCatalog, Map<string, Environment>>()
  #lastNames: MysqlNames | null = null
  #lastEnvironment: Environment | null = null

  constructor(options: MysqlReaderOptions = {}) {
    this.#maxStatementBytes = options.maxStatementBytes ?? DEFAULT_MAX_STATEMENT_BYTES
    this.inlineLimitBytes = Math.min(options.inlineLimitBytes ?? DEFAULT_INLINE_LIMIT_BYTES, this.#maxStatementBytes)
    this.#limits = { ...DEFAULT_TEXT_LIMITS, ...options.limits }
    this.#catalogRows = options.catalogRows ?? null
    const start: WorkerStart = { limits: this.#limits }
    const deadline = options.deadlineMilliseconds ?? DEFAULT_DEADLINE_MILLISECONDS
    this.#worker = new WorkerClient(new URL('./worker.ts', import.meta.url), start, deadline)
    this.#cacheEntries = options.cacheEntries ?? DEFAULT_CACHE_ENTRIES
    this.#cacheBytes = options.cacheBytes ?? DEFAULT_CACHE_BYTES
  }

  /**
   * Reads the text `bytes[start, end)` of at most `inlineLimitBytes` (a longer one is refused). Never throws.
   * Readings are shared between texts of one shape, in all sessions of one catalog object, schema and dialect that have no temporary tables.
   */
  read(bytes: Buffer, start: number, end: number, names: MysqlNames): Reading {
    if (end - start > this.inlineLimitBytes) return tooLong(end - start, this.inlineLimitBytes, 'inlineLimitBytes')
    return this.#read(bytes, start, end, names)
  }

  /**
   * Reads a larger text in a worker thread, which is killed at its deadline (the text is then refused). Never rejects. The bytes are
   * copied before it returns. What the thread needs of the catalog crosses once. Prepared statements are not known there; the texts of sessions with temporary tables are read here.
   */
  async readLarge(bytes: Buffer, names: MysqlNames): Promise<Reading> {
    const { length } = bytes
    if (length > this.#maxStatementBytes) return tooLong(length, this.#maxStatementBytes, 'maxStatementBytes')
    const rowsOf = this.#catalogRows
    if (rowsOf === null || names.temporary.length > 0 || length <= this.inlineLimitBytes)
      return this.#read(bytes, 0, length, names)
    const environment = this.#environmentOf(names)
    const hash = hashOfBytes(bytes, 0, length)
    const known = environment.exact.find(hash, bytes, 0, length)
    if (known !== undefined) return known
    const copy = Buffer.from(bytes)
    const { schema, dialect } = names
    const analysis = await this.#worker.read(copy, { schema, dialect }, names.catalog, (catalog) => {
      const rows = rowsOf(catalog)
      return rows === undefined ? undefined : { rows, dialect }
    })
    // What a shape is worth among larger texts is not worth a second look at them.
    if (analysis.holds !== 'once')
      environment.exact.add(hash, copy, 0, length, analysis.reading, ENTRY_BYTES + length + weightOf(analysis.reading))
    return analysis.reading
  }

  /** As the port says. */
  withoutLiterals(text: string, facts: TextFacts): string | null {
    return withoutLiterals(text, facts, this.#limits.maxTokens)
  }

  /** Ends the worker thread. `read` goes on working; larger texts are refused. */
  close(): Promise<void> {
    return this.#worker.close()
  }

  #read(bytes: Buffer, start: number, end: number, names: MysqlNames): Reading {
    const environment =
      names === this.#lastNames && this.#lastEnvironment !== null ? this.#lastEnvironment : this.#environmentOf(names)
    const hash = hashOfBytes(bytes, start, end)
    const known = environment.exact.find(hash, bytes, start, end)
    if (known !== undefined) return known
    const tokens = this.#tokens
    try {
      environment.lexer.read(bytes, start, end)
    } catch (error) {
      const reading =
        error instanceof TextError
          ? refusalOf(error, bytes, start)
          : unreadable('TOO_COMPLEX', 'the statement could not be read: internal error')
      environment.exact.add(hash, bytes, start, end, reading, ENTRY_BYTES + end - start + weightOf(reading))
      return reading
    }
    const shape = this.#shape.take(bytes, start, end, tokens)
    const shapeHash = this.#shape.hash
    if (shape >= 0) {
      const same = environment.shapes.find(shapeHash, this.#shape.bytes, 0, shape)
      if (same !== undefined) return same
    }
    const text = { lexer: environment.lexer, tokens }
    const spare = { lexer: environment.spareLexer, tokens: this.#spareTokens }
    const analysis = analyse(bytes, start, end, names, text, spare, this.#limits)
    this.#remember(bytes, start, end, hash, environment, shape, analysis)
    return analysis.reading
  }

  #remember(
    bytes: Buffer,
    start: number,
    end: number,
    hash: number,
    environment: Environment,
    shape: number,
    { reading, holds }: Analysis,
  ): void {
    if (holds === 'once') return
    const weight = ENTRY_BYTES + (end - start) + weightOf(reading)
    if (holds === 'shape' && shape >= 0)
      environment.shapes.add(this.#shape.hash, this.#shape.bytes, 0, shape, reading, weight)
    else environment.exact.add(hash, bytes, start, end, reading, weight)
  }

  #environmentOf(names: MysqlNames): Environment {
    let environment = this.#environments.get(names)
    if (environment === undefined) {
      environment = names.temporary.length > 0 ? this.#newEnvironment(names.dialect) : this.#shared(names)
      this.#environments.set(names, environment)
    }
    this.#lastNames = names
    this.#lastEnvironment = environment
    return environment
  }

  /** Sessions that mean the same by every name share what was read; what depends on more is never kept. */
  #shared(names: MysqlNames): Environment {
    let environments = this.#ofCatalogs.get(names.catalog)
    if (environments === undefined || environments.size >= MAX_ENVIRONMENTS) {
      environments = new Map()
      this.#ofCatalogs.set(names.catalog, environments)
    }
    const key = namesKey(names)
    let environment = environments.get(key)
    if (environment === undefined) {
      environment = this.#newEnvironment(names.dialect)
      environments.set(key, environment)
    }
    return environment
  }

  #newEnvironment(dialect: Dialect): Environment {
    return {
      shapes: new ShapeCache(this.#cacheEntries, this.#cacheBytes),
      exact: new ShapeCache(this.#cacheEntries, this.#cacheBytes),
      lexer: new Lexer(this.#tokens, dialect, this.#limits.maxTokens),
      spareLexer: new Lexer(this.#spareTokens, dialect, this.#limits.maxTokens),
    }
  }
}

function tooLong(length: number, limit: number, name: string): Reading {
  return unreadable('TOO_LONG', `statement of ${length} bytes: the limit is ${limit} (${name})`)
}
