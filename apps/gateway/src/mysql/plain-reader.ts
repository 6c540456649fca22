import { createHash } from 'node:crypto'
import type { Reading, StatementReader } from '@gatehouse/core'
import { type MysqlNames, parseMysqlText, readMysqlFacts } from '@gatehouse/sql-analysis'

/** Reads every text anew. */
export class PlainReader implements StatementReader<MysqlNames> {
  readonly inlineLimitBytes: number = 16 * 1024 * 1024

  read(bytes: Buffer, start: number, end: number, names: MysqlNames): Reading {
    const parsed = parseMysqlText(bytes, start, end, names.dialect)
    if ('error' in parsed)
      return {
        kind: 'unreadable',
        code: 'SYNTAX',
        message: parsed.error.message,
        position: parsed.error.position - start + 1,
      }
    const statements = readMysqlFacts(
      parsed.statements.map(({ statement }) => statement),
      names,
    )
    const fingerprint = createHash('sha256').update(bytes.subarray(start, end)).digest('hex').slice(0, 16)
    return { kind: 'read', facts: { statements, fingerprint }, forwardText: null }
  }

  readLarge(bytes: Buffer, names: MysqlNames): Promise<Reading> {
    return Promise.resolve(this.read(bytes, 0, bytes.length, names))
  }
}
