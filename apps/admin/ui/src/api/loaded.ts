import { useCallback, useEffect, useRef, useState } from 'react'
import { ApiError, read } from './client.ts'
import { type Change, onChange, SIGN_IN_IN_DOUBT } from './live.ts'

/** What was asked of the service: `value` null until it first came; it stays while a later question fails. */
export interface Loaded<Value> {
  readonly value: Value | null
  readonly error: ApiError | null
  /** Asks again now. */
  readonly reload: () => void
}

/** After the service was not reached, was overtaxed or failed. */
const RETRY_MILLISECONDS = 3_000

/** Asks the service for a path (null: for nothing), and again whenever it tells a change of these kinds. */
export function useLoaded<Value>(path: string | null, changes: readonly Change[]): Loaded<Value> {
  const [state, setState] = useState<{ path: string | null; value: Value | null; error: ApiError | null }>({
    path,
    value: null,
    error: null,
  })
  const latest = useRef(0)
  const retry = useRef<ReturnType<typeof setTimeout>>(undefined)
  const kinds = changes.join(' ')
  const reload = useCallback(() => {
    if (path === null) return
    clearTimeout(retry.current)
    const number = ++latest.current
    read<Value>(path).then(
      (value) => {
        // An answer that was overtaken by a later question is old.
        if (number === latest.current) setState({ path, value, error: null })
      },
      (error: unknown) => {
        if (number !== latest.current || !(error instanceof ApiError)) return
        if (error.status === 401) window.dispatchEvent(new Event(SIGN_IN_IN_DOUBT))
        setState((before) => ({ path, value: before.path === path ? before.value : null, error }))
        if (error.status === 0 || error.status === 429 || error.status >= 500)
          retry.current = setTimeout(reload, RETRY_MILLISECONDS)
      },
    )
  }, [path])
  useEffect(() => {
    reload()
    const end = onChange(kinds.split(' ') as Change[], reload)
    return () => {
      latest.current++
      clearTimeout(retry.current)
      end()
    }
  }, [reload, kinds])
  return { value: state.path === path ? state.value : null, error: state.path === path ? state.error : null, reload }
}
