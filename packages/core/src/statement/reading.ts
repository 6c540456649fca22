import type { TextFacts } from './facts.ts'

/** What came of reading one text: its facts, or why it could not be read. Shared between texts of one shape. */
export type Reading =
  | {
      readonly kind: 'read'
      readonly facts: TextFacts
      /** The text to forward in place of the client's bytes; null: forward those. */
      readonly forwardText: string | null
    }
  | Unreadable

export interface Unreadable {
  readonly kind: 'unreadable'
  readonly code: 'SYNTAX' | 'TOO_COMPLEX' | 'TOO_LONG' | 'BAD_ENCODING'
  /** As the server would word it where it is a syntax error. */
  readonly message: string
  /** 1-based, in characters; null when there is none. */
  readonly position: number | null
}
