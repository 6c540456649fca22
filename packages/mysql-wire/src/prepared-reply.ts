import type { PayloadReader } from './payload-reader.ts'

/** The first packet of a reply to COM_STMT_PREPARE. Manual: "COM_STMT_PREPARE_OK". */
export interface PrepareOk {
  readonly statementId: number
  /** 0 for a statement that returns no rows. */
  readonly columns: number
  readonly parameters: number
  readonly warnings: number
  /** False under OPTIONAL_RESULTSET_METADATA alone: no definitions follow. */
  readonly definitionsFollow: boolean
}

/** Reads it. `optionalMetadata`: OPTIONAL_RESULTSET_METADATA is agreed. Throws ProtocolError. */
export function decodePrepareOk(payload: PayloadReader, optionalMetadata: boolean): PrepareOk {
  payload.skip(1)
  const statementId = payload.int4()
  const columns = payload.int2()
  const parameters = payload.int2()
  payload.skip(1)
  const warnings = payload.remaining >= 2 ? payload.int2() : 0
  const definitionsFollow = !optionalMetadata || payload.remaining === 0 || payload.int1() !== 0
  payload.end()
  return { statementId, columns, parameters, warnings, definitionsFollow }
}
