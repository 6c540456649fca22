import { type Admission, type Classifier, type CellOutput, GrowableOutput } from '@gatehouse/core'
import { type FrameCursor, ProtocolError } from '@gatehouse/postgres-wire'

const NOTIFICATION = 0x41
const PARAMETER_STATUS = 0x53

/**
 * The ErrorResponse, NoticeResponse, NotificationResponse or ParameterStatus under the cursor with what the rules detect in its texts
 * replaced; null where it may go as it is. `about`: the statement that the finds are counted for. Throws `ProtocolError`
 * for a message that is not one.
 */
export function classifiedReport(
  classifier: Classifier | null,
  cursor: FrameCursor,
  about: Admission | null,
): Buffer | null {
  if (classifier === null || !walkTexts(classifier, cursor, null)) return null
  const out = new GrowableOutput(cursor.end - cursor.start + 256)
  out.bytes[0] = cursor.tag
  out.length = 5
  walkTexts(classifier, cursor, out)
  out.bytes.writeInt32BE(out.length - 1, 1)
  if (about === null) classifier.forgetFinds()
  else classifier.moveFinds(about)
  return out.bytes.subarray(0, out.length)
}

/** Goes through the texts of the message; appends them to `out`, or returns true at the first that has to change. */
function walkTexts(classifier: Classifier, cursor: FrameCursor, out: CellOutput | null): boolean {
  const { bytes, body, end } = cursor
  // A notification has a process id and two texts; a report has texts with a code before each, and a zero at its end.
  const plain = cursor.tag === NOTIFICATION || cursor.tag === PARAMETER_STATUS
  let at = cursor.tag === NOTIFICATION ? body + 4 : body
  if (out !== null) copy(bytes, body, at, out)
  while (at < end) {
    const start = plain ? at : at + 1
    if (!plain && bytes[at] === 0) break
    const close = bytes.indexOf(0, start)
    if (close < 0 || close >= end) throw new ProtocolError('SHORT_READ', 'a text of the database has no end')
    if (out === null) {
      if (!classifier.keepsReport(bytes, start, close)) return true
    } else {
      copy(bytes, at, start, out)
      classifier.appendReport(bytes, start, close, out)
      copy(bytes, close, close + 1, out)
    }
    at = close + 1
  }
  if (out !== null) copy(bytes, at, end, out)
  return false
}

function copy(bytes: Buffer, start: number, end: number, out: CellOutput): void {
  out.ensure(end - start)
  bytes.copy(out.bytes, out.length, start, end)
  out.length += end - start
}
