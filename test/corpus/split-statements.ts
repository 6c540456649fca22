/** How long what is quoted or a comment is at the beginning of a text; 1 where nothing such begins it. */
export type TokenLength = (rest: string) => number

/** The statements of a text, for protocols that take one at a time. */
export function splitStatements(text: string, tokenLength: TokenLength = postgresToken): readonly string[] {
  const statements: string[] = []
  let start = 0
  let at = 0
  while (at < text.length) {
    const length = tokenLength(text.slice(at))
    if (text[at] === ';' && length === 1) {
      statements.push(text.slice(start, at))
      start = at + 1
    }
    at += length
  }
  statements.push(text.slice(start))
  const full = statements.filter((statement) => statement.trim() !== '')
  return full.length === 0 ? [text] : full
}

/** MySQL's strings, names and comments; what is in an executable comment is text like any other, to the end of the comment. */
export function mysqlToken(rest: string): number {
  const quoted =
    /^(?:'(?:[^'\\]|\\[^]|'')*'|"(?:[^"\\]|\\[^]|"")*"|`(?:[^`]|``)*`|#[^\n]*|--[\s][^\n]*|\/\*[^]*?\*\/)/.exec(rest)
  return quoted?.[0].length ?? 1
}

/** PostgreSQL's strings, names, dollar quotes and comments. */
function postgresToken(rest: string): number {
  const quoted = /^(?:'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$\w*\$)[^]*?\1|--[^\n]*)/.exec(rest)
  if (quoted !== null) return quoted[0].length
  if (!rest.startsWith('/*')) return 1
  let depth = 0
  for (let index = 0; index < rest.length - 1; index++) {
    if (rest.startsWith('/*', index)) {
      depth++
      index++
    } else if (rest.startsWith('*/', index)) {
      index++
      if (--depth === 0) return index + 1
    }
  }
  return rest.length
}
