import { Buffer } from 'node:buffer'
import type { Dialect } from './dialect.ts'
import { parseText } from './parser/parse-text.ts'
import type { Statement } from './statement-tree.ts'

/** The statements of a text that a statement quotes (PREPARE … FROM '…'), for `MysqlNames.parse`; null: it cannot be read. */
export function quotedStatements(text: string, dialect: Dialect): readonly Statement[] | null {
  const bytes = Buffer.from(text)
  const parsed = parseText(bytes, 0, bytes.length, dialect)
  return 'error' in parsed ? null : parsed.statements.map(({ statement }) => statement)
}
