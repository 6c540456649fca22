import type { CertificateNaming, Pin } from '@gatehouse/certificates'
import type {
  CoordinationConfig,
  ListenAddress,
  ListenerTlsConfig,
  OtlpConfig,
  TlsMinVersion,
  RetentionConfig,
  SecretReference,
  ShippingConfig,
  TrailProof,
} from '@gatehouse/configuration'
import type { EngineName, Secret } from '@gatehouse/core'
import type { ClaimPath, IssuerConfig } from '@gatehouse/identity'
import type { LogCollectorConfig, MonitoringConfig } from '@gatehouse/monitoring'
import type { TracingConfig } from '../tracing/tracing-settings.ts'
import type { CredentialConfig } from '@gatehouse/upstream-credentials'

/** Everything the gateway can be told, resolved: defaults filled in, paths absolute, secrets read. */
export interface GatewayConfig {
  /** Names this gateway in the audit trail. */
  readonly gatewayId: string
  /** Processes that share the listeners; with more than one, each is a gateway of its own (`workerConfig`). */
  readonly workers: number
  /** Never both null; every target's engine has one. */
  readonly listeners: { readonly postgres: ListenerConfig | null; readonly mysql: MysqlListenerConfig | null }
  /** Never empty, and no issuer twice. */
  readonly issuers: readonly IssuerConfig[]
  /** By target name, which is the database name a client asks for. Never empty. A map, because a client chooses the name. */
  readonly targets: ReadonlyMap<string, TargetConfig>
  readonly policyFile: string
  /** The only key of keyed masks (`hash`, `pseudonym`); null: there are `maskingKeys`. */
  readonly maskingKey: Secret<string> | null
  /** The keys of keyed masks, no id and no key twice; empty: there is only one, without an id. */
  readonly maskingKeys: readonly MaskingKeyConfig[]
  /** Of `maskingKeys`, the id of the one for masks that name none; null: there is only one key. */
  readonly currentMaskingKey: string | null
  readonly login: LoginConfig
  readonly coordination: CoordinationConfig
  /** So long sessions go on while the others cannot be reached, under what was known last; then they end. */
  readonly coordinationOutageGraceSeconds: number
  /** So long before a session's token expires its client is told; 0: it is not. */
  readonly expiryWarningSeconds: number
  /** So long after it was told to end its listeners still accept; at most `drainSeconds`. */
  readonly drainDelaySeconds: number
  /** So long after it was told to end its sessions may go on. */
  readonly drainSeconds: number
  readonly approvals: ApprovalsConfig
  readonly audit: AuditConfig
  readonly recording: RecordingConfig
  /** Where it is watched; null: nowhere. */
  readonly monitoring: MonitoringConfig | null
  /** Where traces go; null: nothing is traced. */
  readonly tracing: TracingConfig | null
  readonly log: {
    readonly level: LogLevel
    /** Where its lines go besides standard output; null: nowhere. Without `otlp`: to the collector of `tracing` (`collectorOfLog`). */
    readonly collector: LogCollectorConfig<OtlpConfig | null> | null
  }
}

/** One of several keys of keyed masks. */
export interface MaskingKeyConfig {
  readonly id: string
  readonly key: Secret<string>
}

/** Where the clients of one engine connect, and what they may cost. */
export interface ListenerConfig {
  readonly address: ListenAddress
  /** Null only on a loopback address. */
  readonly tls: ListenerTlsConfig | null
  /** Certificates that clients may show; null: none is asked for. Only with `tls`. */
  readonly clientCertificates: ClientCertificatesConfig | null
  /** A token may come as a clear-text password without TLS; true only on a loopback address. */
  readonly allowClearTextPasswordOnLoopback: boolean
  /** Whose connections begin with a header of the PROXY protocol; null: nobody's. */
  readonly proxyProtocol: ProxyProtocolConfig | null
  readonly handshakeTimeoutSeconds: number
  /** A connection on which nothing comes for so long is probed. */
  readonly keepAliveSeconds: number
  readonly maxConnections: number
  /** Of `maxConnections`, those that have not logged in. */
  readonly maxUnauthenticatedConnections: number
  readonly maxUnauthenticatedConnectionsPerAddress: number
  readonly maxConnectionsPerAddress: number
  readonly maxConnectionsPerPrincipal: number
  readonly maxMessageBytes: number
  readonly maxStatementBytes: number
}

/** Balancers that say on whose behalf they connect. */
export interface ProxyProtocolConfig {
  /** Their addresses and ranges; never empty. */
  readonly trustedSenders: readonly string[]
}

/** Which certificates of clients count, and as whom. */
export interface ClientCertificatesConfig extends CertificateNaming {
  /** Who vouches for them, in PEM. */
  readonly authoritiesFile: string
  /** Lists of revoked ones, in PEM; null: none is looked at. */
  readonly crlFile: string | null
  /** A user name under which every such certificate logs in, beside its own; null: only its own. */
  readonly userName: string | null
  /** No client gets in without such a certificate, also not with a token. */
  readonly required: boolean
}

