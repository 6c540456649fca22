import type { Adapter, Payload } from 'oidc-provider'

interface Kept {
  readonly payload: Payload
  readonly endsAt: number
}

/** What the development issuer keeps of logins: in the memory of this process, until it ends by itself. */
export class KeptLogins implements Adapter {
  readonly #kept = new Map<string, Kept>()

  upsert(id: string, payload: Payload, expiresIn: number): Promise<void> {
    for (const [key, { endsAt }] of this.#kept) if (endsAt < Date.now()) this.#kept.delete(key)
    this.#kept.set(id, { payload, endsAt: Date.now() + (Number.isFinite(expiresIn) ? expiresIn : 3600) * 1000 })
    return Promise.resolve()
  }

  find(id: string): Promise<Payload | undefined> {
    const found = this.#kept.get(id)
    return Promise.resolve(found === undefined || found.endsAt < Date.now() ? undefined : found.payload)
  }

  findByUid(uid: string): Promise<Payload | undefined> {
    const found = [...this.#kept.values()].find(({ payload }) => payload.uid === uid)
    return Promise.resolve(found?.payload)
  }

  findByUserCode(userCode: string): Promise<Payload | undefined> {
    const found = [...this.#kept.values()].find(({ payload }) => payload.userCode === userCode)
    return Promise.resolve(found?.payload)
  }

  consume(id: string): Promise<void> {
    const found = this.#kept.get(id)
    if (found !== undefined) found.payload.consumed = Math.floor(Date.now() / 1000)
    return Promise.resolve()
  }

  destroy(id: string): Promise<void> {
    this.#kept.delete(id)
    return Promise.resolve()
  }

  revokeByGrantId(grantId: string): Promise<void> {
    for (const [key, { payload }] of this.#kept) if (payload.grantId === grantId) this.#kept.delete(key)
    return Promise.resolve()
  }
}
