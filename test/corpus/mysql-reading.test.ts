import { Buffer } from 'node:buffer'
import {
  buildMysqlCatalog,
  dialectOf,
  MYSQL_CATALOG_SESSION,
  type MysqlNames,
  MysqlReader,
  mysqlStoredTexts,
  quotedStatements,
  readMysqlCatalogRows,
} from '@gatehouse/sql-analysis'
import { encodeInitDb, ResponseKind } from '@gatehouse/mysql-wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CommandClient } from '../mysql/command-client.ts'
import { openScene, type Scene, VERSIONS } from '../mysql/scene.ts'
import { openConnection } from '../servers/mysql.ts'
import { absence, type ReadingCase, readingCases } from './cases.ts'
import { backToTheStart, type Form, send } from './mysql-run.ts'

const tablesOf = (database: string): string => `
CREATE DATABASE ${database}_other; CREATE TABLE ${database}_other.secret (pw INT); INSERT INTO ${database}_other.secret VALUES (7);
CREATE TABLE secret (id INT PRIMARY KEY, pw VARCHAR(200), FULLTEXT (pw)); INSERT INTO secret VALUES (1, 'hidden');
CREATE TABLE t (id INT, name VARCHAR(200)); CREATE TABLE t2 (id INT, note VARCHAR(200)); INSERT INTO t VALUES (1, 'a');
`
const policyOf = (database: string): string => `
rules:
  - { name: everything, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"], files: ["*"] } }
  - { name: secret-is-closed, deny: { relations: [${database}.secret] } }
`

/** MariaDB runs no comment of the versions 5.7 to 9.9, which are MySQL's alone. */
const COMMENT_OF_MYSQL = 'exec-comment 6 digits'
/** It names no object: what is named after it is looked up there. */
const MOVES = 'USE db'

const SERVERS = VERSIONS.map(({ version, shared }) => ({
  version,
  shared,
  server: version.startsWith('MySQL')
    ? { flavour: 'mysql' as const, version: 90_704 }
    : { flavour: 'mariadb' as const, version: 101_119 },
}))

/** What became of a text made to mislead. `rejected`: refused, but not for what it does. */
type Became = 'right' | 'rejected' | 'missed'

describe.each(SERVERS)('texts made to be read otherwise than $version reads them', ({ shared, server }) => {
  const why = absence ?? ('absent' in shared ? shared.absent : null)
  const cases = readingCases('reading-mysql.jsonl')
    .filter((one) => (one.server ?? server.flavour) === server.flavour)
    .map((one) => (server.flavour === 'mariadb' && one.id === COMMENT_OF_MYSQL ? { ...one, want: 'none' } : one))
  let scene: Scene | null = null
  beforeAll(async () => {
    if (why === null && 'address' in shared)
      scene = await openScene(shared.address, (database) => ({ sql: tablesOf(database), policy: policyOf(database) }))
  })
  afterAll(async () => {
    await scene?.admin(`DROP DATABASE ${scene.database}_other`)
    await scene?.close()
  })

  test('are read so, or not at all', async (context) => {
    if (why !== null) context.skip(why)
    if (scene === null || 'absent' in shared) return
    const connection = await openConnection(shared.address.url)
    const query = (sql: string) => connection.rows(sql)
    await query(MYSQL_CATALOG_SESSION)
    const stored = mysqlStoredTexts((mode) => dialectOf(server, mode))
    const catalog = buildMysqlCatalog(await readMysqlCatalogRows(query, server.flavour), server.flavour, stored)
    await connection.close()
    const reader = new MysqlReader()
    const became = new Map<string, Became>()
    for (const one of cases) {
      if (one.id === MOVES) continue
      const dialect = dialectOf(server, one.sql_mode ?? '')
      const parse: MysqlNames['parse'] = (text) => quotedStatements(text, dialect)
      const bytes = Buffer.from(one.sql)
      const names = { catalog, schema: scene.database, dialect, temporary: [], parse }
      became.set(one.id, outcomeOf(one, reader.read(bytes, 0, bytes.length, names)))
    }
    tell(became)
    expect(ids(became, 'missed')).toEqual([])
    expect(ids(became, 'rejected').filter((id) => accepted(id))).toEqual([])
  })

  test.each(['text', 'prepared'] as const)(
    'reach what they reach through the gateway, and are refused for it (%s)',
    async (form) => {
      if (scene === null) return
      const client = await scene.enter({ clear: true })
      const became = new Map<string, Became>()
      for (const one of cases) {
        if (one.want !== 'secret' && one.want !== 'none') continue
        became.set(one.id, await tryOut(client, one, form))
        expect(await backToTheStart(client), one.id).toBe(true)
      }
      client.end()
      expect(ids(became, 'missed')).toEqual([])
      expect(ids(became, 'rejected').filter((id) => accepted(id))).toEqual([])
    },
  )

  test('name what they name in the schema that USE and COM_INIT_DB lead to', async () => {
    if (scene === null) return
    const client = await scene.enter({ clear: true })
    const { database } = scene
    const rows = async (sql: string) => (await send(client, sql, 'text')).rows
    const secret = 'SELECT pw FROM secret'
    expect(await rows(`USE ${database}_other; ${secret}`)).toEqual([['7']])
    expect(await rows(secret)).toEqual([['7']])
    expect(await rows(`USE ${database}; ${secret}`)).toEqual([])
    expect(await rows(secret)).toEqual([['7']])
    await client.command(ResponseKind.Status, (writer) => encodeInitDb(database, writer))
    expect(await rows(secret)).toEqual([])
    client.end()
  })

  const accepted = (id: string): boolean => cases.find((one) => one.id === id)?.accepted[server.flavour] === true
})