/** Where MySQL clients connect. */
export interface MysqlListenerConfig extends ListenerConfig {
  /** The server version that clients are greeted with; null: the targets' own, as far as it is known. */
  readonly advertisedVersion: string | null
}

/** A database that clients may ask for. */
export interface TargetConfig {
  readonly engine: EngineName
  readonly host: string
  readonly port: number
  /** The database's own name at the upstream. */
  readonly database: string
  /** Null: the source of the credential says which. */
  readonly user: string | null
  /** Where the password of `user` is; null: there is a `credential`, or the upstream asks for no password. */
  readonly password: SecretReference | null
  /** Where the credential comes from; null: there is a `password`, or the upstream asks for none. */
  readonly credential: CredentialConfig | null
  /** The role of the database that sessions run under; null: that of the user. */
  readonly sessionRole: SessionRoleConfig | null
  readonly tls: UpstreamTlsConfig
  readonly connectTimeoutSeconds: number
  /** A connection on which nothing comes for so long is probed. */
  readonly keepAliveSeconds: number
}

/** Which role of the database a session runs under. */
export interface SessionRoleConfig {
  /** The claim that is looked at; null: the groups. */
  readonly claim: ClaimPath | null
  /** By value of it, in the order in which they are tried. */
  readonly roles: Readonly<Record<string, string>>
  /** For everybody else; null: they are not let in. */
  readonly otherwise: string | null
}

/** How the connection to an upstream is secured. */
export interface UpstreamTlsConfig {
  readonly mode: UpstreamTlsMode
  /** Certificate authorities in PEM; null: the system's. */
  readonly caFile: string | null
  /** The name asked for and verified in place of `host`; null: `host`. */
  readonly serverName: string | null
  readonly clientCertificateFile: string | null
  readonly clientKeyFile: string | null
  /** Lists of revoked certificates in PEM; null: none is looked at. */
  readonly crlFile: string | null
  /** The upstream's certificate, or its public key, must be one of these; empty: none is pinned. */
  readonly pinnedSha256: readonly Pin[]
  readonly minVersion: TlsMinVersion
}

/** What is verified, down to no TLS at all on a network; the last three are weaker choices. */
export type UpstreamTlsMode =
  | 'verify-full'
  | 'verify-ca'
  | 'pinned'
  | 'require-unverified'
  | 'disable'
  | 'clear-text-over-network'

/** What logins may fail before they have to wait; both over all gateways. */
export interface LoginConfig {
  /** Of one client address (of IPv6: of one /64) in a minute. */
  readonly failuresPerAddress: number
  /** Of one session credential's name from one neighbourhood (IPv4: /24, IPv6: /48) in a minute. */
  readonly failuresPerName: number
  /** Addresses and ranges that many clients share: one that fails there keeps no other waiting. */
  readonly sharedAddresses: readonly string[]
}

/** How people are asked about statements. */
export interface ApprovalsConfig {
  /** Where the admin service is reached, for links; null: no links. */
  readonly adminUrl: string | null
  /** Most requests of one principal that wait for a decision, over all gateways. */
  readonly pendingPerPrincipal: number
  /** A statement in an open transaction is held for no longer than this. */
  readonly holdInTransactionSeconds: number
  /** For so long the same statement is not asked about again after a refusal. */
  readonly coolDownSeconds: number
}

/** The audit trail on disk. */
export interface AuditConfig extends TrailProof {
  readonly directory: string
  readonly shipping: ShippingConfig
  readonly retention: RetentionConfig
  /** The longest time between two syncs to disk; 0: each record. */
  readonly syncMilliseconds: number
  readonly segmentBytes: number
  readonly segmentSeconds: number
  /** Of a longer statement, the record keeps this much text. */
  readonly statementTextMaxBytes: number
  /** `redact`: no record holds a literal or a bound value. Those that may be of masked columns, or passwords, no record holds in any case. */
  readonly literals: 'keep' | 'redact'
  /** Tokens and keys that are known by their form are replaced in all records. */
  readonly redactSecrets: boolean
}

/** Which sessions are recorded, as their clients saw them, and how much of each. */
export interface RecordingConfig {
  readonly mode: 'off' | 'on'
  /** Whose: null is everybody, everywhere. With both, a session must be of both. */
  readonly for: { readonly targets: readonly string[] | null; readonly groups: readonly string[] | null }
  /** Of what goes to and fro for one statement, bytes before they are compressed. */
  readonly maxBytesPerStatement: number
  /** Of all of a session. */
  readonly maxBytesPerSession: number
}

/** How much the gateway tells its operators. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
