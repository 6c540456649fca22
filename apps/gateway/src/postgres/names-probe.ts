import { randomBytes } from 'node:crypto'
import { MessageWriter } from '@gatehouse/postgres-wire'
import { SCHEMAS_QUERY } from './schemas-query.ts'

/** No client can guess it, and so have one of its own by that name. */
const PROBE_NAME = `gatehouse_names_${randomBytes(12).toString('hex')}`
/** Asks which schemas the session sees, in the middle of a batch of the client's. */
export const PROBE_IN_BATCH: Buffer = probeMessages(0x48 /* Flush */)
/** The same, as a batch of its own. */
export const PROBE_ALONE: Buffer = probeMessages(0x53 /* Sync */)

/**
 * Closed before, for a question that failed half-way leaves its statement behind; and the portal after, for it would
 * live until the end of the transaction.
 */
function probeMessages(last: number): Buffer {
  const writer = new MessageWriter()
  writer.begin(0x43 /* C */).byte(0x53 /* S */).cString(PROBE_NAME).end()
  writer.begin(0x50 /* P */).cString(PROBE_NAME).cString(SCHEMAS_QUERY).int16(0).end()
  writer.begin(0x42 /* B */).cString(PROBE_NAME).cString(PROBE_NAME).int16(0).int16(0).int16(0).end()
  writer.begin(0x45 /* E */).cString(PROBE_NAME).int32(0).end()
  writer.begin(0x43 /* C */).byte(0x50 /* P */).cString(PROBE_NAME).end()
  writer.begin(0x43 /* C */).byte(0x53 /* S */).cString(PROBE_NAME).end()
  return writer.begin(last).end().take()
}
