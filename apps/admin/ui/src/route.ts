import { useSyncExternalStore } from 'react'

/** The views, by the first word of the address behind `#/`. */
export const VIEWS = [
  'approvals',
  'decided',
  'sessions',
  'grants',
  'credentials',
  'revocations',
  'policy',
  'trail',
] as const
export type View = (typeof VIEWS)[number]

export interface Route {
  readonly view: View
  /** What of it is open; null: nothing. */
  readonly id: string | null
  /** What is asked of it behind `?`; empty: nothing. */
  readonly query: string
}

/** `#/approvals/ID`, `#/trail?QUERY`, `#/trail/sessions/ID?at=SEQ`; what is not understood is the queue. */
export function routeOf(hash: string): Route {
  const [path = '', ...query] = hash.replace(/^#?\/?/, '').split('?')
  const [word, ...rest] = path.split('/')
  const view = VIEWS.find((known) => known === word) ?? 'approvals'
  const id = view === 'trail' && rest[0] === 'sessions' ? rest[1] : rest[0]
  return { view, id: id === undefined || id === '' ? null : decoded(id), query: query.join('?') }
}

export function hashOf(view: View, id: string | null, query = ''): string {
  const path = id === null ? view : `${view}${view === 'trail' ? '/sessions' : ''}/${encodeURIComponent(id)}`
  return `#/${path}${query === '' ? '' : `?${query}`}`
}

/** Goes there. `quietly` leaves no step for the browser's back. */
export function go(view: View, id: string | null, quietly = false, query = ''): void {
  if (quietly) {
    history.replaceState(null, '', hashOf(view, id, query))
    window.dispatchEvent(new HashChangeEvent('hashchange'))
  } else location.hash = hashOf(view, id, query)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Where the page is, and follows it. */
export function useRoute(): Route {
  return routeOf(useSyncExternalStore(listen, () => location.hash))
}

function listen(changed: () => void): () => void {
  window.addEventListener('hashchange', changed)
  return () => {
    window.removeEventListener('hashchange', changed)
  }
}
