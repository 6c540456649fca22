import type { Call, Expression } from '../../query-tree.ts'
import { foldName } from '../../name-case.ts'
import {
  type Lineage,
  NOTHING,
  NUMBER,
  anyOf,
  comparedFrom,
  derivedFrom,
  passedThrough,
  testedFrom,
  untraced,
} from '../lineage.ts'
import type { Reading } from '../reading.ts'
import type { Scope } from '../scope.ts'
import { writeVariable } from '../session/variables.ts'
import { type BuiltinFunction, builtinFunction, tellingArguments } from './builtin-functions.ts'
import { castType, castsWhole, convertsWhole } from './casts.ts'
import { readComparison } from './operations.ts'
import { meaningOf, useMeaning } from './stored-functions.ts'
import { readWindow } from './windows.ts'

/** The pseudo-schema under which built-in functions are listed: they have none of their own. */
export const BUILTIN_SCHEMA = 'mysql'

/** A function call. A built-in's result is derived from its arguments; of a stored function its body tells. */
export function readCall(reading: Reading, call: Call, scope: Scope): Lineage {
  const name = call.name.toLowerCase()
  const meaning = meaningOf(reading, call)
  // A stored function of that name is there only where this server has no such syntax.
  if (call.schema === null && meaning === null && isSyntax(reading, name)) {
    const special = readSpecial(reading, call, name, scope)
    if (special !== null) return special
  }
  const parts = call.arguments.map((argument) => argumentOf(reading, argument, scope))
  for (const { expression } of call.orderBy) reading.decide(reading.walk.expression(reading, expression, scope))
  if (call.over !== null) readWindow(reading, call.over, scope)
  const builtin = call.schema === null ? builtinFunction(name, reading.names.dialect.flavour) : null
  const values: Lineage[] = []
  if (builtin !== null) values.push(readBuiltin(reading, call, name, builtin, parts))
  // A stored function or UDF of a built-in's name is there only where this server has no such built-in.
  if (meaning !== null) values.push(useMeaning(reading, meaning, parts))
  if (values.length === 0) {
    reading.useFunction(call.schema, call.name, 'unknown')
    for (const part of parts) reading.tell(part)
    const unknown = untraced('function', `function ${call.name}() is not known`)
    return anyOf(reading, [derivedFrom(reading, parts), unknown])
  }
  return values.length === 1 ? (values[0] ?? NOTHING) : anyOf(reading, values)
}

function argumentOf(reading: Reading, argument: Expression, scope: Scope): Lineage {
  return argument.kind === 'star' ? NOTHING : reading.walk.expression(reading, argument, scope)
}

function readBuiltin(
  reading: Reading,
  call: Call,
  name: string,
  fn: BuiltinFunction,
  parts: readonly Lineage[],
): Lineage {
  // Without a value it only tells what `@@last_insert_id` does.
  const trust = name === 'last_insert_id' && parts.length === 0 ? 'harmless' : fn.trust
  reading.useFunction(BUILTIN_SCHEMA, name, trust)
  if (name === 'count') return readCount(reading, call, parts)
  if (name === 'load_file') readFile(reading, call)
  const fails = name === 'json_value' && call.words.includes('error')
  for (const part of fails ? parts : tellingArguments(fn, parts)) reading.tell(part)
  // What is kept between statements is as good as shown.
  if (name === 'last_insert_id' || name === 'setval') for (const part of parts) writeVariable(reading, part)
  const derived = derivedFrom(reading, parts, fn.result ?? anyOf(reading, parts).type)
  if (reading.measured) reading.tell(derived)
  if (fn.trust === 'revealing') return passedThrough(derived, { schema: BUILTIN_SCHEMA, name })
  return derived
}

/** How many rows have a value is no secret; how many values there are tells which are equal. */
function readCount(reading: Reading, call: Call, parts: readonly Lineage[]): Lineage {
  if (call.distinct) return comparedFrom(reading, parts)
  const plain = parts.every(
    ({ sources, opacity, fields }) =>
      opacity === 'none' && fields === null && sources.every(({ how }) => how === 'copied'),
  )
  return plain ? NUMBER : derivedFrom(reading, parts, 'number')
}

