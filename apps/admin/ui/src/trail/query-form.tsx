import { type ReactNode, useId } from 'react'
import { hashOf } from '../route.ts'
import { type Field, FIELDS, localMoment, type TrailQuery, utcMoment } from './trail-query.ts'

const KINDS = [
  'session_start',
  'login_refused',
  'intent',
  'session_end',
  'approval_asked',
  'approval_decided',
  'approval_ended',
  'admin_action',
  'policy_loaded',
  'alarm',
] as const

/** Values that a field is chosen from; the others are written. */
const CHOICES: Readonly<Partial<Record<Field, readonly (readonly [string, string])[]>>> = {
  outcome: [
    ['done', 'ran'],
    ['failed', 'failed'],
    ['refused', 'refused'],
    ['unknown', 'no outcome'],
  ],
  held: [
    ['true', 'people were asked'],
    ['false', 'nobody was asked'],
  ],
  kind: KINDS.map((kind) => [kind, kind === 'intent' ? 'statement' : kind.replaceAll('_', ' ')]),
}

const ALWAYS: readonly Field[] = ['text', 'kind', 'outcome', 'held', 'since', 'until']

/** What is looked for. Asked for as a whole, with Enter. */
export function QueryForm({
  query,
  onAsk,
}: {
  readonly query: TrailQuery
  readonly onAsk: (query: TrailQuery) => void
}): ReactNode {
  const fields = (shown: (field: Field) => boolean): ReactNode =>
    FIELDS.filter(([field]) => shown(field)).map(([field, label]) => (
      <QueryField key={field} field={field} label={label} value={query[field]} />
    ))
  const more = FIELDS.some(([field]) => !ALWAYS.includes(field) && query[field] !== undefined)
  return (
    <search>
      <form
        className="trail-form"
        onSubmit={(event) => {
          event.preventDefault()
          const form = new FormData(event.currentTarget)
          onAsk(
            Object.fromEntries(
              FIELDS.map(([field]) => {
                const given = form.get(field)
                const value = typeof given === 'string' ? given.trim() : ''
                if (!isMoment(field)) return [field, value]
                // The field knows no milliseconds: one that was not changed stays as it is.
                return [field, value === localMoment(query[field]) ? (query[field] ?? '') : utcMoment(value)]
              }),
            ),
          )
        }}
      >
        <div className="trail-fields">{fields((field) => ALWAYS.includes(field))}</div>
        <details open={more}>
          <summary>More to look for</summary>
          <div className="trail-fields">{fields((field) => !ALWAYS.includes(field))}</div>
        </details>
        <div className="actions">
          <button type="submit" className="primary">
            Search
          </button>
          {Object.keys(query).length > 0 && <a href={hashOf('trail', null)}>Clear</a>}
        </div>
      </form>
    </search>
  )
}

function isMoment(field: Field): boolean {
  return field === 'since' || field === 'until'
}

function QueryField({
  field,
  label,
  value = '',
}: {
  readonly field: Field
  readonly label: string
  readonly value: string | undefined
}): ReactNode {
  const id = useId()
  const choices = CHOICES[field]
  return (
    <div className={`trail-field trail-field-${field}`}>
      <label htmlFor={id}>{label}</label>
      {choices === undefined ? (
        isMoment(field) ? (
          <input id={id} name={field} type="datetime-local" step={1} defaultValue={localMoment(value)} />
        ) : (
          <input id={id} name={field} defaultValue={value} autoComplete="off" spellCheck={false} maxLength={2000} />
        )
      ) : (
        <select id={id} name={field} defaultValue={value}>
          <option value="">any</option>
          {choices.map(([choice, word]) => (
            <option key={choice} value={choice}>
              {word}
            </option>
          ))}
        </select>
      )}
    </div>
  )
}
