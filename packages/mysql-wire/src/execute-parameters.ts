import { Capability } from './capabilities.ts'
import { type CommandCapabilities, CursorType, type StatementBulkExecute, type StatementExecute } from './commands.ts'
import { MOST_PARAMETERS, type ParameterList, type ParameterMemory } from './parameter-list.ts'
import { skipParameterValue, UNSIGNED_FLAG } from './parameter-value.ts'
import { PayloadReader } from './payload-reader.ts'
import { ProtocolError } from './protocol-error.ts'

/**
 * Reads the parameters of an execution, and query attributes that follow them, into `parameters`. `bytes`, up to `end`:
 * what `execute` was read from. `count`: the statement's own parameters, as COM_STMT_PREPARE's reply said. `memory`: the
 * statement's; the caller forgets its `longData` once the statement ran or was reset. Throws ProtocolError.
 */
export function decodeParameters(
  execute: StatementExecute,
  bytes: Buffer,
  end: number,
  count: number,
  memory: ParameterMemory,
  agreed: CommandCapabilities,
  parameters: ParameterList,
): void {
  const payload = new PayloadReader(bytes, execute.parametersAt, end)
  const named = (agreed.capabilities & Capability.QUERY_ATTRIBUTES) !== 0
  let sent = count
  // The server reads a count without the flag too, when the statement has parameters of its own.
  if (named && (count > 0 || (execute.flags & CursorType.PARAMETER_COUNT_AVAILABLE) !== 0)) {
    sent = payload.lenencInt()
    if (sent < count) throw new ProtocolError('BAD_VALUE', `${sent} parameters for a statement of ${count}`)
  } else if (count === 0 && payload.remaining === 1) {
    // MariaDB's driver for Node says whether types follow where there is no parameter; the server does not read that far.
    payload.skip(1)
  }
  parameters.read(payload, bytes, sent, named, memory)
  payload.end()
}

/** Flags of COM_STMT_BULK_EXECUTE. MariaDB: "COM_STMT_BULK_EXECUTE". */
export const BulkFlag = {
  /** A result for each row. */
  SEND_UNIT_RESULTS: 64,
  /** The types are sent. */
  SEND_TYPES: 128,
} as const

/** Before each value of a bulk execution. */
const Indicator = { NONE: 0, NULL: 1, DEFAULT: 2, IGNORE: 3 } as const

/** Takes each value of a bulk execution: `start` is -1 for NULL, -2 for DEFAULT, -3 for one that is left as it is. */
export type BulkValueSink = (parameter: number, type: number, start: number, end: number) => void

/**
 * Walks the values of a bulk execution, row by row, and returns how many rows there are. `bytes`, up to `end`: what
 * `execute` was read from; the sink's offsets are in it. Throws ProtocolError.
 */
export function decodeBulkParameters(
  execute: StatementBulkExecute,
  bytes: Buffer,
  end: number,
  count: number,
  memory: ParameterMemory,
  sink: BulkValueSink,
): number {
  if (count === 0 || count > MOST_PARAMETERS) throw new ProtocolError('BAD_VALUE', `a bulk of ${count} parameters`)
  const payload = new PayloadReader(bytes, execute.parametersAt, end)
  if ((execute.flags & BulkFlag.SEND_TYPES) !== 0) memory.types = readTypes(payload, count)
  const types = memory.types
  if (types?.length !== count) throw new ProtocolError('BAD_VALUE', 'parameters without types, now or before')
  let rows = 0
  for (; payload.remaining > 0; rows++) {
    for (let parameter = 0; parameter < count; parameter++) walkValue(payload, parameter, types[parameter] ?? 0, sink)
  }
  return rows
}

function walkValue(payload: PayloadReader, parameter: number, type: number, sink: BulkValueSink): void {
  const indicator = payload.int1()
  switch (indicator) {
    case Indicator.NONE: {
      const start = skipParameterValue(payload, type)
      sink(parameter, type, start, payload.offset)
      return
    }
    case Indicator.NULL:
    case Indicator.DEFAULT:
    case Indicator.IGNORE:
      sink(parameter, type, -indicator, -indicator)
      return
    default:
      throw new ProtocolError('BAD_VALUE', `a bulk value's indicator is ${indicator}`)
  }
}

function readTypes(payload: PayloadReader, count: number): Uint16Array {
  if (payload.remaining < 2 * count) throw new ProtocolError('SHORT_READ', 'the types end early')
  const types = new Uint16Array(count)
  for (let index = 0; index < count; index++) {
    const type = payload.int2()
    if ((type & ~UNSIGNED_FLAG & 0xff00) !== 0) throw new ProtocolError('BAD_VALUE', 'a type with unknown flags')
    types[index] = type
  }
  return types
}
