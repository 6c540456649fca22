/** What work is charged to: a statement's reading, or the budget behind it. */
export interface Spending {
  /** Counts units of work; throws OverBudget once there were too many. One unit is about 25 nanoseconds. */
  spend(units: number): void
}

/** A budget: of a text, or of a part of what is read for it. */
export interface Budget extends Spending {
  /** The budget of the text. */
  readonly text: Work
}

/** Thrown when a text, or a view it names, takes more work than it may. */
export class OverBudget extends Error {}

/** Units for a text of up to 16 KiB, all its statements together: about 15 milliseconds. */
export const TEXT_UNITS = 600_000
/** Units for the stored query of one view, those it names not counted; it is read once for each catalog. */
export const VIEW_UNITS = 400_000
/** Bytes of text that TEXT_UNITS are for: longer texts are read in a worker thread, which has a deadline. */
const TEXT_BYTES = 16 * 1024
const MOST_UNITS = 40 * TEXT_UNITS
/** Units charged for whatever is read as one step: a node of the tree, an element of FROM, a WITH query. */
export const STEP_UNITS = 10
/** Units for each character of a view's query that is parsed. */
export const PARSED_CHARACTER_UNITS = 4

/** The budget of one text: everything done while its facts are read is counted here. */
export class Work implements Budget {
  readonly limit: number
  /** Units counted so far, never more than the limit: what would go beyond is not begun. */
  spent = 0
  exhausted = false
  /** True when it ran out while a view was read for the first time: read again, the text may cost less. */
  ranOutOnView = false

  /** `textBytes`: length of the text; those beyond 16 KiB may cost more in proportion, up to 40 times as much. */
  constructor(textBytes = 0) {
    this.limit = Math.round(Math.min(MOST_UNITS, TEXT_UNITS * Math.max(1, textBytes / TEXT_BYTES)))
  }

  get text(): Work {
    return this
  }

  spend(units: number): void {
    if (this.spent + units > this.limit) {
      this.spent = this.limit
      this.exhausted = true
      throw new OverBudget(`too entangled: more than ${this.limit} units of work, the limit for a text of its length`)
    }
    this.spent += units
  }
}

/** The budget for the stored query of one view. What it spends counts for the text as well. */
export class ViewWork implements Budget {
  readonly #text: Work
  #spent = 0

  constructor(text: Work) {
    this.#text = text
  }

  get text(): Work {
    return this.#text
  }

  spend(units: number): void {
    this.#spent += units
    if (this.#spent > VIEW_UNITS)
      throw new OverBudget(`too entangled: more than ${VIEW_UNITS} units of work, the limit for a view`)
    this.#text.spend(units)
  }
}
