import type * as z from 'zod'
import type { SettingPath } from './config-problem.ts'
import { type JsonSchema, knownNames } from './json-schema.ts'
import { nearestName } from './nearest-name.ts'

/** A problem that knows its setting, and not yet its line. */
export interface SettingProblem {
  readonly path: SettingPath
  readonly message: string
}

/** What the schema has to say of `values`, in words for an operator. Never quotes a value. `schema`: made where names are needed. */
export function problemsOf(issue: z.core.$ZodIssue, values: unknown, schema: () => JsonSchema): SettingProblem[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol')
  // A contradiction may stand at a setting that has its default: it is not missing.
  const judged = issue.code === 'custom' && issue.params?.['ofType'] !== true
  if (!judged && path.length > 0 && isMissing(values, path)) return [{ path, message: 'is missing' }]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], message: unknownSetting(key, issue.path, schema()) }))
    case 'invalid_key':
      return issue.issues.map(({ message }) => ({ path, message }))
    case 'invalid_type':
      return [
        {
          path,
          message: issue.message.endsWith('received undefined') ? 'is missing' : `must be ${noun(issue.expected)}`,
        },
      ]
    case 'invalid_value':
      return [{ path, message: `must be one of ${issue.values.map(String).join(', ')}` }]
    case 'too_small':
      return [{ path, message: `must ${amount('least', issue.minimum, issue.origin)}` }]
    case 'too_big':
      return [{ path, message: `must ${amount('most', issue.maximum, issue.origin)}` }]
    default:
      return [{ path, message: issue.message }]
  }
}

function unknownSetting(key: string, path: readonly PropertyKey[], schema: JsonSchema): string {
  const known = knownNames(schema, path)
  const nearest = nearestName(key, known)
  if (nearest !== null) return `there is no such setting; did you mean ${nearest}?`
  return `there is no such setting; there are ${known.join(', ')}`
}

function noun(expected: string): string {
  switch (expected) {
    case 'int':
      return 'a whole number'
    case 'number':
      return 'a number'
    case 'string':
      return 'a text'
    case 'boolean':
      return 'true or false'
    case 'array':
      return 'a list'
    default:
      return 'a group of settings'
  }
}

function amount(bound: 'least' | 'most', limit: number | bigint, origin: string): string {
  switch (origin) {
    case 'string':
      return `have at ${bound} ${limit} ${limit === 1 ? 'character' : 'characters'}`
    case 'array':
      return `have at ${bound} ${limit} ${limit === 1 ? 'entry' : 'entries'}`
    default:
      return `be at ${bound} ${limit}`
  }
}

function isMissing(values: unknown, path: SettingPath): boolean {
  let place: unknown = values
  for (const step of path) {
    if (typeof place !== 'object' || place === null) return false
    place = Object.entries(place).find(([name]) => name === String(step))?.[1]
  }
  return place === undefined
}
