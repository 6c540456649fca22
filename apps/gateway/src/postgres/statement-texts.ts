import { type FrameCursor, ProtocolError } from '@gatehouse/postgres-wire'

/** Offset of the NUL behind the text of a Query message. Throws `ProtocolError` when it does not end the message. */
export function endOfQuery({ bytes, body, end }: FrameCursor): number {
  if (end - 1 < body || bytes[end - 1] !== 0) throw new ProtocolError('SHORT_READ', 'a query has no terminating NUL')
  return end - 1
}

/** Offset of the NUL behind the text that begins at `start` of a Parse message. Throws `ProtocolError` when there is none. */
export function endOfText({ bytes, end }: FrameCursor, start: number): number {
  const at = bytes.indexOf(0, start)
  if (at < 0 || at >= end) throw new ProtocolError('SHORT_READ', 'a statement has no terminating NUL')
  return at
}
