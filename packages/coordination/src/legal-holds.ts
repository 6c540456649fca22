import type { Identity } from './identity.ts'

/** What must not be removed from any trail, whatever its age, until people lift the hold. */
export interface LegalHolds {
  set(hold: NewLegalHold): Promise<LegalHold>
  /** Ends one, which stays in the list for a while. Null: it is not there, or was lifted before. */
  lift(id: string, lifting: NewLifting): Promise<LegalHold | null>
  /** As the store has them now, newest first, with those that were lifted within 90 days. */
  list(): Promise<readonly LegalHold[]>
  /** Puts one back that the store has forgotten; nothing happens when it is there, lifted or not. */
  restore(hold: LegalHold): Promise<void>
  /** Tells that `list` may answer otherwise than before. The function that comes back ends it. */
  onChange(listener: () => void): () => void
}

/** What is held: all that names the session, or the subject on whose behalf something was done, whoever issued it. */
export type Held =
  | { readonly kind: 'session'; readonly session: string }
  | { readonly kind: 'subject'; readonly subject: string }

export interface NewLegalHold {
  readonly what: Held
  readonly reason: string
  readonly by: Identity
}

export interface NewLifting {
  readonly by: Identity
  readonly reason: string | null
}

export interface LegalHold extends NewLegalHold {
  readonly id: string
  /** Milliseconds since the epoch, as are the others. */
  readonly at: number
  /** Null: it holds. */
  readonly lifted: (NewLifting & { readonly at: number }) | null
  /** When it is forgotten; null while it holds. */
  readonly until: number | null
}
