import {
  Command,
  encodeBareCommand,
  encodeInitDb,
  encodePrepare,
  type PacketWriter,
  ResponseKind,
} from '@gatehouse/mysql-wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findLeak, needlesOf } from '../corpus/canaries.ts'
import type { Answer, CommandClient } from '../mysql/command-client.ts'
import { type Scene, VERSIONS } from '../mysql/scene.ts'
import { CANARIES, Side } from './mysql-scene.ts'

const needles = needlesOf(CANARIES)

async function prepare(client: CommandClient, text: string): Promise<number> {
  const { prepared, error } = await client.command(ResponseKind.Prepare, (writer) => encodePrepare(text, writer))
  if (prepared === null) throw new Error(error?.errorMessage)
  return prepared.statementId
}

const execute = (client: CommandClient, id: number, cursor = 0): Promise<Answer> =>
  client.command(
    ResponseKind.Binary,
    (writer) => void writer.begin(0).int1(Command.STMT_EXECUTE).int4(id).int1(cursor).int4(1).end(),
  )

/** With one parameter of this type and value. */
const executeWith = (
  client: CommandClient,
  id: number,
  type: number,
  value: (writer: PacketWriter) => PacketWriter,
): Promise<Answer> =>
  client.command(ResponseKind.Binary, (writer) => {
    writer.begin(0).int1(Command.STMT_EXECUTE).int4(id).int1(0).int4(1).int1(0).int1(1).int2(type)
    value(writer).end()
  })

const shown = ({ binaryRows }: Answer): string => binaryRows.map((row) => row.toString('latin1')).join()

