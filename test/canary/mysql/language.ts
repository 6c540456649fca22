import type { Language, Query } from '../writing.ts'
import {
  AGGREGATES,
  EXPRESSIONS,
  FAILING,
  FOR_ANY_TYPE,
  WINDOW_FUNCTIONS,
  WITHOUT_EQUALITY,
} from './expression-table.ts'
import { literal } from './literals.ts'
import { query } from './queries.ts'
import { TYPES, type Type } from './schema.ts'

export type Flavour = 'mysql' | 'mariadb'

/** The SQL of MySQL 9 or MariaDB 10.11. */
export function languageOf(flavour: Flavour): Language<Type> {
  return {
    types: TYPES,
    expressions: EXPRESSIONS,
    general: (type) => FOR_ANY_TYPE.filter((text) => !(text.startsWith('NULLIF') && WITHOUT_EQUALITY.has(type))),
    failing: FAILING,
    aggregates: AGGREGATES,
    windowFunctions: WINDOW_FUNCTIONS,
    sets: {},
    condition: 'bool',
    orders: ['int', 'text', 'date'],
    quote: '`',
    single,
    literal,
    query,
    has: (mark) => mark === flavour,
  }
}

/** Derived tables of MariaDB see nothing of the query around them: the limit goes to the query itself, which has none. */
function single({ sql }: Query<Type>): string {
  return `(${sql} LIMIT 1)`
}
