import { createHash, timingSafeEqual } from 'node:crypto'
import {
  type CancelKeyOwner,
  type Coordination,
  type EnterOutcome,
  type GatewayLease,
  type Message,
  type RevocableSession,
  identityKey,
} from '@gatehouse/coordination'
import type { Principal } from '@gatehouse/core'
import type { Logger } from 'pino'
import type { SessionRegistry } from './session-registry.ts'
import type { CancelKey, Session } from './session.ts'
import { ToldActivity } from './told-activity.ts'

/** What a session is published as, beside what it is by itself. */
export interface NewSession {
  readonly id: string
  readonly principal: Principal
  readonly target: string
  readonly engine: 'postgres' | 'mysql'
  readonly credential: string | null
  readonly clientAddress: string
  readonly applicationName: string | null
}

/** What came of showing a session. */
export type Entered = EnterOutcome | { readonly kind: 'revoked'; readonly reason: string } | { readonly kind: 'lost' }

/** This gateway's sessions as the others see them, and what the others want of them. */
export class SharedSessions {
  readonly #coordination: Coordination
  readonly #lease: GatewayLease
  readonly #registry: SessionRegistry
  readonly #log: Logger
  readonly #now: () => number
  readonly #told = new ToldActivity()
  readonly #stops: (() => void)[]

  constructor(
    coordination: Coordination,
    lease: GatewayLease,
    registry: SessionRegistry,
    log: Logger,
    now: () => number,
  ) {
    this.#coordination = coordination
    this.#lease = lease
    this.#registry = registry
    this.#log = log
    this.#now = now
    registry.onRemoved = (id) => this.leave(id)
    this.#stops = [
      coordination.messages.receive(lease.id, (message) => this.#receive(message)),
      coordination.revocations.onChange(() => this.#revoke()),
      coordination.credentials.onRevoked((name) => {
        if (name === null) void this.#lookForCredentials()
        else this.#credentialRevoked(name)
      }),
    ]
  }

  /** Shows a session that is about to begin, if it may. Never rejects. */
  async enter(session: NewSession, key: CancelKey, most: number): Promise<Entered> {
    const revoked = this.#coordination.revocations.matches(revocable(session))
    if (revoked !== null) return { kind: 'revoked', reason: revoked.reason }
    const { issuer, subject, actor, groups } = session.principal
    const now = this.#now()
    const watch = this.#watchCredential(session.credential)
    try {
      const outcome = await this.#lease.enter(
        {
          ...session,
          principal: { issuer, subject, actor, groups },
          gateway: this.#lease.id,
          startedAt: now,
          state: 'idle',
          since: now,
          approval: null,
          statements: 0,
          cancelKey: { processId: key.processId, secretHash: hashOf(key.secretKey) },
        },
        { sessionsPerPrincipal: most },
      )
      if (outcome.kind !== 'entered') return outcome
      // What was revoked meanwhile found no session to end; from here to its registration nothing waits.
      const holds = await watch.holds()
      const since = this.#coordination.revocations.matches(revocable(session))
      if (since === null && holds) return outcome
      this.leave(session.id)
      return { kind: 'revoked', reason: since?.reason ?? CREDENTIAL_REVOKED }
    } catch (error) {
      this.#log.error({ error }, 'a session could not be shown to the other gateways')
      return { kind: 'lost' }
    } finally {
      watch.stop()
    }
  }

