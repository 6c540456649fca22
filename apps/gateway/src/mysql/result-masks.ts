import {
  appendBytes,
  appendLengthEncodedCell,
  type CellMask,
  type CellOutput,
  compileMysqlCellMask,
  GrowableOutput,
  type Judgement,
  type MaskingKeys,
  type MysqlColumnType,
  type OutputColumn,
  type OutputMask,
  type StatementFacts,
} from '@gatehouse/core'
import {
  BinaryRowWalker,
  type ColumnDefinition,
  LARGEST_PACKET,
  nullBitmapBit,
  nullBitmapByte,
  PACKET_HEADER_BYTES,
  type RowWalker,
  TextRowWalker,
} from '@gatehouse/mysql-wire'

/** The server's description of a result disagrees with what was read in the statement: nothing of it may pass. */
export class ResultMismatch extends Error {
  override readonly name = 'ResultMismatch'
}

/** How the rows of one result are masked. */
export interface RowMasks {
  /** Per column; null: it stays as it is. At least one is not null. */
  readonly columns: readonly (CellMask | null)[]
  readonly walker: RowWalker
  /** Rows are in the binary form, with a NULL bitmap. */
  readonly binary: boolean
}

/**
 * Checks the server's description of a result against the lineage where columns are masked, and makes the masks for it;
 * null: every row stays as it is. Throws `ResultMismatch`, or ProtocolError for a type that binary rows do not have.
 */
export function masksFor(
  judgement: Judgement,
  statementIndex: number,
  definitions: readonly ColumnDefinition[],
  binary: boolean,
  keys: MaskingKeys,
): RowMasks | null {
  const { masksAny, classifier } = judgement.authority
  const facts = judgement.facts?.statements[statementIndex]
  const outputs = masksAny ? checkedMasks(judgement, statementIndex, facts, definitions) : null
  if (outputs === null && classifier === null) return null
  const format = binary ? 'binary' : 'text'
  const output = facts?.output ?? null
  const clear = judgement.obligations[statementIndex]?.clear ?? null
  const columns = definitions.map((definition, index) => {
    const mask = outputs?.[index] ?? null
    const type = typeOf(definition)
    if (mask !== null) return compileMysqlCellMask(mask.spec, documentType(type, output?.[index]), format, keys)
    if (classifier === null || clear?.[index] === true) return null
    // What was read of another number of columns says nothing of these.
    const known = output?.length === definitions.length ? output[index] : undefined
    return classifier.mysqlMaskFor(known, type)
  })
  if (!columns.some((mask) => mask !== null)) return null
  const walker = binary
    ? new BinaryRowWalker(definitions.map(({ type }) => type))
    : new TextRowWalker(definitions.length)
  return { columns, walker, binary }
}

function typeOf({
  type,
  flags,
  characterSet,
  columnLength,
  decimals,
  typeName,
  format,
}: ColumnDefinition): MysqlColumnType {
  return { type, flags, characterSet, columnLength, decimals, extendedType: typeName ?? format }
}

/** JSON of MariaDB comes as text: what is written in its place has to be read as JSON. */
function documentType(type: MysqlColumnType, output: OutputColumn | undefined): MysqlColumnType {
  return type.extendedType === null && output?.document === true ? { ...type, extendedType: 'json' } : type
}

/** Statements whose columns are the server's own to choose: what CHECK TABLE, CHECK PARTITION and their like tell, and IDENTIFIED BY RANDOM PASSWORD. */
const SERVER_CHOOSES: ReadonlySet<string> = new Set([
  'show',
  'explain',
  'help',
  'call',
  'analyze',
  'check',
  'checksum',
  'optimize',
  'repair',
  'cache_index',
  'xa_recover',
  'create_user',
  'alter_user',
  'alter_table',
])

/** True for a statement whose rows are made up by the server (SHOW), or by a procedure: how many columns they have was not read. */
export function serverChooses(action: string): boolean {
  return SERVER_CHOOSES.has(action) || action.startsWith('show_')
}

/** True where the number of columns was not read. Where nothing of them is masked, policy has permitted whatever they are. */
function anyColumns({ action, output }: StatementFacts): boolean {
  // EXECUTE is whatever was prepared: SHOW too.
  if (serverChooses(action) || (action === 'execute' && output === null)) return true
  // One column without a name that was not traced stands for any number of them: HANDLER, EXECUTE of what is not known.
  const [only, ...others] = output ?? []
  return only !== undefined && others.length === 0 && only.name === null && !only.complete
}

/** The column masks of a result whose description agrees with what was read; null: none. Throws `ResultMismatch`. */
function checkedMasks(
  judgement: Judgement,
  statementIndex: number,
  facts: StatementFacts | undefined,
  definitions: readonly ColumnDefinition[],
): readonly (OutputMask | null)[] | null {
  const obligations = judgement.obligations[statementIndex]
  const output = facts?.output ?? null
  if (facts !== undefined && obligations?.outputs === null && anyColumns(facts)) return null
  if (facts === undefined || output === null || obligations === undefined) {
    throw new ResultMismatch('the database returns rows for a statement that was read as returning none')
  }
  // A procedure's results were read as one, put together by position.
  if (facts.action === 'call' && definitions.length <= output.length) return obligations.outputs
  if (output.length !== definitions.length) {
    throw new ResultMismatch(`the database returns ${definitions.length} columns where ${output.length} were read`)
  }
  definitions.forEach((definition, index) => checkName(definition, index, output[index]))
  return obligations.outputs
}

