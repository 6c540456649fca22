import { TokenKind } from '../../lexer/tokens.ts'
import type { Hints } from '../../query-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** A statement without optimizer hints, or with advice alone. */
export const NO_HINTS: Hints = { setVariables: [], steerIndexes: false }
const SET_VAR =
  /\bset_var\s*\(\s*(?<name>[\w$]+)\s*=\s*(?<value>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|[\w.+-]+)\s*\)/giu
/** The names of all hints that name indexes (MySQL manual, "Index-Level Optimizer Hints"). */
const STEERS_INDEXES = /index|skip_scan|mrr|no_icp|range_optimization/iu
const ANY_SET_VAR = /set_var/giu

/**
 * Takes the optimizer hint that stands here, if one does. That it steers indexes is told of any text that could name such a hint.
 * A SET_VAR of odd form is told with the value `?`. MySQL manual, "Variable-Setting Hint Syntax".
 */
export function acceptHints(cursor: TokenCursor): Hints {
  if (cursor.kind !== TokenKind.hint) return NO_HINTS
  const text = cursor.textOf(cursor.at, cursor.at)
  cursor.advance()
  const mentions = text.match(ANY_SET_VAR)?.length ?? 0
  const steerIndexes = STEERS_INDEXES.test(text)
  if (mentions === 0) return steerIndexes ? { setVariables: [], steerIndexes } : NO_HINTS
  const set: { name: string; value: string }[] = []
  for (const { groups } of text.matchAll(SET_VAR)) {
    const value = groups?.['value'] ?? ''
    const quoted = value.startsWith("'") || value.startsWith('"')
    set.push({ name: (groups?.['name'] ?? '').toLowerCase(), value: quoted ? value.slice(1, -1) : value })
  }
  for (let missing = set.length; missing < mentions; missing++) set.push({ name: '?', value: '?' })
  return { setVariables: set, steerIndexes }
}
