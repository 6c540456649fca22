import { type ReactNode, useCallback, useEffect, useMemo, useState } from 'react'
import { useLoaded } from '../api/loaded.ts'
import { useKeys } from '../keyboard.ts'
import { go, hashOf } from '../route.ts'
import { Listed } from '../states.tsx'
import { PlainText, StatementLine } from '../statement-text.tsx'
import { fullText } from '../text/moments.ts'
import { FindInSession } from './find-in-session.tsx'
import { PlayControls } from './play-controls.tsx'
import type { SessionTimeline } from './records.ts'
import { stateWord } from './statement-state.ts'
import { Story } from './story.tsx'
import { beginOf, momentsOf, stripTime } from './strip-time.ts'
import { Strip } from './strip.tsx'
import { nextRefusal, usePlayback } from './use-playback.ts'

/** Statements listed around the one that is looked at. */
const AROUND = 60

/** A session, played: what was asked, what was decided, and what the agent saw. `query`: `at=SEQ` is one moment. */
export function Replay({ id, query }: { readonly id: string; readonly query: string }): ReactNode {
  const [skip, setSkip] = useState(0)
  const path = `v1/trail/sessions/${encodeURIComponent(id)}/timeline`
  const loaded = useLoaded<SessionTimeline>(skip === 0 ? path : `${path}?skip=${String(skip)}`, [])
  return (
    <section className="wide replay" aria-label="Replay">
      <Listed loaded={loaded} isEmpty={() => false} empty={null}>
        {(timeline) => (
          <>
            <Head timeline={timeline} />
            {timeline.statements.length === 0 ? (
              <div className="empty">
                <h2>No statement</h2>
                <p>The session is on record, and ran nothing.</p>
              </div>
            ) : (
              <Player key={skip} timeline={timeline} at={Number(new URLSearchParams(query).get('at'))} />
            )}
            {(skip > 0 || timeline.next !== null) && (
              <p className="trail-more">
                This is a long session, shown part by part.{' '}
                {skip > 0 && (
                  <button type="button" onClick={() => setSkip(0)}>
                    From the start
                  </button>
                )}
                {timeline.next !== null && (
                  <button type="button" onClick={() => setSkip(timeline.next ?? 0)}>
                    What follows
                  </button>
                )}
              </p>
            )}
          </>
        )}
      </Listed>
    </section>
  )
}

function Head({ timeline }: { readonly timeline: SessionTimeline }): ReactNode {
  const { session, principal, target, engine, from, to, end, recorded, omittedRecords } = timeline
  const path = `v1/trail/sessions/${encodeURIComponent(session)}/export?format=`
  return (
    <header className="replay-head">
      <h1>
        Session of <PlainText text={principal?.subject ?? 'nobody known'} />
        {principal?.actor != null && (
          <>
            {' '}
            through <PlainText text={principal.actor} />
          </>
        )}{' '}
        on <PlainText text={target} />
      </h1>
      <p className="dim">
        {engine === 'postgres' ? 'PostgreSQL' : 'MySQL'}, {fullText(from)} to {fullText(to)},{' '}
        {end === null ? 'no end is recorded' : <>ended: {end.replaceAll('_', ' ')}</>} ·{' '}
        <a href={hashOf('trail', null, `session=${encodeURIComponent(session)}`)}>its records</a>
      </p>
      <div className="actions">
        <a className="button" href={`${path}html`} download>
          Report for an auditor
        </a>
        <a className="button" href={`${path}jsonl`} download>
          JSON lines
        </a>
        <a className="button" href={`${path}csv`} download>
          Results as CSV
        </a>
      </div>
      {omittedRecords > 0 && (
        <p className="note note-warn">
          The session is too long to be shown whole: {omittedRecords} more of its records are found by a search.
        </p>
      )}
      {!recorded && (
        <p className="note note-warn">
          This session was not recorded: what it asked is here, and not what it got to see.
        </p>
      )}
    </header>
  )
}

function Player({ timeline, at }: { readonly timeline: SessionTimeline; readonly at: number }): ReactNode {
  const { statements, session, engine } = timeline
  const time = useMemo(() => stripTime(momentsOf(timeline)), [timeline])
  const begins = useMemo(() => statements.map((one) => time.place(beginOf(one))), [statements, time])
  const asked = statements.findIndex(({ seq }) => seq === at)
  const play = usePlayback(begins, time.length, asked < 0 ? 0 : asked)
  const { index, playing, seek } = play
  const current = statements[index] ?? statements[0]
  const seq = current?.seq ?? 0
  const show = useCallback(
    (wanted: number) => {
      const found = statements.findIndex((one) => one.seq === wanted)
      if (found >= 0) seek(found)
    },
    [statements, seek],
  )
  // The address follows what is looked at, and leads: somebody may write another moment into it.
  useEffect(() => {
    if (!playing && seq !== 0) go('trail', session, true, `at=${String(seq)}`)
  }, [playing, session, seq])
  useEffect(() => {
    if (asked >= 0 && !playing) seek(asked)
    // Only when the address says another moment.
  }, [asked])
  const refusal = (by: 1 | -1): void => {
    const next = nextRefusal(statements, index, by)
    if (next !== null) seek(next)
  }
  useKeys({
    ' ': play.toggle,
    j: () => seek(Math.min(index + 1, statements.length - 1)),
    k: () => seek(Math.max(index - 1, 0)),
    n: () => refusal(1),
    p: () => refusal(-1),
    '/': () => document.querySelector<HTMLInputElement>('.find-in-session input')?.focus(),
    Escape: () => history.back(),
  })
  if (current === undefined) return null
  const first = Math.max(0, index - AROUND / 2)
  return (
    <>
      <Strip timeline={timeline} time={time} play={play} />
      <PlayControls statements={statements} play={play} onRefusal={refusal} />
      <FindInSession session={session} onShow={show} />
      <div className="replay-body">
        <ol className="replay-list" aria-label="Statements" start={first + 1}>
          {statements.slice(first, first + AROUND).map((one, place) => (
            <li key={one.seq}>
              <button
                type="button"
                aria-current={one.seq === seq ? 'step' : undefined}
                onClick={() => seek(first + place)}
              >
                <span className={`state state-${one.state}`}>{stateWord(one.state)}</span>
                {one.held !== null && <span className="state state-held">held</span>}
                <StatementLine text={one.text} engine={engine} most={90} />
              </button>
            </li>
          ))}
        </ol>
        <Story key={seq} session={session} engine={engine} statement={current} play={play} time={time} />
      </div>
    </>
  )
}