async function tryOut(client: CommandClient, one: ReadingCase, form: Form): Promise<Became> {
  if (one.sql_mode !== undefined) {
    const { errors } = await send(client, `SET sql_mode = '${one.sql_mode}'`, 'text')
    if (errors.length > 0) return 'rejected'
  }
  const { messages } = await send(client, one.sql, form)
  const closed = messages.some((message) => message.includes('secret-is-closed'))
  const refused = messages.some((message) => message.startsWith('gatehouse:'))
  if (one.want === 'none') return refused ? 'rejected' : 'right'
  return closed ? 'right' : refused ? 'rejected' : 'missed'
}

/** `want` as the corpus has it. */
function outcomeOf({ want }: ReadingCase, reading: ReturnType<MysqlReader['read']>): Became {
  if (reading.kind === 'unreadable') return 'rejected'
  const all = reading.facts.statements
  const names = all.flatMap((facts) => [
    facts.action,
    ...facts.accesses.flatMap(({ action, relation }) => [action, relation?.schema ?? '', relation?.name ?? '']),
    ...facts.functions.map(({ name }) => name),
    ...facts.settings.flatMap(({ name, value }) => [name, value ?? '']),
    ...facts.files,
    ...facts.programs,
  ])
  const accesses = all.flatMap(({ accesses: own, beneath }) => [...own, ...beneath.accesses])
  const touched = accesses.some(({ relation }) => relation?.name === 'secret')
  const [kind, danger = ''] = want.split(/:(.*)/)
  const file =
    danger === 'outfile' || danger === 'soname' ? names.length > 0 && all.some(({ files }) => files.length > 0) : false
  const seen =
    kind === 'secret'
      ? touched
      : kind === 'danger'
        ? file || all.some((facts) => facts.dynamicSql) || names.some((name) => name.includes(danger))
        : !touched
  if (seen) return 'right'
  return all.some((facts) => !facts.complete) ? 'rejected' : 'missed'
}

function ids(became: ReadonlyMap<string, Became>, which: Became): string[] {
  return [...became].filter(([, what]) => what === which).map(([id]) => id)
}

function tell(became: ReadonlyMap<string, Became>): void {
  const lines = (['right', 'rejected', 'missed'] as const).map((which) => {
    const found = ids(became, which)
    return `${which}: ${found.length}${which === 'right' ? '' : ` (${found.join(', ')})`}`
  })
  console.info(lines.join('\n'))
}
