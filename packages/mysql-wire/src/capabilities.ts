/**
 * Capability flags, the names without their `CLIENT_`. Manual: "Capabilities Flags". 32 bits; test one with
 * `(capabilities & Capability.X) !== 0`, and make a set that holds bit 31 unsigned by `>>> 0`.
 */
export const Capability = {
  /** MariaDB calls it CLIENT_MYSQL: a MariaDB server clears it, which says that `MariadbCapability` follows. */
  LONG_PASSWORD: 1,
  /** Affected rows are those found, not those changed. */
  FOUND_ROWS: 0x0002,
  LONG_FLAG: 0x0004,
  CONNECT_WITH_DB: 0x0008,
  NO_SCHEMA: 0x0010,
  /** zlib frames around packets. */
  COMPRESS: 0x0020,
  ODBC: 0x0040,
  LOCAL_FILES: 0x0080,
  IGNORE_SPACE: 0x0100,
  PROTOCOL_41: 0x0200,
  INTERACTIVE: 0x0400,
  SSL: 0x0800,
  IGNORE_SIGPIPE: 0x1000,
  TRANSACTIONS: 0x2000,
  RESERVED: 0x4000,
  /** Named CLIENT_RESERVED2 by MySQL 8: the 4.1 way of passwords. */
  SECURE_CONNECTION: 0x8000,
  MULTI_STATEMENTS: 0x0001_0000,
  MULTI_RESULTS: 0x0002_0000,
  PS_MULTI_RESULTS: 0x0004_0000,
  PLUGIN_AUTH: 0x0008_0000,
  CONNECT_ATTRS: 0x0010_0000,
  /** The authentication response has a length-encoded length, not one byte. */
  PLUGIN_AUTH_LENENC_CLIENT_DATA: 0x0020_0000,
  CAN_HANDLE_EXPIRED_PASSWORDS: 0x0040_0000,
  SESSION_TRACK: 0x0080_0000,
  DEPRECATE_EOF: 0x0100_0000,
  OPTIONAL_RESULTSET_METADATA: 0x0200_0000,
  ZSTD_COMPRESSION_ALGORITHM: 0x0400_0000,
  QUERY_ATTRIBUTES: 0x0800_0000,
  MULTI_FACTOR_AUTHENTICATION: 0x1000_0000,
  CAPABILITY_EXTENSION: 0x2000_0000,
  SSL_VERIFY_SERVER_CERT: 0x4000_0000,
  REMEMBER_OPTIONS: 0x8000_0000,
} as const

/** MariaDB's extended capabilities, a second set of 32 bits. MariaDB Knowledge Base: "Connection, Capabilities". */
export const MariadbCapability = {
  PROGRESS: 1,
  COM_MULTI: 0x0002,
  /** COM_STMT_BULK_EXECUTE. */
  STMT_BULK_OPERATIONS: 0x0004,
  /** Column definitions carry the extended type (json, uuid, inet …). */
  EXTENDED_METADATA: 0x0008,
  /** A result set may leave out column definitions that did not change. */
  CACHE_METADATA: 0x0010,
  /** A bulk operation answers with a result per row. */
  BULK_UNIT_RESULTS: 0x0020,
} as const

/** Server status flags of OK and EOF packets. Manual: "SERVER_STATUS_flags_enum". 16 bits. */
export const ServerStatus = {
  IN_TRANS: 1,
  AUTOCOMMIT: 0x0002,
  MORE_RESULTS_EXISTS: 0x0008,
  NO_GOOD_INDEX_USED: 0x0010,
  NO_INDEX_USED: 0x0020,
  CURSOR_EXISTS: 0x0040,
  LAST_ROW_SENT: 0x0080,
  DB_DROPPED: 0x0100,
  NO_BACKSLASH_ESCAPES: 0x0200,
  METADATA_CHANGED: 0x0400,
  QUERY_WAS_SLOW: 0x0800,
  PS_OUT_PARAMS: 0x1000,
  IN_TRANS_READONLY: 0x2000,
  SESSION_STATE_CHANGED: 0x4000,
  /** MariaDB: the session's ANSI_QUOTES. */
  ANSI_QUOTES: 0x8000,
} as const
