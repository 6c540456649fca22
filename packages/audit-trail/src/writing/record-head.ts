import { formatHead } from '../chain/record-line.ts'

const ZERO = 0x30
const HASH_DIGITS = 64
/** Of `",` behind the digits of `prev`. */
const BEHIND_PREV = '",'.length
const BEFORE_TIME = ',"time":"'.length
const TIME_UNITS = '2026-01-31T12:00:00.000Z'.length

/**
 * The head of a record, `{"seq":…,"time":"…","prev":"…",`, as bytes. From one record to the next little of it changes, and
 * that alone is written anew.
 */
export class RecordHead {
  bytes: Buffer = Buffer.alloc(0)
  readonly #now: () => number
  /** `bytes` hold a number smaller than this one, which has a digit more, and not smaller than a tenth of it. */
  #limit = 0
  #seqEnd = 0
  #prevAt = 0
  #millisecond = Number.NaN
  #time = ''
  #second = Number.NaN
  #upToSecond = ''
  #earliest = Infinity
  #latest = -Infinity

  /** `now`: milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Makes `bytes` the head of record number `seq` behind one whose hash is `prev`, appended now. */
  set(seq: number, prev: string): void {
    const millisecond = Math.floor(this.#now())
    const timeChanged = millisecond !== this.#millisecond
    if (timeChanged) this.#setTime(millisecond)
    if (seq >= this.#limit || seq < this.#limit / 10 || this.#time.length !== TIME_UNITS) return this.#format(seq, prev)
    const { bytes } = this
    let rest = seq
    for (let at = this.#seqEnd - 1; rest > 0; at--) {
      const tens = Math.floor(rest / 10)
      bytes[at] = ZERO + (rest - tens * 10)
      rest = tens
    }
    if (timeChanged) bytes.write(this.#time, this.#seqEnd + BEFORE_TIME, 'latin1')
    bytes.write(prev, this.#prevAt, 'latin1')
  }

  #format(seq: number, prev: string): void {
    this.bytes = Buffer.from(formatHead(seq, this.#time, prev), 'latin1')
    // The time of a clock that is not of this age has other digits; then each head is made anew.
    const digits = this.#time.length === TIME_UNITS ? String(seq).length : 0
    this.#limit = digits === 0 ? 0 : 10 ** digits
    this.#seqEnd = '{"seq":'.length + digits
    this.#prevAt = this.bytes.length - BEHIND_PREV - HASH_DIGITS
  }

  /** Between which times all heads were made since `beginTimes`, whatever the clock did; null: none was. */
  get times(): { readonly earliest: string; readonly latest: string } | null {
    if (this.#earliest === Infinity) return null
    return { earliest: new Date(this.#earliest).toISOString(), latest: new Date(this.#latest).toISOString() }
  }

  /** Forgets the times of heads before. */
  beginTimes(): void {
    this.#earliest = Infinity
    this.#latest = -Infinity
    this.#millisecond = Number.NaN
  }

  /** RFC 3339, UTC, to the millisecond. */
  #setTime(millisecond: number): void {
    if (millisecond < this.#earliest) this.#earliest = millisecond
    if (millisecond > this.#latest) this.#latest = millisecond
    const second = Math.floor(millisecond / 1000)
    if (second !== this.#second) {
      this.#upToSecond = new Date(second * 1000).toISOString().slice(0, -'000Z'.length)
      this.#second = second
    }
    this.#time = `${this.#upToSecond}${String(millisecond - second * 1000).padStart(3, '0')}Z`
    this.#millisecond = millisecond
  }
}
