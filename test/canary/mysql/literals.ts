import type { Type, Writing } from './schema.ts'

/** Where a bound value stands in a text that is being written: it becomes `?`, in the order of the text. */
const MARK = '\u0001'

/** A constant of the type: a literal, now and then a bound value, and where anything goes now and then a masked value guessed. */
export function literal(writing: Writing, type: Type): string {
  const { random, parameters } = writing
  if (random.chance(0.06)) return 'NULL'
  const guess = writing.mode === 'wild' && type === 'text' && writing.probes.length > 0 && random.chance(0.08)
  const value = guess ? random.pick(writing.probes) : plainText(writing, type)
  if (parameters !== null && type !== 'point' && type !== 'blob' && type !== 'bits' && random.chance(0.3)) {
    parameters.push(type === 'bool' ? (value === 'TRUE' ? '1' : '0') : value)
    return `${MARK}${String(parameters.length - 1)}${MARK}`
  }
  const quoted = `'${value.replaceAll("'", "''")}'`
  switch (type) {
    case 'int':
      return value.startsWith('-') ? `(${value})` : value
    case 'bigint':
    case 'decimal':
    case 'year':
    case 'bool':
      return value
    case 'double':
      return `${value}e0`
    case 'date':
      return random.chance(0.5) ? `DATE${quoted}` : `CAST(${quoted} AS DATE)`
    case 'datetime':
      return `TIMESTAMP${quoted}`
    case 'time':
      return `TIME${quoted}`
    case 'blob':
      return random.pick([`x'${value}'`, `0x${value}`, `UNHEX('${value}')`])
    case 'json':
      return writing.language.has('mysql') ? `CAST(${quoted} AS JSON)` : quoted
    case 'bits':
      return `b'${value}'`
    case 'point':
      return `POINT(${value})`
    case 'text':
      return random.chance(0.08) ? `_utf8mb4${quoted}` : quoted
    case 'level':
    case 'flags':
      return quoted
    default:
      return type satisfies never
  }
}

/** A text with `?` for its bound values, and these in the order of the text. */
export function withPlaceholders(
  text: string,
  parameters: readonly string[],
): { readonly sql: string; readonly values: readonly string[] } {
  const values: string[] = []
  const sql = text.replaceAll(/\u0001(\d+)\u0001/g, (_, index: string) => {
    values.push(parameters[Number(index)] ?? '')
    return '?'
  })
  return { sql, values }
}

function plainText(writing: Writing, type: Type): string {
  const { random } = writing
  const small = random.below(10)
  switch (type) {
    case 'int':
      return String(random.chance(0.02) ? 2_147_483_647 : random.chance(0.1) ? -small : small)
    case 'bigint':
      return String(small * 1000)
    case 'decimal':
      return `${String(small)}.25`
    case 'double':
      return `${String(small)}.5`
    case 'text':
      return random.pick(['red', 'blue', 'green', 'Ann', 'Bob', 'x', '', 'none', 'a-b', '5', "it's", 'RED', 'red '])
    case 'bool':
      return random.chance(0.85) ? 'TRUE' : 'FALSE'
    case 'date':
      return `2024-02-0${String(small + 1).slice(-1)}`.replace(/00$/, '10')
    case 'datetime':
      return `2024-03-1${String(small)} 10:00:00`
    case 'time':
      return `0${String(small)}:30:00`
    case 'year':
      return String(2000 + small)
    case 'blob':
      return `0${String(small)}ff`
    case 'json':
      return random.pick(['{"a": 1, "b": "red", "list": [1, 2]}', '{"a": 2}', '{}', '{"ssn": "none"}'])
    case 'level':
      return random.pick(['low', 'mid', 'high', 'top'])
    case 'flags':
      return random.pick(['a', 'a,b', 'c', ''])
    case 'bits':
      return small.toString(2)
    case 'point':
      return `${String(small)}, 1`
    default:
      return type satisfies never
  }
}
