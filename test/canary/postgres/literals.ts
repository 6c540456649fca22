import type { Type } from './schema.ts'
import type { Writing } from './writing.ts'

/** A constant of the type: a literal, now and then a bound value, and where anything goes now and then a masked value guessed. */
export function literal(writing: Writing, type: Type): string {
  const { random, parameters } = writing
  if (random.chance(0.06)) return `NULL::${type}`
  const guess = writing.mode === 'wild' && type === 'text' && writing.probes.length > 0 && random.chance(0.08)
  const value = guess ? random.pick(writing.probes) : plainText(writing, type)
  if (parameters !== null && random.chance(0.3)) {
    parameters.push(value)
    return `$${String(parameters.length)}::${type}`
  }
  if (type === 'int4' && random.chance(0.9)) return value.startsWith('-') ? `(${value})` : value
  const quoted = `'${value.replaceAll("'", "''")}'`
  return type === 'text' && random.chance(0.15) ? quoted : `${quoted}::${type}`
}

function plainText(writing: Writing, type: Type): string {
  const { random } = writing
  const small = random.below(10)
  switch (type) {
    case 'int4':
      return String(random.chance(0.02) ? 2_147_483_647 : random.chance(0.1) ? -small : small)
    case 'int8':
      return String(small * 1000)
    case 'numeric':
      return `${String(small)}.25`
    case 'float8':
      return `${String(small)}.5`
    case 'text':
      return random.pick(['red', 'blue', 'green', 'Ann', 'Bob', 'x', '', 'none', 'a-b', '5', "it's"])
    case 'bool':
      return random.chance(0.85) ? 'true' : 'false'
    case 'date':
      return `2024-02-0${String(small + 1).slice(-1)}`.replace(/00$/, '10')
    case 'timestamptz':
      return `2024-03-1${String(small)} 10:00+00`
    case 'interval':
      return `${String(small)} days`
    case 'uuid':
      return `0000000${String(small)}-0000-4000-8000-000000000000`
    case 'bytea':
      return `\\x0${String(small)}ff`
    case 'jsonb':
    case 'json':
      return random.pick(['{"a": 1, "b": "red", "list": [1, 2]}', '{"a": 2}', '{}', '{"ssn": "none"}'])
    case 'text[]':
      return random.pick(['{red,blue}', '{}', '{green,NULL}'])
    case 'int4[]':
      return random.pick(['{1,2,3}', '{}', '{4}'])
    case 'inet':
      return `10.0.0.${String(small)}`
    case 'level':
      return random.pick(['low', 'mid', 'high', 'top'])
    case 'address':
      return `(way,${String(small)},${String(small)})`
    case 'int4range':
      return `[${String(small)},${String(small + 3)})`
    case 'xml':
      return '<a b="1"><c>x</c></a>'
    default:
      return ''
  }
}
