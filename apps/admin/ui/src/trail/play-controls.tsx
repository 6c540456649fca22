import { type ReactNode, useId } from 'react'
import type { TimelineStatement } from './records.ts'
import { nextRefusal, type Playback, SPEEDS } from './use-playback.ts'

/** Plays, pauses, steps, and goes to refusals. */
export function PlayControls({
  statements,
  play,
  onRefusal,
}: {
  readonly statements: readonly TimelineStatement[]
  readonly play: Playback
  readonly onRefusal: (by: 1 | -1) => void
}): ReactNode {
  const id = useId()
  const { index, playing, speed, seek } = play
  const refused = statements.filter(({ state }) => state === 'refused').length
  return (
    <div className="play-controls" role="group" aria-label="Play">
      <button type="button" className="primary" onClick={play.toggle}>
        {playing ? 'Pause' : 'Play'}
      </button>
      <label htmlFor={id} className="hidden-words">
        Speed
      </label>
      <select id={id} value={speed} onChange={(event) => play.setSpeed(Number(event.target.value))}>
        {SPEEDS.map((one) => (
          <option key={one} value={one}>
            {one}×
          </option>
        ))}
      </select>
      <button type="button" disabled={index === 0} onClick={() => seek(index - 1)}>
        Previous
      </button>
      <button type="button" disabled={index >= statements.length - 1} onClick={() => seek(index + 1)}>
        Next
      </button>
      <button type="button" disabled={nextRefusal(statements, index, -1) === null} onClick={() => onRefusal(-1)}>
        Previous refusal
      </button>
      <button type="button" disabled={nextRefusal(statements, index, 1) === null} onClick={() => onRefusal(1)}>
        Next refusal
      </button>
      <span className="dim">
        Statement {(index + 1).toLocaleString()} of {statements.length.toLocaleString()}, {refused.toLocaleString()}{' '}
        refused
      </span>
    </div>
  )
}
