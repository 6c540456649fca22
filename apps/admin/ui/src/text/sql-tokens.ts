/** What a piece of SQL is drawn as. `executed`: a comment that MySQL runs. */
export type SqlTokenKind =
  | 'space'
  | 'keyword'
  | 'name'
  | 'quoted_name'
  | 'string'
  | 'number'
  | 'comment'
  | 'executed'
  | 'parameter'
  | 'sign'

export interface SqlToken {
  readonly kind: SqlTokenKind
  readonly text: string
}

export type SqlEngine = 'postgres' | 'mysql'

const KEYWORDS = new Set(
  (
    'add all alter analyze and any as asc begin between by call cascade case cast check column commit conflict constraint copy create cross ' +
    'current database default delete desc distinct do drop duplicate else end except execute exists explain false fetch first following for ' +
    'foreign from full function grant group handler having if ignore ilike in index inner insert intersect interval into is join key ' +
    'lateral left like limit load local lock materialized merge natural not nothing null offset on only or order outer over partition ' +
    'prepare primary procedure recursive references rename replace returning returns revoke right role rollback row rows savepoint schema select ' +
    'sequence set show similar start table temporary then to transaction trigger true truncate union unique unlock update use user using vacuum ' +
    'values view when where window with within work'
  ).split(' '),
)

/** In order: the first that fits at a place is the token there. Sticky, so that each looks at its place alone. */
const COMMON: readonly (readonly [SqlTokenKind, RegExp])[] = [
  ['space', /[ \t\r\n\f\v]+/y],
  ['number', /(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)/y],
]
const RULES: Readonly<Record<SqlEngine, readonly (readonly [SqlTokenKind, RegExp])[]>> = {
  postgres: [
    ['comment', /--[^\r\n]*/y],
    ['string', /[eE]'(?:[^'\\]|\\[^]|'')*(?:'|$)/y],
    ['string', /(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|$)/y],
    ['quoted_name', /(?:[uU]&)?"(?:[^"]|"")*(?:"|$)/y],
    ['string', /\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[^]*?(?:\$\1\$|$)/y],
    ['parameter', /\$\d+/y],
    ...COMMON,
    ['name', /[\p{L}_][\p{L}\p{M}\p{N}_$]*/uy],
    ['sign', /::|<=|>=|<>|!=|\|\||[^]/uy],
  ],
  mysql: [
    ['executed', /\/\*M?![^]*?(?:\*\/|$)/y],
    ['comment', /#[^\n]*|--(?=[\s\p{Cc}]|$)[^\n]*/uy],
    ['comment', /\/\*[^]*?(?:\*\/|$)/y],
    ['string', /(?:[bBxXnN])?'(?:[^'\\]|\\[^]|'')*(?:'|$)/y],
    ['string', /"(?:[^"\\]|\\[^]|"")*(?:"|$)/y],
    ['quoted_name', /`(?:[^`]|``)*(?:`|$)/y],
    ['parameter', /\?/y],
    ...COMMON,
    ['name', /@{0,2}[\p{L}_$][\p{L}\p{M}\p{N}_$]*/uy],
    ['sign', /<=>|<=|>=|<>|!=|:=|\|\||&&|->>|->|[^]/uy],
  ],
}

/**
 * A text cut for colours. Put together, the tokens are the text, whatever it holds. It is for reading alone: what a statement does
 * is the business of the analyser.
 */
export function sqlTokens(text: string, engine: SqlEngine): readonly SqlToken[] {
  const tokens: SqlToken[] = []
  for (let at = 0; at < text.length;) {
    const token = (engine === 'postgres' ? nestedComment(text, at) : null) ?? tokenAt(text, at, engine)
    tokens.push(token)
    at += token.text.length
  }
  return tokens
}

function tokenAt(text: string, at: number, engine: SqlEngine): SqlToken {
  for (const [kind, rule] of RULES[engine]) {
    rule.lastIndex = at
    const found = rule.exec(text)?.[0]
    if (found === undefined || found === '') continue
    return { kind: kind === 'name' && KEYWORDS.has(found.toLowerCase()) ? 'keyword' : kind, text: found }
  }
  return { kind: 'sign', text: text.charAt(at) }
}

/** PostgreSQL's comments hold comments. */
function nestedComment(text: string, from: number): SqlToken | null {
  if (!text.startsWith('/*', from)) return null
  let depth = 0
  let at = from
  do {
    const mark = text.slice(at, at + 2)
    if (mark === '/*') depth++
    if (mark === '*/') depth--
    at += mark === '/*' || mark === '*/' ? 2 : 1
  } while (depth > 0 && at < text.length)
  return { kind: 'comment', text: text.slice(from, at) }
}
