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
  const levels: ('query' | 'other')[] = ['query']
  let between = false
  for (const [index, token] of solid.entries()) {
    const before = solid[index - 1]
    // LEFT and RIGHT are functions too.
    const word = solid[index + 1]?.text === '(' && /^(?:left|right)$/i.test(token.text) ? '' : wordOf(token)
    if (token.text === ')' && levels.length > 1) {
      const closed = levels.pop()
      if (closed === 'query') pushLine(out, depthOf(levels))
    } else if (before !== undefined) {
      const wanted = breakBefore(word, wordOf(before), levels.at(-1) === 'query', between)
      const parenthesis = before.text === '(' && levels.at(-1) === 'query' && levels.length > 1
      if (isLineComment(before) || before.text === ';' || wanted !== null || parenthesis)
        pushLine(out, depthOf(levels) + (wanted === 'within' ? 1 : 0))
      else if (spaced.has(token)) out.push({ kind: 'space', text: ' ' })
    }
    if (word === 'between') between = true
    else if (word === 'and') between = false
    out.push(token)
    if (token.text === '(') levels.push(STARTS_QUERY.has(wordOf(solid[index + 1])) ? 'query' : 'other')
  }
  return out
}

function breakBefore(word: string, before: string, inQuery: boolean, between: boolean): 'clause' | 'within' | null {
  if (!inQuery) return null
  if (word === 'and' || word === 'or') return between ? null : 'within'
  if (JOINS.has(word)) return JOINS.has(before) ? null : 'clause'
  if (!CLAUSES.has(word)) return null
  // DELETE FROM, INSERT … SELECT after its clause word, UNION ALL, IS DISTINCT FROM, ON DELETE SET NULL.
  if (word === 'from' && (before === 'delete' || before === 'distinct')) return null
  if (word === 'set' && (before === 'delete' || before === 'update')) return null
  if ((word === 'group' || word === 'order') && before === 'within') return null
  return 'clause'
}

function isLineComment({ kind, text }: SqlToken): boolean {
  return kind === 'comment' && !text.startsWith('/*')
}

function wordOf(token: SqlToken | undefined): string {
  return token?.kind === 'keyword' ? token.text.toLowerCase() : ''
}

function depthOf(levels: readonly string[]): number {
  return levels.filter((level) => level === 'query').length - 1
}

function pushLine(out: SqlToken[], depth: number): void {
  out.push({ kind: 'space', text: `\n${'  '.repeat(depth)}` })
}