/**
 * A column that is copied from a base column has the name that was read. The names the server gives for its origin are
 * not looked at: they can be those of an alias.
 */
function checkName({ name }: ColumnDefinition, index: number, output: OutputColumn | undefined): void {
  if (output === undefined || output.name === null || !output.complete) return
  if (output.sources.length !== 1 || output.sources[0]?.how !== 'copied') return
  if (name.includes('\uFFFD') || isNameOf(name, output.name)) return
  throw new ResultMismatch(`column ${index + 1} has another name than was read`)
}

/** Where an expression names a column, both servers put `?` for characters of four bytes, and end the name within 255 bytes. */
function isNameOf(name: string, read: string): boolean {
  if (folded(name) === folded(read)) return true
  const spelled = folded(read.replaceAll(/[\u{10000}-\u{10ffff}]/gu, '?'))
  return folded(name) === spelled || (Buffer.byteLength(name) >= LEAST_CUT_BYTES && spelled.startsWith(folded(name)))
}

/** The next character, of three bytes at most, would not have fitted. */
const LEAST_CUT_BYTES = 253

/** Column names compare whatever their case; spaces at their ends are the server's to drop. */
function folded(name: string): string {
  return name.trim().toLowerCase()
}

/** True where no cell of the row with the payload bytes[start, end) would change. */
export function rowStays({ columns, walker }: RowMasks, bytes: Buffer, start: number, end: number): boolean {
  walker.reset(bytes, start, end)
  while (walker.next()) {
    const mask = columns[walker.index]
    if (mask === null || mask === undefined || (walker.isNull && mask.hidesNull !== true)) continue
    if (mask.keeps?.(bytes, walker.start, walker.end) !== true) return false
  }
  return true
}

/** Rows are rewritten here, one after another; the caller empties it. */
export const maskedRows: CellOutput = new GrowableOutput(64 * 1024)

/**
 * Appends the row with the payload bytes[start, end), its cells masked, as packets from this sequence id on, and returns
 * the next id. Throws `ProtocolError` for a row that is not one.
 */
export function appendMaskedRow(
  masks: RowMasks,
  bytes: Buffer,
  start: number,
  end: number,
  sequenceId: number,
): number {
  const out = maskedRows
  const rowStart = out.length
  try {
    out.ensure(PACKET_HEADER_BYTES)
    out.length += PACKET_HEADER_BYTES
    mask(masks, bytes, start, end)
  } catch (error) {
    out.length = rowStart // half a row goes nowhere
    throw error
  }
  return writeHeaders(out, rowStart, sequenceId)
}

function mask({ columns, walker, binary }: RowMasks, bytes: Buffer, start: number, end: number): void {
  const out = maskedRows
  const bitmap = out.length + 1
  walker.reset(bytes, start, end)
  // Everything up to a masked cell is copied in one piece.
  let copied = start
  while (walker.next()) {
    const mask = columns[walker.index]
    const { isNull } = walker
    if (mask === null || mask === undefined || (isNull && mask.hidesNull !== true)) continue
    appendBytes(out, bytes, copied, walker.cell)
    copied = walker.end
    const value = walker.lengthEncoded
      ? appendLengthEncodedCell(mask, bytes, walker.start, walker.end, out)
      : mask.apply(bytes, walker.start, walker.end, out)
    if (!binary) {
      if (!value) appendNull(out)
    } else if (value === isNull) setNull(out, bitmap, walker.index, !value)
  }
  appendBytes(out, bytes, copied, end)
}

/** Tells in the NULL bitmap of a binary row whether a column is NULL. */
function setNull(out: CellOutput, bitmap: number, column: number, isNull: boolean): void {
  const at = bitmap + nullBitmapByte(column)
  const bit = nullBitmapBit(column)
  const byte = out.bytes[at] ?? 0
  out.bytes[at] = isNull ? byte | bit : byte & ~bit
}

function appendNull(out: CellOutput): void {
  out.ensure(1)
  out.bytes[out.length++] = 0xfb
}

/** Fills in the header at `rowStart`, splitting what is longer than one packet; returns the next sequence id. */
function writeHeaders(out: CellOutput, rowStart: number, sequenceId: number): number {
  const payload = rowStart + PACKET_HEADER_BYTES
  const length = out.length - payload
  if (length < LARGEST_PACKET) {
    writeHeader(out.bytes, rowStart, length, sequenceId)
    return (sequenceId + 1) & 0xff
  }
  const continuations = Math.floor(length / LARGEST_PACKET)
  out.ensure(continuations * PACKET_HEADER_BYTES)
  out.length += continuations * PACKET_HEADER_BYTES
  for (let part = continuations; part >= 0; part--) {
    const size = part < continuations ? LARGEST_PACKET : length % LARGEST_PACKET
    const from = payload + part * LARGEST_PACKET
    const to = from + part * PACKET_HEADER_BYTES
    if (part > 0) out.bytes.copyWithin(to, from, from + size)
    writeHeader(out.bytes, to - PACKET_HEADER_BYTES, size, sequenceId + part)
  }
  return (sequenceId + continuations + 1) & 0xff
}

function writeHeader(bytes: Buffer, at: number, length: number, sequenceId: number): void {
  bytes[at] = length
  bytes[at + 1] = length >> 8
  bytes[at + 2] = length >> 16
  bytes[at + 3] = sequenceId
}
