import { type Farewell, type FarewellReason, farewell } from './farewell.ts'

/** What the log, the trail and the counting of failures know of a refused login, and the client does not. */
export interface RefusedLoginFacts {
  /** What the client presented may be a guess. */
  readonly guess?: boolean
  /** The name of a session credential whose secret was right; null: none was. */
  readonly credential?: string | null
}

/** Why a login failed: what the client is told, and what the log and trail keep. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused'
  readonly farewell: Farewell
  readonly detail: string
  readonly guess: boolean
  readonly credential: string | null
  constructor(
    said: Farewell,
    detail: string = said.message,
    { guess = false, credential = null }: RefusedLoginFacts = {},
  ) {
    super(said.message)
    this.farewell = said
    this.detail = detail
    this.guess = guess
    this.credential = credential
  }
}

/** The peer closed, or took too long, before the login was over. */
export class LoginInterrupted extends Error {
  override readonly name = 'LoginInterrupted'
}

/** A LoginRefused to throw. */
export function refused(why: FarewellReason, code: string, message: string, hint: string): LoginRefused {
  return new LoginRefused(farewell(why, code, message, hint))
}

/** What gateways share cannot be reached. `detail`: what is known of it. */
export function coordinationLost(detail: string): LoginRefused {
  const message = 'this gateway cannot reach the others, so no session can begin'
  const hint = 'Try again later, or connect to another gateway.'
  return new LoginRefused(farewell('gateway fault', 'COORDINATION_LOST', message, hint), `${message}: ${detail}`)
}