  /** The session is over, or has not begun after all. */
  leave(id: string): void {
    this.#told.forget(id)
    this.#lease.leave(id).catch((error: unknown) => {
      this.#log.warn({ session: id, error }, 'the end of a session could not be told to the others')
    })
  }

  /** Tells the others what the sessions do now, where it is not what they know. Called every second, and when one is held. */
  publish(): void {
    const patches = this.#told.changes(this.#registry.all(), this.#now())
    if (patches.length === 0) return
    this.#lease.update(patches).catch((error: unknown) => {
      this.#told.forgetAll()
      this.#log.warn({ error }, 'what sessions do could not be told to the others')
    })
  }

  /** Stops what runs in the session with this key, on whichever gateway it is. Never rejects. */
  async cancelByKey(processId: number, secretKey: Buffer): Promise<void> {
    const local = this.#registry.byCancelKey(processId, secretKey)
    if (local !== undefined) return await local.cancel()
    const owner = await this.#ownerOf(processId)
    if (owner === null || !timingSafeEqual(Buffer.from(owner.secretHash), Buffer.from(hashOf(secretKey)))) return
    await this.tell(owner, { kind: 'cancel', session: owner.session })
  }

  /** Who has the session of this principal with this process id; null: no other gateway. Never rejects. */
  async ownerElsewhere(processId: number, principal: Principal): Promise<CancelKeyOwner | null> {
    const owner = await this.#ownerOf(processId)
    return owner !== null && identityKey(owner.principal) === identityKey(principal) ? owner : null
  }

  /** Tells another gateway. Never rejects. */
  async tell({ gateway }: CancelKeyOwner, message: Message): Promise<void> {
    try {
      await this.#coordination.messages.send(gateway, message)
    } catch (error) {
      this.#log.warn({ error, gateway }, 'another gateway could not be told')
    }
  }

  close(): void {
    for (const stop of this.#stops) stop()
  }

  async #ownerOf(processId: number): Promise<CancelKeyOwner | null> {
    try {
      return await this.#coordination.sessions.findByCancelKey(processId)
    } catch (error) {
      this.#log.warn({ error }, 'a session on another gateway could not be looked for')
      return null
    }
  }

  #receive(message: Message): boolean {
    const session = this.#registry.byId(message.session)
    if (session === undefined) return false
    if (message.kind === 'cancel') void session.cancel()
    else session.end('ended', message.reason)
    return true
  }

  /** Sees whether a session credential is revoked while a session with it begins. */
  #watchCredential(credential: string | null): { readonly holds: () => Promise<boolean>; readonly stop: () => void } {
    if (credential === null) return { holds: () => Promise.resolve(true), stop: () => undefined }
    const { credentials } = this.#coordination
    let revoked = false
    const stop = credentials.onRevoked((name) => {
      revoked ||= name === null || name === credential
    })
    return { holds: async () => (await credentials.get(credential)) !== null && !revoked, stop }
  }

  #credentialRevoked(name: string): void {
    for (const session of this.#registry.all())
      if (session.credential === name) session.end('revoked', CREDENTIAL_REVOKED)
  }

  /** Revocations may not have been heard of: a session lives no longer than its credential is there. Never rejects. */
  async #lookForCredentials(): Promise<void> {
    const names = new Set<string>()
    for (const { credential } of this.#registry.all()) if (credential !== null) names.add(credential)
    for (const name of names) {
      try {
        if ((await this.#coordination.credentials.get(name)) === null) this.#credentialRevoked(name)
      } catch (error) {
        // What is lost is reached again, and then this is asked again, or the sessions end by the grace.
        this.#log.warn({ error }, 'whether session credentials still hold could not be seen')
        return
      }
    }
  }

  #revoke(): void {
    let ended = 0
    for (const session of this.#registry.all()) {
      const found = this.#coordination.revocations.matches(revocable(session))
      if (found === null) continue
      session.end('revoked', found.reason)
      ended++
    }
    if (ended > 0) this.#log.info({ ended }, 'sessions were ended by a revocation')
  }
}

const CREDENTIAL_REVOKED = 'the session credential it began with was revoked'

function revocable({
  id,
  principal,
  target,
  credential,
}: Pick<Session, 'id' | 'principal' | 'target' | 'credential'>): RevocableSession {
  return { session: id, principal, target, credential }
}

function hashOf(secret: Buffer): string {
  return createHash('sha256').update(secret).digest('hex')
}
