/** Bytes to MySQL packets and back, for both roles. */
export const MYSQL_PROTOCOL_VERSION = 10
