/** What stands behind a column's name. MySQL manual, "CREATE TABLE Statement", column_definition. */
import type { Expression } from '../../query-tree.ts'
import type { ColumnDefinition } from '../../statement-tree.ts'
import { isQuery } from '../object-names.ts'
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
  const generated = readComputed(c)
  if (!c.accept('virtual') && !c.accept('stored') && c.isMariadb) c.accept('persistent')
  return generated
}

/** Attributes that generated columns of MariaDB do not have. MariaDB documentation, "Generated (Virtual and Persistent/Stored) Columns". */
const NOT_OF_GENERATED = new Set(['null', 'not', 'collate', 'default', 'primary', 'auto_increment', 'serial', 'on'])

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
      if (c.isMariadb || !c.is('secondary')) c.expect('null')
      else c.advance()
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
    case 'visible':
      if (c.isMariadb) return readEngineOption(c)
      c.advance()
      return true
    case 'key':
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
      if (c.isMariadb) return readEngineOption(c)
      c.advance()
      if (!(c.accept('default') || c.accept('fixed') || c.accept('dynamic'))) throw c.error()
      return true
    case 'storage':
      if (c.isMariadb) return readEngineOption(c)
      c.advance()
      if (!(c.accept('default') || c.accept('disk') || c.accept('memory'))) throw c.error()
      return true
    case 'srid':
      if (c.isMariadb) return readEngineOption(c)
      c.advance()
      c.integer()
      return true
    case 'ref_system_id':
      if (!c.isMariadb) return false
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
      if (c.isMariadb && c.is('constraint') && !isNamedReference(c)) return false
      readCheck(c, draft)
      // MariaDB has nothing behind it.
      return !c.isMariadb
    case 'references':
      readReferences(c, draft)
      return false
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

/** `CONSTRAINT [name] REFERENCES`, which MariaDB has. */
function isNamedReference(c: TokenCursor): boolean {
  return c.spellingAhead(1) === 'references' || c.spellingAhead(2) === 'references'
}

/** What follows DEFAULT: a literal, the current time, `(expression)`; in MariaDB any expression without operators, too. */
export function readDefault(c: TokenCursor): Expression {
  if (c.is('(')) return readComputed(c)
  const value = c.grammar.operand(c)
  const joined = value.kind === 'operation' && value.operands.length > 1 && value.operator !== 'collate'
  if (c.isMariadb ? joined : !isConstant(value)) throw c.error()
  return value
}

/** `(expression)`; MariaDB reads a query here, too, before it refuses it. */
function readComputed(c: TokenCursor): Expression {
  if (c.isMariadb && isQuery(c)) return c.grammar.operand(c)
  c.expect('(')
  const value = c.grammar.expression(c)
  c.expect(')')
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

/** True: the value is NOW() or one of its synonyms. */
export function isCurrentTime(value: Expression): boolean {
  return value.kind === 'call' && isCurrentTimestamp(value.name)
}

function readCurrentTimestamp(c: TokenCursor): Expression {
  const value = c.grammar.operand(c)
  if (!isCurrentTime(value)) throw c.error()
  return value
}
