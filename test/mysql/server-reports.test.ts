import { describe, expect } from 'vitest'
import { scenePromises, type SceneOptions, VERSIONS } from './scene.ts'

const masked = (database: string): SceneOptions => ({
  sql: `
  CREATE TABLE people (id INT, ssn VARCHAR(20) NOT NULL) PARTITION BY RANGE (id)
    (PARTITION low VALUES LESS THAN (10), PARTITION high VALUES LESS THAN (100));
  INSERT INTO people VALUES (1, '987-65-4329');
  CREATE TABLE parts (id INT) PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (10));
  CREATE TABLE plain (id INT);
  CREATE TABLE kept (id INT);
  CREATE TRIGGER stamped BEFORE INSERT ON plain FOR EACH ROW SET NEW.id = 1;
  CREATE TRIGGER guarding BEFORE INSERT ON kept FOR EACH ROW SET NEW.id = 1;
`,
  policy: `
rules:
  - { name: everything, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - { name: guards, deny: { actions: [drop_trigger], relations: [${database}.kept] } }
masks:
  - { name: ssn, columns: [${database}.people.ssn], with: redact }
`,
})

describe.each(VERSIONS)('what $version reports of its own accord, under masks', ({ shared, version }) => {
  const promise = scenePromises(shared, masked)

  promise('on partitions passes, but where it may quote masked rows', async ({ enter }) => {
    const client = await enter()
    for (const verb of ['CHECK', 'ANALYZE', 'REPAIR', 'OPTIMIZE']) {
      const refused = await client.query(`ALTER TABLE people ${verb} PARTITION low`)
      expect(refused.error?.errorMessage, verb).toContain('MASK_NOT_POSSIBLE')
      const { error, rows } = await client.query(`ALTER TABLE parts ${verb} PARTITION low`)
      expect([verb, error, rows[0]?.length]).toEqual([verb, null, 4])
    }
    for (const verb of ['CHECK', 'REPAIR']) {
      const report = async (table: string): Promise<unknown> =>
        (await client.query(`${verb} TABLE ${table}`)).rows.map((row) => row[3])
      expect(await report('people')).toContain('[redacted]')
      expect(await report('parts')).not.toContain('[redacted]')
      expect(await report('plain')).not.toContain('[redacted]')
    }
    client.end()
  })

  promise('of a password that it makes up passes', async ({ enter }, context) => {
    if (!version.startsWith('MySQL')) context.skip('MariaDB makes up no passwords')
    const client = await enter()
    const user = `'made_up_${process.pid}'@'localhost'`
    const created = await client.query(`CREATE USER ${user} IDENTIFIED BY RANDOM PASSWORD`)
    expect([created.error, created.rows.length]).toEqual([null, 1])
    expect((await client.query(`ALTER USER ${user} IDENTIFIED BY RANDOM PASSWORD`)).rows).toHaveLength(1)
    expect((await client.query(`SET PASSWORD FOR ${user} TO RANDOM`)).rows).toHaveLength(1)
    expect((await client.query(`DROP USER ${user}`)).error).toBeNull()
    client.end()
  })

  promise('of no trigger hides which table it is on', async ({ enter }) => {
    const client = await enter()
    expect((await client.query('DROP TRIGGER guarding')).error?.errorMessage).toContain('DENIED_BY_RULE')
    expect((await client.query('DROP TRIGGER stamped')).error).toBeNull()
    client.end()
  })
})
