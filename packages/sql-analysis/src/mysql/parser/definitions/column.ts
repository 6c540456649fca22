/** What stands behind a column's name. MySQL manual, "CREATE TABLE Statement", column_definition. */
import type { Expression } from '../../query-tree.ts'
import type { ColumnDefinition } from '../../statement-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { readCharacterSetName, readDataType } from './data-type.ts'
import type { Draft } from './draft.ts'
import { readEngineOption } from './engine-option.ts'
import { readCheck, readReferences } from './keys.ts'

/** Reads the definition behind `name` and enters the column into `draft`; what it refers to goes into `others` and `expressions`. */
export function readColumnDefinition(
  c: TokenCursor,
  draft: Draft,
  name: string,
  change: ColumnDefinition['change'],
  renamed: string | null = null,
): void {
  const type = readDataType(c)
  const generated = readColumnAttributes(c, draft)
  draft.columns.push({ name, renamed, generated, change, type })
}

function readColumnAttributes(c: TokenCursor, draft: Draft): Expression | null {
  while (c.accept('collate')) readCharacterSetName(c)
  const generated = readGenerated(c)
  while (readColumnAttribute(c, draft, generated !== null));
  return generated
}

/** `[GENERATED ALWAYS] AS (expression) [VIRTUAL | STORED]`; also the row start and end columns of MariaDB's system versioning, which have no expression. */
function readGenerated(c: TokenCursor): Expression | null {
  if (c.accept('generated')) {
    c.expect('always')
    c.expect('as')
  } else if (!c.accept('as')) return null
  if (c.isMariadb && (c.acceptPair('row', 'start') || c.acceptPair('row', 'end'))) return null
  c.expect('(')
  const generated = c.grammar.expression(c)
  c.expect(')')
  if (!c.accept('virtual') && !c.accept('stored') && c.isMariadb) c.accept('persistent')
  return generated
}

/** Attributes that generated columns of MariaDB do not have. MariaDB documentation, "Generated (Virtual and Persistent/Stored) Columns". */
const NOT_OF_GENERATED = new Set(['null', 'default', 'primary', 'auto_increment', 'serial', 'on'])

/** One attribute; false where none stands. */
function readColumnAttribute(c: TokenCursor, draft: Draft, generated: boolean): boolean {
  if (generated && c.isMariadb && NOT_OF_GENERATED.has(c.spelling)) throw c.error()
  switch (c.spelling) {
    case 'null':
      c.advance()
      return true
    case 'not':
      if (c.spellingAhead(1) === 'enforced') return false
      c.advance()
      if (!c.accept('null')) c.expect('secondary')
      return true
    case 'default':
      c.advance()
      draft.expressions.push(readDefault(c))
      return true
    case 'on':
      c.advance()
      c.expect('update')
      draft.expressions.push(readCurrentTimestamp(c))
      return true
    case 'auto_increment':
      c.advance()
      return true
    case 'serial':
      c.advance()
      c.expect('default')
      c.expect('value')
      return true
    case 'primary':
      c.advance()
      c.expect('key')
      return true
    case 'key':
    case 'visible':
    case 'invisible':
      c.advance()
      return true
    case 'unique':
      c.advance()
      c.accept('key')
      return true
    case 'comment':
      c.advance()
      c.string()
      return true
    case 'collate':
      c.advance()
      readCharacterSetName(c)
      return true
    case 'column_format':
      c.advance()
      if (!(c.accept('default') || c.accept('fixed') || c.accept('dynamic'))) throw c.error()
      return true
    case 'storage':
      c.advance()
      if (!(c.accept('default') || c.accept('disk') || c.accept('memory'))) throw c.error()
      return true
    case 'srid':
      c.advance()
      c.integer()
      return true
    case 'ref_system_id':
      c.advance()
      c.expect('=')
      c.integer()
      return true
    case 'engine_attribute':
    case 'secondary_engine_attribute':
      if (c.isMariadb) return readEngineOption(c)
      c.advance()
      c.accept('=')
      c.string()
      return true
    case 'constraint':
    case 'check':
      return readCheck(c, draft)
    case 'references':
      readReferences(c, draft)
      return true
    case 'compressed':
      if (!c.isMariadb) return false
      c.advance()
      if (c.accept('=')) c.name()
      return true
    case 'masking':
      if (c.isMariadb) return readEngineOption(c)
      c.advance()
      c.expect('policy')
      draft.others.push({ role: 'other', type: 'masking_policy', name: { schema: null, name: c.name() } })
      return true
    case 'with':
    case 'without':
      if (!c.isMariadb || c.spellingAhead(1) !== 'system') return false
      c.advance()
      c.advance()
      c.expect('versioning')
      return true
    default:
      return c.isMariadb && readEngineOption(c)
  }
}

/** What follows DEFAULT: a literal, the current time, `(expression)`; in MariaDB any expression without operators, too. */
export function readDefault(c: TokenCursor): Expression {
  if (c.accept('(')) {
    const value = c.grammar.expression(c)
    c.expect(')')
    return value
  }
  const value = c.grammar.operand(c)
  if (!c.isMariadb && !isConstant(value)) throw c.error()
  return value
}

function isConstant(value: Expression): boolean {
  switch (value.kind) {
    case 'literal':
      return true
    case 'call':
      return isCurrentTimestamp(value.name)
    case 'operation':
      if (value.operator === 'collate') return value.operands.every(isConstant)
      return (
        (value.operator === '-' || value.operator === '+') &&
        value.operands.length === 1 &&
        value.operands.every((operand) => operand.kind === 'literal' && operand.type === 'number')
      )
    default:
      return false
  }
}

function isCurrentTimestamp(name: string): boolean {
  return name === 'now' || name === 'current_timestamp' || name === 'localtime' || name === 'localtimestamp'
}

function readCurrentTimestamp(c: TokenCursor): Expression {
  const value = c.grammar.operand(c)
  if (value.kind !== 'call' || !isCurrentTimestamp(value.name)) throw c.error()
  return value
}
