/** The statements of a text, for the extended protocol, which takes one at a time. Knows quotes, dollar quotes and comments. */
export function splitStatements(text: string): readonly string[] {
  const statements: string[] = []
  let start = 0
  let at = 0
  while (at < text.length) {
    const length = tokenLength(text, at)
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

/** How many characters from `at` on belong together; 1 for what is neither quoted nor a comment. */
function tokenLength(text: string, at: number): number {
  const rest = text.slice(at)
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
