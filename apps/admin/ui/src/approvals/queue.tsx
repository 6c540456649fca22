import { type ReactNode, useEffect, useRef } from 'react'
import type { Approval, Delivery } from '../api/answers.ts'
import { type Loaded, useLoaded } from '../api/loaded.ts'
import { useKeys } from '../keyboard.ts'
import { useNow } from '../now.ts'
import { go, hashOf, type View } from '../route.ts'
import { ErrorNote, Listed, Loading } from '../states.tsx'
import { PlainText } from '../statement-text.tsx'
import { agoText, clockText, fullText } from '../text/moments.ts'
import { Card } from './card.tsx'
import { byEnd, byRisk, riskWords } from './risk.ts'
import { firstTimeout, headline, waitingCount } from './what.ts'

type Approvals = { readonly approvals: readonly Approval[] }

/** What waits for a decision, the most to lose first, beside the one that is looked at. */
export function Queue({ loaded, id }: { readonly loaded: Loaded<Approvals>; readonly id: string | null }): ReactNode {
  return (
    <Listing
      view="approvals"
      title="Held statements"
      loaded={loaded}
      approvals={byRisk(loaded.value?.approvals ?? [])}
      id={id}
      empty={
        <>
          <h2>Nothing waits</h2>
          <p>When an agent sends a statement that needs a person’s yes, it appears here at once.</p>
        </>
      }
    />
  )
}

/** What was decided or ended in the last 24 hours. */
export function Decided({ id }: { readonly id: string | null }): ReactNode {
  const loaded = useLoaded<Approvals>('v1/approvals?limit=500', ['approval'])
  const ended = (loaded.value?.approvals ?? []).filter(({ state }) => state !== 'pending')
  return (
    <Listing
      view="decided"
      title="Decided"
      loaded={loaded}
      approvals={byEnd(ended)}
      id={id}
      empty={
        <>
          <h2>Nothing was decided yet</h2>
          <p>Decisions of the last 24 hours are kept here; the audit trail has all of them.</p>
        </>
      }
    />
  )
}

function Listing({
  view,
  title,
  loaded,
  approvals,
  id,
  empty,
}: {
  readonly view: View
  readonly title: string
  readonly loaded: Loaded<Approvals>
  readonly approvals: readonly Approval[]
  readonly id: string | null
  readonly empty: ReactNode
}): ReactNode {
  const now = useNow()
  const place = approvals.findIndex((approval) => approval.id === id)
  const step = (by: 1 | -1): void => {
    const next = approvals[place < 0 ? 0 : Math.min(Math.max(place + by, 0), approvals.length - 1)]
    if (next !== undefined) go(view, next.id, id !== null)
  }
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    Escape: id === null ? undefined : () => go(view, null),
  })
  return (
    <>
      <section className="list" aria-label={title}>
        <h1>{title}</h1>
        <Listed loaded={loaded} isEmpty={() => approvals.length === 0} empty={empty}>
          {() => (
            <ol>
              {approvals.map((approval) => (
                <Row key={approval.id} view={view} approval={approval} open={approval.id === id} now={now} />
              ))}
            </ol>
          )}
        </Listed>
      </section>
      <section className="opened" aria-label="Statement and decision">
        {id === null ? (
          approvals.length > 0 && (
            <p className="dim opened-none">
              Choose a statement, or press <kbd>j</kbd>
            </p>
          )
        ) : (
          <Opened key={id} id={id} view={view} />
        )}
      </section>
    </>
  )
}

function Row({
  view,
  approval,
  open,
  now,
}: {
  readonly view: View
  readonly approval: Approval
  readonly open: boolean
  readonly now: number
}): ReactNode {
  const link = useRef<HTMLAnchorElement>(null)
  const { request, createdAt, state } = approval
  const { level, words } = riskWords(request.risk, request.statement.unmasked.length > 0)
  const waiting = waitingCount(approval)
  const timeout = firstTimeout(approval)
  useEffect(() => {
    if (open) link.current?.scrollIntoView({ block: 'nearest' })
  }, [open])
  return (
    <li>
      <a
        ref={link}
        className={`row risk-${String(level)}`}
        href={hashOf(view, approval.id)}
        aria-current={open ? 'true' : undefined}
      >
        <span className="row-top">
          <span className="risk">{words}</span>
          {state === 'pending' ? (
            <time dateTime={createdAt} title={fullText(createdAt)}>
              {agoText(createdAt, now)}
            </time>
          ) : (
            <span className={`state state-${state}`}>{state}</span>
          )}
        </span>
        <span className="row-what">
          <PlainText text={headline(approval)} />
        </span>
        <span className="row-who">
          <PlainText text={request.principal.subject} />
          {request.principal.actor !== null && (
            <>
              {' '}
              by <PlainText text={request.principal.actor} />
            </>
          )}{' '}
          on {request.target}
        </span>
        {state === 'pending' && (
          <span className="row-end">
            {waiting === 0
              ? 'nobody waits now'
              : waiting === 1
                ? '1 session waits'
                : `${String(waiting)} sessions wait`}
            {timeout !== null && <span className="clock">{clockText(timeout, now)}</span>}
          </span>
        )}
      </a>
    </li>
  )
}

function Opened({ id, view }: { readonly id: string; readonly view: View }): ReactNode {
  const { value, error, reload } = useLoaded<{ approval: Approval; deliveries: readonly Delivery[] }>(
    `v1/approvals/${encodeURIComponent(id)}`,
    ['approval'],
  )
  if (value === null) return error === null ? <Loading /> : <ErrorNote error={error} onRetry={reload} />
  return (
    <>
      {error !== null && <ErrorNote error={error} onRetry={reload} />}
      <a className="back" href={hashOf(view, null)}>
        ‹ All
      </a>
      <Card approval={value.approval} deliveries={value.deliveries} onChanged={reload} />
    </>
  )
}
