/** The members of a search, in the order of the form: what the API calls it, and what people read. */
export const FIELDS = [
  ['text', 'Text'],
  ['kind', 'Kind'],
  ['outcome', 'Outcome'],
  ['held', 'Held'],
  ['since', 'From'],
  ['until', 'Until'],
  ['subject', 'On behalf of'],
  ['actor', 'Agent'],
  ['target', 'Target'],
  ['action', 'Action'],
  ['relation', 'Relation'],
  ['masked', 'Masked column'],
  ['rule', 'Rule'],
  ['code', 'Code'],
  ['fingerprint', 'Shape'],
  ['session', 'Session'],
  ['gateway', 'Gateway'],
] as const

export type Field = (typeof FIELDS)[number][0]

/** What is looked for; a field that is absent matches everything. */
export type TrailQuery = Readonly<Partial<Record<Field, string>>>

/** What is asked for in the address; what is no field is passed over. */
export function queryOf(text: string): TrailQuery {
  const given = new URLSearchParams(text)
  return Object.fromEntries(
    FIELDS.flatMap(([field]) => {
      const value = given.get(field)?.trim() ?? ''
      return value === '' ? [] : [[field, value]]
    }),
  )
}

/** The same as it stands in an address: a saved link. */
export function textOfQuery(query: TrailQuery): string {
  const given = new URLSearchParams()
  for (const [field] of FIELDS) {
    const value = query[field]
    if (value !== undefined && value !== '') given.set(field, value)
  }
  return given.toString()
}

/** The query with one field set, or without it where it has that value already. */
export function toggled(query: TrailQuery, field: Field, value: string): TrailQuery {
  const { [field]: before, ...others } = query
  return before === value ? others : { ...others, [field]: value }
}

/** What a moment is called in the browser's own fields (`2026-01-31T12:00`, in the reader's time zone); empty: it is none. */
export function localMoment(utc: string | undefined): string {
  const at = utc === undefined ? Number.NaN : Date.parse(utc)
  if (Number.isNaN(at)) return ''
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}

/** The moment in such a field as UTC; empty: it is none. */
export function utcMoment(local: string): string {
  const at = Date.parse(local)
  return Number.isNaN(at) ? '' : new Date(at).toISOString()
}
