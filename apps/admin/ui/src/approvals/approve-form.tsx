import { type ReactNode, useId, useState } from 'react'
import type { Approval } from '../api/answers.ts'
import { PlainText } from '../statement-text.tsx'

/** What the approver chose; `grant` null: this statement, once. */
export interface ApproveChoice {
  readonly reason: string
  readonly grant: {
    readonly covers: 'fingerprint' | 'actions'
    readonly seconds: number
    readonly uses?: number
  } | null
}

const TIMES: readonly (readonly [number, string])[] = [
  [900, '15 minutes'],
  [3600, '1 hour'],
  [4 * 3600, '4 hours'],
  [8 * 3600, '8 hours'],
]

type Scope = 'once' | 'fingerprint' | 'actions'

/** A yes: once, or for what is like it for a time. Enter says yes to what is chosen. */
export function ApproveForm({
  approval,
  waiters,
  busy,
  onApprove,
  onCancel,
}: {
  readonly approval: Approval
  readonly waiters: number
  readonly busy: boolean
  readonly onApprove: (choice: ApproveChoice) => void
  readonly onCancel: () => void
}): ReactNode {
  const [scope, setScope] = useState<Scope>('once')
  const id = useId()
  const { statement, principal, target } = approval.request
  // What several must approve, and what shows masked columns, is not granted in advance.
  const mayGrant = approval.request.approvalsNeeded === 1 && statement.unmasked.length === 0
  const scopes: readonly (readonly [Scope, string, string])[] = [
    [
      'once',
      'This statement, once',
      waiters > 1 ? `Each of the ${String(waiters)} sessions that wait runs it once.` : '',
    ],
    ['fingerprint', 'Statements of this shape', 'The same statement with other values, for a time.'],
    ['actions', 'These actions', `${statement.actions.join(', ')} on ${statement.relations.join(', ')}, for a time.`],
  ]
  return (
    <form
      onKeyDown={(event) => {
        if (event.key === 'Escape') onCancel()
      }}
      onSubmit={(event) => {
        event.preventDefault()
        onApprove(choiceOf(new FormData(event.currentTarget)))
      }}
    >
      <fieldset className="scopes">
        <legend>Approve</legend>
        {scopes
          .filter(([value]) => value === 'once' || mayGrant)
          .map(([value, title, tells]) => (
            <label key={value} className="scope">
              <input
                type="radio"
                name="scope"
                value={value}
                checked={scope === value}
                onChange={() => setScope(value)}
              />
              <span>
                <strong>{title}</strong>
                {tells !== '' && (
                  <span className="dim">
                    {' '}
                    <PlainText text={tells} />
                  </span>
                )}
              </span>
            </label>
          ))}
      </fieldset>
      {scope !== 'once' && (
        <>
          <p className="dim">
            For <PlainText text={principal.subject} />
            {principal.actor !== null && (
              <>
                {' '}
                through <PlainText text={principal.actor} />
              </>
            )}{' '}
            on {target}. It can be taken back under Grants.
          </p>
          <div className="fields">
            <label htmlFor={`${id}-time`}>For</label>
            <select id={`${id}-time`} name="seconds" defaultValue={3600}>
              {TIMES.map(([seconds, words]) => (
                <option key={seconds} value={seconds}>
                  {words}
                </option>
              ))}
            </select>
            <label htmlFor={`${id}-uses`}>At most</label>
            <input id={`${id}-uses`} name="uses" type="number" min={1} max={10000} placeholder="any number" />
            <span>times</span>
          </div>
        </>
      )}
      <label htmlFor={`${id}-reason`}>
        Reason <span className="dim">(may stay empty)</span>
      </label>
      <input id={`${id}-reason`} name="reason" maxLength={500} autoComplete="off" />
      <div className="actions">
        <button type="submit" className="primary" autoFocus disabled={busy}>
          {waiters > 1 ? `Approve for all ${String(waiters)}` : 'Approve'} <kbd>Enter</kbd>
        </button>
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  )
}

function choiceOf(form: FormData): ApproveChoice {
  const text = (name: string): string => {
    const value = form.get(name)
    return typeof value === 'string' ? value.trim() : ''
  }
  const scope = text('scope')
  const uses = text('uses')
  return {
    reason: text('reason'),
    grant:
      scope === 'fingerprint' || scope === 'actions'
        ? { covers: scope, seconds: Number(text('seconds')), ...(uses === '' ? {} : { uses: Number(uses) }) }
        : null,
  }
}
