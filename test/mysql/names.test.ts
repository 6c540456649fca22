import { Capability, Command, encodePrepare, type PacketWriter, ResponseKind } from '@gatehouse/mysql-wire'
import { describe, expect } from 'vitest'
import { scenePromises, type SceneOptions, VERSIONS } from './scene.ts'
import type { CommandClient } from './command-client.ts'

const SECRET = '123-45-6789'

const guarded = (database: string): SceneOptions => ({
  sql: `
  CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(50), ssn VARCHAR(20));
  INSERT INTO users VALUES (1, 'Ann', '${SECRET}');
  CREATE TABLE plain (id INT PRIMARY KEY, label VARCHAR(50));
  INSERT INTO plain VALUES (1, 'seen');
  CREATE VIEW looked AS SELECT id, name AS shown FROM users;
  CREATE VIEW secrets AS SELECT id, ssn AS shown FROM users;
  CREATE FUNCTION quotes() RETURNS INT DETERMINISTIC BEGIN SET character_set_results = NULL; RETURN 1; END;
`,
  policy: `
rules:
  - { name: everything, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] } }
masks:
  - { name: ssn, columns: [${database}.users.ssn], with: redact }
functions:
  - { functions: [${database}.quotes], reads: nothing }
`,
})

/** Everything that a client was sent. */
async function said(client: CommandClient, sql: string): Promise<string> {
  const { packets } = await client.query(sql)
  return Buffer.concat(packets.map(({ payload }) => payload)).toString('latin1')
}

