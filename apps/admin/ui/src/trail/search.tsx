import { type ReactNode, useState } from 'react'
import { useLoaded } from '../api/loaded.ts'
import { useKeys } from '../keyboard.ts'
import { go } from '../route.ts'
import { Listed } from '../states.tsx'
import { Charts } from './charts.tsx'
import { Facets } from './facets.tsx'
import { FoundDetails } from './found-details.tsx'
import { FoundList } from './found-list.tsx'
import { QueryForm } from './query-form.tsx'
import type { FoundRecord, TrailSummary } from './records.ts'
import { type Field, queryOf, textOfQuery, toggled, type TrailQuery } from './trail-query.ts'
import { usePages } from './use-pages.ts'

const PAGE = 50

/** The trail, searched: the whole search is in the address, so that it can be kept and passed on. */
export function Search({ query: text }: { readonly query: string }): ReactNode {
  const query = queryOf(text)
  const asked = textOfQuery(query)
  const pages = usePages(`v1/trail/records?${asked}${asked === '' ? '' : '&'}limit=${String(PAGE)}`)
  const summary = useLoaded<TrailSummary>(`v1/trail/summary${asked === '' ? '' : `?${asked}`}`, [])
  const [open, setOpen] = useState<FoundRecord | null>(null)
  const look = (wanted: TrailQuery): void => go('trail', null, false, textOfQuery(wanted))
  const toggle = (field: Field, value: string): void => look(toggled(query, field, value))
  useKeys({ '/': () => document.querySelector<HTMLInputElement>('.trail-form input')?.focus() })
  return (
    <section className="wide trail" aria-label="Trail">
      <h1>Trail</h1>
      <QueryForm key={asked} query={query} onAsk={look} />
      <Charts loaded={summary} onAsk={(more) => look({ ...query, ...more })} />
      <div className="trail-found">
        {summary.value !== null && <Facets summary={summary.value} query={query} onToggle={toggle} />}
        <section aria-label="Records" className="trail-records">
          <Listed
            loaded={pages.loaded}
            isEmpty={({ records }) => records.length === 0}
            empty={
              <>
                <h2>Nothing matches</h2>
                <p>No record of these trails has all that is asked for. Take a filter away.</p>
              </>
            }
          >
            {({ records, next, unreadableLines }) => (
              <>
                {unreadableLines > 0 && (
                  <p className="note note-warn">
                    {unreadableLines.toLocaleString()} lines of the trail could not be read: `gatehouse audit verify`
                    says where.
                  </p>
                )}
                <FoundList records={records} onOpen={setOpen} />
                <p className="trail-more">
                  {next === null ? (
                    <span className="dim">That is all: {records.length.toLocaleString()} records.</span>
                  ) : (
                    <button type="button" disabled={pages.busy} onClick={pages.more}>
                      More
                    </button>
                  )}
                </p>
              </>
            )}
          </Listed>
        </section>
      </div>
      <FoundDetails found={open} onClose={() => setOpen(null)} />
    </section>
  )
}
