import { digitAt, isAsciiDigit, isLetter } from './characters.ts'
import { addCreditCards } from './credit-card.ts'
import { DETECTORS, type Detector } from './detector.ts'
import { DigitRun } from './digit-run.ts'
import { emailEnd, emailStart } from './email.ts'
import { ibanEnd } from './iban.ts'
import { jwtEnd } from './jwt.ts'
import { addNamedSecret } from './named-secret.ts'
import { addPhones } from './phone.ts'
import { PrivateKeys } from './private-key.ts'
import { addKey, callingBytes, callingPairs } from './secret-key.ts'
import { Spans } from './spans.ts'
import { addSocialSecurityNumbers } from './us-ssn.ts'

/** What a byte calls for; 0: nothing can begin or be centred there. */
const DIGIT = 1
const WIDE = 2
const AT = 4
const DASHES = 8
const KEY = 16
const NAMED = 32
const TOKEN = 64

const index = (detector: Detector): number => DETECTORS.indexOf(detector)
const PRIVATE_KEY = index('private_key')
const JWT = index('jwt')
const SECRET_KEY = index('secret_key')
const IBAN = index('iban')
const CREDIT_CARD = index('credit_card')
const US_SSN = index('us_ssn')
const EMAIL = index('email')
const PHONE = index('phone')

/** Fewer digits are of no interest. */
const fewestDigits = 8

/**
 * Finds what the chosen detectors recognise in UTF-8 text. Looks at each byte once and calls a detector only at bytes
 * that it could begin with or turn on. Keeps nothing of a text but offsets; not to be shared between threads.
 */
export class TextScanner {
  /** What the last `scan` found, in order, without overlaps. */
  readonly spans: Spans = new Spans()
  readonly #calls = new Uint8Array(256)
  readonly #wanted = new Uint8Array(DETECTORS.length)
  readonly #run = new DigitRun()
  readonly #privateKeys = new PrivateKeys()

  constructor(detectors: Iterable<Detector>) {
    for (const detector of detectors) this.#wanted[index(detector)] = 1
    const wants = (...some: number[]): boolean => some.some((which) => this.#wanted[which] === 1)
    if (wants(IBAN, CREDIT_CARD, US_SSN, PHONE)) {
      for (let byte = 0x30; byte <= 0x39; byte++) this.#call(byte, DIGIT)
      for (const lead of [0xd9, 0xdb, 0xe0, 0xef, 0xf0]) this.#call(lead, WIDE)
    }
    if (wants(EMAIL)) {
      this.#call(0x40, AT)
      this.#call(0xef, AT) // full-width @
    }
    if (wants(PRIVATE_KEY)) this.#call(0x2d, DASHES)
    if (wants(JWT)) this.#call(0x4a, TOKEN)
    if (wants(SECRET_KEY)) {
      for (const byte of callingBytes) this.#call(byte, KEY)
      this.#call(0x3a, NAMED)
      this.#call(0x3d, NAMED)
    }
  }

  /** Looks through source[start, end) and returns how many `spans` there are. Never throws on account of the bytes. */
  scan(source: Buffer, start: number, end: number): number {
    const calls = this.#calls
    const spans = this.spans
    spans.count = 0
    const last = Math.min(end, source.length)
    let began = false
    for (let at = start; at < last;) {
      const call = calls[source[at] ?? 0] ?? 0
      if (
        call === 0 ||
        (call === KEY && (at === start || callingPairs[((source[at - 1] ?? 0) << 8) | (source[at] ?? 0)] === 0))
      ) {
        at++
        continue
      }
      if (!began) {
        began = true
        this.#privateKeys.reset()
      }
      at = this.#look(call, source, at, start, last)
    }
    if (spans.count > 1) spans.settle()
    return spans.count
  }

  #call(byte: number, what: number): void {
    this.#calls[byte] = (this.#calls[byte] ?? 0) | what
  }

