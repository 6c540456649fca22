import type { BoundValue } from './command-writer.ts'
import { decodeParameterValue, skipParameterValue, UNSIGNED_FLAG } from './parameter-value.ts'
import type { PayloadReader } from './payload-reader.ts'
import { ProtocolError } from './protocol-error.ts'

/** The server's own limit: a statement has at most 65,535 parameters. */
export const MOST_PARAMETERS = 65_535
const FIRST_PARAMETERS = 8
/** Room that an emptied list may keep. */
const KEPT_PARAMETERS = 256
const NULL_VALUE = -1
const LONG_DATA = -2
const NOTHING: Buffer = Buffer.alloc(0)

/** What a prepared statement's parameters are, from one execution to the next. */
export interface ParameterMemory {
  /** Types as last sent, with `UNSIGNED_FLAG`; undefined before the first execution. */
  types: Uint16Array | undefined
  /** Which parameters came by COM_STMT_SEND_LONG_DATA since the last execution or reset; undefined for none. */
  longData: Set<number> | undefined
}

/**
 * The parameters of one COM_STMT_EXECUTE, or the query attributes of one COM_QUERY: offsets into the payload, which stay
 * valid as long as its content does. Reusable: every `read` forgets the one before.
 */
export class ParameterList {
  #bytes: Buffer = NOTHING
  #count = 0
  #types = new Uint16Array(FIRST_PARAMETERS)
  #starts = new Int32Array(FIRST_PARAMETERS)
  #ends = new Int32Array(FIRST_PARAMETERS)
  #names: string[] = []

  /** How many there are, named ones included. */
  get count(): number {
    return this.#count
  }

  /** The type as sent, with `UNSIGNED_FLAG`. */
  type(index: number): number {
    return this.#types[index] ?? 0
  }

  /** Empty for one that has no name: a parameter in its place. */
  name(index: number): string {
    return this.#names[index] ?? ''
  }

  isNull(index: number): boolean {
    return this.#starts[index] === NULL_VALUE
  }

  /** True when the value came by COM_STMT_SEND_LONG_DATA: it is not here. */
  isLongData(index: number): boolean {
    return this.#starts[index] === LONG_DATA
  }

  /** A view of the value, its length left out; empty for NULL and for long data. */
  bytes(index: number): Buffer {
    const start = this.#starts[index] ?? NULL_VALUE
    return start < 0 ? NOTHING : this.#bytes.subarray(start, this.#ends[index])
  }

  /** The value as `decodeParameterValue` gives it; null for NULL, undefined for long data. */
  value(index: number): bigint | number | string | Buffer | null | undefined {
    if (this.isNull(index)) return null
    return this.isLongData(index) ? undefined : decodeParameterValue(this.type(index), this.bytes(index))
  }

  /** The first `count` values as they were sent, copied; null when there are less of them, or one is long data. */
  copied(count: number): readonly BoundValue[] | null {
    if (count > this.#count) return null
    const values: BoundValue[] = []
    for (let index = 0; index < count; index++) {
      if (this.isLongData(index)) return null
      values.push({ type: this.type(index), bytes: this.isNull(index) ? null : Buffer.from(this.bytes(index)) })
    }
    return values
  }

  /** Empties it, lets go of the payload's buffer, and of its own memory when there is much of it. */
  clear(): void {
    this.#count = 0
    this.#bytes = NOTHING
    if (this.#names.length > 0) this.#names = []
    if (this.#types.length > KEPT_PARAMETERS) this.#allocate(FIRST_PARAMETERS)
  }

  /**
   * Reads `count` parameters: NULL bitmap, new_params_bind_flag, types, values. `payload` reads in `bytes`. `named`: names
   * go with the types. `memory`: gives the types when they are not sent, and gets them when they are; without it they
   * must be sent. Throws `TOO_MANY`, `BAD_VALUE`, `SHORT_READ`.
   */
  read(
    payload: PayloadReader,
    bytes: Buffer,
    count: number,
    named: boolean,
    memory: ParameterMemory | undefined,
  ): void {
    this.clear()
    if (count > MOST_PARAMETERS) throw new ProtocolError('TOO_MANY', `${count} parameters`)
    if (count === 0) return
    const bitmapAt = payload.offset
    payload.skip((count + 7) >> 3)
    const bound = payload.int1()
    if (bound > 1) throw new ProtocolError('BAD_VALUE', 'new_params_bind_flag is neither 0 nor 1')
    // Two bytes a type: what is not there is not made room for.
    if (bound === 1 && payload.remaining < 2 * count) throw new ProtocolError('SHORT_READ', 'the types end early')
    this.#makeRoom(count)
    if (bound === 1) this.#readTypes(payload, count, named, memory)
    else this.#recallTypes(count, memory)
    for (let index = 0; index < count; index++) {
      if (memory?.longData?.has(index) === true) this.#starts[index] = LONG_DATA
      else if (((bytes[bitmapAt + (index >> 3)] ?? 0) & (1 << (index & 7))) !== 0) this.#starts[index] = NULL_VALUE
      else {
        this.#starts[index] = skipParameterValue(payload, this.#types[index] ?? 0)
        this.#ends[index] = payload.offset
      }
    }
    this.#bytes = bytes
    this.#count = count
  }

  #readTypes(payload: PayloadReader, count: number, named: boolean, memory: ParameterMemory | undefined): void {
    for (let index = 0; index < count; index++) {
      const type = payload.int2()
      if ((type & ~UNSIGNED_FLAG & 0xff00) !== 0) throw new ProtocolError('BAD_VALUE', 'a type with unknown flags')
      this.#types[index] = type
      if (named) this.#names.push(payload.lenencText())
    }
    if (memory === undefined) return
    // In place where it can be: some drivers send the types with every execution.
    if (memory.types?.length === count) memory.types.set(this.#types.subarray(0, count))
    else memory.types = this.#types.slice(0, count)
  }

  #recallTypes(count: number, memory: ParameterMemory | undefined): void {
    const types = memory?.types
    if (types?.length !== count) throw new ProtocolError('BAD_VALUE', 'parameters without types, now or before')
    this.#types.set(types)
  }

  #makeRoom(count: number): void {
    if (this.#types.length >= count) return
    this.#allocate(Math.max(count, 2 * this.#types.length))
  }

  #allocate(capacity: number): void {
    this.#types = new Uint16Array(capacity)
    this.#starts = new Int32Array(capacity)
    this.#ends = new Int32Array(capacity)
  }
}
