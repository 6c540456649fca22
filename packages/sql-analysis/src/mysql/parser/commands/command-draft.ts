/** A `Command` while it is being read. */
import type { Expression } from '../../query-tree.ts'
import type { Command, NamedObject } from '../../statement-tree.ts'

/** `Command` with lists that can still be filled. */
export interface CommandDraft extends Command {
  readonly objects: NamedObject[]
  readonly words: string[]
  readonly expressions: Expression[]
  readonly files: string[]
}

/** An empty command of `action`. */
export function draftCommand(action: string): CommandDraft {
  return { kind: 'command', action, objects: [], words: [], expressions: [], files: [] }
}
