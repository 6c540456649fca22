/** The authenticated party of a session: on whose behalf (subject), and who acts (actor). */
export interface Principal {
  /** On whose behalf: `sub`, or the claim the issuer's configuration names. Never empty. */
  readonly subject: string
  /** Which agent acts (`act.sub`, `azp`, `client_id`); null when the token names none. */
  readonly actor: string | null
  /**
   * Who acted before the actor, each having handed on to the next, the last of them first (RFC 8693 section 4.1, `act` in `act`). Absent: nobody.
   * For the record, and for rules that deny: a right must not come from them.
   */
  readonly priorActors?: readonly string[]
  readonly groups: readonly string[]
  /** The issuer's identifier (`iss`), exactly as verified. */
  readonly issuer: string
  /** Verified claims, as the token holds them. */
  readonly claims: Readonly<Record<string, unknown>>
  /** When the right to a session ends, in milliseconds since the epoch. */
  readonly expiresAt: number
}
