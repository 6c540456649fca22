import type { ReactNode } from 'react'
import type { Grant } from '../api/answers.ts'
import { useLoaded } from '../api/loaded.ts'
import { useMe } from '../me.ts'
import { useNow } from '../now.ts'
import { hashOf } from '../route.ts'
import { PlainText } from '../statement-text.tsx'
import { Listed } from '../states.tsx'
import { clockText, fullText } from '../text/moments.ts'
import { useTakingBack } from './taking-back.ts'

/** Permissions that were given for a time, each with a way to take it back. */
export function Grants(): ReactNode {
  const loaded = useLoaded<{ grants: readonly Grant[] }>('v1/grants', ['grant', 'approval'])
  const { busy, takeBack } = useTakingBack(loaded.reload)
  const { roles } = useMe()
  const mayRevoke = roles.includes('approver') || roles.includes('operator')
  const now = useNow()
  return (
    <section className="wide" aria-label="Grants">
      <h1>Grants</h1>
      <Listed
        loaded={loaded}
        isEmpty={({ grants }) => grants.length === 0}
        empty={
          <>
            <h2>No grants hold</h2>
            <p>An approval can be for a shape of statement or for actions, for a time: then it is listed here.</p>
          </>
        }
      >
        {({ grants }) => (
          <ul className="blocks">
            {grants.map((grant) => {
              const path = `v1/grants/${encodeURIComponent(grant.id)}`
              return (
                <li key={grant.id} className="block">
                  <div>
                    <h2>
                      {grant.covers.kind === 'fingerprint'
                        ? 'Statements of one shape'
                        : grant.covers.actions.join(', ')}{' '}
                      <span className="dim">on</span> <PlainText text={grant.covers.relations.join(', ')} />
                    </h2>
                    <p>
                      For <PlainText text={grant.principal.subject} />
                      {grant.principal.actor !== null && (
                        <>
                          {' '}
                          through <PlainText text={grant.principal.actor} />
                        </>
                      )}{' '}
                      on {grant.target} ·{' '}
                      {grant.uses === null
                        ? 'any number of times'
                        : `${String(grant.used)} of ${String(grant.uses)} used`}
                    </p>
                    <p className="dim">
                      Given by <PlainText text={grant.by.subject} />, {fullText(grant.at)}
                      {grant.reason !== null && (
                        <>
                          : <PlainText text={grant.reason} />
                        </>
                      )}
                      {grant.approval !== null && (
                        <>
                          {' '}
                          · <a href={hashOf('decided', grant.approval)}>the request</a>
                        </>
                      )}
                    </p>
                  </div>
                  <div className="block-end">
                    <span title={fullText(grant.until)}>
                      ends in <strong className="clock">{clockText(grant.until, now)}</strong>
                    </span>
                    {mayRevoke && (
                      <button
                        type="button"
                        className="danger-quiet"
                        disabled={busy === path}
                        onClick={() => void takeBack(path, 'The grant is taken back.')}
                      >
                        Take back
                      </button>
                    )}
                  </div>
                </li>
              )
            })}
          </ul>
        )}
      </Listed>
    </section>
  )
}
