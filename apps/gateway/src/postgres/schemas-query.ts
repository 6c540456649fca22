import { SessionQuestion } from './session-probe.ts'

/** The effective schemas of a session, temporary one first; one row, one text cell that is a JSON array. */
export const SCHEMAS_QUERY = 'SELECT pg_catalog.to_json(pg_catalog.current_schemas(true))::pg_catalog.text'

/** The same, asked of a session. */
export const SCHEMAS_QUESTION: SessionQuestion = new SessionQuestion(SCHEMAS_QUERY)

/** Asked of a session whose role is pinned: an array of the schemas and the role. */
export const SCHEMAS_AND_ROLE_QUESTION: SessionQuestion = new SessionQuestion(
  'SELECT pg_catalog.jsonb_build_array(pg_catalog.current_schemas(true), current_user)::pg_catalog.text',
)

/** Null when the text is not a JSON array of such an array and a string. */
export function readSchemasAndRole(
  text: string,
): { readonly schemas: readonly string[]; readonly role: string } | null {
  try {
    const value: unknown = JSON.parse(text)
    if (!Array.isArray(value)) return null
    const [schemas, role] = value as readonly unknown[]
    return areNames(schemas) && typeof role === 'string' ? { schemas, role } : null
  } catch {
    return null
  }
}

/** Null when the text is not a JSON array of strings. */
export function readSchemas(text: string): readonly string[] | null {
  try {
    const value: unknown = JSON.parse(text)
    return areNames(value) ? value : null
  } catch {
    return null
  }
}

function areNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}
