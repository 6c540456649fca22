import type { FunctionRule, ReadObject } from './policy-document.ts'
import { readHead, readName, readObjectPatterns } from './rule-parts.ts'
import type { Members } from './rule-parts.ts'
import type { YamlValue } from './yaml-source.ts'
import { parseNamePattern } from './name-pattern.ts'
import type { NamePart } from './name-pattern.ts'

/** Reads one entry of `functions`; null where something in it is wrong. */
export function readFunctionRule(rule: YamlValue): FunctionRule | null {
  const members = rule.members('an entry of functions', ['name', 'target', 'functions', 'reads'])
  if (members === null) return null
  const list = members.get('functions')
  if (list === undefined) rule.problem('The entry names no functions.', 'Add `functions: [app.tier]`.')
  const functions = list === undefined ? [] : readObjectPatterns(list, 'functions')
  const reads = readReads(rule, members)
  const [first] = functions
  const derived =
    first === undefined ? '' : `function ${first.source}${functions.length > 1 ? ` +${functions.length - 1}` : ''}`
  const name = readName(rule, members, derived)
  if (name === null || reads === null || functions.length === 0) return null
  return { ...readHead(rule, members, name), functions, reads }
}

function readReads(rule: YamlValue, members: Members): readonly ReadObject[] | null {
  const value = members.get('reads')
  if (value === undefined) {
    rule.problem(
      'The entry does not say what the functions read.',
      'Add `reads: nothing`, or the relations and columns they read beside their arguments.',
    )
    return null
  }
  if (value.scalar() === 'nothing') return []
  const objects = (value.items('reads') ?? []).map((item) => {
    const source = item.text('A relation or column')
    const object = source === null ? null : readObject(source)
    if (source !== null && object === null) {
      item.problem(
        `${JSON.stringify(source.slice(0, 100))} is no whole name of a relation or column.`,
        'Write public.orders or public.orders.total, without wildcards.',
      )
    }
    return object
  })
  return objects.some((object) => object === null) ? null : objects.filter((object) => object !== null)
}

function readObject(source: string): ReadObject | null {
  const pattern = parseNamePattern(source, 2, 3)
  if (typeof pattern === 'string') return null
  const [schema, relation, column] = pattern.parts.map(wholeName)
  if (schema === null || relation === null || column === null) return null
  return schema === undefined || relation === undefined ? null : { schema, relation, column: column ?? null }
}

/** A part without a wildcard; names that are not quoted are in lower case, as PostgreSQL has them. */
function wholeName(part: NamePart): string | null {
  let name = ''
  for (const piece of part) {
    if (piece.kind === 'star') return null
    name += piece.quoted ? piece.text : piece.text.toLowerCase()
  }
  return name
}
