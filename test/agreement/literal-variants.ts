import type { LibpgParser } from '@gatehouse/sql-analysis'

interface Token {
  readonly start: number
  readonly end: number
  readonly text: string
  readonly tokenName: string
}

const OTHERS: Readonly<Record<string, readonly string[]>> = {
  ICONST: ['0', '1', '2', '7', '2147483647', '65'],
  FCONST: ['0.0', '1.5', '2147483648', '99999999999999999999999'],
  SCONST: ["''", "'t'", "'%'", "'pg_class'", "'select 1'", "'n'", "'{1,2}'", "'é--/*'"],
}

/**
 * The text with its plain numbers and strings replaced by others of their kind, as PostgreSQL's own scanner finds them; in the first two
 * variants equal ones take the same place everywhere: equal literals are what tautologies are made of. Empty without literals.
 */
export function literalVariants(parser: LibpgParser, text: string, count: number): readonly string[] {
  const answer = parser.scan(text)
  if (!answer.startsWith('{')) return []
  const escaped = answer.replace(
    /[\x00-\x1f]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
  const { tokens } = JSON.parse(escaped) as { readonly tokens: readonly Token[] }
  const literals = tokens.filter((token) => OTHERS[token.tokenName] !== undefined && /^['\d]/.test(token.text))
  if (literals.length === 0) return []
  const bytes = Buffer.from(text)
  return Array.from({ length: count }, (_, round) => {
    let made = ''
    let from = 0
    for (const [index, token] of literals.entries()) {
      const values = OTHERS[token.tokenName] ?? []
      const value = values[(round < 2 ? round : Math.imul(round * 7 + index, 2654435761) >>> 16) % values.length] ?? ''
      made += bytes.toString('utf8', from, token.start) + value
      from = token.end
    }
    return made + bytes.toString('utf8', from)
  })
}
