import { type ReactNode, useId } from 'react'

/** A no, with its reason: the client is told it. */
export function RefuseForm({
  busy,
  onRefuse,
  onCancel,
}: {
  readonly busy: boolean
  readonly onRefuse: (reason: string) => void
  readonly onCancel: () => void
}): ReactNode {
  const id = useId()
  return (
    <form
      onKeyDown={(event) => {
        if (event.key === 'Escape') onCancel()
      }}
      onSubmit={(event) => {
        event.preventDefault()
        const reason = new FormData(event.currentTarget).get('reason')
        if (typeof reason === 'string' && reason.trim() !== '') onRefuse(reason.trim())
      }}
    >
      <label htmlFor={id}>Reason, which the client is told</label>
      <input id={id} name="reason" required maxLength={500} autoFocus autoComplete="off" />
      <div className="actions">
        <button type="submit" className="danger" disabled={busy}>
          Refuse
        </button>
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  )
}
