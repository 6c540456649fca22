/**
 * Where a claim is found: its name, or the way to it.
 *
 * A text with dots descends into objects (`realm_access.roles`), unless it holds `://`, which is a name as a whole
 * (`https://example.com/groups`). A list names each step exactly, for names that hold a dot (`["acme.groups"]`).
 * The choice is the configuration's alone: a token cannot make one claim pass for another.
 */
export type ClaimPath = string | readonly string[]

/** The value at `path`, or undefined when any step is missing. Inherited properties are never seen. */
export function claimAt(claims: Readonly<Record<string, unknown>>, path: ClaimPath): unknown {
  let value: unknown = claims
  for (const step of claimSteps(path)) {
    if (!isRecord(value) || !Object.hasOwn(value, step)) return undefined
    value = value[step]
  }
  return value
}

/** The names to descend by, outermost first. */
export function claimSteps(path: ClaimPath): readonly string[] {
  if (typeof path !== 'string') return path
  return path.includes('://') ? [path] : path.split('.')
}

/** The path as an operator would write it. */
export function claimName(path: ClaimPath): string {
  return typeof path === 'string' ? path : path.join(' > ')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
