import { isDeepStrictEqual } from 'node:util'
import { Secret } from '@gatehouse/core'
import { settingName, type SettingPath } from './config-problem.ts'

/**
 * The settings in which two resolved configurations differ, as `targets.shop.host`, sorted; the whole list where lists are of different length. What was
 * added or taken away is named once, without what is in it. Values are never said.
 */
export function changedSettings(before: unknown, after: unknown): readonly string[] {
  return [...changes(before, after, [])].map(settingName).sort()
}

function* changes(before: unknown, after: unknown, path: SettingPath): Generator<SettingPath> {
  const [one, other] = [membersOf(before), membersOf(after)]
  if (one === null || other === null || (Array.isArray(before) && one.size !== other.size)) {
    if (!isSame(before, after)) yield path
    return
  }
  for (const name of new Set([...one.keys(), ...other.keys()])) {
    const step = Array.isArray(before) ? Number(name) : name
    yield* changes(one.get(name), other.get(name), [...path, step])
  }
}

/** Null: it is a value. */
function membersOf(value: unknown): ReadonlyMap<string, unknown> | null {
  if (value instanceof Map) return value as ReadonlyMap<string, unknown>
  if (Array.isArray(value)) return new Map(value.map((item, index) => [String(index), item as unknown]))
  // References to secrets have a class of their own: they are what they say.
  const plain =
    typeof value === 'object' &&
    value !== null &&
    [Object.prototype, null].includes(Object.getPrototypeOf(value) as null)
  return plain ? new Map(Object.entries(value)) : null
}

function isSame(before: unknown, after: unknown): boolean {
  if (before instanceof Secret && after instanceof Secret) return isDeepStrictEqual(before.expose(), after.expose())
  if (before instanceof Secret || after instanceof Secret) return false
  if (hasOwnText(before) && hasOwnText(after))
    return before.constructor === after.constructor && before.toString() === after.toString()
  return isDeepStrictEqual(before, after)
}

function hasOwnText(value: unknown): value is { readonly kind: string; toString(): string } {
  return typeof value === 'object' && value !== null && 'kind' in value && value.toString !== Object.prototype.toString
}
