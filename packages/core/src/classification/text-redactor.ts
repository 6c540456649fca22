import { appendAscii, appendByte, appendBytes } from '../masking/cell-output.ts'
import type { CellOutput } from '../masking/cell-output.ts'
import { DETECTORS, type Detector } from './detector.ts'
import { TextScanner } from './text-scanner.ts'

/** What is put in place of what was found. */
export type Replacement =
  | { readonly kind: 'redact' }
  | { readonly kind: 'partial'; readonly keepFirst: number; readonly keepLast: number }

/** How many finds there were, by the index of their detector in `DETECTORS`. */
export class Finds {
  readonly counts: Uint32Array = new Uint32Array(DETECTORS.length)
  /** True when there were any since it was last emptied. */
  any = false

  add(detector: number): void {
    this.counts[detector] = (this.counts[detector] ?? 0) + 1
    this.any = true
  }
}

const labels = DETECTORS.map((detector) => `[redacted ${detector}]`)

/** Finds what the chosen detectors recognise, and writes texts with it replaced. */
export class TextRedactor {
  readonly scanner: TextScanner
  readonly #replacements: readonly Replacement[]
  readonly #finds: Finds

  /** `replacements`: what to look for, and what to put in its place. */
  constructor(replacements: ReadonlyMap<Detector, Replacement>, finds: Finds) {
    this.scanner = new TextScanner(replacements.keys())
    this.#replacements = DETECTORS.map((detector) => replacements.get(detector) ?? { kind: 'redact' })
    this.#finds = finds
  }

  /** True when nothing is found in source[start, end). */
  keeps(source: Buffer, start: number, end: number): boolean {
    return this.scanner.scan(source, start, end) === 0
  }

  /** Appends source[start, end) with each find as `[redacted email]`, or with its visible ends kept. */
  label(source: Buffer, start: number, end: number, out: CellOutput): void {
    const count = this.scanner.scan(source, start, end)
    const { starts, ends } = this.scanner.spans
    let copied = start
    for (let index = 0; index < count; index++) {
      const from = starts[index] ?? 0
      copied = this.append(source, copied, from, out)
      copied = this.put(index, source, from, ends[index] ?? 0, out)
    }
    appendBytes(out, source, copied, end)
  }

  /** Appends source[start, end) with each find as asterisks, one for each character; bytes for which `kept` has 1 stay. */
  star(source: Buffer, start: number, end: number, out: CellOutput, kept: Uint8Array | null, perByte: boolean): void {
    const count = this.scanner.scan(source, start, end)
    const { starts, ends, detectors } = this.scanner.spans
    let copied = start
    for (let index = 0; index < count; index++) {
      const from = starts[index] ?? 0
      const to = ends[index] ?? 0
      this.append(source, copied, from, out)
      const detector = detectors[index] ?? 0
      this.#finds.add(detector)
      this.#stars(this.#replacements[detector], source, from, to, out, kept, perByte)
      copied = to
    }
    appendBytes(out, source, copied, end)
  }

  /** Appends what stands in place of find `index` of the last scan, of which [from, to) is to be replaced. Returns `to`. */
  put(index: number, source: Buffer, from: number, to: number, out: CellOutput): number {
    const detector = this.scanner.spans.detectors[index] ?? 0
    this.#finds.add(detector)
    const replacement = this.#replacements[detector]
    if (replacement?.kind === 'partial') this.#stars(replacement, source, from, to, out, null, false)
    else appendAscii(out, labels[detector] ?? '')
    return to
  }

  /** Appends what is not replaced, and returns where it ended. */
  append(source: Buffer, from: number, to: number, out: CellOutput): number {
    appendBytes(out, source, from, to)
    return to
  }

  #stars(
    replacement: Replacement | undefined,
    source: Buffer,
    start: number,
    end: number,
    out: CellOutput,
    kept: Uint8Array | null,
    perByte: boolean,
  ): void {
    let first = start
    let last = end
    if (replacement?.kind === 'partial') {
      first = skipCharacters(source, start, end, replacement.keepFirst)
      last = skipCharactersBack(source, start, end, replacement.keepLast)
      // Nothing is kept of a value that would be shown whole.
      if (first >= last) {
        first = start
        last = end
      }
    }
    appendBytes(out, source, start, first)
    for (let at = first; at < last; at++) {
      const byte = source[at] ?? 0
      if (kept !== null && kept[byte] === 1) appendByte(out, byte)
      else if (perByte || (byte & 0xc0) !== 0x80) appendByte(out, 0x2a)
    }
    appendBytes(out, source, last, end)
  }
}

function skipCharacters(source: Buffer, start: number, end: number, count: number): number {
  let at = start
  for (let left = count; left > 0 && at < end; left--) {
    at++
    while (at < end && ((source[at] ?? 0) & 0xc0) === 0x80) at++
  }
  return at
}

function skipCharactersBack(source: Buffer, start: number, end: number, count: number): number {
  let at = end
  for (let left = count; left > 0 && at > start; left--) {
    at--
    while (at > start && ((source[at] ?? 0) & 0xc0) === 0x80) at--
  }
  return at
}