  /** Looks for what the byte at `at` calls for, and returns where to go on. */
  #look(call: number, source: Buffer, at: number, start: number, end: number): number {
    if ((call & DIGIT) !== 0) return this.#digits(source, at, start, end)
    if ((call & WIDE) !== 0 && digitAt(source, at, end) !== -1) return this.#digits(source, at, start, end)
    if ((call & AT) !== 0) return this.#email(source, at, start, end)
    // Only the first of a row of dashes.
    if ((call & DASHES) !== 0 && (at === start || source[at - 1] !== 0x2d)) {
      const keyEnd = this.#privateKeys.end(source, at, start, end)
      if (keyEnd !== -1) {
        this.spans.add(source[at + 1] === 0x2d ? at : at - 5, keyEnd, PRIVATE_KEY)
        return keyEnd
      }
    }
    if ((call & TOKEN) !== 0 && at - 2 >= start && source[at - 1] === 0x79 && source[at - 2] === 0x65) {
      const tokenEnd = jwtEnd(source, at - 2, start, end)
      if (tokenEnd !== -1) {
        this.spans.add(at - 2, tokenEnd, JWT)
        return tokenEnd
      }
    }
    if ((call & KEY) !== 0) {
      const keyEnd = addKey(source, at, start, end, this.spans, SECRET_KEY)
      if (keyEnd !== -1) return keyEnd
    }
    return (call & NAMED) === 0 ? at + 1 : addNamedSecret(source, at, start, end, this.spans, SECRET_KEY)
  }

  #digits(source: Buffer, at: number, start: number, end: number): number {
    const account = at > start && isLetter(source[at - 1] ?? 0) ? ibanEnd(source, at, start, end) : -1
    if (account !== -1) {
      if (this.#wanted[IBAN] === 1) this.spans.add(at - 2, account, IBAN)
      return account
    }
    const short = endOfShortRun(source, at, end)
    if (short !== -1) return short
    const run = this.#run
    run.read(source, at, start, end)
    const keyEnd = this.#wanted[SECRET_KEY] === 1 && run.groups > 1 ? this.#keyInside(source, start, end) : -1
    if (keyEnd > run.end) return keyEnd
    if (run.count < fewestDigits) return run.end
    if (this.#wanted[CREDIT_CARD] === 1) addCreditCards(run, source, start, this.spans, CREDIT_CARD)
    if (this.#wanted[US_SSN] === 1) addSocialSecurityNumbers(run, source, start, this.spans, US_SSN)
    if (this.#wanted[PHONE] === 1) addPhones(run, source, start, this.spans, PHONE)
    return run.end
  }

  /** The dash or dot of a prefix, `sk-or-v1-`, may have been read as one between digits. Returns where the last key ends; -1: none. */
  #keyInside(source: Buffer, start: number, end: number): number {
    const run = this.#run
    let last = -1
    for (let group = 1; group < run.groups; group++) {
      const at = (run.at[run.firsts[group] ?? 0] ?? 0) - 1
      if (at < last || ((this.#calls[source[at] ?? 0] ?? 0) & KEY) === 0) continue
      last = Math.max(last, addKey(source, at, start, end, this.spans, SECRET_KEY))
    }
    return last
  }

  #email(source: Buffer, at: number, start: number, end: number): number {
    let width = 1
    if (source[at] !== 0x40) {
      if (source[at + 1] !== 0xbc || source[at + 2] !== 0xa0) return at + 1
      width = 3
    }
    if (at + width > end) return at + 1
    const first = emailStart(source, at, start)
    if (first === -1) return at + width
    const last = emailEnd(source, at + width, end)
    if (last !== -1) this.spans.add(first, last, EMAIL)
    // What is behind the sign may be another detector's.
    return at + width
  }
}

/**
 * Where the ASCII digits end that begin at `at`, if too few follow, parted or not, for any number that is looked for; else -1. Most
 * digits of a text are such: a time, an amount, a count.
 */
function endOfShortRun(source: Buffer, at: number, end: number): number {
  let digits = 0
  let parted = 0
  let first = -1
  for (let index = at; index < end; index++) {
    const byte = source[index] ?? 0
    if (isAsciiDigit(byte)) {
      if (++digits === fewestDigits) return -1
      parted = 0
    } else {
      if (first === -1) first = index
      // What is not ASCII may be a digit, or part digits, too.
      if (byte >= 0x80) return -1
      if (byte !== 0x20 && (byte < 0x28 || byte > 0x2f)) break
      if (++parted > 3) break
    }
  }
  return first === -1 ? end : first
}
