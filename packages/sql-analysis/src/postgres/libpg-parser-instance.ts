import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/**
 * The part of the Emscripten module object of libpg-query that is used here. Pointers are byte offsets into its memory.
 * Layout of results: `PgQueryParseResult` and `PgQueryError` of libpg_query's `pg_query.h`.
 */
interface Exports {
  readonly _malloc: (bytes: number) => number
  readonly _free: (pointer: number) => void
  readonly _wasm_parse_query_raw: (text: number) => number
  readonly _wasm_free_parse_result: (result: number) => void
  readonly _wasm_scan: (text: number) => number
  readonly _wasm_free_string: (text: number) => void
  readonly _wasm_parse_plpgsql: (text: number) => number
}

/** The same, by names of this file. */
interface Functions {
  readonly allocate: Exports['_malloc']
  readonly free: Exports['_free']
  readonly parse: Exports['_wasm_parse_query_raw']
  readonly freeResult: Exports['_wasm_free_parse_result']
  readonly scan: Exports['_wasm_scan']
  readonly freeString: Exports['_wasm_free_string']
  readonly compile: Exports['_wasm_parse_plpgsql']
}

type Factory = (options: {
  readonly print: () => void
  readonly printErr: () => void
  readonly instantiateWasm: (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => object
}) => Promise<Exports>

const require = createRequire(import.meta.url)

/** Compiles libpg-query's WebAssembly once (about 12 ms); the result may be shared with worker threads. */
export function compileLibpg(): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(require.resolve('libpg-query/wasm/libpg-query.wasm')))
}

/** What PostgreSQL's scanner or grammar says of a text it does not take. `position` counts characters from 1. */
export interface SqlSyntaxError {
  readonly kind: 'syntax'
  readonly message: string
  readonly position: number | null
}

/** One WebAssembly instance of PostgreSQL's grammar. After anything thrown by its methods it must not be used again. */
export class LibpgInstance {
  readonly #functions: Functions
  readonly #memory: WebAssembly.Memory
  #bytes: Buffer

  private constructor(functions: Functions, memory: WebAssembly.Memory) {
    this.#functions = functions
    this.#memory = memory
    this.#bytes = Buffer.from(memory.buffer)
  }

  static async make(compiled: WebAssembly.Module): Promise<LibpgInstance> {
    const factory = require('libpg-query/wasm/libpg-query.js') as Factory
    let memory: unknown
    const exports = await factory({
      print: () => {},
      printErr: () => {},
      instantiateWasm: (imports, done) => {
        const instance = new WebAssembly.Instance(compiled, imports)
        memory = Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory)
        done(instance)
        return instance.exports
      },
    })
    if (!(memory instanceof WebAssembly.Memory)) throw new Error('libpg-query exports no memory')
    const {
      _malloc: allocate,
      _free: free,
      _wasm_parse_query_raw: parse,
      _wasm_free_parse_result: freeResult,
      _wasm_scan: scan,
      _wasm_free_string: freeString,
      _wasm_parse_plpgsql: compile,
    } = exports
    return new LibpgInstance({ allocate, free, parse, freeResult, scan, freeString, compile }, memory)
  }

  /** Bytes of address space taken; WebAssembly memory never shrinks. */
  get memoryBytes(): number {
    return this.#memory.buffer.byteLength
  }

  /** Parses `text[start, end)`, valid UTF-8 without NUL, to the JSON of libpg_query's parse tree. Throws when the instance broke. */
  parse(text: Buffer, start: number, end: number): string | SqlSyntaxError {
    const textPointer = this.#place(text, start, end)
    const result = this.#functions.parse(textPointer)
    if (result === 0) throw new Error('libpg-query returned no result')
    const tree = this.#pointerAt(result)
    const error = this.#pointerAt(result + 8)
    const answer = error === 0 ? this.#stringAt(tree) : this.#errorAt(error)
    this.#functions.free(textPointer)
    this.#functions.freeResult(result)
    return answer
  }

  /** PostgreSQL's own tokens of a text, as JSON, or the scanner's message. For tests: it costs more than parsing. */
  scan(text: Buffer): string {
    return this.#answer(text, this.#functions.scan)
  }

  /** What PL/pgSQL's compiler makes of a CREATE FUNCTION, as JSON that begins with a brace, or its error message. */
  compilePlpgsql(text: Buffer): string {
    return this.#answer(text, this.#functions.compile)
  }

  #answer(text: Buffer, ask: (text: number) => number): string {
    const textPointer = this.#place(text, 0, text.length)
    const result = ask(textPointer)
    const answer = this.#stringAt(result)
    this.#functions.free(textPointer)
    this.#functions.freeString(result)
    return answer
  }

  #place(text: Buffer, start: number, end: number): number {
    const pointer = this.#functions.allocate(end - start + 1)
    if (pointer === 0) throw new Error('libpg-query is out of memory')
    const bytes = this.#view()
    text.copy(bytes, pointer, start, end)
    bytes[pointer + end - start] = 0
    return pointer
  }

  #errorAt(error: number): SqlSyntaxError {
    const message = this.#stringAt(this.#pointerAt(error))
    const position = this.#view().readInt32LE(error + 16)
    return { kind: 'syntax', message, position: position > 0 ? position : null }
  }

  #pointerAt(pointer: number): number {
    return this.#view().readUInt32LE(pointer)
  }

  #stringAt(pointer: number): string {
    if (pointer === 0) throw new Error('libpg-query returned no text')
    const bytes = this.#view()
    return bytes.toString('utf8', pointer, bytes.indexOf(0, pointer))
  }

  /** The memory as it is now: growing it detaches the former view. */
  #view(): Buffer {
    if (this.#bytes.buffer !== this.#memory.buffer) this.#bytes = Buffer.from(this.#memory.buffer)
    return this.#bytes
  }
}
