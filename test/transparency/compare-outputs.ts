/**
 * What two outputs of one script come to:
 * - `identical`: byte for byte.
 * - `worded`: byte for byte, but for texts that are no SQL: the server's error stands where the gateway's stands.
 * - `refused`: they differ, and the gateway refused something that the server would have run.
 * - `different`: they differ, and no refusal is to be seen.
 */
export interface Comparison {
  readonly kind: 'identical' | 'worded' | 'refused' | 'different'
  /** How often each refusal code came, syntax errors included. */
  readonly refusals: ReadonlyMap<string, number>
  /** Syntax errors whose words differ beyond the gateway's additions: `[the server's, the gateway's]`. */
  readonly reworded: readonly (readonly [string, string])[]
}

const REFUSAL = 'ERROR:  gatehouse: '
/** What psql writes below the first line of an error. */
const BELOW_ERROR = /^(?:LINE \d+: |\s*\^$|DETAIL: {2}|HINT: {2})/

export function compareOutputs(direct: Buffer, through: Buffer): Comparison {
  const left = direct.toString('latin1').split('\n')
  const right = through.toString('latin1').split('\n')
  const refusals = countRefusals(right)
  const reworded: [string, string][] = []
  if (direct.equals(through)) return { kind: 'identical', refusals, reworded }
  /** What psql shows again on demand: `\\errverbose`, `:LAST_ERROR_MESSAGE`. */
  const said: string[] = []
  let at = 0
  let line = 0
  while (line < right.length) {
    const text = right[line] ?? ''
    const theirs = left[at] ?? ''
    if (text.startsWith(REFUSAL) && theirs.startsWith('ERROR:  ') && isUnreadable(right, line)) {
      const words = `ERROR:  ${text.slice(REFUSAL.length)}`
      said.push(text.slice(REFUSAL.length))
      if (words !== theirs) reworded.push([theirs, words])
      at = belowError(left, at + 1)
      line = belowError(right, line + 1)
      continue
    }
    if (text !== theirs && !said.some((words) => text.replace(`gatehouse: ${words}`, words) === theirs)) {
      const others = [...refusals.keys()].some((code) => code !== 'UNREADABLE')
      return { kind: others ? 'refused' : 'different', refusals, reworded }
    }
    at++
    line++
  }
  return { kind: at === left.length ? 'worded' : 'different', refusals, reworded }
}

function belowError(lines: readonly string[], from: number): number {
  let at = from
  while (BELOW_ERROR.test(lines[at] ?? '')) at++
  return at
}

function isUnreadable(lines: readonly string[], errorLine: number): boolean {
  return lines.slice(errorLine + 1, belowError(lines, errorLine + 1)).some((line) => codeOf(line) === 'UNREADABLE')
}

function countRefusals(lines: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines) {
    const code = codeOf(line)
    if (code !== null) counts.set(code, (counts.get(code) ?? 0) + 1)
  }
  return counts
}

function codeOf(line: string): string | null {
  return /^DETAIL: {2}\{"code":"([A-Z_]+)",/.exec(line)?.[1] ?? null
}
