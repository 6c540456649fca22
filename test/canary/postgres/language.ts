import type { Language } from '../writing.ts'
import {
  AGGREGATES,
  ARRAYS,
  EXPRESSIONS,
  FAILING,
  FOR_ANY_TYPE,
  SETS,
  WINDOW_FUNCTIONS,
  WITHOUT_EQUALITY,
} from './expression-table.ts'
import { literal } from './literals.ts'
import { query } from './queries.ts'
import { TYPES, type Type } from './schema.ts'

/** PostgreSQL's SQL, of a major version. */
export function languageOf(version: number): Language<Type> {
  return {
    types: TYPES,
    expressions: EXPRESSIONS,
    general: (type) =>
      FOR_ANY_TYPE.filter(
        (text) =>
          !(text.startsWith('nullif') && WITHOUT_EQUALITY.has(type)) &&
          !(text.startsWith('(ARRAY') && ARRAYS.has(type)),
      ),
    failing: FAILING,
    aggregates: AGGREGATES,
    windowFunctions: WINDOW_FUNCTIONS,
    sets: SETS,
    condition: 'bool',
    orders: ['int4', 'text', 'date'],
    quote: '"',
    single: ({ sql }, fresh) => `(SELECT * FROM (${sql}) ${fresh} LIMIT 1)`,
    literal,
    query,
    has: (mark) => Number(mark) <= version,
  }
}
