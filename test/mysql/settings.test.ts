import { Command, ResponseKind } from '@gatehouse/mysql-wire'
import { describe, expect } from 'vitest'
import { scenePromises, VERSIONS } from './scene.ts'

const SQL = 'CREATE TABLE kept (a INT); INSERT INTO kept VALUES (1)'
const READ_ONLY =
  'rules: [{ name: read, allow: { actions: [select, prepare, execute], relations: ["*"], settings: [sql_mode] } }]'

/** Under backslash escapes one string; without them a string, a DROP and a comment. */
const HIDDEN = String.raw`'a\'; DROP TABLE kept; -- '`

describe.each(VERSIONS)('modes and character sets of $version', ({ shared }) => {
  const promise = scenePromises(shared, { sql: SQL, policy: READ_ONLY })

  promise('that a text changes on its way hide nothing in what follows', async ({ enter, admin }) => {
    const client = await enter()
    await client.query("SET @old_sql_mode = 'NO_BACKSLASH_ESCAPES', @mode = 'NO_BACKSLASH_ESCAPES'")
    for (const change of [
      "SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
      'SET sql_mode = @old_sql_mode',
      "SET sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')",
      'SET character_set_client = @mode',
    ]) {
      const { error } = await client.query(`${change}; SHOW TABLES LIKE ${HIDDEN}`)
      expect(error?.errorMessage, change).toContain('NOT_UNDERSTOOD')
    }
    expect(await admin('SELECT a FROM kept')).toEqual([['1']])
    client.end()
  })

  promise('are known behind whatever they were set from', async ({ enter, admin }) => {
    const client = await enter()
    // Wherever ANSI_QUOTES holds, this is a column.
    const quoted = async (): Promise<unknown> => (await client.query('SELECT "a" FROM kept')).rows
    const set = async (sql: string): Promise<void> => {
      expect((await client.query(sql)).error, sql).toBeNull()
    }
    await set('SET @old_sql_mode = @@sql_mode, sql_mode = CONCAT(@@sql_mode, ",ANSI_QUOTES,NO_BACKSLASH_ESCAPES")')
    expect(await quoted()).toEqual([['1']])
    expect((await client.query(`SELECT ${HIDDEN}`)).error?.errorMessage).toContain('drop_table')
    await set('SET sql_mode = @old_sql_mode')
    expect(await quoted()).toEqual([['a']])
    expect((await client.query(`SELECT ${HIDDEN}`)).rows).toEqual([["a'; DROP TABLE kept; -- "]])
    await set("SET @old_sql_mode = 'ANSI_QUOTES'")
    await set('SET sql_mode = @old_sql_mode')
    expect(await quoted()).toEqual([['1']])
    await set('SET sql_mode = DEFAULT')
    expect(await quoted()).toEqual([['a']])
    for (const computed of [
      "SET sql_mode = (SELECT 'ANSI_QUOTES')",
      'SET sql_mode = @mode',
      "PREPARE p FROM 'SET sql_mode = ?'",
    ])
      expect((await client.query(computed)).error?.errorMessage, computed).toContain('PINNED_SETTING')
    expect(await admin('SELECT a FROM kept')).toEqual([['1']])
    client.end()
  })

  promise('are put back as dumps do', async ({ enter }) => {
    const client = await enter()
    for (const sql of [
      '/*!40101 SET @old_client = @@CHARACTER_SET_CLIENT */',
      '/*!40101 SET @old_results = @@CHARACTER_SET_RESULTS */',
      '/*!40101 SET @old_collation = @@COLLATION_CONNECTION */',
      "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */",
      '/*!50503 SET character_set_client = utf8mb4 */',
      '/*!40101 SET SQL_MODE=@OLD_SQL_MODE */',
      '/*!40101 SET CHARACTER_SET_CLIENT=@old_client */',
      '/*!40101 SET CHARACTER_SET_RESULTS=@old_results */',
      '/*!40101 SET COLLATION_CONNECTION=@old_collation */',
    ])
      expect((await client.query(sql)).error, sql).toBeNull()
    expect((await client.query("SELECT 'ä', @@sql_mode = @old_sql_mode")).rows).toEqual([['ä', '1']])
    client.end()
  })

  promise('that hide quotes end the session, before the next statement, wherever they came from', async ({ enter }) => {
    for (const [setting, value] of [
      ['character_set_client', 'gbk'],
      ['character_set_connection', 'gbk'],
      ['collation_connection', 'gbk_chinese_ci'],
    ] as const) {
      const client = await enter()
      expect((await client.query(`SET @saved = '${value}'`)).error).toBeNull()
      const rest = client.query(`SET ${setting} = @saved`).then(() => client.query('SELECT 1'))
      const said = await rest.then(
        ({ error }) => error?.errorMessage ?? '',
        (error: unknown) => String(error),
      )
      expect(said, setting).toMatch(/SETTING_CHANGED|closed|ended|ECONNRESET/)
      client.end()
    }
  })

  promise('whose names are computed to be those of another language leave nothing to be read', async ({ enter }) => {
    const client = await enter()
    await client.query("SET @old_sql_mode = 'ORACLE'")
    const { error } = await client.query('SET sql_mode = @old_sql_mode')
    // MySQL has no such mode any more.
    const expected = error === null ? /not read/ : /^$/
    expect((await client.query('SELECT 1')).error?.errorMessage ?? '').toMatch(expected)
    await client.command(ResponseKind.Status, (w) => void w.begin(0).int1(Command.RESET_CONNECTION).end())
    expect((await client.query('SELECT 1')).rows).toEqual([['1']])
    client.end()
  })
})
