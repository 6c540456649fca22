import { isDeepStrictEqual } from 'node:util'
import type { Gate, Judgement, StatementFacts } from '@gatehouse/core'
import type { MysqlNames } from '@gatehouse/sql-analysis'
import { CATALOG_UNAVAILABLE } from '../catalog-freshness.ts'
import type { PreparedStatement } from './asked.ts'
import { CountedChanges } from './counted-changes.ts'
import { LeftDiagnostics, showsDiagnostics } from './left-diagnostics.ts'
import {
  COUNT_TELLS,
  DEFINITIONS_IN_USE,
  DIAGNOSTICS_TELL,
  EXECUTE_LAST,
  MEANING_CHANGED,
  SEND_SETTING_APART,
} from './refusal.ts'
import { losesResults } from './result-rows.ts'
import type { SessionNames } from './session-names.ts'

/** Longest wait for another session that is changing, or reading, the same names. */
const OTHERS_PATIENCE_MILLISECONDS = 10_000

/** Judges texts of one session, after it has made sure that names mean what the gateway thinks. */
export class StatementJudge {
  readonly #gate: Gate<MysqlNames>
  readonly #names: SessionNames
  readonly #resume: () => void
  readonly #counted = new CountedChanges()
  readonly #left = new LeftDiagnostics()
  /** What came of a wait for a judgement: the next try takes it. */
  #ready: Judgement | null = null
  /** Since when the same text waits for other sessions; null: it does not. */
  #waitingSince: number | null = null

  /** `resume`: the command that had to wait is to be tried again. */
  constructor(gate: Gate<MysqlNames>, names: SessionNames, resume: () => void) {
    this.#gate = gate
    this.#names = names
    this.#resume = resume
  }

  /** Analyses and decides. Null: it has to wait, and a wait has begun that calls `resume`. */
  judge(bytes: Buffer, start: number, end: number): Judgement | null {
    const judgement = this.#alone(bytes, start, end, () => this.#names.environment)
    return judgement === null ? null : this.#besideOthers(judgement)
  }

  /** The judgement of a prepared statement that is about to run, under the rules and names that hold now. Null: as `judge`. */
  judgeAgain(statement: PreparedStatement): Judgement | null {
    if (!this.#stillHolds(statement)) {
      const { text } = statement
      const judged = this.#alone(text, 0, text.length, () => this.#names.environmentOf(statement.names))
      if (judged === null) return null
      statement.names = this.#names.environmentOf(statement.names)
      statement.judgement = this.#sameMeaning(statement, judged)
    }
    return this.#besideOthers(statement.judgement)
  }

  /** The text is about to run. */
  runs(judgement: Judgement): void {
    this.#counted.runs(judgement)
    this.#left.runs(judgement)
    this.#names.runs(judgement)
  }

  /** The text is about to be prepared. */
  prepares(judgement: Judgement): void {
    this.#left.runs(judgement)
  }

  /** The session was reset. */
  forget(): void {
    this.#left.forget()
  }

  #stillHolds({ names, judgement }: PreparedStatement): boolean {
    return (
      this.#ready === null &&
      this.#names.settled &&
      names === this.#names.environmentOf(names) &&
      this.#names.readsAs(names) &&
      judgement.authority === this.#gate.authority &&
      judgement.refusal === null
    )
  }

  /** The columns that the client was told of when it prepared the statement may not be others now. */
  #sameMeaning(statement: PreparedStatement, judgement: Judgement): Judgement {
    const { read, names } = statement
    const readsAs = this.#names.readsAs(names)
    if (judgement.refusal !== null) return judgement
    if (!judgement.authority.guarded) {
      statement.meaningLost ||= !readsAs
      return judgement
    }
    const { facts } = judgement
    const same = readsAs && !statement.meaningLost && isDeepStrictEqual(facts?.statements ?? [], read)
    return same ? judgement : this.#gate.decline(MEANING_CHANGED, facts)
  }

  #alone(bytes: Buffer, start: number, end: number, names: () => MysqlNames): Judgement | null {
    const ready = this.#ready
    if (ready !== null) {
      this.#ready = null
      return this.#objected(ready)
    }
    if (!this.#names.settled) {
      if (this.#names.unreadable) return this.#gate.decline(CATALOG_UNAVAILABLE)
      void this.#names.refresh().then(this.#resume)
      return null
    }
    const environment = names()
    this.#gate.diagnosticsHarmless = this.#left.harmlessUnder(this.#gate.authority)
    const judgement = this.#gate.judge(bytes, start, end, environment)
    if (judgement === null) {
      void this.#gate.judgeLarge(Buffer.from(bytes.subarray(start, end)), environment).then((judged) => {
        this.#ready = judged
        this.#resume()
      })
      return null
    }
    if (judgement.namesUnknown && this.#names.mayKnowMore()) {
      void this.#names.refresh().then(this.#resume)
      return null
    }
    return this.#objected(judgement)
  }

  /** Results must be told apart. Masks know rows in utf8mb4: what sets it otherwise has to stand alone, so that it is set back before rows come. */
  #objected(judgement: Judgement): Judgement {
    if (judgement.refusal === null && losesResults(judgement)) return this.#gate.decline(EXECUTE_LAST, judgement.facts)
    const statements = judgement.facts?.statements ?? []
    if (judgement.refusal !== null || !judgement.authority.guarded || !statements.some(setsResults)) return judgement
    const alone = statements.length === 1 && statements[0]?.action === 'set'
    return alone ? judgement : this.#gate.decline(SEND_SETTING_APART, judgement.facts)
  }

  #besideOthers(judgement: Judgement): Judgement | null {
    if (judgement.refusal === null && this.#counted.askedIn(judgement)) {
      return this.#gate.decline(COUNT_TELLS, judgement.facts)
    }
    const { authority, refusal } = judgement
    // Where it was permitted, that was when it was prepared: others may have run since. Where masks refused it, this says what helps.
    const masked = refusal === null || refusal.code === 'MASK_NOT_POSSIBLE'
    if (masked && authority.masksAny && showsDiagnostics(judgement) && !this.#left.harmlessUnder(authority))
      return this.#gate.decline(DIAGNOSTICS_TELL, judgement.facts)
    if (refusal !== null || !this.#names.othersInTheWay(judgement)) {
      this.#waitingSince = null
      return judgement
    }
    this.#waitingSince ??= performance.now()
    if (performance.now() - this.#waitingSince < OTHERS_PATIENCE_MILLISECONDS) {
      this.#names.whenOthersMove(this.#resume)
      return null
    }
    this.#waitingSince = null
    return this.#gate.decline(DEFINITIONS_IN_USE, judgement.facts)
  }
}

function setsResults({ settings }: StatementFacts): boolean {
  return settings.some(({ action, name }) => action !== 'show' && name === 'character_set_results')
}
