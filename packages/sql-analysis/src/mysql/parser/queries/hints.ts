import { TokenKind } from '../../lexer/tokens.ts'
import type { Select } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'

const NONE: Select['setVariables'] = []
const SET_VAR =
  /\bset_var\s*\(\s*(?<name>[\w$]+)\s*=\s*(?<value>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|[\w.+-]+)\s*\)/giu
const ANY_SET_VAR = /set_var/giu

/**
 * Takes the optimizer hint that stands here, if one does, and tells the variables that it sets. The rest of hints is advice.
 * A SET_VAR of odd form is told with the value `?`. MySQL manual, "Variable-Setting Hint Syntax".
 */
export function acceptHints(cursor: TokenCursor): Select['setVariables'] {
  if (cursor.kind !== TokenKind.hint) return NONE
  const text = cursor.textOf(cursor.at, cursor.at)
  cursor.advance()
  const mentions = text.match(ANY_SET_VAR)?.length ?? 0
  if (mentions === 0) return NONE
  const set: { name: string; value: string }[] = []
  for (const { groups } of text.matchAll(SET_VAR)) {
    const value = groups?.['value'] ?? ''
    const quoted = value.startsWith("'") || value.startsWith('"')
    set.push({ name: (groups?.['name'] ?? '').toLowerCase(), value: quoted ? value.slice(1, -1) : value })
  }
  for (let missing = set.length; missing < mentions; missing++) set.push({ name: '?', value: '?' })
  return set
}
