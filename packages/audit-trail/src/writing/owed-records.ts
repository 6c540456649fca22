import { NO_PART, type RecordPart } from '@gatehouse/core'
import { isRecordText } from './record-batch.ts'

/** Most UTF-16 units of records that wait for the trail. No new statement runs meanwhile, so there are few. */
const MAX_OWED_UNITS = 8 * 1024 * 1024

const OUTCOME = /^"kind":"outcome","session":"(?:[^"\\]|\\.)*","statement":\{"intent":([0-9]{1,16})\}/

/** The number of the intent that an outcome is about; 0 for other records. */
function intentOf(members: string): number {
  return Number(OUTCOME.exec(members)?.[1] ?? 0)
}

/** Records that must be written even if the trail fails before their commit: they wait here until they are. */
export class OwedRecords {
  readonly #texts: string[] = []
  #units = 0
  /** How many records could not be kept. An alarm tells, once the trail is back. */
  lost = 0

  /** Keeps a record. False when it cannot be: it is no record, or too much waits already. Then it is lost, and counted. */
  keep(members: string, before: RecordPart = NO_PART, after: RecordPart = NO_PART): boolean {
    const text = before.text + members + after.text
    if (!isRecordText(members, before, after) || this.#units + text.length > MAX_OWED_UNITS) {
      this.lost++
      return false
    }
    this.#texts.push(text)
    this.#units += text.length
    return true
  }

  /** Those that wait, oldest first. */
  get texts(): readonly string[] {
    return this.#texts
  }

  /** Forgets them all: they are written. */
  clear(): void {
    if (this.#texts.length === 0) return
    this.#texts.length = 0
    this.#units = 0
  }

  /** Forgets outcomes of intents after `lastSeq`: those intents do not count, and their numbers will be others'. */
  forgetVoid(lastSeq: number): void {
    const kept = this.#texts.filter((members) => intentOf(members) <= lastSeq)
    this.clear()
    for (const members of kept) this.keep(members)
  }
}
