/** Objects and lists inside one another, at most this many deep. Tokens in the wild stay below ten. */
export const MAX_JSON_DEPTH = 32

/** Why a text was not taken as JSON. */
export type JsonFault = 'not-json' | 'duplicate-name' | 'too-deep'

/** What a text holds, or why it was not taken. */
export type JsonReading = { readonly value: unknown } | { readonly fault: JsonFault }

/**
 * Reads JSON that can be read one way only: strict UTF-8 without a byte order mark, no name twice in one object
 * (RFC 7519 section 4), bounded depth. Never throws.
 */
export function readStrictJson(bytes: Uint8Array): JsonReading {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const value: unknown = JSON.parse(text)
    const fault = structureFault(text)
    return fault === null ? { value } : { fault }
  } catch {
    return { fault: 'not-json' }
  }
}

// `text` is known to be JSON, so that a plain walk over strings and brackets is enough.
function structureFault(text: string): JsonFault | null {
  // One entry per open bracket: the names seen so far, or null for a list.
  const open: (Set<string> | null)[] = []
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case '{':
      case '[':
        if (open.length === MAX_JSON_DEPTH) return 'too-deep'
        open.push(text[at] === '{' ? new Set() : null)
        break
      case '}':
      case ']':
        open.pop()
        break
      case '"': {
        const end = closingQuote(text, at)
        const names = open.at(-1)
        if (names && followedByColon(text, end)) {
          // Parsed, because "iss" and "\u0069ss" are one name.
          const name = String(JSON.parse(text.slice(at, end + 1)))
          if (names.has(name)) return 'duplicate-name'
          names.add(name)
        }
        at = end
        break
      }
      default:
        break
    }
  }
  return null
}

function closingQuote(text: string, openingQuote: number): number {
  let at = openingQuote + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at
}

function followedByColon(text: string, quote: number): boolean {
  let at = quote + 1
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at += 1
  return text[at] === ':'
}
