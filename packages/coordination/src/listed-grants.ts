import type { Grant, Grants, NewGrant } from './grants.ts'
import { type Identity, identityKey } from './identity.ts'
import { newReadableId } from './readable-id.ts'
import type { SharedList } from './shared-list.ts'

/** Grants as a shared list, found by principal and target. */
export class ListedGrants implements Grants {
  readonly #list: SharedList<Grant>
  readonly #now: () => number
  readonly #byHolder = new Map<string, Grant[]>()

  /** `now`: the store's time as far as this process knows. */
  constructor(list: SharedList<Grant>, now: () => number) {
    this.#list = list
    this.#now = now
    list.onChange(() => {
      this.#byHolder.clear()
      for (const grant of list.entries) {
        const key = holderKey(grant.principal, grant.target)
        this.#byHolder.set(key, [...(this.#byHolder.get(key) ?? []), grant])
      }
    })
  }

  async give(grant: NewGrant): Promise<Grant> {
    const put = await this.#list.put((at) => ({ ...grant, id: newReadableId(), at, used: 0 }))
    if (put === null) throw new Error('an identifier of 60 random bits was taken')
    return put
  }

  revoke(id: string): Promise<boolean> {
    return this.#list.remove(id)
  }

  list(): Promise<readonly Grant[]> {
    return this.#list.all()
  }

  heldBy(principal: Identity, target: string): readonly Grant[] {
    const held = this.#byHolder.get(holderKey(principal, target))
    if (held === undefined) return []
    const now = this.#now()
    return held.filter((grant) => grant.until > now && (grant.uses === null || grant.used < grant.uses))
  }

  async use(id: string): Promise<boolean> {
    const used = await this.#list.change(id, (grant, now) => {
      if (grant.until <= now) return null
      if (grant.uses === null) return grant
      return grant.used < grant.uses ? { ...grant, used: grant.used + 1 } : null
    })
    return used !== null
  }

  onChange(listener: () => void): () => void {
    return this.#list.onChange(listener)
  }
}

function holderKey(principal: Identity, target: string): string {
  return JSON.stringify([identityKey(principal), target])
}
