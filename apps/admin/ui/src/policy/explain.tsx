import { type ReactNode, useId, useState } from 'react'
import { ApiError, write } from '../api/client.ts'
import { ErrorNote } from '../states.tsx'

const EXAMPLE = '{"sub": "ada@example.com", "groups": ["analysts"]}'

/** Asks what the policy says of a statement that somebody would send. Nothing runs. */
export function Explain(): ReactNode {
  const id = useId()
  const [busy, setBusy] = useState(false)
  const [answer, setAnswer] = useState<string | ApiError | null>(null)
  const ask = async (form: FormData): Promise<void> => {
    const text = (name: string): string => {
      const value = form.get(name)
      return typeof value === 'string' ? value : ''
    }
    let claims: unknown
    try {
      claims = JSON.parse(text('claims'))
    } catch {
      setAnswer(new ApiError(0, 'CLAIMS', 'The claims are not JSON.', `Write them like ${EXAMPLE}`))
      return
    }
    setBusy(true)
    try {
      const said = await write<{ explanation: string }>('POST', 'v1/policy/explain', {
        claims,
        target: text('target').trim(),
        sql: text('sql'),
      })
      setAnswer(said.explanation)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      setAnswer(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <details className="explain">
      <summary>Explain a statement as somebody</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void ask(new FormData(event.currentTarget))
        }}
      >
        <label htmlFor={`${id}-claims`}>Claims of the token, as JSON</label>
        <textarea id={`${id}-claims`} name="claims" rows={2} required spellCheck={false} defaultValue={EXAMPLE} />
        <label htmlFor={`${id}-target`}>Target</label>
        <input id={`${id}-target`} name="target" required autoComplete="off" />
        <label htmlFor={`${id}-sql`}>Statement</label>
        <textarea id={`${id}-sql`} name="sql" rows={4} required spellCheck={false} />
        <div className="actions">
          <button type="submit" className="primary" disabled={busy}>
            Explain
          </button>
          <span className="dim">Nothing runs.</span>
        </div>
      </form>
      {answer instanceof ApiError && <ErrorNote error={answer} />}
      {typeof answer === 'string' && (
        <pre className="policy-text" tabIndex={0} role="region" aria-label="Explanation">
          {answer}
        </pre>
      )}
    </details>
  )
}
