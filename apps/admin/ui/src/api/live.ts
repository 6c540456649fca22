import { useEffect, useState } from 'react'

/** What changed, as the service tells it at once. After `resync` anything may have. */
export type Change = 'approval' | 'session' | 'grant' | 'revocation' | 'credential' | 'resync'

/** An event of the window: whether somebody is signed in must be asked anew. */
export const SIGN_IN_IN_DOUBT = 'sign-in-in-doubt'

const CHANGES: readonly Change[] = ['approval', 'session', 'grant', 'revocation', 'credential', 'resync']
/** The service says at least `ping` every 15 seconds. */
const SILENCE_MILLISECONDS = 40_000
const RETRY_MILLISECONDS = 2_000
/** Changes that come together are looked at together. */
const GATHER_MILLISECONDS = 50
/** However much changes, the service is not asked more often than this: it counts requests. */
const PAUSE_MILLISECONDS = 400

const listeners = new Set<(change: Change) => void>()

/** Keeps one stream of changes open for the page, and says whether it is; a stream that was lost is opened anew. */
export function useConnection(): 'connecting' | 'live' | 'lost' {
  const [state, setState] = useState<'connecting' | 'live' | 'lost'>('connecting')
  useEffect(() => {
    let source: EventSource | null = null
    let timer: ReturnType<typeof setTimeout> | undefined
    const wait = (milliseconds: number, then: () => void): void => {
      clearTimeout(timer)
      timer = setTimeout(then, milliseconds)
    }
    const lost = (): void => {
      setState('lost')
      // The stream does not say why: perhaps nobody is signed in any more.
      window.dispatchEvent(new Event(SIGN_IN_IN_DOUBT))
      source?.close()
      wait(RETRY_MILLISECONDS, open)
    }
    const heard = (): void => {
      wait(SILENCE_MILLISECONDS, lost)
    }
    const open = (): void => {
      source = new EventSource('v1/events')
      source.addEventListener('open', () => {
        setState('live')
        heard()
        // What happened before the stream was open was not told.
        tell('resync')
      })
      source.addEventListener('error', lost)
      source.addEventListener('ping', heard)
      for (const change of CHANGES) {
        source.addEventListener(change, () => {
          heard()
          tell(change)
        })
      }
    }
    open()
    return () => {
      clearTimeout(timer)
      source?.close()
    }
  }, [])
  return state
}

/** Calls back once for changes of these kinds that come together, and after `resync`. */
export function onChange(kinds: readonly Change[], callback: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let last = -Infinity
  const listener = (change: Change): void => {
    if (change !== 'resync' && !kinds.includes(change)) return
    const pause = last + PAUSE_MILLISECONDS - performance.now()
    timer ??= setTimeout(
      () => {
        timer = undefined
        last = performance.now()
        callback()
      },
      Math.max(GATHER_MILLISECONDS, pause),
    )
  }
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    clearTimeout(timer)
  }
}

function tell(change: Change): void {
  for (const listener of listeners) listener(change)
}
