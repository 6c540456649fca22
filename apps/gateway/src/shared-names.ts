import type { Judgement, RelationName, StatementFacts } from '@gatehouse/core'

/** What taking definitions away can do to other sessions' names: to none, to these (relations, whatever their schema), or to all. */
export type Touched = readonly string[] | 'all'

const NONE: readonly string[] = []

/** True when a statement names a relation that is touched, other than those `held`. */
export function namesTouched(
  statements: readonly StatementFacts[],
  touched: Touched,
  held: ReadonlySet<string> | null = null,
): boolean {
  if (touched !== 'all' && touched.length === 0) return false
  return statements.some(({ accesses }) =>
    accesses.some(
      ({ relation }) =>
        relation !== null &&
        (touched === 'all' || touched.includes(relation.name)) &&
        held?.has(heldName(relation)) !== true,
    ),
  )
}

/** No name holds a zero byte. */
function heldName({ schema, name }: RelationName): string {
  return `${schema ?? ''}\0${name}`
}

/** What holds a lock on the relation until the transaction ends; GRANT, for one, takes none. */
const LOCKING: ReadonlySet<string> = new Set(['select', 'insert', 'update', 'delete', 'merge'])

/** What one session has under way. */
export class SessionUses {
  /** Texts that the server may be reading now. */
  readonly reading: Judgement[] = []
  /** Relations that its open transaction has read, as `schema.name`: the server lets nobody take them away before its end. */
  readonly held: Set<string> = new Set()
  /** What its definitions touch that are not committed, or not known to be. */
  touching: Touched = NONE
}

/** How long the definitions of a session that ended may still be committed by the server. */
const AFTERLIFE_MILLISECONDS = 30_000

/**
 * Names that the sessions of one target use and change. A text is read before the server looks its names up: no other session may
 * take definitions away in between, and nothing is read while they are being taken away.
 */
export class SharedNames {
  readonly #sessions = new Set<SessionUses>()
  #touching = 0
  #waiting: (() => void)[] = []

  enter(): SessionUses {
    const uses = new SessionUses()
    this.#sessions.add(uses)
    return uses
  }

  /** The session is over. What it touched stays so for a while: the server may not know yet. */
  leave(uses: SessionUses, over: () => void): void {
    uses.reading.length = 0
    const remove = (): void => {
      this.release(uses)
      this.#sessions.delete(uses)
    }
    if (uses.touching.length === 0) return remove()
    setTimeout(() => {
      remove()
      over()
    }, AFTERLIFE_MILLISECONDS).unref()
  }

  /** The session has definitions under way that touch these. */
  touch(uses: SessionUses, touched: Touched): void {
    if (touched.length === 0) return
    if (uses.touching.length === 0) this.#touching++
    uses.touching = uses.touching === 'all' || touched === 'all' ? 'all' : [...uses.touching, ...touched]
  }

  /** Its definitions are committed or undone, and were looked at again if need be. */
  release(uses: SessionUses): void {
    if (uses.touching.length > 0) {
      uses.touching = NONE
      this.#touching--
    }
    this.wake()
  }

  /** Its texts were answered. `inTransaction`: a transaction block is open, and keeps the locks. */
  read(uses: SessionUses, inTransaction: boolean): void {
    // Behind ROLLBACK TO the locks taken since its savepoint are gone: which, is not worth knowing.
    if (uses.reading.some(({ endsTransaction }) => endsTransaction)) uses.held.clear()
    else if (inTransaction) {
      for (const { facts } of uses.reading) {
        for (const { accesses } of facts?.statements ?? [])
          for (const { action, relation } of accesses)
            if (relation !== null && LOCKING.has(action)) uses.held.add(heldName(relation))
      }
    }
    uses.reading.length = 0
    this.wake()
  }

  /** True while nobody has definitions under way. */
  get quiet(): boolean {
    return this.#touching === 0
  }

  /** True when another session stands in the way of a text that touches `touched`. */
  conflicts(uses: SessionUses, statements: readonly StatementFacts[], touched: Touched): boolean {
    for (const other of this.#sessions) {
      if (other === uses) continue
      if (namesTouched(statements, other.touching, uses.held)) return true
      if (touched.length === 0) continue
      if (other.reading.some(({ facts }) => namesTouched(facts?.statements ?? [], touched))) return true
    }
    return false
  }

  /** Calls once when something has ended, or after the time given. */
  whenChanged(milliseconds: number, call: () => void): void {
    let called = false
    const once = (): void => {
      if (called) return
      called = true
      clearTimeout(timer)
      call()
    }
    const timer = setTimeout(once, milliseconds).unref()
    this.#waiting.push(once)
  }

  wake(): void {
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    // Behind whatever is being done now: a text that waits must not overtake it.
    for (const call of waiting) setImmediate(call)
  }
}
