/** Where masked cells are written: a buffer that grows, owned by the caller. */
export interface CellOutput {
  /** The bytes so far, and room behind them. `ensure` may replace the buffer: read it again after each call. */
  bytes: Buffer
  /** How many of `bytes` are in use. */
  length: number
  /** Makes room for `extra` more bytes behind `length`. */
  ensure(extra: number): void
}

/** The plain `CellOutput`: doubles when it is full and keeps its size. */
export class GrowableOutput implements CellOutput {
  bytes: Buffer
  length = 0

  constructor(initialBytes = 4096) {
    this.bytes = Buffer.allocUnsafe(initialBytes)
  }

  ensure(extra: number): void {
    const needed = this.length + extra
    if (needed <= this.bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2))
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }
}

/** Below this many bytes a plain loop is faster than a call into the runtime's copy. */
const shortCopyBytes = 48

/** Appends `source[start,end)`. */
export function appendBytes(out: CellOutput, source: Buffer, start: number, end: number): void {
  const count = end - start
  if (count <= 0) return
  out.ensure(count)
  if (count > shortCopyBytes) {
    source.copy(out.bytes, out.length, start, end)
  } else {
    const bytes = out.bytes
    let at = out.length
    for (let index = start; index < end; index++) bytes[at++] = source[index] ?? 0
  }
  out.length += count
}

/** Appends one byte. */
export function appendByte(out: CellOutput, byte: number): void {
  out.ensure(1)
  out.bytes[out.length++] = byte
}

/** Appends text that holds ASCII characters only. */
export function appendAscii(out: CellOutput, text: string): void {
  out.ensure(text.length)
  out.bytes.write(text, out.length, 'latin1')
  out.length += text.length
}
