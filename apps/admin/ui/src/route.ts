import { useSyncExternalStore } from 'react'

/** The views, by the first word of the address behind `#/`. */
export const VIEWS = ['approvals', 'decided', 'sessions', 'grants', 'revocations', 'policy'] as const
export type View = (typeof VIEWS)[number]

export interface Route {
  readonly view: View
  /** What of it is open; null: nothing. */
  readonly id: string | null
}

/** `#/approvals/ID`; what is not understood is the queue. */
export function routeOf(hash: string): Route {
  const [word, id] = hash.replace(/^#?\/?/, '').split('/')
  const view = VIEWS.find((known) => known === word) ?? 'approvals'
  return { view, id: id === undefined || id === '' ? null : decodeURIComponent(id) }
}

export function hashOf(view: View, id: string | null): string {
  return id === null ? `#/${view}` : `#/${view}/${encodeURIComponent(id)}`
}

/** Goes there. `quietly` leaves no step for the browser's back. */
export function go(view: View, id: string | null, quietly = false): void {
  if (quietly) {
    history.replaceState(null, '', hashOf(view, id))
    window.dispatchEvent(new HashChangeEvent('hashchange'))
  } else location.hash = hashOf(view, id)
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
