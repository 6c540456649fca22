/**
 * `primary`, `unique`: no two rows have the same `columns`; NULL conflicts with nothing.
 * `unique_with_nulls`: the same where NULL conflicts too, where an expression is among the keys, or another operator than equality is used (exclusion).
 * `check`: a condition over `columns`; `check_not_valid`: rows from before it may break it.
 * `foreign`: `columns` are among `otherColumns` of `other`.
 * `partition`: rows go to partitions by `columns`. `policy`: which rows show depends on `otherColumns` of `other`.
 * `defaulted`: `columns` get a value when none is given.
 */
export type ConstraintKind =
  | 'primary'
  | 'unique'
  | 'unique_with_nulls'
  | 'check'
  | 'check_not_valid'
  | 'foreign'
  | 'partition'
  | 'policy'
  | 'defaulted'

/** What the server compares with stored rows when a relation is read or written, without being asked. */
export interface CatalogConstraint {
  readonly kind: ConstraintKind
  /** Oid of the relation it holds for. */
  readonly relation: number
  /** Column numbers; null: all. */
  readonly columns: readonly number[] | null
  /** Oid of the relation it looks at beside its own; 0: none. */
  readonly other: number
  /** Column numbers of `other`; of a unique index, what its expressions and its WHERE look at in the relation itself. */
  readonly otherColumns: readonly number[]
  /** Of a foreign key: what becomes of a row when the one that it refers to is deleted, and when that one's key changes. */
  readonly onDelete: ReferentialAction
  readonly onUpdate: ReferentialAction
}

/** `restrict`: nothing, the other row stays as it is. `cascade`: the same. `set`: its columns become NULL or their defaults. */
export type ReferentialAction = 'restrict' | 'cascade' | 'set'

/** Column numbers in a stored expression (`pg_node_tree`), as a JSON list; 0 stands for the whole row, null for none. */
const columnsIn = (tree: string): string =>
  `(SELECT pg_catalog.json_agg(DISTINCT m[1]::int) FROM pg_catalog.regexp_matches(${tree}::text, ':varattno (\\d+)', 'g') m)`

/** What a REPEATABLE READ look at the catalogs gives as constraints; one text column `row`, a JSON array for each. PostgreSQL 15 to 18. */
export const CONSTRAINTS_QUERY: string = `
SELECT pg_catalog.json_build_array(
  CASE WHEN i.indisprimary THEN 'primary' WHEN i.indnullsnotdistinct OR i.indexprs IS NOT NULL OR i.indisexclusion THEN 'unique_with_nulls' ELSE 'unique' END,
  i.indrelid::int8,
  (SELECT pg_catalog.json_agg(k) FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY u(k, n) WHERE n <= i.indnkeyatts AND k > 0),
  0, ${columnsIn('pg_catalog.concat(i.indexprs, i.indpred)')})::text AS row
FROM pg_catalog.pg_index i WHERE (i.indisunique OR i.indisexclusion) AND i.indrelid >= 16384
UNION ALL
SELECT pg_catalog.json_build_array(CASE WHEN c.convalidated THEN 'check' ELSE 'check_not_valid' END, c.conrelid::int8,
  ${columnsIn('c.conbin')}, 0, NULL)::text
FROM pg_catalog.pg_constraint c WHERE c.contype = 'c' AND c.conrelid >= 16384
UNION ALL
SELECT pg_catalog.json_build_array('foreign', c.conrelid::int8, c.conkey, c.confrelid::int8, c.confkey,
  c.confdeltype, c.confupdtype)::text
FROM pg_catalog.pg_constraint c WHERE c.contype = 'f'
UNION ALL
SELECT pg_catalog.json_build_array('partition', p.partrelid::int8,
  (SELECT pg_catalog.json_agg(k) FROM (
     SELECT k::int FROM pg_catalog.unnest(p.partattrs::int2[]) k WHERE k > 0
     UNION SELECT m[1]::int FROM pg_catalog.regexp_matches(p.partexprs::text, ':varattno (\\d+)', 'g') m) keys), 0, NULL)::text
FROM pg_catalog.pg_partitioned_table p
UNION ALL
SELECT pg_catalog.json_build_array('policy', p.polrelid::int8, '[]'::json, d.refobjid::int8, pg_catalog.json_agg(DISTINCT d.refobjsubid))::text
FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND d.objid = p.oid
  AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjsubid > 0
WHERE pg_catalog.row_security_active(p.polrelid) GROUP BY p.polrelid, d.refobjid
UNION ALL
SELECT pg_catalog.json_build_array('defaulted', a.attrelid::int8, pg_catalog.json_agg(a.attnum), 0, NULL)::text
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE a.attrelid >= 16384 AND a.attnum > 0 AND (a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL) GROUP BY a.attrelid`

