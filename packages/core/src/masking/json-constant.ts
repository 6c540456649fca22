/** Whether text is something `json` and `jsonb` would refuse: no JSON, or with what jsonb has no place for. */
export function jsonProblem(text: string): boolean {
  try {
    return hasProblem(JSON.parse(text), 0)
  } catch {
    return true
  }
}

/** Far below the server's own limit, and the limit of this function's recursion. */
const maxDepth = 100

/** jsonb refuses U+0000 and half surrogate pairs; numbers are kept to what a double holds, which numeric holds too. */
function hasProblem(value: unknown, depth: number): boolean {
  if (depth > maxDepth) return true
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed()
  if (typeof value === 'number') return !Number.isFinite(value)
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, member]) => hasProblem(key, depth) || hasProblem(member, depth + 1))
}
