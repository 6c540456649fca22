/** The language of stored programs. MySQL manual, "Compound Statement Syntax"; MariaDB documentation, "Programmatic & Compound Statements". */
import type { ProgramStatement, Statement } from '../../statement-tree.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { readCursorStatement } from './cursors.ts'
import { readDeclarations } from './declarations.ts'

type AnyStatement = ProgramStatement | Statement

/** Reads one statement of a program, compound or simple; a `;` behind it is left. */
export function readProgramStatement(c: TokenCursor): AnyStatement {
  c.enter()
  const statement = readCompound(c) ?? readCursorStatement(c) ?? c.grammar.statement(c)
  c.leave()
  return statement
}

/** A block, condition or loop, with or without a label; null where none stands. */
function readCompound(c: TokenCursor): ProgramStatement | null {
  if (c.spellingAhead(1) === ':') return readLabelled(c)
  switch (c.spelling) {
    case 'begin':
      return readBlock(c, null)
    case 'if':
      return readIf(c)
    case 'case':
      return readCase(c)
    case 'loop':
    case 'while':
    case 'repeat':
      return readLoop(c, null)
    case 'for':
      return c.isMariadb ? readLoop(c, null) : null
    case 'leave':
    case 'iterate': {
      const kind = c.spelling
      c.advance()
      return { kind, label: c.name() }
    }
    case 'return':
      c.advance()
      return { kind: 'return', value: c.grammar.expression(c) }
    default:
      return null
  }
}

function readLabelled(c: TokenCursor): ProgramStatement {
  const label = c.name()
  c.expect(':')
  return c.is('begin') ? readBlock(c, label) : readLoop(c, label)
}

/** `BEGIN [NOT ATOMIC] … END [label]`. */
function readBlock(c: TokenCursor, label: string | null): ProgramStatement {
  c.expect('begin')
  if (c.isMariadb && c.acceptPair('not', 'atomic')) c.accept(';')
  const statements: AnyStatement[] = []
  readDeclarations(c, statements, readProgramStatement)
  readStatements(c, statements)
  c.expect('end')
  readEndLabel(c, label)
  return { kind: 'block', label, statements }
}

function readEndLabel(c: TokenCursor, label: string | null): void {
  if (label !== null) c.acceptName()
}

/** Statements with a `;` behind each, until a word that ends a list stands there. */
function readStatements(c: TokenCursor, into: AnyStatement[]): void {
  while (!isListEnd(c)) {
    into.push(readProgramStatement(c))
    c.expect(';')
  }
}

function isListEnd(c: TokenCursor): boolean {
  switch (c.spelling) {
    case 'end':
    case 'elseif':
    case 'else':
    case 'when':
    case 'until':
      return true
    default:
      return c.atEnd && c.spelling !== ';'
  }
}

/** Statements of which there must be one. */
function readSomeStatements(c: TokenCursor): AnyStatement[] {
  const statements: AnyStatement[] = []
  readStatements(c, statements)
  if (statements.length === 0) throw c.error()
  return statements
}

function readIf(c: TokenCursor): ProgramStatement {
  const branches: { condition: ReturnType<typeof c.grammar.expression>; statements: AnyStatement[] }[] = []
  let otherwise: AnyStatement[] = []
  c.expect('if')
  for (;;) {
    const condition = c.grammar.expression(c)
    c.expect('then')
    branches.push({ condition, statements: readSomeStatements(c) })
    if (!c.accept('elseif')) break
  }
  if (c.accept('else')) otherwise = readSomeStatements(c)
  c.expectPair('end', 'if')
  return { kind: 'if', branches, otherwise }
}

function readCase(c: TokenCursor): ProgramStatement {
  const branches: { condition: ReturnType<typeof c.grammar.expression>; statements: AnyStatement[] }[] = []
  let otherwise: AnyStatement[] = []
  c.expect('case')
  const operand = c.is('when') ? null : c.grammar.expression(c)
  if (!c.is('when')) throw c.error()
  while (c.accept('when')) {
    const condition = c.grammar.expression(c)
    c.expect('then')
    branches.push({ condition, statements: readSomeStatements(c) })
  }
  if (c.accept('else')) otherwise = readSomeStatements(c)
  c.expectPair('end', 'case')
  return { kind: 'case_statement', operand, branches, otherwise }
}

/** LOOP, WHILE, REPEAT, and FOR of MariaDB. */
function readLoop(c: TokenCursor, label: string | null): ProgramStatement {
  switch (c.spelling) {
    case 'loop': {
      c.advance()
      const statements = readSomeStatements(c)
      c.expectPair('end', 'loop')
      readEndLabel(c, label)
      return { kind: 'loop', label, conditions: [], variable: null, query: null, statements }
    }
    case 'while': {
      c.advance()
      const conditions = [c.grammar.expression(c)]
      c.expect('do')
      const statements = readSomeStatements(c)
      c.expectPair('end', 'while')
      readEndLabel(c, label)
      return { kind: 'loop', label, conditions, variable: null, query: null, statements }
    }
    case 'repeat': {
      c.advance()
      const statements = readSomeStatements(c)
      c.expect('until')
      const conditions = [c.grammar.expression(c)]
      c.expectPair('end', 'repeat')
      readEndLabel(c, label)
      return { kind: 'loop', label, conditions, variable: null, query: null, statements }
    }
    case 'for':
      if (c.isMariadb) return readFor(c, label)
      throw c.error()
    default:
      throw c.error()
  }
}

/** `FOR name IN [REVERSE] from .. to DO`, `FOR name IN cursor[(arguments)] DO`, `FOR name IN (query) DO`. */
function readFor(c: TokenCursor, label: string | null): ProgramStatement {
  c.expect('for')
  const variable = c.name()
  c.expect('in')
  let query = null
  const conditions = []
  if (
    c.is('(') &&
    (c.spellingAhead(1) === 'select' || c.spellingAhead(1) === 'with' || c.spellingAhead(1) === 'values')
  ) {
    c.expect('(')
    query = c.grammar.query(c)
    c.expect(')')
  } else {
    c.accept('reverse')
    conditions.push(c.grammar.expression(c))
    if (c.accept('..')) conditions.push(c.grammar.expression(c))
  }
  c.expect('do')
  const statements = readSomeStatements(c)
  c.expectPair('end', 'for')
  readEndLabel(c, label)
  return { kind: 'loop', label, conditions, variable, query, statements }
}
