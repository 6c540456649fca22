import { UNSEEN } from '@gatehouse/session-replay'

/** A stranger's text for a terminal: what would not be seen, or would be obeyed, is written out. Line breaks stay. */
export function terminalText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(UNSEEN, (found) => (found === '\n' ? found : `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`))
}

/** The same on one line of at most `width` characters. */
export function terminalLine(text: string, width: number): string {
  const line = Array.from(terminalText(text.replaceAll(/\s+/g, ' ').trim()))
  return line.length <= width ? line.join('') : `${line.slice(0, width - 1).join('')}…`
}

/** Rows in columns, the first row over the others. */
export function terminalTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => Array.from(row[column] ?? '').length)),
  )
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - Array.from(cell).length))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** How long ago a moment (ISO 8601) was, in its largest unit: `40s`, `3m`, `2h`, `5d`. */
export function age(moment: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(moment)) / 1000))
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`
}
