/** The clauses of ALTER TABLE that concern columns, keys and the table itself. MySQL manual, "ALTER TABLE Statement", alter_option. */
import { acceptIfExists, acceptIfNotExists, columnExpression, columnName, qualifiedName } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { readAlterColumn } from './alter-column.ts'
import { readColumnDefinition } from './column.ts'
import { readPeriod } from './create-table.ts'
import { readCharacterSetName } from './data-type.ts'
import type { Draft } from './draft.ts'
import { atKey, readKey } from './keys.ts'
import { readTableOption } from './table-options.ts'

/** What a clause was (a modifier says how: ALGORITHM, LOCK, VALIDATION); false where none stands. */
export type AlterTableClause = 'clause' | 'modifier' | 'table_option' | false

/** Reads one clause. */
export function readAlterTableClause(c: TokenCursor, draft: Draft): AlterTableClause {
  switch (c.spelling) {
    case 'add':
      c.advance()
      readAdd(c, draft)
      return 'clause'
    case 'drop':
      c.advance()
      readDrop(c, draft)
      return 'clause'
    case 'change': {
      c.advance()
      c.accept('column')
      readIfExists(c)
      const name = c.name()
      const renamed = c.name()
      readColumnDefinition(c, draft, name, 'modify', renamed)
      readPosition(c)
      draft.options.push('change_column')
      return 'clause'
    }
    case 'modify':
      c.advance()
      c.accept('column')
      readIfExists(c)
      readColumnDefinition(c, draft, c.name(), 'modify')
      readPosition(c)
      draft.options.push('modify_column')
      return 'clause'
    case 'alter':
      c.advance()
      readAlterColumn(c, draft)
      return 'clause'
    case 'rename':
      c.advance()
      readRename(c, draft)
      return 'clause'
    case 'order':
      c.advance()
      c.expect('by')
      do {
        draft.expressions.push(columnExpression(c))
        if (!c.accept('asc')) c.accept('desc')
      } while (c.accept(','))
      return 'clause'
    case 'convert':
      c.advance()
      c.expect('to')
      if (!c.acceptPair('character', 'set') && !c.acceptPair('char', 'set')) c.expect('charset')
      if (!c.accept('default')) readCharacterSetName(c)
      if (c.accept('collate') && !(c.isMariadb && c.accept('default'))) readCharacterSetName(c)
      draft.options.push('convert')
      return 'clause'
    case 'disable':
    case 'enable':
      c.advance()
      c.expect('keys')
      return 'clause'
    case 'discard':
    case 'import':
      draft.options.push(`${c.spelling}_tablespace`)
      c.advance()
      c.expect('tablespace')
      return 'clause'
    case 'force':
      c.advance()
      return 'clause'
    case 'algorithm':
      c.advance()
      c.accept('=')
      if (!c.accept('default')) c.name()
      return 'modifier'
    case 'lock':
      c.advance()
      c.accept('=')
      if (!c.accept('default')) c.name()
      return 'modifier'
    case 'with':
    case 'without':
      if (!c.isMariadb && c.spellingAhead(1) === 'validation') {
        c.advance()
        c.advance()
        return 'modifier'
      }
      return readTableOption(c, draft) ? 'table_option' : false
    default:
      return readTableOption(c, draft) ? 'table_option' : false
  }
}

/** Behind ADD: one column, several in parentheses, an index or constraint; of MariaDB a period or system versioning. */
function readAdd(c: TokenCursor, draft: Draft): void {
  if (c.isMariadb) {
    if (c.is('period') && c.spellingAhead(1) === 'for') {
      readPeriod(c)
      draft.options.push('add_period')
      return
    }
    if (c.acceptPair('system', 'versioning')) {
      draft.options.push('add_system_versioning')
      return
    }
  }
  if (atKey(c)) {
    draft.options.push('add_key')
    readKey(c, draft)
    return
  }
  c.accept('column')
  readIfNotExists(c)
  draft.options.push('add_column')
  if (c.accept('(')) {
    do {
      if (atKey(c)) readKey(c, draft)
      else readColumnDefinition(c, draft, columnName(c), 'add')
    } while (c.accept(','))
    c.expect(')')
    return
  }
  readColumnDefinition(c, draft, columnName(c), 'add')
  readPosition(c)
}

function readDrop(c: TokenCursor, draft: Draft): void {
  if (c.acceptPair('primary', 'key')) {
    draft.options.push('drop_key')
    return
  }
  if (c.acceptPair('foreign', 'key')) {
    readIfExists(c)
    c.name()
    draft.options.push('drop_foreign_key')
    return
  }
  if (c.accept('key') || c.accept('index')) {
    readIfExists(c)
    c.name()
    draft.options.push('drop_key')
    return
  }
  if (c.accept('constraint') || (!c.isMariadb && c.accept('check'))) {
    readIfExists(c)
    if (c.isMariadb && c.acceptPair('primary', 'key')) draft.options.push('drop_key')
    else c.name()
    draft.options.push('drop_constraint')
    return
  }
  if (c.isMariadb) {
    if (c.acceptPair('system', 'versioning')) {
      draft.options.push('drop_system_versioning')
      return
    }
    if (c.accept('period')) {
      readIfExists(c)
      c.expect('for')
      c.name()
      draft.options.push('drop_period')
      return
    }
  }
  c.accept('column')
  readIfExists(c)
  const name = c.name()
  if (!c.accept('restrict')) c.accept('cascade')
  draft.columns.push({ name, renamed: null, generated: null, change: 'drop', type: null })
  draft.options.push('drop_column')
}

function readRename(c: TokenCursor, draft: Draft): void {
  if (c.accept('column')) {
    readIfExists(c)
    const name = c.name()
    c.expect('to')
    draft.columns.push({ name, renamed: c.name(), generated: null, change: 'rename', type: null })
    draft.options.push('rename_column')
    return
  }
  if (c.accept('index') || c.accept('key')) {
    readIfExists(c)
    c.name()
    c.expect('to')
    c.name()
    draft.options.push('rename_key')
    return
  }
  if (!c.accept('to') && !c.accept('as')) c.accept('=')
  draft.others.push({ role: 'renamed', type: 'table', name: qualifiedName(c) })
  draft.options.push('rename')
}

function readIfExists(c: TokenCursor): void {
  if (c.isMariadb) acceptIfExists(c)
}

function readIfNotExists(c: TokenCursor): void {
  if (c.isMariadb) acceptIfNotExists(c)
}

/** FIRST, `AFTER column`, or nothing. */
function readPosition(c: TokenCursor): void {
  if (c.accept('after')) c.name()
  else c.accept('first')
}
