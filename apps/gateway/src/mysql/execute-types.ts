import { PacketWriter, PayloadReader, type StatementExecute } from '@gatehouse/mysql-wire'
import type { CommandBytes } from './staged-requests.ts'

/** Flag of COM_STMT_EXECUTE: a count of parameters is sent. */
const PARAMETER_COUNT_AVAILABLE = 8

/** Where the flag stands that says whether types are sent; -1: there are no parameters. `named`: CLIENT_QUERY_ATTRIBUTES is agreed. */
function typesFlagAt(
  { flags, parametersAt }: StatementExecute,
  command: CommandBytes,
  parameters: number,
  named: boolean,
): number {
  const payload = new PayloadReader(command.bytes, parametersAt, command.end)
  // As `decodeParameters` reads it: the server takes a count without the flag too, when the statement has parameters.
  const counted = named && (parameters > 0 || (flags & PARAMETER_COUNT_AVAILABLE) !== 0)
  const count = counted ? payload.lenencInt() : parameters
  return count === 0 ? -1 : payload.offset + ((count + 7) >> 3)
}

/** True when the execution sends the types of its parameters. */
export function sendsTypes(
  execute: StatementExecute,
  command: CommandBytes,
  parameters: number,
  named: boolean,
): boolean {
  const at = typesFlagAt(execute, command, parameters, named)
  return at !== -1 && command.bytes[at] === 1
}

/** The execution with these types put in: the server never got the execution that sent them. Null: it needs none. */
export function withTypes(
  execute: StatementExecute,
  command: CommandBytes,
  parameters: number,
  named: boolean,
  types: Uint16Array,
): Buffer | null {
  const at = typesFlagAt(execute, command, parameters, named)
  if (at === -1 || command.bytes[at] === 1) return null
  const writer = new PacketWriter().begin(0).bytes(command.bytes, command.payload, at).int1(1)
  for (const type of types) {
    writer.int2(type)
    if (named) writer.lenencInt(0)
  }
  return writer
    .bytes(command.bytes, at + 1, command.end)
    .end()
    .take()
}
