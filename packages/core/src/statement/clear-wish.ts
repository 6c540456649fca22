/** How a statement begins that asks for masked columns in clear: `/* gatehouse: unmask *\/`, in any case, blanks as one likes. */
const WISH = /^[ \t\r\n]*\/\*[ \t]*gatehouse[ \t]*:[ \t]*unmask[ \t]*\*\//i

/** The same of a text that is not bytes. */
export function textAsksInClear(text: string): boolean {
  return WISH.test(text.slice(0, WISH_BYTES))
}

/** Longest beginning that is looked at. */
const WISH_BYTES = 64

/**
 * True for a text that asks for masked columns in clear. The wish stands before everything else, where no value can stand, and to
 * both servers it is a comment.
 */
export function asksInClear(bytes: Buffer, start: number, end: number): boolean {
  const first = bytes[start]
  // Almost all texts begin with a word.
  if (first !== SLASH && first !== undefined && first > SPACE) return false
  return WISH.test(bytes.toString('latin1', start, Math.min(end, start + WISH_BYTES)))
}

const SLASH = 0x2f
const SPACE = 0x20
