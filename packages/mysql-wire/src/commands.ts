import { Capability, MariadbCapability } from './capabilities.ts'
import { type ChangeUser, decodeChangeUser } from './change-user.ts'
import { commandName } from './command-kind.ts'
import { ParameterList } from './parameter-list.ts'
import type { PayloadReader } from './payload-reader.ts'
import { ProtocolError } from './protocol-error.ts'

/**
 * A command of a client, as far as a gateway must tell it apart. Manual: "Command Phase". Texts are views in the
 * session's character set, not decoded.
 */
export type CommandMessage =
  | Query
  | StatementExecute
  | StatementSendLongData
  | StatementBulkExecute
  | ChangeUser
  | { readonly kind: 'COM_STMT_PREPARE'; readonly text: Buffer }
  | { readonly kind: 'COM_STMT_FETCH'; readonly statementId: number; readonly rows: number }
  | { readonly kind: 'COM_STMT_CLOSE' | 'COM_STMT_RESET'; readonly statementId: number }
  | { readonly kind: 'COM_INIT_DB' | 'COM_CREATE_DB' | 'COM_DROP_DB'; readonly schema: Buffer }
  | { readonly kind: 'COM_FIELD_LIST'; readonly table: Buffer; readonly wildcard: Buffer }
  | { readonly kind: 'COM_PROCESS_KILL'; readonly threadId: number }
  /** 0: several statements in one text are allowed from now on; 1: they are not. */
  | { readonly kind: 'COM_SET_OPTION'; readonly option: number }
  | { readonly kind: BareCommandName }
  /** What servers say to each other, what only a server uses inside, and what was removed: known by name, not read. */
  | { readonly kind: InternalCommandName }

/** Commands that are their first byte alone. */
export type BareCommandName =
  | 'COM_QUIT'
  | 'COM_PING'
  | 'COM_STATISTICS'
  | 'COM_PROCESS_INFO'
  | 'COM_DEBUG'
  | 'COM_RESET_CONNECTION'

/** Commands that a gateway knows by name only. */
export type InternalCommandName =
  | 'COM_SLEEP'
  | 'COM_REFRESH'
  | 'COM_SHUTDOWN'
  | 'COM_CONNECT'
  | 'COM_TIME'
  | 'COM_DELAYED_INSERT'
  | 'COM_BINLOG_DUMP'
  | 'COM_BINLOG_DUMP_GTID'
  | 'COM_TABLE_DUMP'
  | 'COM_CONNECT_OUT'
  | 'COM_REGISTER_SLAVE'
  | 'COM_DAEMON'
  | 'COM_CLONE'
  | 'COM_SUBSCRIBE_GROUP_REPLICATION_STREAM'
  | 'COM_MULTI'

/** One text, of one or several statements. Manual: "COM_QUERY". */
export interface Query {
  readonly kind: 'COM_QUERY'
  readonly text: Buffer
  /** Query attributes; undefined when there are none. Valid until the next command is decoded; `clear()` them when done. */
  readonly attributes: ParameterList | undefined
}

/** The head of an execution; `decodeParameters` reads the rest. Manual: "COM_STMT_EXECUTE". */
export interface StatementExecute {
  readonly kind: 'COM_STMT_EXECUTE'
  /** `LAST_STATEMENT` (MariaDB): the one prepared last. */
  readonly statementId: number
  /** `CursorType` flags, and `PARAMETER_COUNT_AVAILABLE`. */
  readonly flags: number
  /** Offset, in the payload's buffer, of what `decodeParameters` reads. */
  readonly parametersAt: number
}

/** A piece of one parameter, to be put behind the pieces before it. Never answered. Manual: "COM_STMT_SEND_LONG_DATA". */
export interface StatementSendLongData {
  readonly kind: 'COM_STMT_SEND_LONG_DATA'
  readonly statementId: number
  readonly parameter: number
  readonly data: Buffer
}

/** One execution for each of several rows of parameters, MariaDB's; `decodeBulkParameters` reads them. */
export interface StatementBulkExecute {
  readonly kind: 'COM_STMT_BULK_EXECUTE'
  readonly statementId: number
  readonly flags: number
  /** Offset, in the payload's buffer, of what follows the flags. */
  readonly parametersAt: number
}

/** Statement id, MariaDB: the statement prepared last, which may still be on its way. */
export const LAST_STATEMENT = 0xffff_ffff

/** Flags of COM_STMT_EXECUTE. Manual: "enum_cursor_type". */
export const CursorType = {
  READ_ONLY: 1,
  FOR_UPDATE: 2,
  SCROLLABLE: 4,
  /** A parameter count is sent (CLIENT_QUERY_ATTRIBUTES). */
  PARAMETER_COUNT_AVAILABLE: 8,
} as const

/** What both sides agreed on, as far as it changes how commands are read. */
export interface CommandCapabilities {
  /** `Capability` flags. */
  readonly capabilities: number
  /** `MariadbCapability` flags. */
  readonly mariadbCapabilities: number
}

