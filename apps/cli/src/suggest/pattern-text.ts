import type { ColumnName } from '@gatehouse/core'

/** `schema.relation.column` as a pattern of a policy, which matches that column alone (docs/policy.md, "Patterns"). */
export function columnPattern({ schema, relation, column }: ColumnName): string {
  return [schema, relation, column].map(namePattern).join('.')
}

function namePattern(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** A text as a YAML scalar on one line: plain where that cannot be taken for anything else, else in double quotes. */
export function yamlText(text: string): string {
  if (/^[a-z_][\w-]*(?:\.[a-z_][\w-]*)*$/.test(text) && !WORDS.has(text)) return text
  return printable(JSON.stringify(text))
}

/** What YAML readers take for something other than text. */
const WORDS: ReadonlySet<string> = new Set(['null', 'true', 'false', 'yes', 'no', 'on', 'off', 'y', 'n'])

/** A text that stands in a comment: on one line, whatever is in it. */
export function commentText(text: string): string {
  return printable(text.replaceAll('\\', '\\\\'))
}

/** Control, format and separator characters as \u escapes, which are YAML's as well as JSON's. */
function printable(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
