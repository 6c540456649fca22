import type { Connection, RowDataPacket } from 'mysql2/promise'
import { describe, expect } from 'vitest'
import { eventually } from '../postgres/scene.ts'
import { scenePromises, type Scene, type SceneOptions, VERSIONS } from './scene.ts'

const SHOP = String.raw`
  CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(50), ssn VARCHAR(20), code VARCHAR(40) AS (CONCAT('x\'', ssn)) VIRTUAL);
  INSERT INTO users (id, name, ssn) VALUES (1, 'Ann', '123-45-6789'), (2, 'Bob', '987-65-4321');
  CREATE TABLE notes (id INT PRIMARY KEY AUTO_INCREMENT, text VARCHAR(80));
  CREATE VIEW people (number, secret) AS SELECT id, CONCAT('it''s \'', ssn) FROM users;
  CREATE FUNCTION ssn_of(p INT) RETURNS VARCHAR(20) READS SQL DATA RETURN (SELECT ssn FROM users WHERE id = p AND 'a\'b' <> '');
  CREATE FUNCTION plain(p INT) RETURNS INT DETERMINISTIC RETURN p + 1;
`

const SECRETS = ['123-45-6789', '987-65-4321']

const guarded = (database: string): SceneOptions => ({
  sql: SHOP,
  policy: `
rules:
  - { name: everything, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] } }
masks:
  - { name: ssn, columns: [${database}.users.ssn], with: redact }
`,
})

/** What the rows hold, as one text. */
async function shown(connection: Connection, sql: string): Promise<string> {
  return JSON.stringify((await connection.query<RowDataPacket[]>(sql))[0])
}

/** Whether a statement answers without a secret: `masked`, or is refused with this code. */
async function fate(connection: Connection, sql: string): Promise<string> {
  try {
    const text = await shown(connection, sql)
    return SECRETS.some((secret) => text.includes(secret))
      ? 'LEAKED'
      : text.includes('redacted')
        ? 'masked'
        : 'answered'
  } catch (error) {
    return /gatehouse: (\w+)/.exec(String(error))?.[1] ?? String(error)
  }
}

/** Waits for it: what others define is seen by the next look, every five seconds, or at once where a name is not known. */
async function becomes(connection: Connection, sql: string, wanted: RegExp): Promise<void> {
  await eventually(sql, async () => {
    if (wanted.test(await fate(connection, sql))) return true
    await fate(connection, 'SELECT 1 FROM no_such_table')
    return false
  })
}

describe.each(VERSIONS)('Definitions in $version', ({ shared }) => {
  const promise = scenePromises(shared, guarded)

  promise(
    'are followed where they stand: views, generated columns, functions, whatever their texts quote',
    async (scene) => {
      const connection = await scene.driver()
      expect(await fate(connection, 'SELECT secret FROM people WHERE number = 1')).toBe('masked')
      expect(await fate(connection, 'SELECT code FROM users WHERE id = 1')).toBe('masked')
      expect(await fate(connection, 'SELECT ssn_of(1) AS s')).toBe('masked')
      expect(await fate(connection, 'SELECT plain(1) AS n')).toBe('answered')
      await connection.end()
    },
  )

  promise(
    'made by another session are known as soon as the catalog may be looked at again',
    async ({ admin, driver }) => {
      const connection = await driver()
      await shown(connection, 'SELECT 1')
      await admin('CREATE TABLE made_later AS SELECT 1 AS a')
      await admin('CREATE VIEW view_later AS SELECT ssn AS innocent FROM users')
      await admin(
        'CREATE FUNCTION function_later(p INT) RETURNS VARCHAR(20) READS SQL DATA RETURN (SELECT ssn FROM users LIMIT 1)',
      )
      await becomes(connection, 'SELECT a FROM made_later', /^answered$/)
      expect(await fate(connection, 'SELECT innocent FROM view_later')).toBe('masked')
      expect(await fate(connection, 'SELECT function_later(1) AS f')).toBe('masked')
      await connection.end()
    },
  )

  promise(
    'changed by another session are read again, and what runs on a write is looked at with it',
    async ({ admin, driver }) => {
      const connection = await driver()
      const write = "INSERT INTO notes (text) VALUES ('a')"
      await admin('CREATE VIEW changing AS SELECT name AS x FROM users')
      await becomes(connection, 'SELECT x FROM changing', /^answered$/)
      expect(await fate(connection, write)).toBe('answered')
      await admin('CREATE OR REPLACE VIEW changing AS SELECT ssn AS x FROM users')
      await admin(
        String.raw`CREATE TRIGGER spy BEFORE INSERT ON notes FOR EACH ROW SET NEW.text = (SELECT ssn FROM users WHERE 'x\'' <> '' LIMIT 1)`,
      )
      await becomes(connection, 'SELECT x FROM changing', /^masked$/)
      expect(await fate(connection, write)).toBe('MASKED_COLUMN_COPIED')
      await connection.end()
    },
  )

  promise('made through the gateway hold for the next statement of every session', async ({ driver }) => {
    const [one, other] = [await driver(), await driver()]
    expect(await fate(one, 'CREATE TABLE own (a INT, b VARCHAR(20))')).toBe('answered')
    expect(await fate(other, 'SELECT a FROM own')).toBe('answered')
    expect(await fate(one, 'ALTER TABLE own ADD c INT')).toBe('answered')
    expect(await fate(other, 'SELECT c FROM own')).toBe('answered')
    // A road for a masked value that would outlive the mask.
    expect(await fate(one, 'CREATE TABLE copied AS SELECT ssn FROM users')).toMatch(/^[A-Z_]+$/)
    expect(await fate(one, 'SELECT ssn FROM users WHERE id = 1')).toBe('masked')
    await one.end()
    await other.end()
  })
})

describe.each(VERSIONS)('An account of $version that sees little', ({ shared }) => {
  const blind = (database: string): SceneOptions => ({
    ...guarded(database),
    targets: (target) => ({ shop: { ...target, user: 'definitions_blind', password: 'x' } }),
    sql: `${SHOP}
      DROP USER IF EXISTS definitions_blind@'%';
      CREATE USER definitions_blind@'%' IDENTIFIED BY 'x';
      GRANT SELECT, INSERT, UPDATE, EXECUTE ON ${database}.* TO definitions_blind@'%';`,
  })
  const promise = scenePromises(shared, blind)

  const ask = async ({ driver }: Scene, sql: string): Promise<string> => {
    const connection = await driver()
    const what = await fate(connection, sql)
    await connection.end()
    return what
  }

  promise('serves what it sees, masked', async (scene) => {
    expect(await ask(scene, 'SELECT ssn FROM users WHERE id = 1')).toBe('masked')
    expect(await ask(scene, 'SELECT name FROM users WHERE id = 1')).toBe('answered')
  })

  promise('is refused what lies behind a text that it may not see', async (scene) => {
    expect(await ask(scene, 'SELECT secret FROM people')).toMatch(/^(?:MASK_NOT_POSSIBLE|NOT_UNDERSTOOD)$/)
    expect(await ask(scene, 'SELECT ssn_of(1) AS s')).toMatch(/^(?:MASK_NOT_POSSIBLE|NOT_UNDERSTOOD)$/)
  })

  promise('is refused a write whose triggers it may not see', async (scene) => {
    expect(await ask(scene, "INSERT INTO notes (text) VALUES ('a')")).toMatch(
      /^(?:MASK_NOT_POSSIBLE|NOT_UNDERSTOOD|MASKED_COLUMN_COPIED)$/,
    )
  })
})
