/** Table: where the second reader names other tables or columns than ours, and is as it should be or mistaken, with the cause. */
import type { BothAccounts, Difference } from './two-readers.ts'
import { nodesIn } from './second-account.ts'

interface Explained extends Pick<Difference, 'what' | 'only'> {
  readonly cause: string
  /** False: this is not why. */
  readonly holds: (name: string, both: BothAccounts) => boolean
}

const EXPLAINED: readonly Explained[] = [
  {
    what: 'table',
    only: 'second',
    cause: 'a name given by WITH is listed among the tables',
    holds: (name, { second }) => second.withNames.has(name),
  },
  {
    what: 'table',
    only: 'second',
    cause: 'the alias that a DELETE names is listed beside its table',
    holds: (name, both) => both.facts.some(({ action }) => action === 'delete') && aliases(both).has(name),
  },
  {
    what: 'table',
    only: 'ours',
    cause: 'we name the views, indexes, triggers, schemas and accounts that a definition makes or drops too',
    holds: (name, both) =>
      both.statements.some(
        (statement) =>
          statement.kind === 'definition' &&
          statement.objects.some((object) => object.type !== 'table' && dotted(object.name) === name),
      ),
  },
  {
    what: 'table',
    only: 'ours',
    cause: 'it names no table of DESCRIBE',
    holds: (_, both) => both.statements.some((statement) => statement.kind === 'explain' && statement.table !== null),
  },
  {
    what: 'table',
    only: 'ours',
    cause: 'it reads no object of GRANT and REVOKE',
    holds: (_, { facts }) => facts.some(({ action }) => action === 'grant' || action === 'revoke'),
  },
  {
    what: 'table',
    only: 'ours',
    cause: 'it does not list the new name of ALTER TABLE … RENAME',
    holds: (name, both) =>
      both.statements.some(
        (statement) =>
          statement.kind === 'definition' &&
          statement.others.some(({ role, name: other }) => role === 'renamed' && dotted(other) === name),
      ),
  },
  {
    what: 'column',
    only: 'second',
    cause: 'an alias that ORDER BY, HAVING or an outer query names is listed among the columns',
    holds: (name, both) => aliases(both).has(name),
  },
  {
    what: 'column',
    only: 'second',
    cause: 'a literal is listed among the columns',
    holds: (name, both) =>
      nodes(both).some(({ kind, value }) => kind === 'literal' && String(value).toLowerCase() === name),
  },
]

/** Why it is no fault of ours; null when nothing explains it. */
export function causeOf({ what, only, name }: Difference, both: BothAccounts): string | null {
  return EXPLAINED.find((one) => one.what === what && one.only === only && one.holds(name, both))?.cause ?? null
}

function nodes({ statements }: BothAccounts): ReturnType<typeof nodesIn> {
  return nodesIn(statements)
}

/** Lower case too, as columns are; those of WITH's columns among them. */
function aliases(both: BothAccounts): ReadonlySet<unknown> {
  return new Set(
    nodes(both).flatMap(({ kind, alias, columns }) => [
      ...(typeof alias === 'string' ? [alias, alias.toLowerCase()] : []),
      ...(kind === undefined && Array.isArray(columns) ? (columns as unknown[]) : []),
    ]),
  )
}

function dotted({ schema, name }: { readonly schema: string | null; readonly name: string }): string {
  return schema === null ? name : `${schema}.${name}`
}
