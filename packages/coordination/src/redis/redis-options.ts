/** Where the Redis (or Valkey) is, and how one logs in. */
export interface RedisOptions {
  readonly at: RedisPlace
  readonly username?: string
  readonly password?: string
  /** TLS, with the server verified: by `ca` (PEM) where given, else by the system's authorities. Default: none. */
  readonly tls?: { readonly ca?: string; readonly servername?: string }
  /** What every key and channel begins with. Default: `gatehouse`. */
  readonly keyPrefix?: string
  /** Default: 0. A cluster has no other. */
  readonly database?: number
}

export type RedisPlace =
  | { readonly kind: 'server'; readonly host: string; readonly port: number }
  /** Sentinels say which server is the master of this name. */
  | {
      readonly kind: 'sentinel'
      readonly sentinels: readonly RedisNode[]
      readonly name: string
      readonly sentinelUsername?: string
      readonly sentinelPassword?: string
    }
  | { readonly kind: 'cluster'; readonly nodes: readonly RedisNode[] }

export interface RedisNode {
  readonly host: string
  readonly port: number
}
