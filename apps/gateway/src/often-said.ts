/** Nothing is said more often than this. */
const MILLISECONDS = 1000

/** Says what may happen very often at once, and then once a second at most, with how often it has happened meanwhile. */
export class OftenSaid {
  readonly #say: (facts: Readonly<Record<string, unknown>>) => void
  #timer: NodeJS.Timeout | null = null
  #unsaid = 0
  #last: Readonly<Record<string, unknown>> = {}

  constructor(say: (facts: Readonly<Record<string, unknown>>) => void) {
    this.#say = say
  }

  say(facts: Readonly<Record<string, unknown>>): void {
    if (this.#timer !== null) {
      this.#unsaid++
      this.#last = facts
      return
    }
    this.#say(facts)
    this.#timer = setTimeout(() => this.#again(), MILLISECONDS).unref()
  }

  #again(): void {
    this.#timer = null
    if (this.#unsaid === 0) return
    const times = this.#unsaid
    this.#unsaid = 0
    this.say({ ...this.#last, times })
  }
}
