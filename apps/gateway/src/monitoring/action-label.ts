import type { Judgement } from '@gatehouse/core'

/** What texts do, in few words: the label `action`. */
export const ACTION_LABELS = [
  'select',
  'insert',
  'update',
  'delete',
  'merge',
  'truncate',
  'copy_from',
  'copy_to',
  'create',
  'alter',
  'drop',
  'grant',
  'revoke',
  'call',
  'do',
  'explain',
  'set',
  'show',
  'begin',
  'commit',
  'rollback',
  'savepoint',
  'prepare',
  'execute',
  'fetch',
  'lock',
  // A text of several statements, whatever they do; one without any; what could not be read; and the rest.
  'several',
  'none',
  'unreadable',
  'other',
] as const

const INDEX: ReadonlyMap<string, number> = new Map(ACTION_LABELS.map((label, index) => [label, index]))
const NONE = INDEX.get('none') ?? 0
const SEVERAL = INDEX.get('several') ?? 0
const UNREADABLE = INDEX.get('unreadable') ?? 0
const OTHER = INDEX.get('other') ?? 0

/** The index in `ACTION_LABELS` of what a text does. */
export function actionIndexOf({ facts }: Judgement): number {
  if (facts === null) return UNREADABLE
  const { statements } = facts
  const action = statements[0]?.action
  if (action === undefined) return NONE
  if (statements.length > 1) return SEVERAL
  return INDEX.get(action) ?? kindOf(action)
}

/** `create_table`, `create_view` … are one. */
function kindOf(action: string): number {
  const underscore = action.indexOf('_')
  const verb = underscore > 0 ? action.slice(0, underscore) : ''
  return verb === 'create' || verb === 'alter' || verb === 'drop' ? (INDEX.get(verb) ?? OTHER) : OTHER
}
