import { SessionQuestion } from './session-probe.ts'

/** The effective schemas of a session, temporary one first; one row, one text cell that is a JSON array. */
export const SCHEMAS_QUERY = 'SELECT pg_catalog.to_json(pg_catalog.current_schemas(true))::pg_catalog.text'

/** The same, asked of a session. */
export const SCHEMAS_QUESTION: SessionQuestion = new SessionQuestion(SCHEMAS_QUERY)

/** Null when the text is not a JSON array of strings. */
export function readSchemas(text: string): readonly string[] | null {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? value : null
  } catch {
    return null
  }
}
