import { useCallback, useEffect, useRef, useState } from 'react'
import type { TimelineStatement } from './records.ts'
import { statementAt } from './strip-time.ts'

export const SPEEDS = [1, 2, 4, 8, 16, 32] as const
const TICK_MILLISECONDS = 50

/** Where a replay is, and what moves it. */
export interface Playback {
  /** On the strip, in milliseconds. */
  readonly place: number
  /** Which statement is looked at. */
  readonly index: number
  readonly playing: boolean
  readonly speed: number
  readonly setSpeed: (speed: number) => void
  readonly toggle: () => void
  /** To a statement. */
  readonly seek: (index: number) => void
}

/** Plays a strip `length` milliseconds long with statements that begin at these places. */
export function usePlayback(begins: readonly number[], length: number, start: number): Playback {
  const [place, setPlace] = useState(() => begins[start] ?? 0)
  // Several statements may begin at one place: which of them is meant is kept until time goes on.
  const [chosen, setChosen] = useState<number | null>(start)
  const [playing, setPlaying] = useState(false)
  const [speed, setSpeed] = useState(1)
  const last = useRef(0)
  useEffect(() => {
    if (!playing) return undefined
    last.current = performance.now()
    const timer = setInterval(() => {
      const now = performance.now()
      const passed = (now - last.current) * speed
      last.current = now
      setChosen(null)
      setPlace((before) => Math.min(before + passed, length))
    }, TICK_MILLISECONDS)
    return () => {
      clearInterval(timer)
    }
  }, [playing, speed, length])
  useEffect(() => {
    if (playing && place >= length) setPlaying(false)
  }, [playing, place, length])
  const seek = useCallback(
    (index: number) => {
      setChosen(index)
      setPlace(begins[index] ?? 0)
    },
    [begins],
  )
  const toggle = useCallback(() => {
    // From the end it begins anew.
    if (!playing && place >= length) seek(0)
    setPlaying(!playing)
  }, [playing, place, length, seek])
  return { place, index: chosen ?? statementAt(begins, place), playing, speed, setSpeed, toggle, seek }
}

/** The next refusal behind a statement, or (-1) before it; null: there is none. */
export function nextRefusal(
  statements: readonly Pick<TimelineStatement, 'state'>[],
  index: number,
  by: 1 | -1,
): number | null {
  for (let at = index + by; at >= 0 && at < statements.length; at += by)
    if (statements[at]?.state === 'refused') return at
  return null
}
