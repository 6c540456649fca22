import type { CatalogRow } from './catalog-queries.ts'

/** Whether an account sees the triggers of a table: what it cannot see, it does not know the absence of. */
export class OwnPrivileges {
  readonly #everywhere = new Set<string>()
  readonly #schemas = new Map<string, Set<string>>()
  readonly #tables = new Set<string>()

  /** From the rows of `OWN_PRIVILEGES_QUERY`. With partial revokes a privilege on everything counts for nothing. */
  constructor(rows: readonly CatalogRow[], partialRevokes: boolean) {
    for (const [level, schema, table, privilege] of rows) {
      if (privilege === null || privilege === undefined) continue
      if (level === 'user') {
        if (!partialRevokes) this.#everywhere.add(privilege)
      } else if (level === 'schema' && typeof schema === 'string') {
        const known = this.#schemas.get(schema)
        if (known === undefined) this.#schemas.set(schema, new Set([privilege]))
        else known.add(privilege)
      } else if (typeof schema === 'string' && typeof table === 'string') {
        this.#tables.add(`${schema}\0${table}\0${privilege}`)
      }
    }
  }

  everywhere(privilege: string): boolean {
    return this.#everywhere.has(privilege)
  }

  /**
   * On a schema. Names of schemas in grants may be patterns, and only the closest one counts (MySQL manual, "Access Control,
   * Stage 2"): the name itself where it was granted, else all patterns that fit must have it.
   */
  onSchema(schema: string, privilege: string): boolean {
    if (this.#everywhere.has(privilege)) return true
    const exact = this.#schemas.get(schema) ?? this.#schemas.get(schema.replaceAll(/[_%\\]/g, String.raw`\$&`))
    if (exact !== undefined) return exact.has(privilege)
    let fits = false
    for (const [pattern, privileges] of this.#schemas) {
      if (!matchesPattern(pattern, schema)) continue
      if (!privileges.has(privilege)) return false
      fits = true
    }
    return fits
  }

  onTable(schema: string, table: string, privilege: string): boolean {
    return this.onSchema(schema, privilege) || this.#tables.has(`${schema}\0${table}\0${privilege}`)
  }
}

/** As LIKE: `%` any text, `_` any character, `\` takes the next as it is. */
function matchesPattern(pattern: string, name: string): boolean {
  const parts = pattern.replaceAll(/\\?[\s\S]/gu, (part) => {
    if (part === '%') return '[\\s\\S]*'
    if (part === '_') return '[\\s\\S]'
    return (part.length > 1 ? part.slice(1) : part).replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
  })
  return new RegExp(`^${parts}$`, 'u').test(name)
}
