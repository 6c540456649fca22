/** What a command's response looks like. */
export const ResponseKind = {
  /** The server says nothing: COM_STMT_CLOSE, COM_STMT_SEND_LONG_DATA, COM_QUIT. */
  None: 0,
  /** OK (or an EOF in its place), or ERR. */
  Status: 1,
  /** OK, a LOCAL INFILE request, or text result sets: COM_QUERY, COM_PROCESS_INFO. */
  Text: 2,
  /** COM_STMT_PREPARE. */
  Prepare: 3,
  /** OK, or binary result sets, the last of which may stay open as a cursor: COM_STMT_EXECUTE, COM_STMT_BULK_EXECUTE. */
  Binary: 4,
  /** Binary rows of a cursor, without column definitions: COM_STMT_FETCH. */
  Fetch: 5,
  /** Column definitions with default values: COM_FIELD_LIST. */
  FieldList: 6,
  /** A bare text: COM_STATISTICS. */
  Statistics: 7,
  /** An authentication exchange: COM_CHANGE_USER. */
  Authentication: 8,
} as const
export type ResponseKind = (typeof ResponseKind)[keyof typeof ResponseKind]

/**
 * The response to a command, by the first byte of its payload; null for a command whose response is not known here
 * (replication, cloning, what only servers use among themselves). Manual: "Command Phase".
 */
export function responseKindOf(command: number): ResponseKind | null {
  switch (command) {
    case 0x01 /* COM_QUIT */:
    case 0x18 /* COM_STMT_SEND_LONG_DATA */:
    case 0x19 /* COM_STMT_CLOSE */:
      return ResponseKind.None
    case 0x02 /* COM_INIT_DB */:
    case 0x05 /* COM_CREATE_DB */:
    case 0x06 /* COM_DROP_DB */:
    case 0x07 /* COM_REFRESH */:
    case 0x08 /* COM_SHUTDOWN */:
    case 0x0c /* COM_PROCESS_KILL */:
    case 0x0d /* COM_DEBUG */:
    case 0x0e /* COM_PING */:
    case 0x1a /* COM_STMT_RESET */:
    case 0x1b /* COM_SET_OPTION */:
    case 0x1f /* COM_RESET_CONNECTION */:
      return ResponseKind.Status
    case 0x03 /* COM_QUERY */:
    case 0x0a /* COM_PROCESS_INFO */:
      return ResponseKind.Text
    case 0x04 /* COM_FIELD_LIST */:
      return ResponseKind.FieldList
    case 0x09 /* COM_STATISTICS */:
      return ResponseKind.Statistics
    case 0x11 /* COM_CHANGE_USER */:
      return ResponseKind.Authentication
    case 0x16 /* COM_STMT_PREPARE */:
      return ResponseKind.Prepare
    case 0x17 /* COM_STMT_EXECUTE */:
    case 0xfa /* COM_STMT_BULK_EXECUTE */:
      return ResponseKind.Binary
    case 0x1c /* COM_STMT_FETCH */:
      return ResponseKind.Fetch
    default:
      return null
  }
}

/** What one packet of a response is. */
export const ResponsePart = {
  /** OK, or an EOF where the command has nothing to return. `ResponseReader.status` has it. */
  Ok: 1,
  /** ERR: the response is over. */
  Err: 2,
  /** The server asks the client for a file: its OK or ERR comes when it was answered. */
  LocalInfile: 3,
  /** A result set begins. */
  ColumnCount: 4,
  ColumnDefinition: 5,
  /** The EOF behind column definitions. `ResponseReader.status` has it. */
  DefinitionsEnd: 6,
  Row: 7,
  /** OK or EOF behind the rows, the fields, or the column definitions of an opened cursor. `ResponseReader.status` has it. */
  ResultEnd: 8,
  /** `ResponseReader.prepared` has it. */
  PrepareOk: 9,
  /** Definition of a parameter or column of a prepared statement. */
  PreparedDefinition: 10,
  /** An EOF behind such definitions. */
  PreparedDefinitionsEnd: 11,
  /** A column definition with a default value. */
  FieldDefinition: 12,
  Statistics: 13,
  /** AuthSwitchRequest, AuthMoreData, AuthNextFactor. */
  Authentication: 14,
  /** MariaDB: how far a long statement has come. Nothing ends with it. */
  Progress: 15,
} as const
export type ResponsePart = (typeof ResponsePart)[keyof typeof ResponsePart]
