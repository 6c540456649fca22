import type { ReactNode } from 'react'
import type { SessionCredential } from '../api/answers.ts'
import { useLoaded } from '../api/loaded.ts'
import { useMe } from '../me.ts'
import { useNow } from '../now.ts'
import { PlainText } from '../statement-text.tsx'
import { Listed } from '../states.tsx'
import { clockText, fullText } from '../text/moments.ts'
import { useTakingBack } from './taking-back.ts'

/** Session credentials that hold: short names and secrets that stand for a token, each with a way to revoke it. Secrets are not known here. */
export function Credentials(): ReactNode {
  // A login uses one up, and shows as a session.
  const loaded = useLoaded<{ credentials: readonly SessionCredential[] }>('v1/credentials', ['credential', 'session'])
  const { busy, takeBack } = useTakingBack(loaded.reload)
  const mayRevoke = useMe().roles.includes('operator')
  const now = useNow()
  return (
    <section className="wide" aria-label="Credentials">
      <h1>Session credentials</h1>
      <Listed
        loaded={loaded}
        isEmpty={({ credentials }) => credentials.length === 0}
        empty={
          <>
            <h2>No session credentials hold</h2>
            <p>
              A token can be swapped for a short user name and secret: then it is listed here for as long as it is good.
            </p>
          </>
        }
      >
        {({ credentials }) => (
          <ul className="blocks">
            {credentials.map((credential) => {
              const { name, principal, target, address, uses, used, at, until } = credential
              const path = `v1/credentials/${encodeURIComponent(name)}`
              return (
                <li key={name} className="block">
                  <div>
                    <h2>
                      <PlainText text={name} /> <span className="dim">for</span> <PlainText text={principal.subject} />
                    </h2>
                    <p>
                      {principal.actor !== null && (
                        <>
                          Through <PlainText text={principal.actor} />{' '}
                        </>
                      )}
                      on <PlainText text={target} /> · {usesText(uses, used)}
                      {address !== null && (
                        <>
                          {' '}
                          · from <PlainText text={address} /> only
                        </>
                      )}
                    </p>
                    <p className="dim">
                      Given {fullText(at)} for a token of <PlainText text={principal.issuer} />
                    </p>
                  </div>
                  <div className="block-end">
                    <span title={fullText(until)}>
                      ends in <strong className="clock">{clockText(until, now)}</strong>
                    </span>
                    {mayRevoke && (
                      <button
                        type="button"
                        className="danger-quiet"
                        aria-label={`Revoke ${name}`}
                        disabled={busy === path}
                        onClick={() => void takeBack(path, 'The credential is revoked; its sessions end.')}
                      >
                        Revoke
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

function usesText(uses: number | null, used: number): string {
  if (uses === null) return `${String(used)} ${used === 1 ? 'login' : 'logins'}, any number permitted`
  return `${String(used)} of ${String(uses)} ${uses === 1 ? 'login' : 'logins'} used`
}
