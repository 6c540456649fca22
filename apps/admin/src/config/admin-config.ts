import type {
  CoordinationConfig,
  ListenAddress,
  ListenerTlsConfig,
  AdminRetentionConfig,
  ShippingConfig,
  TrailProof,
} from '@gatehouse/configuration'
import type { Secret } from '@gatehouse/core'
import type { IssuerConfig } from '@gatehouse/identity'
import type { LogCollectorConfig } from '@gatehouse/monitoring'
import type { CredentialsConfig } from './credentials-config.ts'

/** Everything the admin service can be told, resolved: defaults filled in, paths absolute, secrets read. */
export interface AdminConfig {
  /** Names this service in its trail. */
  readonly serviceId: string
  readonly address: ListenAddress
  /** Null only on a loopback address, or behind a proxy. */
  readonly tls: ListenerTlsConfig | null
  /** Addresses of proxies that say where a request comes from. */
  readonly trustedProxies: readonly string[]
  /** Where people reach the service, without a slash at its end. */
  readonly publicUrl: string
  /** Whose tokens are accepted. Never empty, and no issuer twice. */
  readonly issuers: readonly IssuerConfig[]
  readonly roles: Readonly<Record<Role, RoleMembers>>
  /** Null: the page cannot be signed in to, and the API takes tokens alone. */
  readonly login: LoginConfig | null
  readonly coordination: CoordinationConfig
  /** Where people are told of what is held. */
  readonly channels: readonly ChannelConfig[]
  /** Signs decide links; null: there are none. */
  readonly linkKey: Secret<string> | null
  /** Keys that links may be signed with besides: those that were in use before. */
  readonly formerLinkKeys: readonly Secret<string>[]
  readonly audit: AdminAuditConfig
  /** Trails of gateways to search and verify. */
  readonly trails: readonly string[]
  /** The database that trails are shipped to, searched instead of `trails`; null: they are searched on this disk. */
  readonly trailDatabase: ShippingConfig['postgres']
  /** Files of public keys that the trails of gateways are sealed by; empty: signatures are not looked at. */
  readonly verifyingKeyFiles: readonly string[]
  /** The policy that is shown; null: none. */
  readonly policyFile: string | null
  /** Where TARGET.catalog.json of each target is, for explanations; null: beside the policy. */
  readonly catalogsDirectory: string | null
  /** The longest grant that an approver may give. */
  readonly maxGrantSeconds: number
  /** Of one client address. */
  readonly requestsPerMinute: number
  /** How tokens are swapped for session credentials; null: none are. */
  readonly credentials: CredentialsConfig | null
  /** Whose logouts end sessions at the gateways; null: nobody's. */
  readonly backChannelLogout: { readonly issuers: readonly IssuerConfig[] } | null
  readonly log: {
    readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
    /** Where its lines go besides standard output; null: nowhere. */
    readonly collector: LogCollectorConfig | null
  }
}

/** One place where people are told of what is held. */
export interface ChannelConfig {
  /** Names it in deliveries, links and the trail; no two have one name. */
  readonly name: string
  readonly kind: 'webhook' | 'slack' | 'teams'
  /** The address says who may write there, so it is a secret. */
  readonly url: Secret<string>
  /** Signs what is sent to a `webhook`; null for the others. */
  readonly signingKey: Secret<string> | null
  /** Only requests on these targets; empty: on any. */
  readonly targets: readonly string[]
  /** The one person to whom the channel belongs: with it there are links that decide as them. Null: links lead to the page. */
  readonly decidesAs: { readonly issuer: string; readonly subject: string; readonly groups: readonly string[] } | null
}

/** What somebody is to this service. */
export type Role = 'approver' | 'operator' | 'auditor'

/** Who has a role: in one of the groups, or one of the subjects; `*` is any characters. Both empty: nobody. */
export interface RoleMembers {
  readonly groups: readonly string[]
  readonly subjects: readonly string[]
}

/** How people sign in to the page: OpenID Connect, authorization code with PKCE. */
export interface LoginConfig {
  /** One of `issuers`. */
  readonly issuer: string
  readonly clientId: string
  /** Null: a public client. */
  readonly clientSecret: Secret<string> | null
  readonly scope: string
  readonly sessionSeconds: number
  /** What session cookies are encrypted with; null: a key of this process alone. */
  readonly sessionKey: Secret<string> | null
}

/** The service's own trail. */
export interface AdminAuditConfig extends TrailProof {
  readonly directory: string
  readonly shipping: ShippingConfig
  readonly retention: AdminRetentionConfig
  readonly syncMilliseconds: number
}
