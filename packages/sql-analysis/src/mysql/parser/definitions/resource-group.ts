/** CREATE, ALTER and DROP RESOURCE GROUP of MySQL. MySQL manual, "Resource Group Management Statements". */
import { isNumberAhead } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { unqualified } from './account.ts'
import type { Draft } from './draft.ts'

/** Reads what stands behind CREATE RESOURCE GROUP. */
export function readCreateResourceGroup(c: TokenCursor, draft: Draft): void {
  draft.objects.push(unqualified('resource_group', c.name()))
  c.expect('type')
  c.accept('=')
  if (!c.accept('user')) c.expect('system')
  readProcessorsAndPriority(c)
  if (!c.accept('enable')) c.accept('disable')
}

/** Reads what stands behind ALTER RESOURCE GROUP. */
export function readAlterResourceGroup(c: TokenCursor, draft: Draft): void {
  draft.objects.push(unqualified('resource_group', c.name()))
  readProcessorsAndPriority(c)
  if (!c.accept('enable')) c.accept('disable')
  c.accept('force')
}

function readProcessorsAndPriority(c: TokenCursor): void {
  if (c.accept('vcpu')) {
    c.accept('=')
    for (;;) {
      c.integer()
      if (c.accept('-')) c.integer()
      // Numbers may follow each other with or without a comma.
      if (!c.accept(',') && !isNumberAhead(c, 0)) break
    }
  }
  if (c.accept('thread_priority')) {
    c.accept('=')
    c.accept('-')
    c.integer()
  }
}
