import { Capability } from '@gatehouse/mysql-wire'

const {
  LONG_PASSWORD,
  FOUND_ROWS,
  LONG_FLAG,
  CONNECT_WITH_DB,
  IGNORE_SPACE,
  PROTOCOL_41,
  INTERACTIVE,
  IGNORE_SIGPIPE,
  TRANSACTIONS,
  RESERVED,
  SECURE_CONNECTION,
  MULTI_STATEMENTS,
  MULTI_RESULTS,
  PS_MULTI_RESULTS,
  PLUGIN_AUTH,
  CONNECT_ATTRS,
  PLUGIN_AUTH_LENENC_CLIENT_DATA,
  SESSION_TRACK,
  DEPRECATE_EOF,
  QUERY_ATTRIBUTES,
} = Capability

/**
 * Capabilities that a session has on both sides alike, so that packets can pass as they are. What stands here in no list is
 * offered to no client and asked of no server: compression, LOCAL INFILE, results without metadata, NO_SCHEMA and ODBC (which
 * change how texts are read), MariaDB's extended ones.
 */
const ALIKE: number =
  FOUND_ROWS |
  LONG_FLAG |
  IGNORE_SPACE |
  INTERACTIVE |
  MULTI_STATEMENTS |
  MULTI_RESULTS |
  PS_MULTI_RESULTS |
  DEPRECATE_EOF |
  QUERY_ATTRIBUTES

/** Of these, the ones that change what packets look like: a server that lacks one cannot serve a client that agreed on it. */
const SHAPING: number = MULTI_RESULTS | PS_MULTI_RESULTS | DEPRECATE_EOF | QUERY_ATTRIBUTES

/** What concerns each side by itself. */
const BASE: number =
  LONG_PASSWORD |
  PROTOCOL_41 |
  TRANSACTIONS |
  RESERVED |
  SECURE_CONNECTION |
  PLUGIN_AUTH |
  PLUGIN_AUTH_LENENC_CLIENT_DATA |
  CONNECT_ATTRS

/** What clients are offered. `upstream`: capabilities that every server known so far has; null: none is known yet. */
export function offeredToClients(upstream: number | null, tls: boolean): number {
  // Query attributes are MySQL's alone: a client that sends them could not be served by MariaDB.
  const alike = upstream === null ? ALIKE & ~QUERY_ATTRIBUTES : ALIKE & (upstream | ~SHAPING)
  const own = BASE | CONNECT_WITH_DB | IGNORE_SIGPIPE | SESSION_TRACK | (tls ? Capability.SSL : 0)
  return (alike | own) >>> 0
}

/**
 * What a server is asked for, for a client that agreed on `client`; null: it lacks something that the client relies on. Session
 * tracking is always asked for: it says what changes how texts are read.
 */
export function askedOfUpstream(client: number, offered: number): number | null {
  const asked = BASE | SESSION_TRACK | (client & ALIKE & (offered | SHAPING))
  return (asked & ~offered & (SHAPING | SESSION_TRACK | PROTOCOL_41)) === 0 ? asked >>> 0 : null
}
