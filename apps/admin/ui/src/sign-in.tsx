import type { ReactNode } from 'react'

/** Before anybody is known. */
export function SignIn(): ReactNode {
  return (
    <main className="alone">
      <h1>Gatehouse</h1>
      <p>Statements that agents may not run on their own wait here for a person to decide.</p>
      <a className="button primary" href="login">
        Sign in
      </a>
    </main>
  )
}