const KINDS: ReadonlyMap<string, ConstraintKind> = new Map(
  (
    [
      'primary',
      'unique',
      'unique_with_nulls',
      'check',
      'check_not_valid',
      'foreign',
      'partition',
      'policy',
      'defaulted',
    ] as const
  ).map((kind) => [kind, kind]),
)

/** Reads a `row` of `CONSTRAINTS_QUERY`. Throws TypeError when it is none. */
export function readConstraint(text: string): CatalogConstraint {
  const row: unknown = JSON.parse(text)
  if (!Array.isArray(row)) throw new TypeError('a constraint is not what its query gives: no list')
  const [name, relation, columns, other, otherColumns, onDelete, onUpdate]: readonly unknown[] = row
  const kind = typeof name === 'string' ? KINDS.get(name) : undefined
  if (kind === undefined || typeof relation !== 'number' || typeof other !== 'number')
    throw new TypeError('a constraint is not what its query gives')
  return {
    kind,
    relation,
    columns: numbersOf(columns ?? []),
    other,
    otherColumns: numbersOf(otherColumns ?? []) ?? [],
    onDelete: referentialAction(onDelete),
    onUpdate: referentialAction(onUpdate),
  }
}

/** Of `pg_constraint.confdeltype` and `confupdtype`. */
function referentialAction(code: unknown): ReferentialAction {
  if (code === 'c') return 'cascade'
  return code === 'n' || code === 'd' ? 'set' : 'restrict'
}

/** Null where the whole row is meant. */
function numbersOf(value: unknown): readonly number[] | null {
  if (!Array.isArray(value)) throw new TypeError('columns of a constraint are not what their query gives')
  const numbers = value.filter((element): element is number => typeof element === 'number')
  return numbers.includes(0) ? null : numbers
}

const NONE: readonly CatalogConstraint[] = []

/** The constraints of a snapshot, by relation. */
export class Constraints {
  readonly #own = new Map<number, CatalogConstraint[]>()
  readonly #pointing = new Map<number, CatalogConstraint[]>()
  readonly #parents: ReadonlyMap<number, readonly number[]>
  readonly #children = new Map<number, number[]>()

  /** `parents`: of each relation what it inherits from, or is a partition of. */
  constructor(constraints: readonly CatalogConstraint[], parents: ReadonlyMap<number, readonly number[]>) {
    this.#parents = parents
    for (const constraint of constraints) {
      listIn(this.#own, constraint.relation).push(constraint)
      if (constraint.kind === 'foreign') listIn(this.#pointing, constraint.other).push(constraint)
    }
    for (const [child, own] of parents) for (const parent of own) listIn(this.#children, parent).push(child)
  }

  /** Those of the relation itself. */
  of(relation: number): readonly CatalogConstraint[] {
    return this.#own.get(relation) ?? NONE
  }

  /** Foreign keys that refer to the relation. */
  pointingTo(relation: number): readonly CatalogConstraint[] {
    return this.#pointing.get(relation) ?? NONE
  }

  /** The relation and all that inherit from it: what is written to it may be stored in any of them. */
  family(relation: number): readonly number[] {
    return reach(relation, this.#children)
  }

  /** What the relation inherits from, or is a partition of, at any depth. */
  ancestors(relation: number): readonly number[] {
    return reach(relation, this.#parents).slice(1)
  }
}

function reach(start: number, next: ReadonlyMap<number, readonly number[]>): readonly number[] {
  if (next.get(start) === undefined) return [start]
  const found = new Set([start])
  for (const oid of found) for (const other of next.get(oid) ?? []) found.add(other)
  return [...found]
}

function listIn<T>(map: Map<number, T[]>, key: number): T[] {
  let list = map.get(key)
  if (list === undefined) {
    list = []
    map.set(key, list)
  }
  return list
}
