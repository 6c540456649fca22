import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import type { Principal } from '@gatehouse/core'
import type { CancelKey, EndReason, Session } from './session.ts'

/** The live sessions of this gateway, by id and by cancel key, and how many each principal has. */
export class SessionRegistry {
  readonly #sessions = new Map<string, Session>()
  readonly #byProcessId = new Map<number, { readonly key: CancelKey; readonly session: Session }>()
  readonly #processIds = new Map<string, number>()
  readonly #perPrincipal = new Map<string, number>()
  /** By session: the segment of the trail that was written when it began. */
  readonly #segments = new Map<string, number>()
  readonly #segment: () => number
  /** Told when a session is over. */
  onRemoved: ((id: string) => void) | null = null

  /** `segment`: which one of the trail is written now; default: it does not matter. */
  constructor(segment: () => number = () => 1) {
    this.#segment = segment
  }

  /** The segment of the trail that the longest-lived session began in; null: there is no session. */
  get openFrom(): number | null {
    let first: number | null = null
    for (const segment of this.#segments.values()) if (first === null || segment < first) first = segment
    return first
  }

  get size(): number {
    return this.#sessions.size
  }

  /** A new session identifier: 16 hexadecimal digits. */
  newId(): string {
    return randomBytes(8).toString('hex')
  }

  /** A cancel key that no live session has; `keyBytes` as the protocol version allows. */
  newCancelKey(keyBytes: number): CancelKey {
    let processId = randomInt(1, 0x7fff_ffff)
    while (this.#byProcessId.has(processId)) processId = randomInt(1, 0x7fff_ffff)
    return { processId, secretKey: randomBytes(keyBytes) }
  }

  /** Takes one of the principal's places; false when all are taken. Every place taken is given back by `leave`. */
  enter(principal: Principal, most: number): boolean {
    const key = principalKey(principal)
    const count = this.#perPrincipal.get(key) ?? 0
    if (count >= most) return false
    this.#perPrincipal.set(key, count + 1)
    return true
  }

  leave(principal: Principal): void {
    const key = principalKey(principal)
    const count = this.#perPrincipal.get(key) ?? 0
    if (count <= 1) this.#perPrincipal.delete(key)
    else this.#perPrincipal.set(key, count - 1)
  }

  add(session: Session, key: CancelKey): void {
    this.#sessions.set(session.id, session)
    this.#byProcessId.set(key.processId, { key, session })
    this.#processIds.set(session.id, key.processId)
    this.#segments.set(session.id, this.#segment())
  }

  remove(session: Session): void {
    this.#sessions.delete(session.id)
    const processId = this.#processIds.get(session.id)
    if (processId !== undefined) this.#byProcessId.delete(processId)
    this.#processIds.delete(session.id)
    this.#segments.delete(session.id)
    this.onRemoved?.(session.id)
  }

  /** The session that the key belongs to; undefined for any other key. */
  byCancelKey(processId: number, secretKey: Buffer): Session | undefined {
    const found = this.#byProcessId.get(processId)
    if (found === undefined || found.key.secretKey.length !== secretKey.length) return undefined
    return timingSafeEqual(found.key.secretKey, secretKey) ? found.session : undefined
  }

  all(): Iterable<Session> {
    return this.#sessions.values()
  }

  byId(id: string): Session | undefined {
    return this.#sessions.get(id)
  }

  /** The sessions of one principal. */
  *ownedBy(principal: Principal): Iterable<Session> {
    const key = principalKey(principal)
    for (const session of this.#sessions.values()) if (principalKey(session.principal) === key) yield session
  }

  /** Tells every session the time, in milliseconds of a monotonic clock. */
  checkTime(now: number): void {
    for (const session of this.#sessions.values()) session.checkTime(now)
  }

  endAll(reason: EndReason): void {
    for (const session of this.#sessions.values()) session.end(reason)
  }
}

function principalKey(principal: Principal): string {
  return JSON.stringify([principal.issuer, principal.subject, principal.actor])
}
