import { jsonText } from '@gatehouse/core'

/** What must not be removed, whatever its age: what belongs to these sessions, and to these subjects. */
export interface HeldNames {
  readonly sessions: readonly string[]
  readonly subjects: readonly string[]
}

/** Finds lines that name what is held. */
export class HeldLines {
  readonly #needles: readonly Buffer[]

  constructor({ sessions, subjects }: HeldNames) {
    this.#needles = [...sessions, ...subjects].map((held) => Buffer.from(jsonText(held)))
  }

  /** True when the line has one of the names as a text of its own, wherever it stands: rather too much is kept than too little. */
  has(buffer: Buffer, start: number, end: number): boolean {
    if (this.#needles.length === 0) return false
    const line = buffer.subarray(start, end)
    return this.#needles.some((needle) => line.includes(needle))
  }
}
