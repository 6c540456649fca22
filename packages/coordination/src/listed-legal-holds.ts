import type { LegalHold, LegalHolds, NewLegalHold, NewLifting } from './legal-holds.ts'
import { newReadableId } from './readable-id.ts'
import type { SharedList } from './shared-list.ts'

/** A hold that was lifted is known for so long: whoever kept it beside the store learns that it was. */
const LIFTED_MILLISECONDS = 90 * 86_400_000

/** Legal holds as a shared list. */
export class ListedLegalHolds implements LegalHolds {
  readonly #list: SharedList<LegalHold>

  constructor(list: SharedList<LegalHold>) {
    this.#list = list
  }

  async set(hold: NewLegalHold): Promise<LegalHold> {
    const put = await this.#list.put((at) => ({ ...hold, id: newReadableId(), at, lifted: null, until: null }))
    if (put === null) throw new Error('an identifier of 60 random bits was taken')
    return put
  }

  lift(id: string, lifting: NewLifting): Promise<LegalHold | null> {
    return this.#list.change(id, (hold, at) =>
      hold.lifted === null ? { ...hold, lifted: { ...lifting, at }, until: at + LIFTED_MILLISECONDS } : null,
    )
  }

  list(): Promise<readonly LegalHold[]> {
    return this.#list.all()
  }

  async restore(hold: LegalHold): Promise<void> {
    await this.#list.put(() => hold)
  }

  onChange(listener: () => void): () => void {
    return this.#list.onChange(listener)
  }
}
