/** CREATE EVENT and ALTER EVENT. MySQL manual, "CREATE EVENT Statement", "ALTER EVENT Statement". */
import { readProgramStatement } from '../programs/program-statement.ts'
import { acceptIfNotExists, qualifiedName, readIntervalUnit } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import type { Draft } from './draft.ts'

/** Reads what stands behind CREATE EVENT. */
export function readCreateEvent(c: TokenCursor, draft: Draft): void {
  if (acceptIfNotExists(c)) draft.ifNotExists = true
  draft.objects.push({ type: 'event', name: qualifiedName(c) })
  c.expect('on')
  c.expect('schedule')
  readSchedule(c, draft)
  if (c.is('on')) readCompletion(c)
  readStateAndComment(c, draft)
  c.expect('do')
  draft.body = readProgramStatement(c)
}

/** Reads what stands behind ALTER EVENT. */
export function readAlterEvent(c: TokenCursor, draft: Draft): void {
  draft.objects.push({ type: 'event', name: qualifiedName(c) })
  let changed = false
  if (c.acceptPair('on', 'schedule')) {
    readSchedule(c, draft)
    changed = true
  }
  if (c.is('on')) {
    readCompletion(c)
    changed = true
  }
  if (c.accept('rename')) {
    c.expect('to')
    draft.others.push({ role: 'renamed', type: 'event', name: qualifiedName(c) })
    changed = true
  }
  if (readStateAndComment(c, draft)) changed = true
  if (c.accept('do')) {
    draft.body = readProgramStatement(c)
    changed = true
  }
  if (!changed) throw c.error()
}

/** `AT time` or `EVERY n unit [STARTS time] [ENDS time]`. */
function readSchedule(c: TokenCursor, draft: Draft): void {
  if (c.accept('at')) {
    draft.expressions.push(c.grammar.expression(c))
    return
  }
  c.expect('every')
  draft.expressions.push(c.grammar.expression(c))
  readIntervalUnit(c)
  if (c.accept('starts')) draft.expressions.push(c.grammar.expression(c))
  if (c.accept('ends')) draft.expressions.push(c.grammar.expression(c))
}

function readCompletion(c: TokenCursor): void {
  c.expect('on')
  c.expect('completion')
  c.accept('not')
  c.expect('preserve')
}

function readStateAndComment(c: TokenCursor, draft: Draft): boolean {
  let found = false
  if (c.accept('enable')) {
    draft.options.push('enable')
    found = true
  } else if (c.accept('disable')) {
    draft.options.push('disable')
    if (c.accept('on') && !c.accept('slave')) c.expect('replica')
    found = true
  }
  if (c.accept('comment')) {
    c.string()
    found = true
  }
  return found
}
