/** Results whose columns are remembered: those of older ones are forgotten. */
const MOST = 1_000

/** The columns of results by intent, for those that go on later: of the newest intents alone, however many a recording names. */
export class Described<Columns> {
  readonly #byIntent = new Map<number, Columns>()

  get(intent: number): Columns | undefined {
    return this.#byIntent.get(intent)
  }

  set(intent: number, columns: Columns): void {
    this.#byIntent.delete(intent)
    this.#byIntent.set(intent, columns)
    for (const [oldest] of this.#byIntent) {
      if (this.#byIntent.size <= MOST) return
      this.#byIntent.delete(oldest)
    }
  }
}
