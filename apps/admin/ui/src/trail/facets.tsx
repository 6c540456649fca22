import type { ReactNode } from 'react'
import { PlainText } from '../statement-text.tsx'
import type { StatementState, TrailSummary } from './records.ts'
import { stateWord } from './statement-state.ts'
import { type Field, FIELDS, type TrailQuery } from './trail-query.ts'

const SHOWN: readonly Field[] = [
  'outcome',
  'subject',
  'actor',
  'target',
  'action',
  'relation',
  'masked',
  'rule',
  'code',
  'kind',
]
const MOST_VALUES = 6

/** The values that occur most; a click adds one to the search, or takes it away. */
export function Facets({
  summary,
  query,
  onToggle,
}: {
  readonly summary: TrailSummary
  readonly query: TrailQuery
  readonly onToggle: (field: Field, value: string) => void
}): ReactNode {
  return (
    <aside className="facets" aria-label="Filters">
      {SHOWN.map((field) => {
        const values = (summary.facets[field] ?? []).slice(0, MOST_VALUES)
        if (values.length === 0) return null
        return (
          <section key={field} aria-label={labelOf(field)}>
            <h2>{labelOf(field)}</h2>
            <ul>
              {values.map(({ value, count }) => (
                <li key={value}>
                  <button type="button" aria-pressed={query[field] === value} onClick={() => onToggle(field, value)}>
                    <span className="facet-value">
                      {field === 'outcome' ? stateWord(value as StatementState) : <PlainText text={value} />}
                    </span>
                    <span className="number">{count.toLocaleString()}</span>
                  </button>
                </li>
              ))}
            </ul>
          </section>
        )
      })}
      {!summary.complete && (
        <p className="dim">Only the newest {summary.statements.toLocaleString()} statements were counted.</p>
      )}
    </aside>
  )
}

function labelOf(field: Field): string {
  return FIELDS.find(([name]) => name === field)?.[1] ?? field
}
