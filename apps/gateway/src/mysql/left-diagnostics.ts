import type { Authority, Judgement } from '@gatehouse/core'

/**
 * Whether the messages that the statements of one session left at the server (SHOW WARNINGS) can quote masked values. MariaDB
 * keeps them while statements that touch no table run, so all that ran since the session began, or was reset, counts.
 */
export class LeftDiagnostics {
  #mayQuote = false
  /** The rules that everything ran under until now; null: nothing has run. */
  #authority: Authority | null = null

  /** The text is about to run, or to be prepared: the server looks at it then, too. */
  runs({ authority, redactReports }: Judgement): void {
    this.#mayQuote ||= redactReports || !this.#ranUnder(authority)
    this.#authority = authority
  }

  /** True when they quote nothing that these rules mask. */
  harmlessUnder(authority: Authority): boolean {
    return !this.#mayQuote && this.#ranUnder(authority)
  }

  /** The server has forgotten them: behind COM_RESET_CONNECTION. */
  forget(): void {
    this.#mayQuote = false
    this.#authority = null
  }

  /** What masks did not hide under other rules, they may now. */
  #ranUnder(authority: Authority): boolean {
    return this.#authority === null || this.#authority === authority
  }
}

/** True when the text shows what earlier statements left. */
export function showsDiagnostics({ facts }: Judgement): boolean {
  return facts?.statements.some(({ diagnostics }) => diagnostics !== undefined) ?? false
}
