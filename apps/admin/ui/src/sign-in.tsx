import type { ReactNode } from 'react'

const WANTED = 'gatehouse.wanted'

/** Before anybody is known. The view that was asked for is kept for `takeWanted`. */
export function SignIn(): ReactNode {
  return (
    <main className="alone">
      <h1>Gatehouse</h1>
      <p>Statements that agents may not run on their own wait here for a person to decide.</p>
      <a
        className="button primary"
        href="login"
        onClick={() => {
          sessionStorage.setItem(WANTED, location.hash)
        }}
      >
        Sign in
      </a>
    </main>
  )
}

/** The address of the view that was asked for before somebody signed in, once; empty: none was. */
export function takeWanted(): string {
  const wanted = sessionStorage.getItem(WANTED) ?? ''
  sessionStorage.removeItem(WANTED)
  return wanted
}
