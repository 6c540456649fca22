import type { Principal } from '@gatehouse/core'

/** Session credentials: short names and secrets that stand for a token that was verified. Only verifiers are kept. */
export interface Credentials {
  /** False when the name is taken. */
  put(name: string, credential: NewCredential): Promise<boolean>
  /** Looks one up without using it; null: there is none, or it has ended. */
  get(name: string): Promise<Credential | null>
  /** Takes one use in one step; null: there is none, it has ended, or it is used up. */
  take(name: string): Promise<Credential | null>
  /** Newest first. */
  list(): Promise<readonly Credential[]>
  /** False when it was not there. */
  revoke(name: string): Promise<boolean>
  /**
   * Tells the name of each that is revoked, by whichever process; null: some may have been that were not heard of. The function
   * that comes back ends it.
   */
  onRevoked(listener: (name: string | null) => void): () => void
}

export interface NewCredential {
  /** Salted verifiers by login method, as their methods write them; never a secret. */
  readonly verifiers: Readonly<Record<string, string>>
  readonly principal: Principal
  readonly target: string
  /** The only client address it is good for, or the only range of them (`10.1.2.0/24`); null: any. */
  readonly address: string | null
  /** When it ends, milliseconds since the epoch. */
  readonly until: number
  /** How many logins it is good for; null: any number. */
  readonly uses: number | null
}

export interface Credential extends NewCredential {
  readonly name: string
  readonly at: number
  readonly used: number
}
