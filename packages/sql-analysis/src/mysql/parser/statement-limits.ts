/** How much of a text the parser takes in before it says TOO_COMPLEX. */
export interface TextLimits {
  /** Tokens of all statements together. */
  readonly maxTokens: number
  /** Rules inside rules, which bounds the stack, and the depth of the tree. */
  readonly maxDepth: number
}

/** Wide enough for what ORMs and dumps send: a list of a million items, sub-queries some tens deep. */
export const DEFAULT_TEXT_LIMITS: TextLimits = { maxTokens: 8_000_000, maxDepth: 400 }