describe.each(VERSIONS)('An agent that plays with the protocol of $version', ({ shared }) => {
  let side: Side
  let scene: Scene
  beforeAll(async () => {
    if ('absent' in shared) return
    side = await Side.open(shared, 'these values')
    scene = side.scene
    await scene.admin(`CREATE DATABASE ${scene.database}_b`)
    await scene.admin(`CREATE TABLE ${scene.database}_b.users (id int, ssn int)`)
    await scene.admin(`CREATE TABLE ${scene.database}_b.orders AS SELECT id, ssn AS note FROM ${scene.database}.users`)
    await scene.admin(`CREATE TABLE ${scene.database}.plain (id int, data varchar(20))`)
    await scene.admin(`INSERT INTO ${scene.database}.plain VALUES (1, 'x')`)
  })
  afterAll(async () => {
    if ('absent' in shared) return
    await scene.admin(`DROP DATABASE ${scene.database}_b`)
    await side.close()
  })

  /** A test whose client must not have received a masked value when it is over. */
  const promise = (name: string, body: (client: CommandClient) => Promise<void>): void =>
    test(name, async (context) => {
      if ('absent' in shared) context.skip(shared.absent)
      const client = await scene.enter({ clear: true })
      const chunks: Buffer[] = []
      client.socket.on('data', (chunk: Buffer) => chunks.push(chunk))
      await body(client)
      client.end()
      expect(findLeak(Buffer.concat(chunks), '', needles)).toBeNull()
    })

  promise('gets a statement run where it was prepared, whatever the schema is by then', async (client) => {
    const id = await prepare(client, 'SELECT ssn FROM users')
    await client.command(ResponseKind.Status, (writer) => encodeInitDb(`${scene.database}_b`, writer))
    expect(shown(await execute(client, id))).toContain('[redacted]')
    await client.query(`USE ${scene.database}`)
    expect(shown(await execute(client, id))).toContain('[redacted]')
  })

  promise('does not see more through a temporary table that hides another for a while', async (client) => {
    await client.query('CREATE TEMPORARY TABLE users (id int, ssn varchar(20)); INSERT INTO users VALUES (1, "mine")')
    const id = await prepare(client, 'SELECT ssn FROM users')
    expect(shown(await execute(client, id))).toContain('[redacted]')
    await client.query('DROP TEMPORARY TABLE users')
    await execute(client, id)
    expect((await client.query('SELECT ssn FROM users WHERE id = 2')).rows).toEqual([['[redacted]']])
  })

  promise('does not see more of a statement whose table was exchanged by others', async (client) => {
    const id = await prepare(client, 'SELECT data FROM plain')
    expect(shown(await execute(client, id))).toContain('x')
    const { database } = scene
    await scene.admin(`RENAME TABLE ${database}.plain TO ${database}.kept`)
    await scene.admin(`CREATE VIEW ${database}.plain AS SELECT id, ssn AS data FROM ${database}.users`)
    await client.query('CREATE TABLE look_again (a int)').catch(() => null)
    await client.query('DROP TABLE look_again').catch(() => null)
    await execute(client, id).catch(() => null)
  })

  promise('has nothing left of what it was when it logs in anew or resets', async (client) => {
    const id = await prepare(client, 'SELECT ssn FROM users')
    await client.query("SET sql_mode = 'ANSI_QUOTES'")
    await client.changeUser({ database: 'shop', password: await scene.gateway.token() })
    expect((await execute(client, id)).error?.errorCode).toBe(1243)
    expect((await client.query('SELECT "ssn", ssn FROM users WHERE id = 1')).rows).toEqual([['ssn', '[redacted]']])
    await client.query("SET sql_mode = 'NO_BACKSLASH_ESCAPES'")
    await client.command(ResponseKind.Status, (writer) => encodeBareCommand('RESET_CONNECTION', writer))
    expect((await client.query(`SELECT '\\', ssn FROM users -- '`)).rows).toEqual([["', ssn FROM users -- "]])
  })

  promise('gets rows of a cursor masked, however it fetches', async (client) => {
    const id = await prepare(client, 'SELECT id, ssn, salary, dob, doc, photo FROM users')
    await execute(client, id, 1)
    for (const rows of [0, 1, 1000]) {
      const answer = await client.command(
        ResponseKind.Fetch,
        (writer) => void writer.begin(0).int1(Command.STMT_FETCH).int4(id).int4(rows).end(),
      )
      for (const row of answer.binaryRows) expect(row.toString('latin1')).toContain('[redacted]')
    }
  })

  promise('gets no further with parameters of odd types, or with none of the types', async () => {
    const values: readonly (readonly [type: number, value: (writer: PacketWriter) => PacketWriter])[] = [
      [0xfd, (w) => w.lenencText("x', ssn, '")],
      [0xfc, (w) => w.lenencText('\0\\')],
      [0x01, (w) => w.int1(255)],
      [0x8001, (w) => w.int1(255)],
      [0x08, (w) => w.int4(1).int4(1)],
      [0x0a, (w) => w.int1(0)],
      [0x0c, (w) => w.int1(4).int2(2020).int1(1).int1(1)],
      [0xf6, (w) => w.lenencText('1.5')],
      [0xf5, (w) => w.lenencText('{"a": 1}')],
      [0x06, (w) => w],
    ]
    for (const [type, value] of values) {
      const client = await scene.enter({ clear: true })
      const id = await prepare(client, 'SELECT ?, ssn FROM users WHERE id = 1')
      const answer = await executeWith(client, id, type, value)
      client.end()
      // A type that no value has breaks the protocol.
      if (answer.error === null) expect(shown(answer), String(type)).toContain('[redacted]')
      else expect([1835, 1210, 1243], String(type)).toContain(answer.error.errorCode)
    }
  })

  promise('ends its session with an execution that is cut short, and reaches nothing by it', async (client) => {
    const id = await prepare(client, 'SELECT ?, ssn FROM users WHERE id = 1')
    const { error } = await executeWith(client, id, 0xfd, (w) => w.int1(200).text('short'))
    expect(error?.errorCode).toBe(1835)
    await client.closed()
  })

  promise('gets long data into a parameter and nowhere else', async (client) => {
    const id = await prepare(client, 'SELECT CONCAT(?, name), ssn FROM users WHERE id = 1')
    for (const [statement, parameter] of [
      [id, 0],
      [id, 7],
      [id + 99, 0],
    ] as const)
      client.write(
        (w) =>
          void w.begin(0).int1(Command.STMT_SEND_LONG_DATA).int4(statement).int2(parameter).text("', ssn, '").end(),
      )
    const answer = await client.command(
      ResponseKind.Binary,
      (w) => void w.begin(0).int1(Command.STMT_EXECUTE).int4(id).int1(0).int4(1).int1(0).int1(1).int2(0xfd).end(),
    )
    expect(shown(answer)).toContain("', ssn, 'Ann")
    expect(shown(answer)).toContain('[redacted]')
  })

  promise('is told no default value and no value by COM_FIELD_LIST', async (client) => {
    const { packets } = await client.command(
      ResponseKind.FieldList,
      (w) => void w.begin(0).int1(Command.FIELD_LIST).text('users').int1(0).text('%').end(),
    )
    expect(packets.length).toBeGreaterThan(2)
    const { error } = await client.command(
      ResponseKind.FieldList,
      (w) => void w.begin(0).int1(Command.FIELD_LIST).text('vault').int1(0).end(),
    )
    expect(error?.errorCode).toBe(1227)
  })
})