describe.each(VERSIONS)('names of $version', ({ version, shared }) => {
  const promise = scenePromises(shared, guarded)

  promise('that definitions changed, through the gateway or beside it, are read anew', async ({ enter, admin }) => {
    const client = await enter()
    expect((await client.query('SELECT shown FROM looked')).rows).toEqual([['Ann']])
    await client.query('CREATE TABLE made (a INT, b VARCHAR(9)); ')
    await client.query("INSERT INTO made VALUES (1, 'x')")
    expect((await client.query('SELECT * FROM made')).rows).toEqual([['1', 'x']])
    await admin('ALTER VIEW looked AS SELECT id, ssn AS shown FROM users')
    // The server's description cannot show it: a name stands for what it stood for, until the gateway looks again.
    await client.query('CREATE TABLE another (a INT)')
    expect(await said(client, 'SELECT shown FROM looked')).not.toContain(SECRET)
    await admin('ALTER VIEW looked AS SELECT id, name AS shown FROM users')
    client.end()
  })

  promise('of temporary tables hide others only while they are there', async ({ enter }) => {
    const client = await enter()
    const make = async (): Promise<void> => {
      await client.query('CREATE TEMPORARY TABLE secrets (id INT, shown VARCHAR(20))')
      await client.query("INSERT INTO secrets VALUES (1, 'my own')")
      expect((await client.query('SELECT shown FROM secrets')).rows).toEqual([['my own']])
    }
    await make()
    // Made again, it is the one that was there.
    const again = await client.query('CREATE TEMPORARY TABLE secrets (id INT, shown VARCHAR(20))')
    expect(again.error?.errorCode).toBe(1050)
    expect((await client.query('SELECT * FROM secrets')).rows).toEqual([['1', 'my own']])
    await client.query('DROP TEMPORARY TABLE secrets')
    expect((await client.query('SELECT shown FROM secrets')).rows).toEqual([['[redacted]']])
    if (version.startsWith('MariaDB')) {
      await make()
      // The one before is gone by then.
      const replaced = await client.query(
        'CREATE OR REPLACE TEMPORARY TABLE secrets (shown INT NOT NULL) AS SELECT label AS shown FROM plain',
      )
      expect(replaced.error).not.toBeNull()
      expect(await said(client, 'SELECT shown FROM secrets')).not.toContain(SECRET)
    }
    // The drop runs, the text fails: what of it was done is not known.
    await make()
    const failed = await client.query('DROP TEMPORARY TABLE secrets; SELECT 1; INSERT INTO plain VALUES (1, NULL)')
    expect(failed.error?.errorCode).toBe(1062)
    expect(await said(client, 'SELECT shown FROM secrets')).not.toContain(SECRET)
    await make()
    await client.command(ResponseKind.Status, (w) => void w.begin(0).int1(Command.RESET_CONNECTION).end())
    expect(await said(client, 'SELECT shown FROM secrets')).not.toContain(SECRET)
    client.end()
  })

  promise('prepared before a temporary table went mean the masked table again', async ({ enter }) => {
    const client = await enter()
    await client.query('CREATE TEMPORARY TABLE secrets (id INT, shown VARCHAR(20))')
    const { prepared } = await client.command(ResponseKind.Prepare, (w) =>
      encodePrepare('SELECT shown FROM secrets', w),
    )
    await client.query('DROP TEMPORARY TABLE secrets')
    const execute = (w: PacketWriter): void =>
      void w
        .begin(0)
        .int1(Command.STMT_EXECUTE)
        .int4(prepared?.statementId ?? 0)
        .int1(0)
        .int4(1)
        .end()
    const { packets } = await client.command(ResponseKind.Binary, execute)
    expect(Buffer.concat(packets.map(({ payload }) => payload)).toString('latin1')).not.toContain(SECRET)
    client.end()
  })

  promise('prepared by SQL mean what they meant, or nothing', async ({ enter }) => {
    const client = await enter()
    await client.query("PREPARE s FROM 'SELECT id, ssn FROM users'")
    expect((await client.query('EXECUTE s')).rows).toEqual([['1', '[redacted]']])
    await client.query("PREPARE s FROM 'SELECT id, label FROM plain'")
    expect((await client.query('EXECUTE s')).rows).toEqual([['1', 'seen']])
    // A PREPARE that fails takes the one before away.
    await client.query("PREPARE s FROM 'SELECT id, label FROM absent'")
    expect((await client.query('EXECUTE s')).error).not.toBeNull()
    await client.query("SET @text = 'SELECT id, ssn FROM users'")
    await client.query('PREPARE t FROM @text')
    expect(await said(client, 'EXECUTE t')).not.toContain(SECRET)
    client.end()
  })

  promise('under another sql_mode are read as the server reads them', async ({ enter }) => {
    const client = await enter()
    await client.query("SET sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')")
    expect((await client.query('SELECT "ssn" FROM users')).rows).toEqual([['[redacted]']])
    await client.query("SET sql_mode = 'NO_BACKSLASH_ESCAPES'")
    expect(await said(client, "SELECT '\\', ssn FROM users -- '")).not.toContain(SECRET)
    client.end()
  })

  promise('that another session is changing are waited for', async ({ enter }) => {
    const [reader, changer] = [await enter(), await enter()]
    for (let round = 0; round < 20; round++) {
      const changing = changer.query(
        `ALTER VIEW looked AS SELECT id, ${round % 2 === 0 ? 'ssn' : 'name'} AS shown FROM users`,
      )
      const read = await Promise.all([said(reader, 'SELECT shown FROM looked'), changing])
      expect(read[0]).not.toContain(SECRET)
    }
    reader.end()
    changer.end()
  })

  promise('in a prepared text are not read under modes that came after it', async ({ enter }) => {
    const client = await enter()
    const { prepared } = await client.command(ResponseKind.Prepare, (w) => encodePrepare('SELECT "ssn" FROM users', w))
    await client.query('PREPARE s FROM \'SELECT "ssn" FROM users\'')
    expect((await client.query('EXECUTE s')).rows).toEqual([['ssn']])
    await client.query("SET sql_mode = 'ANSI_QUOTES'")
    // MySQL 9.7 now reads both again, and a column where there was a text; MariaDB keeps the modes.
    await client.query('ALTER TABLE users ADD COLUMN added INT')
    const execute = (w: PacketWriter): void =>
      void w
        .begin(0)
        .int1(Command.STMT_EXECUTE)
        .int4(prepared?.statementId ?? 0)
        .int1(0)
        .int4(1)
        .end()
    const { packets } = await client.command(ResponseKind.Binary, execute)
    expect(Buffer.concat(packets.map(({ payload }) => payload)).toString('latin1')).not.toContain(SECRET)
    expect(await said(client, 'EXECUTE s')).not.toContain(SECRET)
    client.end()
  })

  promise('are followed though the client tells the server not to tell', async ({ enter }) => {
    for (const blind of [
      "SET session_track_system_variables = ''",
      'SET session_track_system_variables = DEFAULT',
      "SET session_track_system_variables = 'autocommit', session_track_schema = 0",
    ]) {
      const client = await enter()
      await client.query(blind)
      await client.query("SET sql_mode = 'ANSI_QUOTES'")
      expect(await said(client, 'SELECT "ssn" FROM users')).not.toContain(SECRET)
      await client.query("SET sql_mode = ''")
      await client.query(`${blind}; SET sql_mode = 'ANSI_QUOTES'`)
      expect(await said(client, 'SELECT "ssn" FROM users')).not.toContain(SECRET)
      await client.query('USE information_schema')
      expect((await client.query('SELECT 1 FROM users')).error).not.toBeNull()
      client.end()
    }
  })

  promise('rows in another character set than masks know are not asked for in one text', async ({ enter }) => {
    const client = await enter()
    const refused = await client.query('SET character_set_results = NULL; SELECT ssn FROM users')
    expect(refused.error?.errorMessage).toContain('NOT_UNDERSTOOD')
    client.end()
  })

  promise(
    'are known though a function changes settings, and the client takes its rows without an OK',
    async ({ enter }) => {
      const client = await enter({ without: Capability.DEPRECATE_EOF })
      expect((await client.query('SELECT quotes()')).rows).toEqual([['1']])
      expect((await client.query('SELECT @@character_set_results')).rows).toEqual([['utf8mb4']])
      client.end()
    },
  )
})
