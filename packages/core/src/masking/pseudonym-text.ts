import type { CellMask } from './cell-mask.ts'
import { appendByte, appendBytes } from './cell-output.ts'
import type { CellOutput } from './cell-output.ts'
import { emailSign } from './email-mask.ts'
import type { KeyedStream } from './keyed-stream.ts'
import { Lanes } from './lane-permutation.ts'
import { codePointOf, isPunctuation, latinAlphabet, letterOf } from './letter-table.ts'
import { trimBlanks } from './partial-mask.ts'
import { countCharacters } from './utf8.ts'

/** Reserved for documentation (RFC 2606 section 3): mail to it goes nowhere. */
const reservedDomain = Buffer.from('.example')
const maxDomainBytes = 255
/** Longer text is redacted: it is no name, and would hold up everybody else. */
const maxTextBytes = 65_536
/** No byte of UTF-8: in a template it stands before what is exchanged. */
const exchanged = 0xff
/** A template longer than this many bytes is given back after the cell. */
const maxKeptTemplate = 65_536

/**
 * Exchanges letters for letters of the same alphabet and digits for digits. Length, case, blanks and punctuation stay; so
 * does which texts differ by case alone. The letters of one text are permuted together, so equal beginnings do not show.
 * An e-mail address becomes one whose domain is reserved; equal domains stay equal. Text without a letter or a digit, text
 * that is not UTF-8 or longer than 65,536 bytes, and an address the type has no room for, are redacted. Empty text stays.
 */
export class PseudonymTextMask implements CellMask {
  readonly #stream: KeyedStream
  readonly #limit: number
  readonly #fillTo: number
  readonly #ignoreTrailingBlanks: boolean
  readonly #redacted: CellMask
  readonly #lanes = new Lanes()
  #template: Buffer = Buffer.alloc(256)
  #length = 0

  constructor(stream: KeyedStream, limit: number, fillTo: number, ignoreTrailingBlanks: boolean, redacted: CellMask) {
    this.#stream = stream
    this.#limit = limit
    this.#fillTo = fillTo
    this.#ignoreTrailingBlanks = ignoreTrailingBlanks
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const valueEnd = this.#ignoreTrailingBlanks ? trimBlanks(source, start, end) : end
    const readable = valueEnd - start <= maxTextBytes && countCharacters(source, start, valueEnd) !== -1
    if (!readable) return this.#redacted.apply(source, start, end, out)
    const sign = emailSign(source, start, valueEnd)
    if (sign !== -1) return this.#applyToEmail(source, start, valueEnd, end, sign, out)
    if (this.#exchange('text', source, start, valueEnd, valueEnd, valueEnd, out)) {
      appendBytes(out, source, valueEnd, end)
      return true
    }
    if (valueEnd > start) return this.#redacted.apply(source, start, end, out)
    appendBytes(out, source, start, end)
    return true
  }

