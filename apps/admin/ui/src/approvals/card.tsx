import { type ReactNode, useState } from 'react'
import type { Approval, Delivery } from '../api/answers.ts'
import { useNow } from '../now.ts'
import { isShort, PlainText, StatementText } from '../statement-text.tsx'
import { oddSummary } from '../text/characters.ts'
import { agoText, clockText, fullText } from '../text/moments.ts'
import { Decision } from './decision.tsx'
import { riskWords } from './risk.ts'
import { firstTimeout, headline } from './what.ts'

/** All there is to know before a decision, and the decision. */
export function Card({
  approval,
  deliveries,
  onChanged,
}: {
  readonly approval: Approval
  readonly deliveries: readonly Delivery[]
  readonly onChanged: () => void
}): ReactNode {
  const { request } = approval
  const { statement } = request
  const { level, words } = riskWords(request.risk, request.statement.unmasked.length > 0)
  const [whole, setWhole] = useState(() => isShort(statement.text, request.engine))
  const odd = oddSummary([statement.text, ...statement.parameters.map((value) => value ?? '')].join('\n'))
  return (
    <article className={`card risk-${String(level)}`}>
      <header>
        <p className="risk">{words}</p>
        <h2>
          <PlainText text={headline(approval)} />
        </h2>
        <Standing approval={approval} />
      </header>
      <Facts approval={approval} />
      {odd !== '' && (
        <p className="note note-warn" role="note">
          <strong>Not all of it is what it seems:</strong> {odd}. Each is named in a frame.
        </p>
      )}
      {statement.unmasked.length > 0 && (
        <p className="note note-warn" role="note">
          <strong>Masked columns would come back in clear:</strong> <PlainText text={statement.unmasked.join(', ')} />
        </p>
      )}
      <StatementText
        text={statement.text}
        engine={request.engine}
        whole={whole}
        onWhole={() => {
          setWhole(true)
        }}
      />
      <Values approval={approval} />
      <Settings approval={approval} />
      <section>
        <h3>What it does</h3>
        <ul className="chips">
          {statement.doings.map((doing) => (
            <li key={doing}>
              <PlainText text={doing} />
            </li>
          ))}
        </ul>
      </section>
      <Waiters approval={approval} />
      <History approval={approval} />
      <Decisions approval={approval} />
      <Told deliveries={deliveries} />
      {approval.state === 'pending' && <Decision approval={approval} seen={whole} onChanged={onChanged} />}
    </article>
  )
}

function Standing({ approval }: { readonly approval: Approval }): ReactNode {
  const now = useNow()
  const { state, createdAt, endedAt, endReason, openUntil, ticket } = approval
  const timeout = firstTimeout(approval)
  if (state !== 'pending')
    return (
      <p className="standing">
        <span className={`state state-${state}`}>{state}</span>{' '}
        {endedAt !== null && <time title={fullText(endedAt)}>{agoText(endedAt, now)}</time>}
        {endReason !== null && (
          <>
            : <PlainText text={state === 'refused' ? endReason : endReason.replaceAll('_', ' ')} />
          </>
        )}
        {ticket !== null && (
          <>
            {' '}
            · {ticket.usedAt === null ? `good for one run until ${fullText(ticket.until)}` : 'its one run was taken'}
          </>
        )}
      </p>
    )
  return (
    <p className="standing">
      Asked <time title={fullText(createdAt)}>{agoText(createdAt, now)}</time>
      {timeout !== null && (
        <>
          {' '}
          · held for <strong className="clock">{clockText(timeout, now)}</strong> more
        </>
      )}
      {timeout === null && openUntil !== null && (
        <>
          {' '}
          · nobody waits; a yes is good for one run, for <strong className="clock">{clockText(openUntil, now)}</strong>
        </>
      )}
    </p>
  )
}

