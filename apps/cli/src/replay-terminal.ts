import { eventText, type ReplayEvent } from '@gatehouse/session-replay'
import { terminalLine, terminalTable, terminalText } from './terminal-text.ts'

/** Rows that are laid out as one table; what follows begins another. */
const ROWS_OF_A_TABLE = 100
/** The most of one cell that is shown. */
const CELL_WIDTH = 60

/** A session as text for a terminal: nothing in it is obeyed, and what would not be seen is written out. */
export class TerminalReplay {
  readonly #write: (text: string) => void
  #names: readonly string[] = []
  #rows: (readonly (string | null)[])[] = []

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  /** Shows the next event. */
  show(event: ReplayEvent): void {
    if (event.kind === 'row') {
      this.#rows.push(event.cells)
      if (this.#rows.length >= ROWS_OF_A_TABLE) this.flush()
      return
    }
    this.flush()
    if (event.kind === 'columns') this.#names = event.names
    else {
      const text = eventText(event)
      if (text !== null) this.#write(`${terminalText(text)}\n`)
    }
  }

  /** Shows what is kept back for a table. */
  flush(): void {
    if (this.#rows.length === 0) return
    const shown = [this.#names, ...this.#rows].map((row) =>
      row.map((cell) => (cell === null ? 'NULL' : terminalLine(cell, CELL_WIDTH))),
    )
    this.#rows = []
    this.#write(`${terminalTable(shown)}\n`)
  }
}
