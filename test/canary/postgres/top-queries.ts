import { expression } from '../expressions.ts'
import { query } from './queries.ts'
import { RELATIONS } from './schema.ts'
import type { Query, Scope, Writing } from './writing.ts'

/** A query as a client sends it: also stars, whole rows, TABLE and locks, which have no column names of their own. */
export function topQuery(writing: Writing, depth: number): Query {
  const { random } = writing
  const roll = random.next()
  if (roll < 0.78) return query(writing, null, depth, null)
  const relations = RELATIONS.filter(({ columns }) => columns.every(({ taint }) => writing.permits(taint, 'project')))
  const relation = random.pick(relations)
  const note = (use: 'project' | 'derive'): void => relation.columns.forEach(({ taint }) => writing.note(taint, use))
  const clear = relation.columns.every(({ taint }) => taint === 'none')
  if (roll < 0.81) {
    note('project')
    return { sql: `TABLE ${relation.name}`, columns: [] }
  }
  if (roll < 0.92 || !(clear || writing.mode === 'wild')) {
    note('project')
    const scope: Scope = { items: [{ alias: 'zz', columns: relation.columns, row: true }], outer: null, tables: [] }
    const where = random.chance(0.5) ? ` WHERE ${expression(writing, 'bool', scope, 1, 'decide')}` : ''
    const lock =
      relation.kind === 'table' && random.chance(0.1)
        ? random.pick([' FOR UPDATE', ' FOR SHARE OF zz SKIP LOCKED', ' FOR NO KEY UPDATE NOWAIT'])
        : ''
    return {
      sql: `SELECT ${random.pick(['*', 'zz.*', '(zz).*', 'zz.*, zz.*'])} FROM ${relation.name} zz${where}${lock}`,
      columns: [],
    }
  }
  note('derive')
  const whole = random.pick(WHOLE_ROWS)
  return { sql: whole.replaceAll('{r}', relation.name), columns: [] }
}

const WHOLE_ROWS: readonly string[] = [
  'SELECT zz FROM {r} zz',
  'SELECT zz::text FROM {r} zz',
  'SELECT to_jsonb(zz) FROM {r} zz',
  'SELECT row_to_json(zz, true) FROM {r} zz',
  'SELECT json_agg(zz) FROM {r} zz',
  'SELECT array_agg(zz) FROM {r} zz',
  'SELECT ROW(zz.*) FROM {r} zz',
  'SELECT ROW(zz.*, 1)::text FROM {r} zz',
  'SELECT (SELECT zz) FROM {r} zz',
  'SELECT xx FROM (SELECT zz AS xx FROM {r} zz) yy',
  'SELECT count(zz), max(zz::text) FROM {r} zz',
  'SELECT hashtext(zz::text), md5(zz::text) FROM {r} zz',
  'SELECT xmlforest(zz) FROM {r} zz',
  'SELECT jj.* FROM {r} zz, LATERAL jsonb_each_text(to_jsonb(zz)) jj',
  'SELECT zz IS NULL, zz IS NOT NULL, num_nulls(zz) FROM {r} zz',
  'SELECT DISTINCT zz FROM {r} zz',
  'SELECT ((SELECT zz FROM {r} zz LIMIT 1)).*',
  'SELECT (SELECT row_to_json(zz) FROM {r} zz LIMIT 1)',
  'SELECT xx FROM {r} zz JOIN LATERAL (SELECT zz.*) xx ON true',
  'WITH ww AS (TABLE {r}) SELECT ww FROM ww',
  'SELECT max(zz::text) OVER () FROM (TABLE {r}) zz',
  'SELECT json_object_agg(1, zz) FROM {r} zz',
  'SELECT jsonb_populate_record(zz, $${}$$) FROM {r} zz',
  'SELECT jsonb_populate_recordset(zz, $$[{}]$$) FROM {r} zz',
  'SELECT ARRAY(SELECT zz FROM {r} zz)',
  'SELECT zz FROM {r} zz UNION ALL SELECT yy FROM {r} yy',
  'SELECT CASE WHEN true THEN zz END FROM {r} zz',
  'SELECT coalesce(zz, zz) FROM {r} zz',
  'SELECT first_value(zz) OVER () FROM {r} zz',
  'SELECT yy.* FROM {r} zz CROSS JOIN LATERAL (VALUES (zz)) yy(v)',
  'SELECT record_out(zz) FROM {r} zz',
  'SELECT pg_column_size(zz), pg_typeof(zz) FROM {r} zz',
  'SELECT $$x$$ || (zz.*)::text FROM {r} zz',
  'SELECT zz.* FROM (SELECT * FROM {r}) zz',
  'SELECT row_number() OVER (ORDER BY zz) FROM {r} zz',
  'SELECT zz = yy FROM {r} zz, {r} yy',
  'SELECT format($$%s$$, zz), concat(zz), zz || $$$$ FROM {r} zz',
]
