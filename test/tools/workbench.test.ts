import { readFileSync } from 'node:fs'
import { describe, expect } from 'vitest'
import { scenePromises, type SceneOptions, VERSIONS } from '../mysql/scene.ts'
import { WORKBENCH_QUERIES } from './workbench-queries.ts'

const SSN = '945-67-8956'

const options = (database: string): SceneOptions => ({
  sql: `${readFileSync(new URL('../../apps/cli/src/dev/shop-schema-mysql.sql', import.meta.url), 'utf8')}
INSERT INTO customers (id, reference, name, email, ssn, tags, preferences) VALUES (1, 'a', 'Customer One', 'one@mail.example', '${SSN}', '[]', '{}');`,
  policy: `
rules:
  - name: agents-read
    allow: { actions: [select, explain], relations: ['${database}.*', 'information_schema.*'], settings: [sql_safe_updates] }
masks:
  - { columns: [${database}.customers.ssn], with: redact }
`,
})

describe.each(VERSIONS)('MySQL Workbench on $version, for an agent among masked columns,', ({ shared }) => {
  const promise = scenePromises(shared, options)

  for (const [what, queries] of Object.entries(WORKBENCH_QUERIES)) {
    promise(`${what}, as without the gateway`, async ({ enter, direct, database }) => {
      const [client, straight] = [await enter(), await direct()]
      const wrong: unknown[] = []
      for (const query of queries) {
        const sql = query.replaceAll('{db}', database)
        const [seen, wanted] = [await client.query(sql), await straight.query(sql)]
        if (seen.error !== null || wanted.error !== null) wrong.push([sql, seen.error, wanted.error])
        else if (JSON.stringify(seen.rows) !== JSON.stringify(wanted.rows)) wrong.push([sql, seen.rows, wanted.rows])
      }
      client.end()
      straight.end()
      expect(wrong).toEqual([])
    })
  }

  promise('opens the rows of a table, masked', async ({ enter, database }) => {
    const client = await enter()
    const { rows } = await client.query(`SELECT * FROM \`${database}\`.\`customers\` LIMIT 0, 1000`)
    client.end()
    expect(JSON.stringify(rows)).toContain('Customer One')
    expect(JSON.stringify(rows)).not.toContain(SSN)
  })
})
