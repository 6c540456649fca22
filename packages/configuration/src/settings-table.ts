import { alternatives } from './json-schema.ts'
import type { JsonSchema } from './json-schema.ts'

/** Every setting of the schema as a Markdown table: name, what it takes, default, meaning. */
export function settingsTable(schema: JsonSchema): string {
  return ['| setting | takes | default | meaning |', '| --- | --- | --- | --- |', ...rowsOf(schema, '')].join('\n')
}

function rowsOf(schema: JsonSchema, name: string): string[] {
  const rows: string[] = []
  for (const place of alternatives(schema)) {
    const required: readonly unknown[] = Array.isArray(place['required']) ? place['required'] : []
    for (const [key, member] of membersOf(place)) {
      const full = name === '' ? key : `${name}.${key}`
      rows.push(rowOf(full, member, required.includes(key)), ...rowsOf(member, full))
    }
    const { items, additionalProperties } = place
    // Only lists and maps of groups have settings of their own; `[]` and `<name>` stand for each of them.
    if (isGroup(items)) rows.push(...rowsOf(items, `${name}[]`))
    if (isGroup(additionalProperties)) rows.push(...rowsOf(additionalProperties, `${name}.<name>`))
  }
  return rows
}

function rowOf(name: string, schema: JsonSchema, required: boolean): string {
  const { description, default: preset } = schema
  const meaning = typeof description === 'string' ? description : ''
  return `| \`${name}\` | ${takes(schema)} | ${presetText(preset, required)} | ${meaning.replaceAll('|', '\\|')} |`
}

function presetText(preset: unknown, required: boolean): string {
  if (required) return 'required'
  if (preset === undefined || isEmptyGroup(preset)) return '-'
  return `\`${JSON.stringify(preset)}\``
}

function takes(schema: JsonSchema): string {
  const kinds = alternatives(schema).flatMap((place) => kindOf(place))
  // A reference to the environment can stand for anything, and is said once above the table.
  const whole = kinds.filter((kind) => kind !== 'reference' || kinds.length === 1)
  return [...new Set(whole)].join(' or ')
}

function kindOf(place: JsonSchema): string[] {
  const { type, enum: choices, const: only, minimum, maximum, pattern } = place
  if (Array.isArray(type)) return type.flatMap((one: unknown) => kindOf({ ...place, type: one }))
  if (typeof only === 'string') return [`\`${only}\``]
  if (Array.isArray(choices)) return [choices.map((choice) => `\`${String(choice)}\``).join(', ')]
  switch (type) {
    case 'integer':
    case 'number':
      return [minimum === undefined ? 'number' : `${JSON.stringify(minimum)} to ${JSON.stringify(maximum)}`]
    case 'boolean':
      return ['true or false']
    case 'string':
      if (typeof pattern === 'string' && pattern.startsWith('^\\$')) {
        return [pattern.includes('file:') ? '`${NAME}` or `file:path`' : 'reference']
      }
      return ['text']
    case 'array':
      return ['list']
    case 'object':
      return ['group']
    case 'null':
      return ['null']
    default:
      return []
  }
}

function membersOf(place: JsonSchema): [string, JsonSchema][] {
  const { properties } = place
  if (typeof properties !== 'object' || properties === null) return []
  return Object.entries(properties)
}

function isGroup(value: unknown): value is JsonSchema {
  return alternatives(value).some((place) => place['properties'] !== undefined)
}

function isEmptyGroup(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
}
