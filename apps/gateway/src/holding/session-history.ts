import type { HistoryEntry } from '@gatehouse/coordination'
import { doingsOf, type Admission, type Judgement } from '@gatehouse/core'

/** How many statements are remembered. */
const REMEMBERED = 10

/** What a session did last, for whoever decides on its next statement: what each statement did, not its text. */
export class SessionHistory {
  readonly #judgements: Judgement[] = []
  readonly #times = new Float64Array(REMEMBERED)
  readonly #refused = new Uint8Array(REMEMBERED)
  #count = 0

  /** A statement was admitted, or refused, at `now` (milliseconds since the epoch). */
  note({ judgement, refusal }: Admission, now: number): void {
    const place = this.#count++ % REMEMBERED
    this.#judgements[place] = judgement
    this.#times[place] = now
    this.#refused[place] = refusal === null ? 0 : 1
  }

  /** The last ones, in order. */
  entries(): readonly HistoryEntry[] {
    const first = Math.max(0, this.#count - REMEMBERED)
    return Array.from({ length: this.#count - first }, (_, index) => this.#entry((first + index) % REMEMBERED))
  }

  #entry(place: number): HistoryEntry {
    const facts = this.#judgements[place]?.facts ?? null
    return {
      at: this.#times[place] ?? 0,
      text: facts === null ? 'a statement that could not be read' : doingsOf(facts).join(', ').slice(0, ENTRY_LENGTH),
      outcome: this.#refused[place] === 1 ? 'refused' : 'ran',
    }
  }
}

const ENTRY_LENGTH = 300
