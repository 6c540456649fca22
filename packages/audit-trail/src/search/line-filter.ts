import { isAt, type LineShape } from './line-shape.ts'
import type { TrailQuery } from './trail-index.ts'

const OUTCOME = Buffer.from('outcome"')

/** What JSON writes as it is: no quote, no backslash, nothing that is escaped. */
const PLAIN_RUNS = /[ !#-[\]-~]+/g

/** Finds bytes in a buffer from place to place, each of which is looked at once. */
interface Finder {
  /** The end of the first find from `start` on, Infinity: there is none. `start` never goes back between two calls of `refill`. */
  find(buffer: Buffer, start: number): number
  refill(): void
}

/**
 * Passes over lines that cannot match a query by looking at their bytes. What it lets through may match and may not. One is for one
 * reading of one file.
 */
export class LineFilter {
  readonly #kind: Buffer | null
  readonly #since: string | null
  readonly #until: string | null
  readonly #finders: readonly Finder[]

  /** Where the query asks for no kind: whether outcomes are looked at, too. */
  constructor(query: TrailQuery, options: { readonly outcomes: boolean }) {
    const { since = null, until = null } = query
    const ofIntents = query.outcome !== undefined || query.held !== undefined
    const kind = query.kind ?? (ofIntents ? 'intent' : null)
    this.#kind = kind === null ? null : Buffer.from(`${kind}"`)
    this.#withOutcomes = options.outcomes
    this.#since = since
    this.#until = until
    this.#finders = [
      ...member('session', query.session),
      ...member('subject', query.subject),
      ...member('actor', query.actor),
      ...member('target', query.target),
      ...member('fingerprint', query.fingerprint),
      ...[query.action, query.relation, query.masked, query.rule].flatMap((value) => textOf(value)),
      ...(query.outcome === 'refused' ? [new BytesFinder('"effect":"deny"')] : []),
      ...(kind === 'outcome' || kind === 'login_refused' ? textOf(query.code) : []),
      ...(query.text === undefined ? [] : caseless(query.text)),
    ]
  }

  readonly #withOutcomes: boolean

  /** The bytes in the buffer are others than before. */
  refill(): void {
    for (const finder of this.#finders) finder.refill()
  }

  /** Whether the line from `start` to `end`, which `shape` has read, may match. Lines come in order. */
  mayMatch(buffer: Buffer, start: number, end: number, shape: LineShape): boolean {
    if (this.#kind !== null) {
      if (!isAt(buffer, shape.kindAt, this.#kind)) return false
    } else if (!this.#withOutcomes && isOutcome(buffer, shape)) return false
    if (this.#since !== null || this.#until !== null) {
      const time = shape.time(buffer)
      if (this.#since !== null && time < this.#since) return false
      if (this.#until !== null && time >= this.#until) return false
    }
    for (const finder of this.#finders) if (finder.find(buffer, start) > end) return false
    return true
  }
}

/** Whether the line is an outcome's. */
export function isOutcome(buffer: Buffer, { kindAt }: LineShape): boolean {
  return isAt(buffer, kindAt, OUTCOME)
}

/** A member with this text; as much of it as JSON writes in one way alone. */
function member(name: string, value: string | undefined): readonly Finder[] {
  if (value === undefined) return []
  return plainRun(value) === value ? [new BytesFinder(`"${name}":"${value}"`)] : textOf(value)
}

/** A text somewhere in the line, as far as JSON writes it in one way alone. */
function textOf(value: string | undefined): readonly Finder[] {
  if (value === undefined) return []
  const run = plainRun(value)
  if (run === '') return []
  return [new BytesFinder(run === value ? `"${value}"` : run)]
}

function caseless(text: string): readonly Finder[] {
  const run = plainRun(text)
  return run === '' ? [] : [new CaselessFinder(run)]
}

/** The longest run of plain characters; empty: there is none. */
function plainRun(text: string): string {
  let longest = ''
  for (const [run] of text.matchAll(PLAIN_RUNS)) if (run.length > longest.length) longest = run
  return longest
}

class BytesFinder implements Finder {
  readonly #bytes: Buffer
  #foundEnd = -1

  constructor(text: string) {
    this.#bytes = Buffer.from(text, 'latin1')
  }

  refill(): void {
    this.#foundEnd = -1
  }

  find(buffer: Buffer, start: number): number {
    if (this.#foundEnd - this.#bytes.length < start) {
      const found = buffer.indexOf(this.#bytes, start)
      this.#foundEnd = found === -1 ? Infinity : found + this.#bytes.length
    }
    return this.#foundEnd
  }
}

/** Upper and lower case alike: so are two other characters that `toLowerCase` makes ASCII letters of, the Kelvin sign and the dotted capital I. */
class CaselessFinder implements Finder {
  readonly #pattern: RegExp
  #text: string | null = null
  #foundEnd = -1
  #foundFrom = -1

  constructor(run: string) {
    const source = run
      .replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
      .replaceAll(/k/gi, String.raw`(?:k|\xe2\x84\xaa)`)
      .replaceAll(/i/gi, String.raw`(?:i|\xc4\xb0)`)
    this.#pattern = new RegExp(source, 'gi')
  }

  refill(): void {
    this.#text = null
    this.#foundEnd = -1
    this.#foundFrom = -1
  }

  find(buffer: Buffer, start: number): number {
    if (this.#foundFrom >= start) return this.#foundEnd
    // As Latin-1 each byte is a character, so places in the text are places in the buffer.
    const text = (this.#text ??= buffer.toString('latin1'))
    this.#pattern.lastIndex = start
    const found = this.#pattern.exec(text)
    this.#foundFrom = found?.index ?? Infinity
    this.#foundEnd = found === null ? Infinity : this.#pattern.lastIndex
    return this.#foundEnd
  }
}
