import type { ListenAddress } from '@gatehouse/configuration'
import type { IssuerConfig } from '@gatehouse/identity'

/** How tokens for the gateway are swapped for session credentials. */
export interface CredentialsConfig {
  /** Whose tokens may be swapped, as the gateways accept them; null: those of the service's own issuers. */
  readonly issuers: readonly IssuerConfig[] | null
  /** What a credential can be for, by target name, and where clients reach it. Never empty. */
  readonly targets: Readonly<Record<string, CredentialTarget>>
  /** Authorities (PEM) that signed the gateways' certificates, told to clients; null: the system's. */
  readonly caFile: string | null
  /** The longest life of a credential; that of its token ends it too. */
  readonly maxLifetimeSeconds: number
  /** How many usable ones somebody may have at once. */
  readonly maxPerPrincipal: number
  /** How many somebody may get in a minute, over all replicas. */
  readonly perMinute: number
  /** How a developer gets a token (`gatehouse login`); null: that is not told here. */
  readonly deviceLogin: DeviceLoginConfig | null
}

/** Where clients reach a target: a gateway's listener, or what stands in front of it. */
export interface CredentialTarget {
  readonly engine: 'postgres' | 'mysql'
  readonly address: ListenAddress
}

/** How `gatehouse login` gets a token: OAuth's device flow (RFC 8628), as a public client. Nothing here is a secret. */
export interface DeviceLoginConfig {
  readonly issuer: string
  readonly clientId: string
  readonly scope: string
  /** Parameters that the request for a code carries besides; empty: none. */
  readonly parameters: Readonly<Record<string, string>>
  /** Which token of the answer is for the gateway. */
  readonly token: 'access_token' | 'id_token'
}
