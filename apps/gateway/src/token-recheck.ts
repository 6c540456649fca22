import type { Principal } from '@gatehouse/core'
import type { Recheck, TokenVerifier } from '@gatehouse/identity'
import type { Logger } from 'pino'
import type { SessionRegistry } from './session-registry.ts'
import type { Session } from './session.ts'

/** Most questions to issuers under way at once; sessions whose turn it is wait for a place. */
const MAX_ASKING = 32

/** How soon an issuer that did not answer is asked again about a session. */
const RETRY_SECONDS = 15

/** When a principal's right was looked at, and is again; milliseconds of the monotonic clock. */
interface Watched {
  goodAt: number
  dueAt: number
  asking: boolean
}

/** Ends sessions whose issuer says that their token is good no more, or stands for somebody else, where the issuer is asked (`recheckSeconds`). */
export class TokenRecheck {
  readonly #sessions: Pick<SessionRegistry, 'all'>
  readonly #verifier: Pick<TokenVerifier, 'recheckOf'>
  readonly #log: Pick<Logger, 'warn'>
  /** Milliseconds since the epoch. */
  readonly #clock: () => number
  readonly #watched = new WeakMap<Principal, Watched>()
  #asking = 0

  constructor(
    sessions: Pick<SessionRegistry, 'all'>,
    verifier: Pick<TokenVerifier, 'recheckOf'>,
    log: Pick<Logger, 'warn'>,
    clock: () => number,
  ) {
    this.#clock = clock
    this.#sessions = sessions
    this.#verifier = verifier
    this.#log = log
  }

  /** Asks about the sessions whose turn it is, once for all that one token began. Told the monotonic clock's milliseconds every second. */
  check(now: number): void {
    const due = new Map<Principal, Due>()
    for (const session of this.#sessions.all()) {
      const { principal } = session
      const known = due.get(principal)
      if (known !== undefined) {
        known.sessions.push(session)
        continue
      }
      const recheck = this.#verifier.recheckOf(principal)
      if (recheck === null) continue
      const watched = this.#watched.get(principal)
      if (watched === undefined) {
        const dueAt = now + recheck.everySeconds * 1000
        this.#watched.set(principal, { goodAt: now, dueAt, asking: false })
      } else if (!watched.asking && watched.dueAt <= now) due.set(principal, { sessions: [session], recheck, watched })
    }
    // The longest overdue first, so that nobody waits for ever for a place.
    const inOrder = [...due.values()].sort((one, other) => one.watched.dueAt - other.watched.dueAt)
    for (const one of inOrder.slice(0, MAX_ASKING - this.#asking)) void this.#ask(one, now)
  }

  async #ask({ sessions, recheck, watched }: Due, now: number): Promise<void> {
    const { everySeconds, graceSeconds } = recheck
    this.#asking += 1
    watched.asking = true
    watched.dueAt = now + everySeconds * 1000
    const answer = await recheck.ask(this.#clock())
    this.#asking -= 1
    watched.asking = false
    if (answer.kind === 'active') {
      watched.goodAt = now
      return
    }
    if (answer.kind !== 'unreachable') {
      if (answer.kind === 'changed')
        this.#log.warn(
          { sessions: sessions.map(({ id }) => id), what: answer.what },
          'a token stands for somebody else now',
        )
      endAll(sessions, REASONS[answer.kind])
      // One that began while this was asked has had its answer from the issuer just before: it is asked about at once.
      watched.dueAt = now
      return
    }
    this.#log.warn({ sessions: sessions.map(({ id }) => id) }, 'the right to sessions could not be looked at again')
    // Asked again soon: what is over is to be known as soon as the issuer answers.
    watched.dueAt = now + Math.min(everySeconds, RETRY_SECONDS) * 1000
    if (now - watched.goodAt < (everySeconds + graceSeconds) * 1000) return
    endAll(sessions, 'the identity provider could not be asked for too long whether the token is still good')
  }
}

/** A principal whose turn it is, and its sessions. */
interface Due {
  readonly sessions: Session[]
  readonly recheck: Recheck
  readonly watched: Watched
}

const REASONS = {
  inactive: 'the identity provider says that the token is good no more',
  changed: 'the identity provider says something else of the token than at the login',
} as const

function endAll(sessions: readonly Session[], reason: string): void {
  for (const session of sessions) session.end('revoked', reason)
}
