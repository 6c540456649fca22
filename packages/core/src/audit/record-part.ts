/**
 * A piece of records' text that many of them repeat, encoded once. It holds no newline: only `of` makes one, and looks.
 */
export class RecordPart {
  readonly text: string
  /** The same in UTF-8. Never changed. */
  readonly bytes: Buffer

  private constructor(text: string) {
    this.text = text
    this.bytes = Buffer.from(text, 'utf8')
  }

  /** Throws `RangeError` when `text` is not one line: a record with it could not be read. */
  static of(text: string): RecordPart {
    if (text.includes('\n')) throw new RangeError('a part of a record is one line')
    return new RecordPart(text)
  }
}

/** Nothing, where a record has no such part. */
export const NO_PART: RecordPart = RecordPart.of('')
