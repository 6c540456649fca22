import type { FoundRecord, StatementState } from './records.ts'

/** A state in a word, and the class that colours it and gives it a shape. */
export interface ShownState {
  readonly word: string
  readonly state: StatementState | 'held' | 'other'
}

const WORDS: Readonly<Record<StatementState, string>> = {
  done: 'ran',
  failed: 'failed',
  refused: 'refused',
  unknown: 'no outcome',
}

/** What became of a statement, in words. */
export function stateWord(state: StatementState): string {
  return WORDS[state]
}

/** What a record tells of, in a word. */
export function stateOf({ record, outcome }: Pick<FoundRecord, 'record' | 'outcome'>): ShownState {
  if (record.kind === 'intent') {
    const state = intentState(record.decision?.effect, outcome?.outcome?.error)
    return { word: WORDS[state], state }
  }
  if (record.kind === 'approval_asked') return { word: 'held', state: 'held' }
  if (record.kind === 'login_refused') return { word: 'login refused', state: 'refused' }
  return { word: record.kind.replaceAll('_', ' '), state: 'other' }
}

function intentState(effect: string | undefined, error: string | null | undefined): StatementState {
  if (effect === 'deny') return 'refused'
  if (error === undefined) return 'unknown'
  return error === null ? 'done' : 'failed'
}
