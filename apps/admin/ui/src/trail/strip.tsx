import { type ReactNode, useMemo } from 'react'
import { fullText, lengthText } from '../text/moments.ts'
import type { SessionTimeline, StatementState } from './records.ts'
import { stateWord } from './statement-state.ts'
import { type StripTime, stripMarks } from './strip-time.ts'
import type { Playback } from './use-playback.ts'

const percent = (part: number): string => `${String(part * 100)}%`

/** The session as a strip of time: a mark for each statement, by shape and colour, and how long statements were held. */
export function Strip({
  timeline: { statements },
  time,
  play,
}: {
  readonly timeline: SessionTimeline
  readonly time: StripTime
  readonly play: Playback
}): ReactNode {
  const { gaps, length, place } = time
  const marks = useMemo(() => stripMarks(statements, time), [statements, time])
  const current = statements[play.index]
  const left = gaps.reduce((sum, { was, shown }) => sum + was - shown, 0)
  return (
    <figure className="strip">
      <svg width="100%" height="64" aria-hidden="true">
        {gaps.map(({ at, shown, was }) => (
          <rect
            key={at}
            className="strip-gap"
            x={percent(at / length)}
            width={percent(shown / length)}
            y="0"
            height="64"
          >
            <title>{`${lengthText(was)} without anything`}</title>
          </rect>
        ))}
        <line className="axis" x1="0" x2="100%" y1="40" y2="40" />
        {statements.map(({ seq, held, time: decided }) => {
          if (held === null) return null
          const from = place(Date.parse(held.from)) / length
          const to = place(Date.parse(held.until ?? decided)) / length
          const by = held.decisions.map(({ verdict, subject }) => `${verdict} by ${subject}`).join(', ')
          return (
            <rect
              key={seq}
              className="strip-held"
              x={percent(from)}
              width={percent(Math.max(0.002, to - from))}
              y="8"
              height="14"
              rx="2"
            >
              <title>{`held, then ${held.state}${by === '' ? '' : `: ${by}`}`}</title>
            </rect>
          )
        })}
        {marks.map(({ at, state, index, count }) => (
          <svg
            key={index}
            x={percent(at)}
            y="40"
            overflow="visible"
            className={`mark mark-${state}`}
            onClick={() => play.seek(index)}
          >
            <title>{count > 1 ? `${String(count)} statements, one ${stateWord(state)}` : stateWord(state)}</title>
            <Mark state={state} />
          </svg>
        ))}
        <line
          className="strip-now"
          x1={percent(play.place / length)}
          x2={percent(play.place / length)}
          y1="0"
          y2="64"
        />
      </svg>
      <input
        type="range"
        aria-label="Statement"
        min={0}
        max={statements.length - 1}
        value={play.index}
        disabled={statements.length === 1}
        aria-valuetext={
          current === undefined
            ? undefined
            : `${String(play.index + 1)} of ${String(statements.length)}, ${stateWord(current.state)}, ${fullText(current.time)}`
        }
        onChange={(event) => play.seek(Number(event.target.value))}
      />
      <figcaption className="legend">
        {(['done', 'failed', 'refused', 'unknown'] as const).map((state) => (
          <span key={state}>
            <svg width="14" height="14" viewBox="-7 -7 14 14" className={`mark mark-${state}`} aria-hidden="true">
              <Mark state={state} />
            </svg>
            {stateWord(state)}
          </span>
        ))}
        <span className="legend-held">held</span>
        {left > 0 && (
          <span className="dim">
            {lengthText(left)} of pauses is left out: none is shown longer than 3 s, and each has a grey ground.
          </span>
        )}
      </figcaption>
    </figure>
  )
}

/** A shape for each state, around 0, 0. */
function Mark({ state }: { readonly state: StatementState }): ReactNode {
  switch (state) {
    case 'done':
      return <circle r="4.5" />
    case 'failed':
      return <path d="M0 -6 L6 5 L-6 5 Z" />
    case 'refused':
      return <path d="M-5 -5 L5 5 M5 -5 L-5 5" />
    default:
      return <circle r="4" fill="none" />
  }
}
