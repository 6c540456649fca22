// Limits on a message's length field (which counts itself: an empty body says 4), by tag. 0: no such message.

/** The server's own limit for small messages, PQ_SMALL_MESSAGE_LIMIT. */
const SMALL_MESSAGE = 10_000
/** libpq's limit for messages that are not expected to be long (pqParseInput3). */
const ORDINARY_REPLY = 30_000
/** The server's limit for a password or SASL message, PG_MAX_AUTH_TOKEN_LENGTH. */
const AUTHENTICATION_MESSAGE = 65_535
const NO_BODY = 4
/** Length field, process id, and a secret key of at most 256 bytes (protocol 3.2). */
const BACKEND_KEY = 4 + 4 + 256

/** The largest length field that a limit can allow: what an Int32 holds. */
const LARGEST = 0x7fff_ffff

/**
 * Limits for what clients send. `maxMessageBytes` bounds the messages that hold SQL, parameters or COPY data; the
 * others have the server's own, smaller, limits.
 */
export function FRONTEND_LIMITS(maxMessageBytes: number): Uint32Array {
  return table(maxMessageBytes, 'QPBFd', [
    ['EDCf', SMALL_MESSAGE],
    ['p', AUTHENTICATION_MESSAGE],
    ['SHXc', NO_BODY],
  ])
}

/** Limits for what servers send. `maxMessageBytes` bounds rows, COPY data, reports and result descriptions. */
export function BACKEND_LIMITS(maxMessageBytes: number): Uint32Array {
  return table(maxMessageBytes, 'TtDdVENA', [
    ['RSCGHWv', ORDINARY_REPLY],
    ['K', BACKEND_KEY],
    ['123nsIc', NO_BODY],
    ['Z', NO_BODY + 1],
  ])
}

function table(maxMessageBytes: number, large: string, small: readonly (readonly [string, number])[]): Uint32Array {
  const most = Math.floor(maxMessageBytes)
  if (!(most >= NO_BODY + 1 && most <= LARGEST)) throw new RangeError('maxMessageBytes must be from 5 to 2147483647')
  const limits = new Uint32Array(256)
  for (const tag of large) limits[tag.charCodeAt(0)] = most
  for (const [tags, limit] of small) for (const tag of tags) limits[tag.charCodeAt(0)] = Math.min(limit, most)
  return limits
}
