import type { Access } from '@gatehouse/core'
import type { Named } from './server-account.ts'
import { aside, tables } from './session-catalog.ts'
import type { TappedSession } from './tapped-session.ts'

/**
 * What the server touches by itself once a relation is touched: children and partitions, what a view, rule or row security policy
 * stands on. Read from the server's own stored rules, not from our expansion.
 */
export interface Reach {
  /** Relations behind each, `schema.name`, over any number of steps, itself included. */
  of(relation: string): ReadonlySet<string>
}

const STEPS = `
SELECT pn.nspname || '.' || p.relname, cn.nspname || '.' || c.relname FROM (
  SELECT inhparent AS parent, inhrelid AS child FROM pg_catalog.pg_inherits
  UNION ALL
  SELECT r.ev_class, (pg_catalog.regexp_matches(r.ev_action::text, ':relid (\\d+)', 'g'))[1]::oid FROM pg_catalog.pg_rewrite r
  UNION ALL
  SELECT y.polrelid, d.refobjid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_policy y ON y.oid = d.objid
  WHERE d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass
    AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> y.polrelid
) steps JOIN pg_catalog.pg_class p ON p.oid = parent JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
JOIN pg_catalog.pg_class c ON c.oid = child JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace`

export async function readReach(session: TappedSession): Promise<Reach> {
  const [rows = []] = await aside(session, async () => tables(await session.ask(STEPS)))
  const next = new Map<string, string[]>()
  for (const [from, to] of rows) {
    if (from === null || from === undefined || to === null || to === undefined) continue
    const known = next.get(from)
    if (known === undefined) next.set(from, [to])
    else known.push(to)
  }
  const reached = new Map<string, ReadonlySet<string>>()
  return {
    of(relation) {
      let found = reached.get(relation)
      if (found === undefined) {
        const all = new Set([relation])
        for (const one of all) for (const to of next.get(one) ?? []) all.add(to)
        reached.set(relation, (found = all))
      }
      return found
    },
  }
}

export function keyOf({ schema, name }: Named): string {
  return `${schema}.${name}`
}

/** Everything that the accesses can lead the server to, those of the actions named only. Unknown schemas are as written. */
export function reachedBy(
  accesses: readonly Access[],
  reach: Reach,
  actions: ReadonlySet<string> | null,
): ReadonlySet<string> {
  const all = new Set<string>()
  for (const { action, relation } of accesses) {
    if (relation === null || (actions !== null && !actions.has(action))) continue
    for (const one of reach.of(keyOf({ schema: relation.schema ?? '', name: relation.name }))) all.add(one)
  }
  return all
}
