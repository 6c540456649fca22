import type { RequestKind } from './request-kind.ts'

const SMALLEST = 16
const NONE = 0

/** First in, first out, of requests in parallel arrays; gives memory back when it becomes empty. */
export class RequestRing<T> {
  length: number = 0
  #kinds: RequestKind[] = emptySlots(SMALLEST, NONE)
  #abouts: (T | undefined)[] = emptySlots(SMALLEST, undefined)
  #uncertain: boolean[] = emptySlots(SMALLEST, false)
  #head = 0

  /** Kind of the oldest; 0 when empty. */
  get headKind(): RequestKind {
    return this.length === 0 ? NONE : (this.#kinds[this.#head] ?? NONE)
  }

  get headAbout(): T | undefined {
    return this.length === 0 ? undefined : this.#abouts[this.#head]
  }

  /** What was said of the oldest when it was pushed. */
  get headUncertain(): boolean {
    return this.length > 0 && this.#uncertain[this.#head] === true
  }

  get secondKind(): RequestKind {
    return this.length < 2 ? NONE : (this.#kinds[this.#slot(1)] ?? NONE)
  }

  get secondAbout(): T | undefined {
    return this.length < 2 ? undefined : this.#abouts[this.#slot(1)]
  }

  /** What `choose` gives for the oldest for which it gives anything; null when there is none. */
  find<U>(choose: (about: T) => U | null): U | null {
    for (let index = 0; index < this.length; index++) {
      const about = this.#abouts[this.#slot(index)]
      const chosen = about === undefined ? null : choose(about)
      if (chosen !== null) return chosen
    }
    return null
  }

  push(kind: RequestKind, about: T, uncertain: boolean): void {
    if (this.length === this.#kinds.length) this.#resize(this.length * 2)
    const slot = this.#slot(this.length)
    this.#kinds[slot] = kind
    this.#abouts[slot] = about
    this.#uncertain[slot] = uncertain
    this.length++
  }

  /** Removes the oldest; nothing happens when empty. */
  shift(): void {
    if (this.length === 0) return
    this.#abouts[this.#head] = undefined
    this.#head = this.#slot(1)
    this.length--
    if (this.length === 0 && this.#kinds.length > SMALLEST) this.#resize(SMALLEST)
  }

  /** Removes the one after the oldest: the oldest takes its slot. */
  removeSecond(): void {
    if (this.length < 2) return
    const second = this.#slot(1)
    this.#kinds[second] = this.headKind
    this.#abouts[second] = this.headAbout
    this.#uncertain[second] = this.headUncertain
    this.shift()
  }

  makeSecondCertain(): void {
    if (this.length > 1) this.#uncertain[this.#slot(1)] = false
  }

  #slot(index: number): number {
    return (this.#head + index) & (this.#kinds.length - 1)
  }

  #resize(capacity: number): void {
    const kinds = emptySlots<RequestKind>(capacity, NONE)
    const abouts = emptySlots<T | undefined>(capacity, undefined)
    const uncertain = emptySlots<boolean>(capacity, false)
    for (let index = 0; index < this.length; index++) {
      kinds[index] = this.#kinds[this.#slot(index)] ?? NONE
      abouts[index] = this.#abouts[this.#slot(index)]
      uncertain[index] = this.#uncertain[this.#slot(index)] ?? false
    }
    this.#kinds = kinds
    this.#abouts = abouts
    this.#uncertain = uncertain
    this.#head = 0
  }
}

function emptySlots<V>(capacity: number, value: V): V[] {
  return Array.from({ length: capacity }, () => value)
}
