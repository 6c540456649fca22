import type { ColumnName } from '@gatehouse/core'
import { type Catalog, type NameEnvironment, LibpgParser, readFacts } from '@gatehouse/sql-analysis'
import type { Disagreement } from './agreement.ts'
import { aside, type SessionNames, tables } from './session-catalog.ts'
import type { TappedSession } from './tapped-session.ts'

/** Columns that the rewritten rule of each view made by users depends on (PostgreSQL manual, "pg_depend"); 0: the row as a whole. */
const DEPENDENCIES = `
SELECT r.ev_class, d.refobjid, d.refobjsubid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.rulename = '_RETURN'
  AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'n' AND r.oid >= 16384`

let parser: LibpgParser | undefined

/** What of each view not seen before its lineage names and its rule does not, or the other way round. `seen` takes the views looked at. */
export async function againstDependencies(
  session: TappedSession,
  { catalog, searchPath }: SessionNames,
  environment: NameEnvironment,
  seen: Set<string>,
): Promise<readonly { readonly view: string; readonly disagreements: readonly Disagreement[] }[]> {
  const views = [...catalog.relations()].filter(
    (relation) =>
      relation.viewDefinition !== null && relation.oid >= 16384 && !seen.has(identity(catalog, relation.oid)),
  )
  if (views.length === 0) return []
  parser ??= await LibpgParser.create()
  const [rows = []] = await aside(session, async () => tables(await session.ask(DEPENDENCIES)))
  const direct = new Map<number, [number, number][]>()
  for (const row of rows) {
    const [view = 0, relation = 0, column = 0] = row.map(Number)
    const known = direct.get(view)
    if (known === undefined) direct.set(view, [[relation, column]])
    else known.push([relation, column])
  }
  return views.flatMap(({ oid, schema, name, columns }) => {
    seen.add(identity(catalog, oid))
    const quoted = [schema, name].map((part) => `"${part.replaceAll('"', '""')}"`).join('.')
    const parsed = parser?.parse(`SELECT * FROM ${quoted}`)
    const [facts] = parsed?.kind === 'tree' ? readFacts(parsed.tree, { ...environment, searchPath }) : []
    const output = facts?.output ?? null
    if (
      output === null ||
      facts?.complete !== true ||
      output.some((column) => !column.complete || column.through.length > 0)
    )
      return []
    const disagreements: Disagreement[] = []
    const say = (what: string): void => void disagreements.push({ check: 'view', what, explanation: null })
    const known = new Set(columns.map((column) => column.name))
    if (output.length !== columns.length || output.some((column) => !known.has(column.name ?? '')))
      say(`columns ${output.map((column) => column.name).join()} of ${[...known].join()}`)
    const read = new Set([
      ...output.flatMap((one) => one.sources.map((source) => source.column)),
      ...facts.decides.map(({ column }) => column),
    ])
    const depends = behind(catalog, direct, oid, new Set())
    for (const column of read)
      if (!isPinned(column) && !depends.columns.has(nameOf(column)) && !depends.wholes.has(tableOf(column)))
        say(`names ${nameOf(column)}, which its rule does not`)
    const readNames = new Set([...read].map(nameOf))
    for (const column of depends.direct) if (!readNames.has(column)) say(`does not name ${column}, which its rule does`)
    return [{ view: `${schema}.${name}`, disagreements }]
  })
}

interface Behind {
  /** Base columns, over views in between. */
  readonly columns: Set<string>
  /** Tables used as a whole. */
  readonly wholes: Set<string>
  /** Columns of tables that the view's own rule names. */
  readonly direct: Set<string>
}

function behind(
  catalog: Catalog,
  direct: ReadonlyMap<number, readonly [number, number][]>,
  view: number,
  within: Set<number>,
): Behind {
  const all: Behind = { columns: new Set(), wholes: new Set(), direct: new Set() }
  if (within.has(view)) return all
  within.add(view)
  for (const [oid, number] of direct.get(view) ?? []) {
    const relation = catalog.relationByOid(oid)
    if (relation === undefined) continue
    if (relation.viewDefinition !== null) {
      const inner = behind(catalog, direct, oid, within)
      for (const column of inner.columns) all.columns.add(column)
      for (const table of inner.wholes) all.wholes.add(table)
      continue
    }
    const position = relation.columns.findIndex((column) => column.number === number)
    if (number === 0) {
      for (const base of relation.base) for (const column of base.names) all.wholes.add(tableOf(column))
    }
    const base = relation.base[position]
    for (const column of base?.names ?? []) all.direct.add(nameOf(column))
    for (const { column } of base?.copied ?? []) all.columns.add(nameOf(column))
  }
  within.delete(view)
  return all
}

/** What initdb made, on which the server keeps no dependency. */
function isPinned({ schema }: ColumnName): boolean {
  return schema === 'pg_catalog' || schema === 'information_schema'
}

function nameOf({ schema, relation, column }: ColumnName): string {
  return `${schema}.${relation}.${column}`
}

function tableOf({ schema, relation }: ColumnName): string {
  return `${schema}.${relation}`
}

function identity(catalog: Catalog, oid: number): string {
  return `${String(oid)} ${catalog.relationByOid(oid)?.viewDefinition ?? ''}`
}
