import { type ReactNode, useState } from 'react'
import type { Approval, DecideOutcome } from '../api/answers.ts'
import { ApiError, write } from '../api/client.ts'
import { useKeys } from '../keyboard.ts'
import { useMe } from '../me.ts'
import { useNotify } from '../notices.tsx'
import { ApproveForm, type ApproveChoice } from './approve-form.tsx'
import { outcomeNotice } from './outcome.ts'
import { RefuseForm } from './refuse-form.tsx'
import { hasSaidYes, isOwn, waitingCount } from './what.ts'

/** Yes or no. `seen`: the whole statement was shown; there is no yes before. */
export function Decision({
  approval,
  seen,
  onChanged,
}: {
  readonly approval: Approval
  readonly seen: boolean
  readonly onChanged: () => void
}): ReactNode {
  const me = useMe()
  const notify = useNotify()
  // How many sessions waited when the form was opened: what the approver has seen.
  const [open, setOpen] = useState<{ kind: 'approve' | 'refuse'; waiters: number } | null>(null)
  const [busy, setBusy] = useState(false)
  const waiters = waitingCount(approval)
  const barred = whyNot(approval, me)
  const show = (kind: 'approve' | 'refuse'): void => setOpen({ kind, waiters })
  useKeys(
    barred === null && open === null
      ? { a: seen ? () => show('approve') : undefined, r: () => show('refuse') }
      : { Escape: open === null ? undefined : () => setOpen(null) },
  )
  if (barred !== null) return <p className="decision decision-barred">{barred}</p>

  const send = async (verdict: 'approve' | 'refuse', body: object): Promise<void> => {
    setBusy(true)
    try {
      const path = `v1/approvals/${encodeURIComponent(approval.id)}/${verdict}`
      const outcome = await write<DecideOutcome>('POST', path, body)
      notify(outcomeNotice(outcome, verdict))
      // More wait than were seen: the form stays, and asks about them.
      if (outcome.kind !== 'changed') setOpen(null)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      notify({ tone: 'bad', text: `${error.message} ${error.hint}`.trim() })
    } finally {
      setBusy(false)
      onChanged()
    }
  }
  const approve = ({ reason, grant }: ApproveChoice): void =>
    void send('approve', {
      expectWaiters: open?.waiters ?? 0,
      ...(reason === '' ? {} : { reason }),
      ...(grant === null ? {} : { grant }),
    })

  return (
    <div className="decision">
      {open === null && (
        <div className="actions">
          <button
            type="button"
            className="primary"
            disabled={!seen}
            title={seen ? undefined : 'Show the whole statement first'}
            onClick={() => show('approve')}
          >
            Approve <kbd>a</kbd>
          </button>
          <button type="button" className="danger" onClick={() => show('refuse')}>
            Refuse <kbd>r</kbd>
          </button>
          {!seen && <span className="dim">Show the whole statement before you approve it.</span>}
        </div>
      )}
      {open?.kind === 'approve' && (
        <>
          {waiters > open.waiters && (
            <p className="note note-warn" role="alert">
              {waiters - open.waiters} more joined since you opened this.{' '}
              <button type="button" onClick={() => show('approve')}>
                I have seen that {waiters} wait
              </button>
            </p>
          )}
          <ApproveForm
            approval={approval}
            waiters={open.waiters}
            busy={busy}
            onApprove={approve}
            onCancel={() => setOpen(null)}
          />
        </>
      )}
      {open?.kind === 'refuse' && (
        <RefuseForm busy={busy} onRefuse={(reason) => void send('refuse', { reason })} onCancel={() => setOpen(null)} />
      )}
    </div>
  )
}

/** Why the reader cannot decide, as far as the page knows; null: they may try. The service has the last word. */
function whyNot(approval: Approval, me: ReturnType<typeof useMe>): string | null {
  if (!me.roles.includes('approver')) return 'You may look, but not decide: you are not an approver.'
  if (isOwn(approval, me.identity)) return 'This is your own request: somebody else must decide on it.'
  if (hasSaidYes(approval, me.identity)) return 'You said yes. Somebody else must say yes too.'
  return null
}
