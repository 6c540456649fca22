import type { ReactNode } from 'react'
import type { Revocation, Revoked } from '../api/answers.ts'
import { useLoaded } from '../api/loaded.ts'
import { useMe } from '../me.ts'
import { PlainText } from '../statement-text.tsx'
import { Listed } from '../states.tsx'
import { fullText } from '../text/moments.ts'
import { RevokeForm } from './revoke-form.tsx'
import { useTakingBack } from './taking-back.ts'

/** What may no longer be, with a way to revoke and to lift. */
export function Revocations(): ReactNode {
  const loaded = useLoaded<{ revocations: readonly Revocation[] }>('v1/revocations', ['revocation'])
  const { busy, takeBack } = useTakingBack(loaded.reload)
  const mayRevoke = useMe().roles.includes('operator')
  return (
    <section className="wide" aria-label="Revocations">
      <h1>Revocations</h1>
      {mayRevoke && <RevokeForm onDone={loaded.reload} />}
      <Listed
        loaded={loaded}
        isEmpty={({ revocations }) => revocations.length === 0}
        empty={
          <>
            <h2>Nothing is revoked</h2>
            <p>
              A revoked principal, agent, target or credential has its sessions ended within a second, and no new ones.
            </p>
          </>
        }
      >
        {({ revocations }) => (
          <ul className="blocks">
            {revocations.map(({ id, what, reason, by, at, until }) => {
              const path = `v1/revocations/${encodeURIComponent(id)}`
              return (
                <li key={id} className="block">
                  <div>
                    <h2>
                      <span className="dim">{what.kind}</span> <PlainText text={nameOf(what)} />
                    </h2>
                    <p>
                      <PlainText text={reason} />
                    </p>
                    <p className="dim">
                      By <PlainText text={by.subject} />, {fullText(at)}
                    </p>
                  </div>
                  <div className="block-end">
                    <span>{until === null ? 'until it is lifted' : `until ${fullText(until)}`}</span>
                    {mayRevoke && (
                      <button
                        type="button"
                        disabled={busy === path}
                        onClick={() => void takeBack(path, 'The revocation is lifted.')}
                      >
                        Lift
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

function nameOf(what: Revoked): string {
  switch (what.kind) {
    case 'session':
      return what.session
    case 'principal':
      return what.subject
    case 'actor':
      return what.actor
    case 'target':
      return what.target
    case 'credential':
      return what.credential
    case 'logout':
      return what.subject ?? what.sid ?? what.issuer
    default:
      return what.issuer
  }
}