function readFile(reading: Reading, call: Call): void {
  const [file] = call.arguments
  reading.files.push(file?.kind === 'literal' && file.type === 'string' ? file.value : '*')
}

const OF_MARIADB: ReadonlySet<string> = new Set(['value', 'nvl', 'nextval', 'lastval', 'setval'])

function isSyntax({ names }: Reading, name: string): boolean {
  return names.dialect.flavour === 'mariadb' || !OF_MARIADB.has(name)
}

/** Syntax that is written as a call but is none; null: it is a call. */
function readSpecial(reading: Reading, call: Call, name: string, scope: Scope): Lineage | null {
  const [first, second, third] = call.arguments
  const value = (node: Expression | undefined): Lineage =>
    node === undefined ? NOTHING : reading.walk.expression(reading, node, scope)
  switch (name) {
    case 'cast':
    case 'convert': {
      const from = value(first)
      if (!castsWhole(from, call.words)) reading.tell(from)
      return derivedFrom(reading, [from], castType(call.words))
    }
    case 'convert_using': {
      const from = value(first)
      if (!convertsWhole(call.words)) reading.tell(from)
      return derivedFrom(reading, [from], 'string')
    }
    case 'if': {
      reading.decide(value(first))
      const results = [value(second), value(third)]
      return derivedFrom(reading, results, anyOf(reading, results).type)
    }
    case 'nullif': {
      const [one, other] = [value(first), value(second)]
      reading.decide(readComparison(reading, '=', one, other))
      return derivedFrom(reading, [one], one.type)
    }
    case 'ifnull':
    case 'coalesce':
    case 'nvl':
      return readCoalesce(reading, call, scope)
    case 'field':
    case 'strcmp': {
      const parts = call.arguments.map(value)
      for (const part of parts.slice(1)) readComparison(reading, '=', parts[0] ?? NOTHING, part)
      reading.decide(derivedFrom(reading, parts))
      return testedFrom(reading, parts)
    }
    case 'values':
    case 'value':
      return insertedValue(reading, first)
    case 'grouping':
      for (const argument of call.arguments) reading.decideEqual(value(argument))
      return NUMBER
    case 'nextval':
    case 'lastval':
    case 'setval':
      return readSequence(reading, call, name, scope)
    default:
      return null
  }
}

/** Whether a later operand is evaluated is up to those before; of a literal nobody can tell. */
function readCoalesce(reading: Reading, call: Call, scope: Scope): Lineage {
  const parts = call.arguments.map((argument) => reading.walk.expression(reading, argument, scope))
  const last = call.arguments.findLastIndex(({ kind }) => kind !== 'literal' && kind !== 'parameter')
  for (const part of parts.slice(0, Math.max(0, last))) reading.tell(part)
  return derivedFrom(reading, parts, anyOf(reading, parts).type)
}

/** VALUES(column): what was about to be inserted there (MySQL manual, "INSERT ... ON DUPLICATE KEY UPDATE Statement"). */
function insertedValue(reading: Reading, node: Expression | undefined): Lineage {
  if (node?.kind !== 'column') return untraced('name', 'what VALUES() stands for is not known')
  // Elsewhere it is NULL.
  return reading.inserted === null ? NOTHING : (reading.inserted.get(foldName(node.name)) ?? NOTHING)
}

/** Sequences of MariaDB: the first argument is a name. */
function readSequence(reading: Reading, call: Call, name: string, scope: Scope): Lineage {
  const [sequence, ...rest] = call.arguments
  reading.useFunction(BUILTIN_SCHEMA, name, 'sensitive')
  if (sequence?.kind === 'column') {
    const schema = sequence.table ?? reading.schema
    reading.access(name === 'lastval' ? 'select' : 'update', { schema, name: sequence.name }, null)
  }
  for (const node of rest) writeVariable(reading, reading.walk.expression(reading, node, scope))
  return NUMBER
}
