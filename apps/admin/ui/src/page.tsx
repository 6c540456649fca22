import { type ReactNode, useEffect, useState } from 'react'
import type { Approval, Me, Role } from './api/answers.ts'
import { ApiError, keepCsrfToken, read, write } from './api/client.ts'
import { SIGN_IN_IN_DOUBT, useConnection } from './api/live.ts'
import { type Loaded, useLoaded } from './api/loaded.ts'
import { Decided, Queue } from './approvals/queue.tsx'
import { Help } from './help.tsx'
import { useKeys } from './keyboard.ts'
import { MeContext } from './me.ts'
import { Notices } from './notices.tsx'
import { PolicyView } from './policy/policy.tsx'
import { Credentials } from './rights/credentials.tsx'
import { Grants } from './rights/grants.tsx'
import { Revocations } from './rights/revocations.tsx'
import { hashOf, type Route, useRoute, type View, VIEWS } from './route.ts'
import { Replay } from './trail/replay.tsx'
import { Search } from './trail/search.tsx'
import { Sessions } from './sessions/sessions.tsx'
import { SignIn, takeWanted } from './sign-in.tsx'
import { ErrorNote, Loading } from './states.tsx'

const TITLES: Readonly<Record<View, string>> = {
  approvals: 'Queue',
  decided: 'Decided',
  sessions: 'Sessions',
  grants: 'Grants',
  credentials: 'Credentials',
  revocations: 'Revocations',
  policy: 'Policy',
  trail: 'Trail',
}

/** Who may look at each view; the service has the last word. */
const READERS: Readonly<Record<View, readonly Role[]>> = {
  approvals: ['approver', 'auditor'],
  decided: ['approver', 'auditor'],
  sessions: ['operator', 'auditor'],
  grants: ['approver', 'operator', 'auditor'],
  credentials: ['operator', 'auditor'],
  revocations: ['operator', 'auditor'],
  policy: ['operator', 'auditor'],
  trail: ['auditor'],
}

/** What a view is asked for at first, where it is not everything: the trail has much beside statements. */
const STARTS_WITH: Readonly<Partial<Record<View, string>>> = { trail: 'kind=intent' }

/** The service lists no more at once. */
const MOST_LISTED = 500

/** The whole page: signing in, then its views. */
export function Page(): ReactNode {
  const [me, setMe] = useState<Me | ApiError | null>(null)
  const [tries, setTries] = useState(0)
  useEffect(() => {
    read<Me>('v1/me').then(
      (answer) => {
        keepCsrfToken(answer)
        const wanted = takeWanted()
        if (location.hash === '' && wanted !== '') location.replace(wanted)
        setMe(answer)
      },
      (error: unknown) => {
        // Whoever was signed in stays so, until the service says otherwise.
        if (error instanceof ApiError) setMe((before) => (isMe(before) && error.status !== 401 ? before : error))
      },
    )
    const again = (): void => setTries((before) => before + 1)
    window.addEventListener(SIGN_IN_IN_DOUBT, again)
    return () => window.removeEventListener(SIGN_IN_IN_DOUBT, again)
  }, [tries])
  if (me === null) return <Loading />
  if (me instanceof ApiError) {
    if (me.status === 401) return <SignIn />
    return (
      <main className="alone">
        <ErrorNote error={me} onRetry={() => setTries(tries + 1)} />
        {me.status === 403 && <a href="login">Sign in as somebody else</a>}
      </main>
    )
  }
  if (me.roles.length === 0) return <WithoutRole me={me} />
  return (
    <MeContext value={me}>
      <Notices>
        <Frame me={me} />
      </Notices>
    </MeContext>
  )
}

function isMe(me: Me | ApiError | null): me is Me {
  return me !== null && !(me instanceof ApiError)
}

/** Somebody whom the service knows and has nothing for: they can only leave. */
function WithoutRole({ me }: { readonly me: Me }): ReactNode {
  return (
    <main className="alone">
      <h1>You have no role here</h1>
      <p>
        You are signed in as <strong>{me.identity.subject}</strong>. Ask whoever runs this service for a role, or sign
        in as somebody else.
      </p>
      <button type="button" onClick={() => void signOut()}>
        Sign out
      </button>
    </main>
  )
}

function Frame({ me }: { readonly me: Me }): ReactNode {
  const asked = useRoute()
  const views = VIEWS.filter((view) => READERS[view].some((role) => me.roles.includes(role)))
  const route: Route = views.includes(asked.view) ? asked : { view: views[0] ?? 'grants', id: null, query: '' }
  const connection = useConnection()
  const pending = useLoaded<{ approvals: readonly Approval[] }>(
    views.includes('approvals') ? `v1/approvals?state=pending&limit=${String(MOST_LISTED)}` : null,
    ['approval'],
  )
  const [help, setHelp] = useState(false)
  const length = pending.value?.approvals.length ?? 0
  const count = length === 0 ? null : `${String(length)}${length < MOST_LISTED ? '' : '+'}`
  useKeys({ '?': () => setHelp(true) })
  useEffect(() => {
    document.title = `${count === null ? '' : `(${count}) `}${TITLES[route.view]} · Gatehouse`
  }, [count, route.view])
  return (
    <>
      <header className="frame">
        <a className="brand" href={hashOf('approvals', null)}>
          Gatehouse
        </a>
        <nav aria-label="Views">
          {views.map((view) => (
            <a
              key={view}
              href={hashOf(view, null, STARTS_WITH[view])}
              aria-current={route.view === view ? 'page' : undefined}
            >
              {TITLES[view]}
              {view === 'approvals' && count !== null && (
                <span className="count">
                  {count}
                  <span className="hidden-words"> waiting</span>
                </span>
              )}
            </a>
          ))}
        </nav>
        <div className="frame-end">
          <span className={`connection connection-${connection}`} role="status">
            {connection === 'live' ? 'Live' : connection === 'lost' ? 'Connection lost' : 'Connecting'}
          </span>
          <button type="button" className="quiet help-button" aria-label="Help" onClick={() => setHelp(true)}>
            ?
          </button>
          <span className="who" title={`${me.identity.issuer}: ${me.roles.join(', ')}`}>
            {me.identity.subject}
          </span>
          <button type="button" className="quiet" onClick={() => void signOut()}>
            Sign out
          </button>
        </div>
      </header>
      {connection === 'lost' && (
        <div className="banner" role="alert">
          What is shown may be old: the connection to the service is lost. It is tried again every 2 seconds.
        </div>
      )}
      <main className={`view view-${route.view}${route.id === null ? '' : ' view-open'}`}>
        <ViewOf route={route} pending={pending} />
      </main>
      <Help open={help} onClose={() => setHelp(false)} />
    </>
  )
}

function ViewOf({
  route,
  pending,
}: {
  readonly route: Route
  readonly pending: Loaded<{ approvals: readonly Approval[] }>
}): ReactNode {
  switch (route.view) {
    case 'approvals':
      return <Queue loaded={pending} id={route.id} />
    case 'decided':
      return <Decided id={route.id} />
    case 'sessions':
      return <Sessions />
    case 'grants':
      return <Grants />
    case 'credentials':
      return <Credentials />
    case 'revocations':
      return <Revocations />
    case 'trail':
      return route.id === null ? (
        <Search query={route.query} />
      ) : (
        <Replay key={route.id} id={route.id} query={route.query} />
      )
    default:
      return <PolicyView />
  }
}

async function signOut(): Promise<void> {
  await write('POST', 'logout', null).catch(() => null)
  location.assign('./')
}
