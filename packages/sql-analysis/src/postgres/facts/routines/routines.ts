import type { CatalogFunction, SqlBody } from '../../catalog.ts'
import type { Reading } from '../reading.ts'

/** Names in texts that the server stores parsed are qualified, but for built-in ones. */
export const STORED_TEXT_PATH: readonly string[] = ['pg_catalog']

/** Bodies being read, innermost last: one that calls itself is not followed. */
const active = new Set<CatalogFunction>()
const MAX_BODIES = 16

/** Runs `read` while the function counts as being read; null when it is being read already, or bodies are nested too deep. */
export function whileReading<T>(fn: CatalogFunction, read: () => T): T | null {
  if (active.has(fn) || active.size >= MAX_BODIES) return null
  active.add(fn)
  try {
    return read()
  } finally {
    active.delete(fn)
  }
}

/** Settings under which a body is read otherwise, or by somebody else. */
const DECISIVE_SETTINGS: ReadonlySet<string> = new Set([
  'standard_conforming_strings',
  'backslash_quote',
  'client_encoding',
  'role',
  'session_authorization',
  'plpgsql.variable_conflict',
])

/** Where the names in a body are looked up; null when that cannot be told. */
export function pathOf(reading: Reading, body: SqlBody): readonly string[] | null {
  const settings = body.settings.map((setting) => setting.split('=', 1)[0] ?? '')
  if (settings.some((name) => DECISIVE_SETTINGS.has(name))) return null
  if (body.stored) return STORED_TEXT_PATH
  const own = body.settings.find((setting) => setting.startsWith('search_path='))
  if (own === undefined) return reading.stored ? null : reading.environment.searchPath
  const listed = listedSchemas(own.slice('search_path='.length))
  if (listed.includes('$user')) return null
  const temporary = reading.environment.searchPath.filter((schema) => schema.startsWith('pg_temp_'))
  // Which temporary objects the caller of a stored text has is not known: they must not come first.
  if (reading.stored && listed.indexOf('pg_temp') <= 0) return null
  const path = listed.flatMap((schema) => (schema === 'pg_temp' ? temporary : [schema]))
  const implied = listed.includes('pg_catalog') ? [] : ['pg_catalog']
  return listed.includes('pg_temp') ? [...implied, ...path] : [...temporary, ...implied, ...path]
}

/** A list of identifiers: `public, "My Schema"`. */
function listedSchemas(text: string): string[] {
  return [...text.matchAll(/"((?:[^"]|"")*)"|[^\s,"]+/g)]
    .map(([whole, quoted]) => (quoted === undefined ? whole.toLowerCase() : quoted.replaceAll('""', '"')))
    .filter((name) => name !== '')
}
