import { Buffer } from 'node:buffer'
import type { StoredTexts } from './catalog-rows.ts'
import type { Dialect } from './dialect.ts'
import { parseText } from './parser/parse-text.ts'
import type { Statement } from './statement-tree.ts'

/**
 * Reads what a server keeps, with the parser of statements. `dialectUnder` gives how that server reads texts under a `sql_mode`
 * (names joined by commas). Views and generated columns it keeps in its own wording, which no mode changes.
 */
export function mysqlStoredTexts(dialectUnder: (sqlMode: string) => Dialect): StoredTexts {
  const plain = dialectUnder('')
  return {
    expression: (text) => {
      const read = only(`DO ${text}`, plain)
      if (read.kind === 'unread') return read
      const { statement } = read
      const [tree, ...others] = statement.kind === 'do' ? statement.expressions : []
      return tree === undefined || others.length > 0 ? unread('it is not one expression') : { kind: 'tree', tree }
    },
    query: (text) => {
      const read = only(text, plain)
      if (read.kind === 'unread') return read
      const { statement } = read
      return statement.kind === 'query_statement'
        ? { kind: 'tree', tree: statement.query }
        : unread('it is not a query')
    },
    body: (createText, sqlMode) => {
      const read = only(createText, dialectUnder(sqlMode))
      if (read.kind === 'unread') return read
      const { statement } = read
      const body = statement.kind === 'definition' ? statement.body : null
      return body === null ? unread('it has no body in SQL') : { kind: 'tree', tree: body }
    },
  }
}

interface Unread {
  readonly kind: 'unread'
  readonly reason: string
}

/** The one statement of a text. What has parameters is no text that runs by itself. */
function only(text: string, dialect: Dialect): { readonly kind: 'read'; readonly statement: Statement } | Unread {
  const bytes = Buffer.from(text)
  const parsed = parseText(bytes, 0, bytes.length, dialect)
  if ('error' in parsed) return unread(`it was not understood: ${parsed.error.message}`)
  const [first, ...others] = parsed.statements
  if (first === undefined || others.length > 0) return unread('it is not one statement')
  return first.parameters > 0 ? unread('it has parameters') : { kind: 'read', statement: first.statement }
}

function unread(reason: string): Unread {
  return { kind: 'unread', reason }
}
