import type { TypeName } from 'libpg-query'
import type { Reading } from '../reading.ts'
import { type Tree, kindOf, lastName } from '../tree.ts'

/** Nodes that are parts of a JSON constructor rather than expressions of their own. */
const PARTS: ReadonlySet<string> = new Set(['JsonKeyValue', 'JsonValueExpr', 'JsonArgument'])
/** Types that hold any JSON, however long. */
const WIDE = new Set(['json', 'jsonb', 'text', 'bytea'])

/**
 * True when a JSON constructor may fail on account of what is put in: FORMAT JSON reads text as JSON, and RETURNING may name a type that
 * the result does not fit (PostgreSQL manual, "JSON Functions and Operators").
 */
export function jsonMayFail(reading: Reading, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  reading.spend(1)
  if (Array.isArray(value)) return value.some((element) => jsonMayFail(reading, element))
  const node: Tree & { readonly format_type?: string; readonly returning?: object; readonly typeName?: TypeName } =
    value
  const kind = kindOf(node)
  if (/^[A-Z]/.test(kind) && !PARTS.has(kind)) return false
  if (node.format_type === 'JS_FORMAT_JSON') return true
  if (node.returning !== undefined || node.typeName !== undefined) return !isWide(reading, node.typeName)
  return Object.values(value).some((part) => jsonMayFail(reading, part))
}

function isWide({ environment }: Reading, type: TypeName | undefined): boolean {
  if (type === undefined) return true
  const name = lastName(type.names)
  if (!WIDE.has(name) || type.arrayBounds !== undefined || (type.typmods?.length ?? 0) > 0) return false
  return environment.catalog.resolveType(name, environment.searchPath)?.schema === 'pg_catalog'
}
