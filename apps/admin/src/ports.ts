import type { TrailWriter, VerifyingKeys } from '@gatehouse/audit-trail'
import type { ReloadedTls } from '@gatehouse/certificates'
import type { Coordination } from '@gatehouse/coordination'
import type { TokenVerifier } from '@gatehouse/identity'
import type { Logger } from 'pino'
import type { Doorkeeper } from './access/authenticate.ts'
import type { CookieSeal } from './access/page-session.ts'
import type { SignIn } from './access/sign-in.ts'
import type { ActionTrail } from './action-trail.ts'
import type { LinkSigner } from './channels/decide-links.ts'
import type { AdminConfig } from './config/admin-config.ts'
import type { Changes } from './live/changes.ts'
import type { AdminMetrics } from './metrics.ts'
import type { TrailSearch } from './trail-search.ts'

/** Explains what the policy says to a statement, in lines to read. Rejects with an Error that says why it cannot. */
export type Explain = (question: {
  readonly policyFile: string
  /** Where TARGET.catalog.json of each target is. */
  readonly catalogsDirectory: string
  readonly claims: Readonly<Record<string, unknown>>
  readonly target: string
  readonly sql: string
}) => Promise<readonly string[]>

/** What the routes work with. */
export interface AdminPorts {
  readonly config: AdminConfig
  readonly log: Logger
  /** Null: the service speaks no TLS itself. */
  readonly tls: ReloadedTls | null
  readonly coordination: Coordination
  readonly trail: TrailWriter
  readonly actions: ActionTrail
  readonly doorkeeper: Doorkeeper
  readonly seal: CookieSeal
  /** Null: nobody signs in to the page. */
  readonly signIn: SignIn | null
  /** Verifies logout tokens; null: none are taken. */
  readonly logoutVerifier: TokenVerifier | null
  readonly changes: Changes
  /** Null: no links decide. */
  readonly links: LinkSigner | null
  readonly metrics: AdminMetrics
  readonly trailSearch: TrailSearch
  /** What the trails of gateways are sealed by; null: signatures are not looked at. */
  readonly verifyingKeys: VerifyingKeys | null
  /** What this service's own trail is sealed by; null: it is not sealed. */
  readonly ownKeys: VerifyingKeys | null
  /** Null: statements are not explained. */
  readonly explain: Explain | null
  /** The folder of the built page; null: none. */
  readonly page: string | null
  /** The clock, in milliseconds since the epoch. */
  readonly now: () => number
}
