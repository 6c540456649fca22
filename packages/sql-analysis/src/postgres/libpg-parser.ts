import type { ParseResult } from 'libpg-query'
import { compileLibpg, LibpgInstance } from './libpg-parser-instance.ts'
import type { SqlSyntaxError } from './libpg-parser-instance.ts'

export type { SqlSyntaxError }

/** A text that was parsed. `json` is what `tree` was read from. */
export interface ParsedText {
  readonly kind: 'tree'
  readonly tree: ParseResult
  readonly json: string
}

/** A text the parser broke on: nothing is known of it, and it must not run. */
export interface BrokenParse {
  readonly kind: 'broken'
  readonly message: string
}

/** An instance that grew beyond this many bytes is dropped after the parse: its memory would never come back. */
const maxInstanceBytes = 256 * 1024 * 1024

/**
 * PostgreSQL's own grammar (libpg-query 18), held so that hostile text cannot keep it broken: on anything but a plain syntax error
 * the instance is dropped. A spare stands ready, and the next one is made in the background (a few milliseconds).
 */
export class LibpgParser {
  readonly compiled: WebAssembly.Module
  #current: LibpgInstance | null
  #spare: LibpgInstance | null
  readonly #keepsSpare: boolean
  #remaking: Promise<void> | null = null

  private constructor(compiled: WebAssembly.Module, current: LibpgInstance, spare: LibpgInstance | null) {
    this.compiled = compiled
    this.#current = current
    this.#spare = spare
    this.#keepsSpare = spare !== null
  }

  /** `spare: false` saves the second instance where a caller can wait for `ready()` after a break. */
  static async create(options: { compiled?: WebAssembly.Module; spare?: boolean } = {}): Promise<LibpgParser> {
    const compiled = options.compiled ?? compileLibpg()
    const current = await LibpgInstance.make(compiled)
    return new LibpgParser(compiled, current, options.spare === false ? null : await LibpgInstance.make(compiled))
  }

  /** Address space of the instance in use, in bytes; 0 while there is none. */
  get memoryBytes(): number {
    return this.#current?.memoryBytes ?? 0
  }

  /** Resolves when no instance is being remade. */
  async ready(): Promise<void> {
    await this.#remaking
  }

  /** Parses a text. Never throws. Text with NUL or a lone surrogate is a syntax error, as on the server. */
  parse(text: string): ParsedText | SqlSyntaxError | BrokenParse {
    if (text.includes('\0') || !text.isWellFormed()) {
      return { kind: 'syntax', message: 'invalid byte sequence for encoding "UTF8"', position: null }
    }
    const bytes = Buffer.from(text, 'utf8')
    return this.parseBytes(bytes, 0, bytes.length)
  }

  /** Parses `bytes[start, end)`, which the caller has found to be UTF-8 without NUL. Never throws. */
  parseBytes(bytes: Buffer, start: number, end: number): ParsedText | SqlSyntaxError | BrokenParse {
    const instance = this.#current
    if (instance === null) {
      this.#remake()
      return { kind: 'broken', message: 'the SQL parser is being restarted; try again' }
    }
    try {
      const answer = instance.parse(bytes, start, end)
      if (instance.memoryBytes > maxInstanceBytes) this.#replace()
      if (typeof answer !== 'string') return answer
      return { kind: 'tree', tree: JSON.parse(answer) as ParseResult, json: answer }
    } catch {
      // RangeError (its stack guard is compiled out), RuntimeError, abort: the WebAssembly stack was not unwound.
      this.#replace()
      return { kind: 'broken', message: 'statement too complex: the SQL parser ran out of stack or memory' }
    }
  }

  /** Compiles a CREATE FUNCTION in PL/pgSQL to libpg_query's tree. Throws Error when the compiler does not take it, or broke. */
  compilePlpgsql(text: string): unknown {
    const instance = this.#current
    if (instance === null || text.includes('\0')) throw new Error('the function cannot be compiled now')
    let answer: string
    try {
      answer = instance.compilePlpgsql(Buffer.from(text, 'utf8'))
    } catch {
      this.#replace()
      throw new Error('the function is too complex to be compiled')
    }
    if (!answer.startsWith('{')) throw new Error(answer)
    return JSON.parse(answer)
  }

  /** PostgreSQL's own tokens, as JSON. For tests. */
  scan(text: string): string {
    return this.#current === null ? 'restarting' : this.#current.scan(Buffer.from(text, 'utf8'))
  }

  #replace(): void {
    this.#current = this.#spare
    this.#spare = null
    this.#remake()
  }

  #remake(): void {
    this.#remaking ??= this.#fill().finally(() => {
      this.#remaking = null
    })
  }

  /** Where an instance cannot be made, texts are refused, and each refusal tries once more. */
  async #fill(): Promise<void> {
    try {
      this.#current ??= await LibpgInstance.make(this.compiled)
      while (this.#keepsSpare && this.#spare === null) {
        const made = await LibpgInstance.make(this.compiled)
        // The current one may have broken while this one was made.
        if (this.#current === null) this.#current = made
        else this.#spare = made
      }
    } catch {
      // No instance: `parseBytes` refuses.
    }
  }
}
