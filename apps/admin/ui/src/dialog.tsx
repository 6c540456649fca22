import { type ReactNode, useEffect, useId, useRef } from 'react'

/** A question over the page; Esc and the button close it. */
export function Dialog({
  open,
  title,
  onClose,
  children,
}: {
  readonly open: boolean
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
}): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const element = dialog.current
    if (open && element !== null && !element.open) element.showModal()
    if (!open && element !== null && element.open) element.close()
  }, [open])
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose}>
      {open && (
        <>
          <header>
            <h2 id={id}>{title}</h2>
            <button type="button" className="quiet" aria-label="Close" onClick={onClose}>
              ×
            </button>
          </header>
          {children}
        </>
      )}
    </dialog>
  )
}

/** Asks for a reason before something that cannot be taken back; `onYes` rejects with `ApiError` when it did not work. */
export function ReasonDialog({
  open,
  title,
  tells,
  yes,
  busy,
  onYes,
  onClose,
}: {
  readonly open: boolean
  readonly title: string
  readonly tells: ReactNode
  readonly yes: string
  readonly busy: boolean
  readonly onYes: (reason: string) => void
  readonly onClose: () => void
}): ReactNode {
  const id = useId()
  return (
    <Dialog open={open} title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const reason = new FormData(event.currentTarget).get('reason')
          onYes(typeof reason === 'string' ? reason.trim() : '')
        }}
      >
        <p>{tells}</p>
        <label htmlFor={id}>Reason</label>
        <input id={id} name="reason" required maxLength={500} autoComplete="off" />
        <div className="actions">
          <button type="submit" className="danger" disabled={busy}>
            {yes}
          </button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  )
}
