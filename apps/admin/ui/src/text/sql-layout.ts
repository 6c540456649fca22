import type { SqlToken } from './sql-tokens.ts'

const CLAUSES = new Set(
  'from where having limit offset set values returning union intersect except select group order window'.split(' '),
)
const JOINS = new Set('join left right inner outer full cross natural lateral'.split(' '))
const STARTS_QUERY = new Set(['select', 'with', 'values', 'insert', 'update', 'delete'])

/**
 * The same tokens with other white space between them: a line for each clause, two more blanks for each subquery. Nothing but white
 * space between tokens differs; the end of a line comment stays the end of a line.
 */
export function laidOut(tokens: readonly SqlToken[]): readonly SqlToken[] {
  const solid = tokens.filter(({ kind }) => kind !== 'space')
  const spaced = new Set(tokens.filter((_, index) => tokens[index - 1]?.kind === 'space'))
  const out: SqlToken[] = []
  const levels: Level[] = []
  // How far the line that is being written is in.
  let line = 0
  let between = false
  const startLine = (indent: number): void => {
    line = indent
    out.push({ kind: 'space', text: `\n${'  '.repeat(indent)}` })
  }
  for (const [index, token] of solid.entries()) {
    const before = solid[index - 1]
    const level = levels.at(-1) ?? OUTERMOST
    // LEFT and RIGHT are functions too.
    const word = solid[index + 1]?.text === '(' && /^(?:left|right)$/i.test(token.text) ? '' : wordOf(token)
    const wanted = level.isQuery ? breakBefore(word, wordOf(before), between) : null
    if (token.text === ')' && levels.length > 0) {
      levels.pop()
      if (level.isQuery || isLineComment(before)) startLine(level.outside)
    } else if (before !== undefined) {
      if (wanted !== null || isLineComment(before) || before.text === ';' || (before.text === '(' && level.isQuery))
        startLine(level.inside + (wanted === 'within' ? 1 : 0))
      else if (spaced.has(token)) out.push({ kind: 'space', text: ' ' })
    }
    if (word === 'between') between = true
    else if (word === 'and') between = false
    out.push(token)
    if (token.text === '(') {
      const isQuery = STARTS_QUERY.has(wordOf(solid[index + 1]))
      levels.push({ isQuery, outside: line, inside: Math.min(isQuery ? line + 1 : line, DEEPEST) })
    }
  }
  return out
}

/** What a parenthesis holds, and how far in the lines are around it and in it. */
interface Level {
  readonly isQuery: boolean
  readonly outside: number
  readonly inside: number
}

const OUTERMOST: Level = { isQuery: true, outside: 0, inside: 0 }
/** Deeper subqueries are no further in: the text must stay in sight. */
const DEEPEST = 8

function breakBefore(word: string, before: string, between: boolean): 'clause' | 'within' | null {
  if (word === 'and' || word === 'or') return between ? null : 'within'
  if (JOINS.has(word)) return JOINS.has(before) ? null : 'clause'
  if (!CLAUSES.has(word)) return null
  // DELETE FROM, INSERT … SELECT after its clause word, UNION ALL, IS DISTINCT FROM, ON DELETE SET NULL.
  if (word === 'from' && (before === 'delete' || before === 'distinct')) return null
  if (word === 'set' && (before === 'delete' || before === 'update')) return null
  if ((word === 'group' || word === 'order') && before === 'within') return null
  return 'clause'
}

function isLineComment(token: SqlToken | undefined): boolean {
  return token?.kind === 'comment' && !token.text.startsWith('/*')
}

function wordOf(token: SqlToken | undefined): string {
  return token?.kind === 'keyword' ? token.text.toLowerCase() : ''
}
