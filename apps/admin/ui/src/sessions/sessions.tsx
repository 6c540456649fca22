import { type ReactNode, useState } from 'react'
import type { Session } from '../api/answers.ts'
import { ApiError, write } from '../api/client.ts'
import { useLoaded } from '../api/loaded.ts'
import { ReasonDialog } from '../dialog.tsx'
import { useMe } from '../me.ts'
import { useNotify } from '../notices.tsx'
import { useNow } from '../now.ts'
import { hashOf } from '../route.ts'
import { PlainText } from '../statement-text.tsx'
import { Listed } from '../states.tsx'
import { fullText, lengthText, momentOf } from '../text/moments.ts'

const ORDER: Readonly<Record<Session['state'], number>> = { held: 0, running: 1, idle: 2 }

/** The live sessions of all gateways, those that are held first, each with a way to end it. */
export function Sessions(): ReactNode {
  const loaded = useLoaded<{ sessions: readonly Session[] }>('v1/sessions', ['session'])
  const [ending, setEnding] = useState<Session | null>(null)
  const [busy, setBusy] = useState(false)
  const notify = useNotify()
  const now = useNow()
  const mayEnd = useMe().roles.includes('operator')
  const end = async (session: Session, reason: string): Promise<void> => {
    setBusy(true)
    try {
      await write('POST', `v1/sessions/${encodeURIComponent(session.id)}/end`, { reason })
      notify({ tone: 'good', text: `The session of ${session.principal.subject} is ended.` })
      setEnding(null)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      notify({ tone: 'bad', text: `${error.message} ${error.hint}`.trim() })
    } finally {
      setBusy(false)
      loaded.reload()
    }
  }
  return (
    <section className="wide" aria-label="Sessions">
      <h1>Sessions</h1>
      <Listed
        loaded={loaded}
        isEmpty={({ sessions }) => sessions.length === 0}
        empty={
          <>
            <h2>Nobody is connected</h2>
            <p>Live sessions of every gateway appear here as agents connect.</p>
          </>
        }
      >
        {({ sessions }) => (
          <div className="table-place">
            <table>
              <thead>
                <tr>
                  <th scope="col">State</th>
                  <th scope="col">On behalf of</th>
                  <th scope="col">Agent</th>
                  <th scope="col">Target</th>
                  <th scope="col">From</th>
                  <th scope="col" className="number">
                    Statements
                  </th>
                  <th scope="col">Connected</th>
                  <th scope="col">
                    <span className="hidden-words">End</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {sessions
                  .toSorted((one, other) => ORDER[one.state] - ORDER[other.state])
                  .map((session) => (
                    <Row
                      key={session.id}
                      session={session}
                      now={now}
                      onEnd={mayEnd ? () => setEnding(session) : null}
                    />
                  ))}
              </tbody>
            </table>
          </div>
        )}
      </Listed>
      <ReasonDialog
        open={ending !== null}
        title="End this session?"
        tells={
          ending !== null && (
            <>
              The connection of{' '}
              <strong>
                <PlainText text={ending.principal.subject} />
              </strong>
              {ending.principal.actor !== null && (
                <>
                  {' '}
                  through <PlainText text={ending.principal.actor} />
                </>
              )}{' '}
              to {ending.target} is closed, and what it runs is cancelled. A transaction that is open is rolled back.
            </>
          )
        }
        yes="End session"
        busy={busy}
        onYes={(reason) => {
          if (ending !== null) void end(ending, reason)
        }}
        onClose={() => setEnding(null)}
      />
    </section>
  )
}

function Row({
  session,
  now,
  onEnd,
}: {
  readonly session: Session
  readonly now: number
  readonly onEnd: (() => void) | null
}): ReactNode {
  const { state, since, principal, target, engine, clientAddress, applicationName, startedAt, approval } = session
  return (
    <tr>
      <td data-name="State">
        {state === 'held' && approval !== null ? (
          <a className="session-state session-held" href={hashOf('approvals', approval)}>
            held
          </a>
        ) : (
          <span className={`session-state session-${state}`}>{state}</span>
        )}{' '}
        <span className="dim" title={fullText(since)}>
          {lengthText(now - momentOf(since))}
        </span>
      </td>
      <td data-name="On behalf of">
        <PlainText text={principal.subject} />
      </td>
      <td data-name="Agent">
        {principal.actor === null ? <span className="dim">none</span> : <PlainText text={principal.actor} />}
      </td>
      <td data-name="Target">
        {target} <span className="dim">{engine === 'postgres' ? 'PostgreSQL' : 'MySQL'}</span>
      </td>
      <td data-name="From">
        {clientAddress}
        {applicationName !== null && (
          <span className="dim">
            {' '}
            <PlainText text={applicationName} />
          </span>
        )}
      </td>
      <td data-name="Statements" className="number">
        {session.statements.toLocaleString()}
      </td>
      <td data-name="Connected" title={fullText(startedAt)}>
        {lengthText(now - momentOf(startedAt))}
      </td>
      <td className="row-actions">
        {onEnd !== null && (
          <button type="button" className="quiet danger-quiet" onClick={onEnd}>
            End
            <span className="hidden-words">
              {' '}
              the session of {principal.subject} on {target}
            </span>
          </button>
        )}
      </td>
    </tr>
  )
}
