import { useCallback, useEffect, useRef, useState } from 'react'
import { ApiError, read } from './client.ts'
import { type Change, onChange } from './live.ts'

/** What was asked of the service: `value` null until it first came; it stays while a later question fails. */
export interface Loaded<Value> {
  readonly value: Value | null
  readonly error: ApiError | null
  /** Asks again now. */
  readonly reload: () => void
}

/** Asks the service for a path, and again whenever it tells a change of these kinds. */
export function useLoaded<Value>(path: string, changes: readonly Change[]): Loaded<Value> {
  const [state, setState] = useState<{ path: string; value: Value | null; error: ApiError | null }>({
    path,
    value: null,
    error: null,
  })
  const latest = useRef(0)
  const kinds = changes.join(' ')
  const reload = useCallback(() => {
    const number = ++latest.current
    read<Value>(path).then(
      (value) => {
        // An answer that was overtaken by a later question is old.
        if (number === latest.current) setState({ path, value, error: null })
      },
      (error: unknown) => {
        if (number !== latest.current || !(error instanceof ApiError)) return
        if (error.status === 401) window.dispatchEvent(new Event('signed-out'))
        setState((before) => ({ path, value: before.path === path ? before.value : null, error }))
      },
    )
  }, [path])
  useEffect(() => {
    reload()
    const end = onChange(kinds.split(' ') as Change[], reload)
    return () => {
      latest.current++
      end()
    }
  }, [reload, kinds])
  return { value: state.path === path ? state.value : null, error: state.path === path ? state.error : null, reload }
}
