import { type ReactNode, useId, useState } from 'react'
import type { Revoked } from '../api/answers.ts'
import { ApiError, write } from '../api/client.ts'
import { Dialog } from '../dialog.tsx'
import { useNotify } from '../notices.tsx'

type Kind = 'principal' | 'actor' | 'target' | 'credential' | 'issuer'

const KINDS: readonly (readonly [Kind, string])[] = [
  ['principal', 'A person or service (subject)'],
  ['actor', 'An agent'],
  ['target', 'A target'],
  ['credential', 'A session credential'],
  ['issuer', 'An issuer'],
]
const TIMES: readonly (readonly [number, string])[] = [
  [0, 'until it is lifted'],
  [3600, '1 hour'],
  [24 * 3600, '1 day'],
  [7 * 24 * 3600, '1 week'],
]

/** A button that opens the question what to revoke. */
export function RevokeForm({ onDone }: { readonly onDone: () => void }): ReactNode {
  const id = useId()
  const notify = useNotify()
  const [open, setOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  const revoke = async (form: FormData): Promise<void> => {
    const text = (name: string): string => {
      const value = form.get(name)
      return typeof value === 'string' ? value.trim() : ''
    }
    const seconds = Number(text('seconds'))
    setBusy(true)
    try {
      await write('POST', 'v1/revocations', {
        what: revoked(text('kind') as Kind, text('name')),
        reason: text('reason'),
        until: seconds === 0 ? null : new Date(Date.now() + seconds * 1000).toISOString(),
      })
      notify({ tone: 'good', text: `${text('name')} is revoked.` })
      setOpen(false)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      notify({ tone: 'bad', text: `${error.message} ${error.hint}`.trim() })
    } finally {
      setBusy(false)
      onDone()
    }
  }
  return (
    <>
      <div className="view-actions">
        <button type="button" onClick={() => setOpen(true)}>
          Revoke…
        </button>
      </div>
      <Dialog open={open} title="Revoke" onClose={() => setOpen(false)}>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            void revoke(new FormData(event.currentTarget))
          }}
        >
          <label htmlFor={`${id}-kind`}>What</label>
          <select id={`${id}-kind`} name="kind">
            {KINDS.map(([kind, words]) => (
              <option key={kind} value={kind}>
                {words}
              </option>
            ))}
          </select>
          <label htmlFor={`${id}-name`}>Its exact name</label>
          <input id={`${id}-name`} name="name" required maxLength={500} autoComplete="off" />
          <label htmlFor={`${id}-reason`}>Reason</label>
          <input id={`${id}-reason`} name="reason" required maxLength={500} autoComplete="off" />
          <label htmlFor={`${id}-time`}>For</label>
          <select id={`${id}-time`} name="seconds">
            {TIMES.map(([seconds, words]) => (
              <option key={seconds} value={seconds}>
                {words}
              </option>
            ))}
          </select>
          <p className="dim">Live sessions that this meets are ended within a second.</p>
          <div className="actions">
            <button type="submit" className="danger" disabled={busy}>
              Revoke
            </button>
            <button type="button" onClick={() => setOpen(false)}>
              Cancel
            </button>
          </div>
        </form>
      </Dialog>
    </>
  )
}

function revoked(kind: Kind, name: string): Revoked {
  switch (kind) {
    case 'principal':
      return { kind, issuer: null, subject: name }
    case 'actor':
      return { kind, issuer: null, actor: name }
    case 'target':
      return { kind, target: name }
    case 'credential':
      return { kind, credential: name }
    default:
      return { kind, issuer: name }
  }
}
