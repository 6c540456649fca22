import { newReadableId } from './readable-id.ts'
import type { LogoutRevoked, NewRevocation, RevocableSession, Revocation, Revocations, Revoked } from './revocations.ts'
import type { SharedList } from './shared-list.ts'

/** Revocations as a shared list, found by what they revoke. */
export class ListedRevocations implements Revocations {
  readonly #list: SharedList<Revocation>
  readonly #now: () => number
  readonly #byWhat = new Map<string, Revocation[]>()

  /** `now`: the store's time as far as this process knows. */
  constructor(list: SharedList<Revocation>, now: () => number) {
    this.#list = list
    this.#now = now
    list.onChange(() => {
      this.#byWhat.clear()
      for (const revocation of list.entries) {
        for (const key of keysOf(revocation.what)) {
          const known = this.#byWhat.get(key)
          if (known === undefined) this.#byWhat.set(key, [revocation])
          else known.push(revocation)
        }
      }
    })
  }

  async revoke(revocation: NewRevocation): Promise<Revocation> {
    const put = await this.#list.put((at) => ({ ...revocation, id: newReadableId(), at }))
    if (put === null) throw new Error('an identifier of 60 random bits was taken')
    return put
  }

  revokeOnce(id: string, revocation: NewRevocation): Promise<Revocation | null> {
    return this.#list.put((at) => ({ ...revocation, id, at }))
  }

  lift(id: string): Promise<boolean> {
    return this.#list.remove(id)
  }

  list(): Promise<readonly Revocation[]> {
    return this.#list.all()
  }

  matches({ session, principal, target, credential }: RevocableSession): Revocation | null {
    if (this.#byWhat.size === 0) return null
    const { issuer, subject, actor } = principal
    const asked: SimplyRevoked[] = [
      { kind: 'issuer', issuer },
      { kind: 'target', target },
      { kind: 'principal', issuer, subject },
      { kind: 'principal', issuer: null, subject },
    ]
    if (actor !== null) asked.push({ kind: 'actor', issuer, actor }, { kind: 'actor', issuer: null, actor })
    if (session !== null) asked.push({ kind: 'session', session })
    if (credential !== null) asked.push({ kind: 'credential', credential })
    const now = this.#now()
    for (const what of asked) {
      const found = this.#byWhat.get(revokedKey(what))?.find(({ until }) => until === null || until > now)
      if (found !== undefined) return found
    }
    return this.#loggedOut(issuer, principal.claims ?? {}, now)
  }

  #loggedOut(issuer: string, claims: Readonly<Record<string, unknown>>, now: number): Revocation | null {
    const { sub, sid, iat } = claims
    const candidates = [
      ...(typeof sid === 'string' ? (this.#byWhat.get(logoutKey(issuer, 'sid', sid)) ?? []) : []),
      ...(typeof sub === 'string' ? (this.#byWhat.get(logoutKey(issuer, 'sub', sub)) ?? []) : []),
    ]
    const isMeant = ({ what, until }: Revocation): boolean => {
      if (what.kind !== 'logout' || (until !== null && until <= now)) return false
      // Of a token that says its session, another session's end is not its own.
      if (what.sid !== null && typeof sid === 'string' && what.sid !== sid) return false
      return typeof iat !== 'number' || iat <= what.issuedUntil
    }
    return candidates.find(isMeant) ?? null
  }

  onChange(listener: () => void): () => void {
    return this.#list.onChange(listener)
  }
}

type SimplyRevoked = Exclude<Revoked, LogoutRevoked>

function keysOf(what: Revoked): readonly string[] {
  if (what.kind !== 'logout') return [revokedKey(what)]
  const { issuer, subject, sid } = what
  return [
    ...(sid === null ? [] : [logoutKey(issuer, 'sid', sid)]),
    ...(subject === null ? [] : [logoutKey(issuer, 'sub', subject)]),
  ]
}

function logoutKey(issuer: string, claim: 'sub' | 'sid', value: string): string {
  return JSON.stringify(['logout', issuer, claim, value])
}

function revokedKey(what: SimplyRevoked): string {
  return JSON.stringify([what.kind, ...namesIn(what)])
}

function namesIn(what: SimplyRevoked): readonly (string | null)[] {
  switch (what.kind) {
    case 'session':
      return [what.session]
    case 'principal':
      return [what.issuer, what.subject]
    case 'actor':
      return [what.issuer, what.actor]
    case 'target':
      return [what.target]
    case 'credential':
      return [what.credential]
    default:
      return [what.issuer]
  }
}