/**
 * Reads commands, each at the start of its payload. Throws `UNKNOWN_PACKET` for a byte that names no command, or one that
 * was not agreed on; other ProtocolErrors for a command that is malformed.
 */
export class CommandReader {
  readonly #agreed: CommandCapabilities
  readonly #attributes = new ParameterList()

  constructor(agreed: CommandCapabilities) {
    this.#agreed = agreed
  }

  /** `payload` reads in `bytes`, from a command's first byte to its end. */
  read(payload: PayloadReader, bytes: Buffer): CommandMessage {
    this.#attributes.clear()
    const first = payload.peek()
    const name = commandName(first)
    if (name === undefined) {
      throw new ProtocolError(
        'UNKNOWN_PACKET',
        first < 0 ? 'an empty command' : `no command is 0x${first.toString(16)}`,
      )
    }
    if (name === 'CHANGE_USER') return decodeChangeUser(payload, this.#agreed.capabilities)
    payload.skip(1)
    switch (name) {
      case 'QUERY':
        return this.#query(payload, bytes)
      case 'STMT_PREPARE':
        return { kind: 'COM_STMT_PREPARE', text: payload.rest() }
      case 'STMT_EXECUTE':
        return decodeExecute(payload)
      case 'STMT_BULK_EXECUTE':
        if ((this.#agreed.mariadbCapabilities & MariadbCapability.STMT_BULK_OPERATIONS) === 0) throw notAgreed(name)
        return decodeBulkExecute(payload)
      case 'STMT_SEND_LONG_DATA': {
        const [statementId, parameter] = [payload.int4(), payload.int2()]
        return { kind: 'COM_STMT_SEND_LONG_DATA', statementId, parameter, data: payload.rest() }
      }
      case 'STMT_FETCH':
        return ended(payload, { kind: 'COM_STMT_FETCH', statementId: payload.int4(), rows: payload.int4() })
      case 'STMT_CLOSE':
      case 'STMT_RESET':
        return ended(payload, { kind: `COM_${name}`, statementId: payload.int4() })
      case 'INIT_DB':
      case 'CREATE_DB':
      case 'DROP_DB':
        return { kind: `COM_${name}`, schema: payload.rest() }
      case 'FIELD_LIST':
        return { kind: 'COM_FIELD_LIST', table: payload.nulBytes(), wildcard: payload.rest() }
      case 'PROCESS_KILL':
        return ended(payload, { kind: 'COM_PROCESS_KILL', threadId: payload.int4() })
      case 'SET_OPTION':
        return ended(payload, { kind: 'COM_SET_OPTION', option: payload.int2() })
      case 'QUIT':
      case 'PING':
      case 'STATISTICS':
      case 'PROCESS_INFO':
      case 'DEBUG':
      case 'RESET_CONNECTION':
        return ended(payload, { kind: `COM_${name}` })
      case 'MULTI':
        if ((this.#agreed.mariadbCapabilities & MariadbCapability.COM_MULTI) === 0) throw notAgreed(name)
        return { kind: 'COM_MULTI' }
      case 'SLEEP':
      case 'REFRESH':
      case 'SHUTDOWN':
      case 'CONNECT':
      case 'TIME':
      case 'DELAYED_INSERT':
      case 'BINLOG_DUMP':
      case 'BINLOG_DUMP_GTID':
      case 'TABLE_DUMP':
      case 'CONNECT_OUT':
      case 'REGISTER_SLAVE':
      case 'DAEMON':
      case 'CLONE':
      case 'SUBSCRIBE_GROUP_REPLICATION_STREAM':
        return { kind: `COM_${name}` }
      default:
        return name satisfies never
    }
  }

  #query(payload: PayloadReader, bytes: Buffer): Query {
    let attributes: ParameterList | undefined
    if ((this.#agreed.capabilities & Capability.QUERY_ATTRIBUTES) !== 0) {
      const count = payload.lenencInt()
      // A set of them is one value each; the server has no more than one set.
      if (payload.lenencInt() !== 1) throw new ProtocolError('BAD_VALUE', 'not one set of query attributes')
      if (count > 0) {
        this.#attributes.read(payload, bytes, count, true, undefined)
        attributes = this.#attributes
      }
    }
    return { kind: 'COM_QUERY', text: payload.rest(), attributes }
  }
}

function decodeExecute(payload: PayloadReader): StatementExecute {
  const statementId = payload.int4()
  const flags = payload.int1()
  // The manual: always 1. The server does not look at it.
  payload.skip(4)
  return { kind: 'COM_STMT_EXECUTE', statementId, flags, parametersAt: payload.offset }
}

function decodeBulkExecute(payload: PayloadReader): StatementBulkExecute {
  const statementId = payload.int4()
  const flags = payload.int2()
  return { kind: 'COM_STMT_BULK_EXECUTE', statementId, flags, parametersAt: payload.offset }
}

function ended<M extends CommandMessage>(payload: PayloadReader, message: M): M {
  payload.end()
  return message
}

function notAgreed(name: string): ProtocolError {
  return new ProtocolError('UNKNOWN_PACKET', `COM_${name} was not agreed on`)
}
