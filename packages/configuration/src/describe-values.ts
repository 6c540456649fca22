import { Secret } from '@gatehouse/core'
import { stringify } from 'yaml'
import { EnvironmentReference, FileReference } from './secret-reference.ts'

/** Resolved settings as YAML, in the file's own form, with `[secret]` for every secret; one that is read later is told by where it is. */
export function describeValues(values: unknown): string {
  return stringify(hideSecrets(values), { lineWidth: 0, aliasDuplicateObjects: false })
}

function hideSecrets(value: unknown): unknown {
  if (value instanceof Secret || value instanceof EnvironmentReference || value instanceof FileReference)
    return String(value)
  if (Array.isArray(value)) return value.map(hideSecrets)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, hideSecrets(member)]))
}
