import { type ReactNode, useId, useState } from 'react'
import { ApiError, read } from '../api/client.ts'
import { ErrorNote } from '../states.tsx'
import { PlainText } from '../statement-text.tsx'
import type { FoundInSession } from './records.ts'

/** Looks for a text in what the session asked and got to see. */
export function FindInSession({
  session,
  onShow,
}: {
  readonly session: string
  readonly onShow: (statement: number) => void
}): ReactNode {
  const id = useId()
  const [text, setText] = useState('')
  const [busy, setBusy] = useState(false)
  const [answer, setAnswer] = useState<FoundInSession | ApiError | null>(null)
  const find = async (wanted: string, before: FoundInSession | null): Promise<void> => {
    setBusy(true)
    setText(wanted)
    try {
      const after = before?.next == null ? '' : `&after=${encodeURIComponent(before.next)}`
      const page = await read<FoundInSession>(
        `v1/trail/sessions/${encodeURIComponent(session)}/find?text=${encodeURIComponent(wanted)}${after}`,
      )
      setAnswer({ ...page, found: [...(before?.found ?? []), ...page.found] })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      setAnswer(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <search className="find-in-session">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const wanted = new FormData(event.currentTarget).get('text')
          if (typeof wanted === 'string' && wanted !== '') void find(wanted, null)
          else setAnswer(null)
        }}
      >
        <label htmlFor={id}>Search this session: statements and what came back</label>
        <div className="find-line">
          <input id={id} name="text" autoComplete="off" spellCheck={false} maxLength={500} />
          <button type="submit" disabled={busy}>
            Search
          </button>
        </div>
      </form>
      {answer instanceof ApiError && <ErrorNote error={answer} />}
      {answer !== null && !(answer instanceof ApiError) && (
        <div role="status">
          {answer.found.length === 0 ? (
            <p className="dim">Not found{answer.next !== null && ' so far'}.</p>
          ) : (
            <ol className="find-found" aria-label="Found">
              {answer.found.map(({ statement, where, excerpt }) => (
                <li key={`${String(statement)} ${where}`}>
                  <button type="button" className="row-open" onClick={() => onShow(statement)}>
                    <span className="dim">
                      {where === 'statement' ? 'asked' : 'came back'}, record {statement}:
                    </span>{' '}
                    <PlainText text={excerpt} />
                  </button>
                </li>
              ))}
            </ol>
          )}
          {answer.next !== null && (
            <button type="button" disabled={busy} onClick={() => void find(text, answer)}>
              Search on
            </button>
          )}
        </div>
      )}
    </search>
  )
}
