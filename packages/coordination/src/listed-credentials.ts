import type { Credential, Credentials, NewCredential } from './credentials.ts'
import type { ListEntry, SharedList } from './shared-list.ts'

/** Session credentials as a shared list whose ids are their names. */
export class ListedCredentials implements Credentials {
  readonly #list: SharedList<Credential & ListEntry>

  constructor(list: SharedList<Credential & ListEntry>) {
    this.#list = list
  }

  async put(name: string, credential: NewCredential): Promise<boolean> {
    return (await this.#list.put((at) => ({ ...credential, name, id: name, at, used: 0 }))) !== null
  }

  get(name: string): Promise<Credential | null> {
    return this.#list.get(name)
  }

  take(name: string): Promise<Credential | null> {
    return this.#list.change(name, (credential, now) => {
      if (credential.until <= now) return null
      if (credential.uses === null) return credential
      return credential.used < credential.uses ? { ...credential, used: credential.used + 1 } : null
    })
  }

  list(): Promise<readonly Credential[]> {
    return this.#list.all()
  }

  revoke(name: string): Promise<boolean> {
    return this.#list.remove(name)
  }

  onRevoked(listener: (name: string | null) => void): () => void {
    return this.#list.onRemoved(listener)
  }
}