  #applyToEmail(source: Buffer, start: number, end: number, cellEnd: number, sign: number, out: CellOutput): boolean {
    const characters = countCharacters(source, start, end) + reservedDomain.length
    // Bytes are what `name` counts, and never fewer than characters.
    const bytes = end - start + reservedDomain.length
    if (bytes > this.#limit || end - sign - 1 + reservedDomain.length > maxDomainBytes) {
      return this.#redacted.apply(source, start, cellEnd, out)
    }
    // One domain has one pseudonym; one local part has another in every domain.
    if (!this.#exchange('local part', source, start, sign, sign, end, out)) appendBytes(out, source, start, sign)
    appendByte(out, source[sign] ?? 0)
    this.#exchange('domain', source, sign + 1, end, end, end, out)
    appendBytes(out, reservedDomain, 0, reservedDomain.length)
    for (let at = characters; at < this.#fillTo; at++) appendByte(out, 0x20)
    return true
  }

  /**
   * Appends `source[start,end)` with its letters and digits exchanged, depending on `source[contextStart,contextEnd)` as
   * well; false, with nothing appended, where it has neither letters nor digits.
   */
  #exchange(
    what: 'text' | 'local part' | 'domain',
    source: Buffer,
    start: number,
    end: number,
    contextStart: number,
    contextEnd: number,
    out: CellOutput,
  ): boolean {
    const lanes = this.#lanes
    lanes.clear()
    this.#length = this.#template.write(what)
    for (let at = start; at < end;) at = this.#read(source, at)
    if (lanes.count === 0) return false
    this.#note(exchanged)
    this.#note(exchanged)
    for (let at = contextStart; at < contextEnd; at++) this.#note(lowerCase(source[at] ?? 0))
    lanes.permute(this.#stream, this.#stream.tweak(this.#template, this.#length))
    if (this.#template.length > maxKeptTemplate) this.#template = Buffer.alloc(256)
    this.#write(source, start, end, out)
    return true
  }

  /** Takes one character apart into lane and template, and returns where the next one starts. */
  #read(source: Buffer, at: number): number {
    const next = at + characterBytes(source[at] ?? 0)
    const codePoint = codePointAt(source, at, next)
    const letter = letterOf(codePoint)
    if (letter !== null) {
      this.#lanes.add(letter.place, letter.alphabet.size)
      this.#note(exchanged)
      this.#note(letter.alphabet.number)
    } else if (isPunctuation(codePoint)) {
      for (let index = at; index < next; index++) this.#note(source[index] ?? 0)
    } else {
      // It has no alphabet of its own to be permuted in: which one it is goes into the template.
      this.#lanes.add(0, latinAlphabet.size)
      this.#note(exchanged)
      this.#note(0xfe)
      for (let index = at; index < next; index++) this.#note(source[index] ?? 0)
    }
    return next
  }

  #write(source: Buffer, start: number, end: number, out: CellOutput): void {
    const { values } = this.#lanes
    out.ensure(end - start)
    let lane = 0
    for (let at = start; at < end;) {
      const next = at + characterBytes(source[at] ?? 0)
      const codePoint = codePointAt(source, at, next)
      const letter = letterOf(codePoint)
      if (letter !== null) {
        appendCodePoint(out, codePointOf(letter.alphabet, values[lane++] ?? 0, letter.upper))
      } else if (isPunctuation(codePoint)) {
        appendBytes(out, source, at, next)
      } else {
        appendCodePoint(out, codePointOf(latinAlphabet, values[lane++] ?? 0, false))
      }
      at = next
    }
  }

  #note(byte: number): void {
    if (this.#length === this.#template.length) {
      const grown = Buffer.alloc(this.#length * 2)
      this.#template.copy(grown)
      this.#template = grown
    }
    this.#template[this.#length++] = byte
  }
}

/** The length in bytes of the character a byte begins; the text is known to be UTF-8. */
function characterBytes(lead: number): number {
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
}

function codePointAt(source: Buffer, start: number, end: number): number {
  const lead = source[start] ?? 0
  if (lead < 0x80) return lead
  let codePoint = lead & (0x7f >> (end - start))
  for (let at = start + 1; at < end; at++) codePoint = (codePoint << 6) | ((source[at] ?? 0) & 0x3f)
  return codePoint
}

/** Alphabets hold no character of more than three bytes. */
function appendCodePoint(out: CellOutput, codePoint: number): void {
  if (codePoint < 0x80) {
    appendByte(out, codePoint)
  } else if (codePoint < 0x800) {
    appendByte(out, 0xc0 | (codePoint >> 6))
    appendByte(out, 0x80 | (codePoint & 0x3f))
  } else {
    appendByte(out, 0xe0 | (codePoint >> 12))
    appendByte(out, 0x80 | ((codePoint >> 6) & 0x3f))
    appendByte(out, 0x80 | (codePoint & 0x3f))
  }
}

function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte
}
