import type { ReactNode } from 'react'
import type { ApiError } from './api/client.ts'
import type { Loaded } from './api/loaded.ts'

/** What a list shows: its rows, or that it is loading, empty, or could not be read. An old list stays under an error. */
export function Listed<Value>({
  loaded,
  isEmpty,
  empty,
  children,
}: {
  readonly loaded: Loaded<Value>
  readonly isEmpty: (value: Value) => boolean
  readonly empty: ReactNode
  readonly children: (value: Value) => ReactNode
}): ReactNode {
  const { value, error, reload } = loaded
  return (
    <>
      {error !== null && <ErrorNote error={error} onRetry={reload} />}
      {value === null
        ? error === null && <Loading />
        : isEmpty(value)
          ? error === null && <div className="empty">{empty}</div>
          : children(value)}
    </>
  )
}

export function Loading(): ReactNode {
  return (
    <div className="loading" role="status">
      <span className="hidden-words">Loading</span>
      <i />
      <i />
      <i />
    </div>
  )
}

/** What went wrong, and what would work. */
export function ErrorNote({ error, onRetry }: { readonly error: ApiError; readonly onRetry?: () => void }): ReactNode {
  return (
    <div className="note note-error" role="alert">
      <p>
        <strong>{error.message}</strong> {error.hint}
      </p>
      {onRetry !== undefined && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  )
}
