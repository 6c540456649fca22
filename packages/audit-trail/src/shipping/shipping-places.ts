/** Where a trail is shipped to, as plain data that a worker can be given: secrets are in the clear. */
export interface ShippingPlaces {
  /** `ca`: authorities in PEM; null: those of the system. */
  readonly postgres: { readonly url: string; readonly ca: string | null } | null
  readonly s3: S3Place | null
  readonly webhooks: readonly { readonly url: string; readonly token: string | null }[]
  readonly syslog: readonly {
    readonly host: string
    readonly port: number
    /** Null: plain TCP. */
    readonly tls: { readonly ca: string | null } | null
  }[]
}

/** A bucket of S3-compatible storage, which is there already. */
export interface S3Place {
  /** Null: the service of AWS in `region`. */
  readonly endpoint: string | null
  readonly region: string
  readonly bucket: string
  /** Stands before every name; empty: nothing does. */
  readonly prefix: string
  /** The bucket is part of the path, not of the host name. */
  readonly pathStyle: boolean
  /** Null: what the environment gives (a role, a profile). */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null
  /** Null: objects are not locked. */
  readonly objectLock: { readonly mode: 'governance' | 'compliance'; readonly days: number } | null
}