function Facts({ approval }: { readonly approval: Approval }): ReactNode {
  const { principal, target, engine, estimatedRows, rules, by, approvalsNeeded } = approval.request
  const groups = [...new Set(by.flatMap((one) => [...one.groups, ...one.subjects]))]
  const yes = approval.decisions.filter(({ verdict }) => verdict === 'approve').length
  return (
    <dl className="facts">
      <Fact name="On behalf of">
        <PlainText text={principal.subject} />
      </Fact>
      <Fact name="Agent">{principal.actor === null ? 'none' : <PlainText text={principal.actor} />}</Fact>
      <Fact name="Target">
        {target} <span className="dim">{engine === 'postgres' ? 'PostgreSQL' : 'MySQL'}</span>
      </Fact>
      <Fact name="Expected rows">
        {estimatedRows === null ? (
          <span className="dim">not known</span>
        ) : (
          <strong>{Math.round(estimatedRows).toLocaleString()}</strong>
        )}
      </Fact>
      <Fact name="Asked by rule">{rules.join(', ')}</Fact>
      <Fact name="May be decided by">{groups.join(', ')}</Fact>
      {approvalsNeeded > 1 && (
        <Fact name="Approvals">
          {yes} of {approvalsNeeded}
        </Fact>
      )}
      {principal.groups.length > 0 && <Fact name="Groups">{principal.groups.join(', ')}</Fact>}
    </dl>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Settings({ approval }: { readonly approval: Approval }): ReactNode {
  const settings = Object.entries(approval.request.statement.settings)
  if (settings.length === 0) return null
  return (
    <section>
      <h3>Settings of the session</h3>
      <ul className="chips">
        {settings.map(([name, value]) => (
          <li key={name}>
            <PlainText text={`${name} = ${value}`} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Values({ approval }: { readonly approval: Approval }): ReactNode {
  const { statement, engine } = approval.request
  if (statement.parameters.length === 0) return null
  return (
    <section>
      <h3>Bound values</h3>
      <ol className="values">
        {statement.parameters.map((value, index) => (
          <li key={index}>
            <span className="value-name">
              {engine === 'postgres' ? `$${String(index + 1)}` : `? ${String(index + 1)}`}
            </span>
            {value === null ? (
              <em>NULL</em>
            ) : value === '[masked]' ? (
              <em title="It may be the value of a masked column">masked</em>
            ) : (
              <code>
                <PlainText text={value} />
              </code>
            )}
          </li>
        ))}
      </ol>
    </section>
  )
}

function Waiters({ approval }: { readonly approval: Approval }): ReactNode {
  const now = useNow()
  if (approval.waiters.length === 0) return null
  return (
    <section>
      <h3>Who waits</h3>
      <ul className="lines">
        {approval.waiters.map(({ session, gateway, since, state }) => (
          <li key={`${session} ${since}`}>
            <code>{session}</code> <span className="dim">on {gateway}</span>
            <span className="line-end">
              {state === 'waiting' ? `since ${agoText(since, now)}` : state === 'ran' ? 'has run it' : 'has left'}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function History({ approval }: { readonly approval: Approval }): ReactNode {
  const { history } = approval.request
  return (
    <section>
      <h3>What the session did before</h3>
      {history.length === 0 ? (
        <p className="dim">Nothing: this is its first statement.</p>
      ) : (
        <ul className="lines history">
          {history.toReversed().map(({ at, text, outcome }, index) => (
            <li key={index}>
              <time dateTime={at} title={fullText(at)}>
                {new Date(at).toLocaleTimeString()}
              </time>
              <code>
                <PlainText text={text} />
              </code>
              <span className={`outcome${outcome === 'ran' ? '' : ' outcome-bad'}`}>{outcome}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

const TOLD: Readonly<Record<Delivery['state'], string>> = {
  pending: 'not yet',
  delivered: 'told',
  failed: 'not told',
}

function Told({ deliveries }: { readonly deliveries: readonly Delivery[] }): ReactNode {
  if (deliveries.length === 0) return null
  return (
    <section>
      <h3>Channels</h3>
      <ul className="lines">
        {deliveries.map(({ channel, event, state, tries, status, at }) => (
          <li key={`${channel} ${event}`}>
            <PlainText text={channel} />: {TOLD[state]} {event === 'asked' ? 'that it was asked' : 'how it ended'}
            <span className="line-end" title={fullText(at)}>
              {tries === 1 ? '1 try' : `${String(tries)} tries`}
              {status === null ? '' : `, ${String(status)}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Decisions({ approval }: { readonly approval: Approval }): ReactNode {
  if (approval.decisions.length === 0) return null
  return (
    <section>
      <h3>Decisions</h3>
      <ul className="lines">
        {approval.decisions.map(({ by, verdict, reason, through, at }) => (
          <li key={`${by.issuer} ${by.subject} ${at}`}>
            <span className={`state state-${verdict === 'approve' ? 'approved' : 'refused'}`}>
              {verdict === 'approve' ? 'yes' : 'no'}
            </span>{' '}
            <PlainText text={by.subject} />
            {reason !== null && (
              <>
                : <PlainText text={reason} />
              </>
            )}
            <span className="line-end" title={fullText(at)}>
              by {through}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
