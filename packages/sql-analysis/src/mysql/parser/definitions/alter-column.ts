/** ALTER COLUMN, ALTER INDEX, ALTER CHECK and ALTER CONSTRAINT inside of ALTER TABLE. MySQL manual, "ALTER TABLE Statement". */
import { acceptIfExists } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { isCurrentTime, readDefault } from './column.ts'
import type { Draft } from './draft.ts'

/** Reads what stands behind ALTER. */
export function readAlterColumn(c: TokenCursor, draft: Draft): void {
  if (c.accept('index') || (c.isMariadb && c.accept('key'))) {
    if (c.isMariadb) acceptIfExists(c)
    c.name()
    if (c.isMariadb) {
      c.accept('not')
      c.expect('ignored')
    } else if (!c.accept('visible')) c.expect('invisible')
    return
  }
  if (!c.isMariadb && (c.accept('check') || c.accept('constraint'))) {
    c.name()
    c.accept('not')
    c.expect('enforced')
    draft.options.push('alter_check')
    return
  }
  c.accept('column')
  if (c.isMariadb) acceptIfExists(c)
  const name = c.name()
  draft.columns.push({ name, renamed: null, generated: null, change: 'modify', type: null })
  draft.options.push('alter_column')
  if (c.accept('drop')) {
    if (c.accept('default')) return
    if (c.isMariadb) throw c.error()
    c.expect('masking')
    c.expect('policy')
    draft.options.push('drop_masking_policy')
    return
  }
  c.expect('set')
  if (c.accept('default')) {
    const value = readDefault(c)
    if (!c.isMariadb && isCurrentTime(value)) throw c.error()
    draft.expressions.push(value)
    return
  }
  if (c.isMariadb) throw c.error()
  if (c.accept('masking')) {
    c.expect('policy')
    draft.others.push({ role: 'other', type: 'masking_policy', name: { schema: null, name: c.name() } })
  } else if (!c.accept('visible')) c.expect('invisible')
}
