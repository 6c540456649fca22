import { newReadableId } from './readable-id.ts'
import type { NewRevocation, RevocableSession, Revocation, Revocations, Revoked } from './revocations.ts'
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
        const key = revokedKey(revocation.what)
        this.#byWhat.set(key, [...(this.#byWhat.get(key) ?? []), revocation])
      }
    })
  }

  async revoke(revocation: NewRevocation): Promise<Revocation> {
    const put = await this.#list.put((at) => ({ ...revocation, id: newReadableId(), at }))
    if (put === null) throw new Error('an identifier of 60 random bits was taken')
    return put
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
    const asked: Revoked[] = [
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
    return null
  }

  onChange(listener: () => void): () => void {
    return this.#list.onChange(listener)
  }
}

function revokedKey(what: Revoked): string {
  return JSON.stringify([what.kind, ...namesIn(what)])
}

function namesIn(what: Revoked): readonly (string | null)[] {
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
