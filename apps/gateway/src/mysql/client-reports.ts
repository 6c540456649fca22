import type { Classifier, StatementFacts } from '@gatehouse/core'
import type { ErrPacket, PacketCursor, ResponseStatus } from '@gatehouse/mysql-wire'
import type { Asked } from './asked.ts'
import type { ClientOutput } from './client-output.ts'
import { writesMasked } from './counted-changes.ts'
import {
  classifiedError,
  encodeCutStatus,
  encodeRedactedError,
  encodeWithoutDefault,
  needsCuts,
  rowsFound,
} from './server-report.ts'

/** What the server says beside rows, on its way to the client: without what can tell of masked values. */
export class ClientReports {
  readonly #cursor: PacketCursor
  readonly #output: ClientOutput
  /** Session state is left out: the client did not ask for it. */
  readonly #cutsState: boolean

  constructor(cursor: PacketCursor, output: ClientOutput, cutsState: boolean) {
    this.#cursor = cursor
    this.#output = output
    this.#cutsState = cutsState
  }

  /** The OK or EOF packet under the cursor, which `status` was read from. `statement`: what it is about, where that is known. */
  status(asked: Asked, statement: StatementFacts | undefined, status: ResponseStatus): void {
    const reports = redactsReports(asked)
    if (reports || this.#cutsState) {
      const { bytes } = this.#cursor
      // What was inserted has an id that the client needs; any other was set by LAST_INSERT_ID(expression).
      const insertId = reports && statement?.action !== 'insert'
      const masked = reports && status.isOk && (statement === undefined || writesMasked(asked.judgement, statement))
      const affectedRows = masked && statement !== undefined ? rowsFound(bytes, status, statement) : null
      const cuts = { reports, insertId, state: this.#cutsState, affectedRows }
      if (needsCuts(bytes, status, cuts)) {
        return this.#output.send(encodeCutStatus(this.#cursor, status, cuts, this.#output.nextSequenceId))
      }
    }
    this.#output.pass(this.#cursor)
  }

  /** The ERR packet under the cursor, which `error` was read from. */
  error(asked: Asked, error: ErrPacket, classifier: Classifier | null): void {
    const { nextSequenceId } = this.#output
    if (redactsReports(asked)) return this.#output.send(encodeRedactedError(error, nextSequenceId))
    const classified = classifiedError(classifier, error, nextSequenceId, asked.admission)
    if (classified === null) this.#output.pass(this.#cursor)
    else this.#output.send(classified)
  }

  /** The field of COM_FIELD_LIST under the cursor. `extended`: as `decodeColumnDefinition`. */
  field(asked: Asked, extended: boolean): void {
    if (!redactsReports(asked)) return this.#output.pass(this.#cursor)
    this.#output.send(encodeWithoutDefault(this.#cursor, extended, this.#output.nextSequenceId))
  }
}

/** True when what the server says about a command may name masked values. */
function redactsReports({ judgement }: Asked): boolean {
  return judgement?.redactReports ?? false
}
