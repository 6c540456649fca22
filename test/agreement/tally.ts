import { appendFileSync } from 'node:fs'
import type { StatementFacts } from '@gatehouse/core'
import type { Disagreement } from './agreement.ts'
import { explanationOf } from './explained.ts'

/** Statements whose output, or themselves, could not be read in full, by the reason in general words. */
export type Reasons = Map<string, number>

/** What was counted over many statements. */
export class Tally {
  statements = 0
  complete = 0
  /** Texts the server took and we could not parse. */
  unreadable = 0
  accepted = 0
  acceptedComplete = 0
  withOutput = 0
  outputComplete = 0
  planned = 0
  plannedAgreeing = 0
  described = 0
  describedAgreeing = 0
  views = 0
  viewsAgreeing = 0
  /** Texts with other literals that shared a reading with the text of the suite. */
  shared = 0
  readonly reasons: Reasons = new Map()
  readonly outputReasons: Reasons = new Map()
  readonly disagreements: (Disagreement & { readonly text: string })[] = []
  /** A file to which every incomplete statement and disagreement is written, one JSON object a line; null: none. */
  readonly #details: string | null

  constructor(details: string | null = null) {
    this.#details = details
  }

  /** Disagreements that nothing explains, each with its text. */
  get unexplained(): readonly string[] {
    return this.disagreements
      .filter(({ explanation }) => explanation === null)
      .map(({ check, what, text }) => `${check}: ${what}: ${text.trim()}`)
  }

  statement(facts: StatementFacts, accepted: boolean, text: string): void {
    this.statements++
    if (facts.complete) this.complete++
    if (!accepted) return
    this.accepted++
    if (facts.complete) this.acceptedComplete++
    else this.#count(this.reasons, 'incomplete', facts.reason, text)
    if (facts.output === null) return
    this.withOutput++
    const open = facts.output.find((column) => !column.complete)
    const through = facts.output.find((column) => column.through.length > 0)
    if (open !== undefined) this.#count(this.outputReasons, 'output', open.reason, text)
    else if (through === undefined) this.outputComplete++
    else this.#count(this.outputReasons, 'output', 'through a function whose body is not followed', text)
  }

  /** Notes them; true when every one of them is explained. */
  disagree(all: readonly Disagreement[], text: string): boolean {
    let explained = true
    for (const given of all) {
      const one = { ...given, explanation: given.explanation ?? explanationOf(given, text) }
      if (one.explanation === null) explained = false
      this.disagreements.push({ ...one, text })
      this.detail({ kind: one.check, what: one.what, explanation: one.explanation, text })
    }
    return explained
  }

  detail(entry: object): void {
    if (this.#details !== null) appendFileSync(this.#details, `${JSON.stringify(entry)}\n`)
  }

  #count(into: Reasons, kind: string, reason: string | null, text: string): void {
    const general = inGeneral(reason ?? 'no reason')
    into.set(general, (into.get(general) ?? 0) + 1)
    this.detail({ kind, what: reason, text })
  }
}

/** The reason without the names in it. */
function inGeneral(reason: string): string {
  return reason
    .replaceAll(/"[^"]*"/g, '"…"')
    .replaceAll(/\b(function|view|operator|type|table|column|relation) (?!is\b|could\b|of\b|with\b|that\b)\S+/g, '$1 …')
    .replaceAll(/\d+/g, 'N')
}

/** The table of reasons, the most frequent first. */
export function reasonTable(reasons: Reasons): string {
  return [...reasons]
    .toSorted((a, b) => b[1] - a[1])
    .map(([reason, count]) => `${String(count).padStart(6)}  ${reason}`)
    .join('\n')
}

export function share(part: number, whole: number): string {
  return `${String(part)} of ${String(whole)} (${whole === 0 ? '-' : ((100 * part) / whole).toFixed(2)} %)`
}
