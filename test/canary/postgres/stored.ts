import { firstColumn } from '../../servers/postgres.ts'
import { TABLE_LIST } from './schema.ts'

const OPEN_ROWS = TABLE_LIST.map(({ name, columns }) => {
  const open = columns.filter(({ taint }) => taint === 'none').map((column) => `t.${column.name}`)
  return `SELECT '${name}' AS place, to_jsonb(ROW(${open.join(', ')}))::text AS held FROM ${name} t`
})

const STATEMENT = `
SELECT coalesce(string_agg(place || ' ' || held, E'\\n' ORDER BY place, held), '') FROM (
  ${OPEN_ROWS.join('\n  UNION ALL ')}
  UNION ALL SELECT 'tickets', last_value::text FROM tickets
  UNION ALL SELECT 'large object', encode(data, 'escape') FROM pg_largeobject
  UNION ALL SELECT c.relname, query_to_xml(format('SELECT * FROM scratch.%I', c.relname), true, true, '')::text
    FROM pg_class c WHERE c.relnamespace = 'scratch'::regnamespace AND c.relkind IN ('r', 'm', 'p')
  UNION ALL SELECT 'comment', description FROM pg_description WHERE objoid >= 16384
  UNION ALL SELECT 'default', pg_get_expr(adbin, adrelid) FROM pg_attrdef
) s`

/** All that a database holds where no mask is: two that differ in masked values alone hold the same there, whatever was written. */
export async function storedOpenly(url: string): Promise<string> {
  const [text] = await firstColumn(url, [STATEMENT])
  return text ?? ''
}
