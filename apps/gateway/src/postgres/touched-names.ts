import type { StatementFacts } from '@gatehouse/core'
import type { Catalog } from '@gatehouse/sql-analysis'
import type { Touched } from '../shared-names.ts'

const NONE: readonly string[] = []

/** Kinds of relation whose names and columns statements look up. */
const RELATIONS = /^(?:alter|drop)_(?:table|view|materialized_view|foreign_table)$/
/** Kinds whose definitions give no name to a relation or a column. */
const APART =
  /^(?:alter|drop)_(?:index|sequence|trigger|policy|rule|statistics|publication|subscription|role|user|group|default_privileges|event_trigger|function|procedure|routine|aggregate|operator|operator_class|operator_family|collation|conversion|text_search_\w+|cast|transform|language|large_object|tablespace|system)$/

/**
 * Which relations a text takes away, renames or takes columns from: then names in texts that were read before mean others, further
 * down the search path or further out in the query. What a text only adds hides nothing that is masked.
 */
export function touchedBy(statements: readonly StatementFacts[], text: () => string, catalog: Catalog): Touched {
  const names: string[] = []
  for (const { action, accesses } of statements) {
    if (action === 'commit_prepared') return 'all'
    for (const access of accesses) {
      if (!/^(?:alter|drop)_/.test(access.action) || APART.test(access.action)) continue
      // The word can be written in no other way.
      if (!RELATIONS.test(access.action) || access.relation === null || /\bcascade\b/i.test(text())) return 'all'
      const { schema, name } = access.relation
      names.push(name)
      const relation = schema === null ? undefined : catalog.relation(schema, name)
      if (relation === undefined) continue
      for (const oid of catalog.constraints.family(relation.oid)) {
        const child = catalog.relationByOid(oid)
        if (child !== undefined) names.push(child.name)
      }
    }
  }
  return names.length === 0 ? NONE : names
}
