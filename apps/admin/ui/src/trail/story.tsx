import { type ReactNode, useEffect, useState } from 'react'
import { ApiError, read } from '../api/client.ts'
import { useLoaded } from '../api/loaded.ts'
import { useNotify } from '../notices.tsx'
import { hashOf } from '../route.ts'
import { ErrorNote, Loading } from '../states.tsx'
import { PlainText, StatementText } from '../statement-text.tsx'
import { fullText } from '../text/moments.ts'
import { blocksOf, rowCount } from './answer-blocks.ts'
import { Answers } from './answers.tsx'
import type { Hold, ReplayEvent, ReplayPage, TimelineStatement, TrailRecord } from './records.ts'
import { stateWord } from './statement-state.ts'
import type { StripTime } from './strip-time.ts'
import type { Playback } from './use-playback.ts'

/** Statements that fly past are not asked for. */
const PASSING_MILLISECONDS = 150
/** More rows of one statement are in its CSV. */
const MOST_ROWS = 5_000
const PAGE = 500

/** A statement and its story: what was decided and by whom, what became of it, and what came back. */
export function Story({
  session,
  engine,
  statement,
  play,
  time,
}: {
  readonly session: string
  readonly engine: 'postgres' | 'mysql'
  readonly statement: TimelineStatement
  readonly play: Playback
  readonly time: StripTime
}): ReactNode {
  const { seq, held } = statement
  const [whole, setWhole] = useState(false)
  const stays = useStays(!play.playing)
  const path = `v1/trail/sessions/${encodeURIComponent(session)}/replay?statement=${String(seq)}&limit=${String(PAGE)}`
  const loaded = useLoaded<ReplayPage>(stays ? path : null, [])
  const pages = useMore(path, loaded.value)
  const record = recordIn(pages.events)
  const waits = held?.until != null && play.playing && play.place < time.place(Date.parse(held.until))
  return (
    <section className="story" aria-label="Statement and answer">
      <p className="story-head">
        {waits ? (
          <span className="state state-held">held: people are asked</span>
        ) : (
          <span className={`state state-${statement.state}`}>{stateWord(statement.state)}</span>
        )}{' '}
        <span className="dim">{fullText(statement.time)}</span>{' '}
        <a href={hashOf('trail', session, `at=${String(seq)}`)}>Link to this moment</a>
      </p>
      <StatementText
        text={record?.statement?.text ?? statement.text}
        engine={engine}
        whole={whole}
        onWhole={() => setWhole(true)}
      />
      {record === null && statement.textCut && <p className="dim">The rest of the statement is on its way.</p>}
      <Parameters record={record} />
      <Facts statement={statement} record={record} waits={waits} />
      <h2>What came back</h2>
      {loaded.error !== null && <ErrorNote error={loaded.error} onRetry={loaded.reload} />}
      {loaded.value === null ? (
        loaded.error === null && <Loading />
      ) : (
        <>
          <Answers blocks={blocksOf(pages.events)} />
          {pages.next !== null && (
            <p className="trail-more">
              {rowCount(blocksOf(pages.events)) >= MOST_ROWS ? (
                <span className="dim">There are more rows: the CSV has all of them.</span>
              ) : (
                <button type="button" disabled={pages.busy} onClick={pages.more}>
                  More of this answer
                </button>
              )}
            </p>
          )}
          <a
            href={`v1/trail/sessions/${encodeURIComponent(session)}/export?format=csv&statement=${String(seq)}`}
            download
          >
            This result as CSV
          </a>
        </>
      )}
    </section>
  )
}

/** True once it has stood for a moment, or at once where nothing moves. */
function useStays(atOnce: boolean): boolean {
  const [stood, setStood] = useState(atOnce)
  useEffect(() => {
    const timer = setTimeout(() => setStood(true), PASSING_MILLISECONDS)
    return () => {
      clearTimeout(timer)
    }
  }, [])
  return stood || atOnce
}

interface More {
  readonly events: readonly ReplayEvent[]
  readonly next: string | null
  readonly busy: boolean
  readonly more: () => void
}

function useMore(path: string, first: ReplayPage | null): More {
  const [later, setLater] = useState<readonly ReplayPage[]>([])
  const [busy, setBusy] = useState(false)
  const notify = useNotify()
  const last = later.at(-1) ?? first
  const more = async (): Promise<void> => {
    if (last?.next == null) return
    setBusy(true)
    try {
      const page = await read<ReplayPage>(`${path}&after=${encodeURIComponent(last.next)}`)
      setLater([...later, page])
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      notify({ tone: 'bad', text: `${error.message} ${error.hint}`.trim() })
    } finally {
      setBusy(false)
    }
  }
  return {
    events: first === null ? [] : [first, ...later].flatMap(({ events }) => events),
    next: last?.next ?? null,
    busy,
    more: () => void more(),
  }
}

function recordIn(events: readonly ReplayEvent[]): TrailRecord | null {
  for (const event of events)
    if (event.kind === 'record' && event.record.statement?.text !== undefined) return event.record
  return null
}

function Parameters({ record }: { readonly record: TrailRecord | null }): ReactNode {
  const parameters = record?.statement?.parameters ?? []
  if (parameters.length === 0) return null
  return (
    <p>
      with{' '}
      <code className="sql-line">
        <PlainText text={parameters.map((value) => JSON.stringify(value)).join(', ')} />
      </code>
    </p>
  )
}

function Facts({
  statement: { rule, code, masked, rows, microseconds, held, relations, actions, state },
  record,
  waits,
}: {
  readonly statement: TimelineStatement
  readonly record: TrailRecord | null
  readonly waits: boolean
}): ReactNode {
  const redacted = record?.statement?.redacted
  const facts: readonly (readonly [string, ReactNode])[] = [
    ['Decided by', rule === null ? null : <PlainText text={`rule ${rule}`} />],
    ['Held', held === null ? null : <Held held={held} waits={waits} />],
    [
      'Does',
      actions.length === 0 ? null : (
        <PlainText text={`${actions.join(', ')} on ${relations.join(', ') || 'no relation'}`} />
      ),
    ],
    ['Masked', masked.length === 0 ? null : <PlainText text={masked.join(', ')} />],
    ['Left out of the record', redacted === undefined ? null : redacted.replaceAll('_', ' ')],
    [
      'Outcome',
      waits ? null : (
        <>
          {stateWord(state)}
          {code !== null && <> with {code}</>}
          {rows !== null && `, ${rows.toLocaleString()} rows`}
          {microseconds !== null && `, ${(microseconds / 1000).toFixed(1)} ms`}
        </>
      ),
    ],
  ]
  return (
    <dl className="story-facts">
      {facts
        .filter(([, told]) => told !== null)
        .map(([name, told]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{told}</dd>
          </div>
        ))}
    </dl>
  )
}

function Held({ held, waits }: { readonly held: Hold; readonly waits: boolean }): ReactNode {
  if (waits) return 'people are asked'
  const seconds = held.until === null ? null : (Date.parse(held.until) - Date.parse(held.from)) / 1000
  return (
    <>
      {seconds === null ? 'since then' : `for ${seconds.toFixed(1)} s`}, {held.state}
      {held.decisions.map(({ subject, verdict, reason, through }) => (
        <span key={subject} className="held-by">
          {verdict === 'approve' ? 'approved' : 'refused'} by <PlainText text={subject} /> through the {through}
          {reason !== null && (
            <>
              : <PlainText text={reason} />
            </>
          )}
        </span>
      ))}
      {held.decisions.length === 0 && <span className="held-by dim">nobody decided in time</span>}
    </>
  )
}
