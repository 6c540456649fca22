import {
  Capability,
  Command,
  encodeInitDb,
  encodePrepare,
  encodeQuery,
  encodeStatementClose,
  type PacketWriter,
  ResponseKind,
  ServerStatus,
} from '@gatehouse/mysql-wire'
import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise'
import { describe, expect } from 'vitest'
import { eventually } from '../postgres/scene.ts'
import { scenePromises, type SceneOptions, VERSIONS } from './scene.ts'
import type { Answer, CommandClient } from './command-client.ts'

const SHOP = `
  CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(50), email VARCHAR(80), ssn VARCHAR(20), notes LONGTEXT);
  INSERT INTO users VALUES (1, 'Ann', 'ann@example.com', '123-45-6789', NULL), (2, 'Bob', 'bob@example.com', '987-65-4321', NULL);
  CREATE TABLE counters (id INT PRIMARY KEY, value INT);
  INSERT INTO counters VALUES (1, 0);
`

/** Everything is permitted but deleting, and one column is masked. */
const guarded = (database: string): SceneOptions => ({
  sql: SHOP,
  policy: `
rules:
  - { name: everything, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - { name: truncates-are-asked, approve: { actions: [truncate], by: { groups: [dba] }, hold: 0 } }
  - { name: no-deletes, deny: { actions: [delete] }, reason: Nothing is deleted here. }
masks:
  - { name: ssn, columns: [${database}.users.ssn], with: redact }
`,
})

const bare = (command: keyof typeof Command) => (writer: PacketWriter) =>
  void writer.begin(0).int1(Command[command]).end()

/** Sequence ids of an answer. */
const sequence = ({ packets }: Answer): number[] => packets.map(({ sequenceId }) => sequenceId)

/** Sends COM_STMT_EXECUTE of a statement with one text parameter; `types`: whether its type is sent. */
function execute(id: number, value: string | null, { types = true, cursor = 0, capabilities = 0 } = {}) {
  return (writer: PacketWriter): void => {
    writer.begin(0).int1(Command.STMT_EXECUTE).int4(id).int1(cursor).int4(1)
    writer.int1(value === null ? 1 : 0).int1(types ? 1 : 0)
    if (types) writer.int2(0xfd)
    if (types && (capabilities & Capability.QUERY_ATTRIBUTES) !== 0) writer.lenencInt(0)
    if (value !== null) writer.lenencText(value)
    writer.end()
  }
}

async function prepare(client: CommandClient, text: string): Promise<number> {
  const { prepared, error } = await client.command(ResponseKind.Prepare, (writer) => encodePrepare(text, writer))
  if (prepared === null) throw new Error(`not prepared: ${error?.errorMessage ?? ''}`)
  return prepared.statementId
}

describe.each(VERSIONS)('statements to $version', ({ shared }) => {
  const promise = scenePromises(shared, guarded)

  promise('come back masked, in text and prepared, with an unmodified driver', async ({ driver }) => {
    const connection = await driver()
    const masked = { id: 1, ssn: '[redacted]' }
    expect((await connection.query('SELECT id, ssn FROM users ORDER BY id LIMIT 1'))[0]).toEqual([masked])
    expect((await connection.execute('SELECT id, ssn FROM users WHERE id = ?', [1]))[0]).toEqual([masked])
    await connection.end()
  })

  promise('that need approval do not run: as text, prepared, or beside others', async ({ enter, driver, admin }) => {
    const client = await enter()
    for (const text of ['TRUNCATE counters', 'SELECT 1; TRUNCATE counters']) {
      const { error } = await client.query(text)
      expect(error).toMatchObject({ errorCode: 1317, sqlState: '70100' })
      expect(error?.errorMessage).toMatch(
        /^gatehouse: APPROVAL_PENDING \(approval [0-9a-z]+\): this statement needs approval/,
      )
    }
    const connection = await driver()
    await expect(connection.execute('TRUNCATE counters')).rejects.toMatchObject({ errno: 1317 })
    expect((await connection.query('SELECT value FROM counters'))[0]).toHaveLength(1)
    await connection.end()
    expect(await admin('SELECT value FROM counters')).toHaveLength(1)
  })

  promise(
    'that are refused leave an open transaction as it is, and the sequence ids right',
    async ({ enter, admin }) => {
      const client = await enter()
      await client.query('BEGIN')
      await client.query('UPDATE counters SET value = value + 1 WHERE id = 1')
      const refused = await client.query('DELETE FROM counters')
      expect(refused.error).toMatchObject({ errorCode: 1227, sqlState: '42000' })
      expect(refused.error?.errorMessage).toMatch(
        /^gatehouse: DENIED_BY_RULE: Nothing is deleted here\. \(rule no-deletes, .*\.counters\)\. Do not retry/,
      )
      expect(sequence(refused)).toEqual([1])
      expect((await client.query('UPDATE counters SET value = value + 1 WHERE id = 1')).statusFlags & 1).toBe(1)
      await client.query('COMMIT')
      expect(await admin('SELECT value FROM counters')).toEqual([['2']])
      client.end()
    },
  )

  promise('in one text are decided as a whole', async ({ enter, admin }) => {
    const client = await enter()
    const two = await client.query('SELECT 1; SELECT id, ssn FROM users WHERE id = 2')
    expect(two.rows).toEqual([['1'], ['2', '[redacted]']])
    const before = await admin('SELECT value FROM counters')
    const refused = await client.query('UPDATE counters SET value = 99 WHERE id = 1; DELETE FROM users')
    expect(refused.error?.errorCode).toBe(1227)
    expect(await admin('SELECT value FROM counters')).toEqual(before)
    client.end()
  })

  promise('several at once are taken one after another', async ({ enter }) => {
    const client = await enter()
    client.write((writer) => {
      encodeQuery('SELECT 1', client.capabilities, writer)
      encodeQuery('DELETE FROM users', client.capabilities, writer)
      encodeQuery('SELECT 2', client.capabilities, writer)
    })
    expect((await client.answer(ResponseKind.Text)).rows).toEqual([['1']])
    expect((await client.answer(ResponseKind.Text)).error?.errorCode).toBe(1227)
    expect((await client.answer(ResponseKind.Text)).rows).toEqual([['2']])
    client.end()
  })

  promise(
    'longer than one packet are read whole before they run',
    async ({ driver, admin }) => {
      await admin('SET GLOBAL max_allowed_packet = 67108864')
      const connection = await driver()
      const text = 'x'.repeat(17 * 1024 * 1024)
      const [{ affectedRows }] = await connection.execute<ResultSetHeader>('UPDATE users SET notes = ? WHERE id = 2', [
        text,
      ])
      expect(affectedRows).toBe(1)
      expect(await admin('SELECT LENGTH(notes) FROM users WHERE id = 2')).toEqual([[String(text.length)]])
      const [rows] = await connection.query<RowDataPacket[]>('SELECT notes, ssn FROM users WHERE id = 2')
      expect(rows[0]?.notes).toBe(text)
      expect(rows[0]?.ssn).toBe('[redacted]')
      await expect(connection.query(`SELECT '${'x'.repeat(2 * 1024 * 1024)}'`)).rejects.toThrow('STATEMENT_LIMIT')
      expect((await connection.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
      await connection.end()
    },
    30_000,
  )

  promise('are recorded before they run, with their parameters', async ({ driver, records }) => {
    const connection = await driver()
    await connection.execute('SELECT name FROM users WHERE id = ? AND email <> ?', [7, 'nobody@example.com'])
    await connection.end()
    const intents = await records(
      ({ kind, statement }) => kind === 'intent' && JSON.stringify(statement).includes('nobody@example.com'),
    )
    expect(intents).toMatchObject([{ engine: 'mysql', statement: { parameters: ['7', 'nobody@example.com'] } }])
  })
})

describe.each(VERSIONS)('prepared statements of $version', ({ shared }) => {
  const promise = scenePromises(shared, guarded)

  promise('are refused when they are prepared, and get no id', async ({ enter }) => {
    const client = await enter()
    const refused = await client.command(ResponseKind.Prepare, (writer) => encodePrepare('DELETE FROM users', writer))
    expect(refused.error?.errorCode).toBe(1227)
    expect(sequence(refused)).toEqual([1])
    const unknown = await client.command(ResponseKind.Binary, execute(1, 'x'))
    expect(unknown.error).toMatchObject({ errorCode: 1243, sqlState: 'HY000' })
    client.end()
  })

  promise('are not made of HELP, and the connection goes on', async ({ enter }) => {
    const client = await enter()
    // MariaDB itself answers with an OK that names no statement.
    const refused = await client.command(ResponseKind.Prepare, (writer) => encodePrepare("HELP 'select'", writer))
    expect([1235, 1295]).toContain(refused.error?.errorCode)
    expect((await client.query('SELECT 1')).rows).toEqual([['1']])
    client.end()
  })

  promise('of another session are unknown', async ({ enter }) => {
    const [one, other] = [await enter(), await enter()]
    const id = await prepare(one, 'SELECT name FROM users WHERE email = ?')
    expect((await other.command(ResponseKind.Binary, execute(id, 'x'))).error?.errorCode).toBe(1243)
    expect(
      (await other.command(ResponseKind.Status, (w) => void w.begin(0).int1(Command.STMT_RESET).int4(id).end())).error
        ?.errorCode,
    ).toBe(1243)
    one.end()
    other.end()
  })

  promise('are decided again when the rules change', async ({ enter, gateway }) => {
    const client = await enter()
    const id = await prepare(client, 'SELECT email FROM users WHERE name = ?')
    expect((await client.command(ResponseKind.Binary, execute(id, 'Ann'))).binaryRows).toHaveLength(1)
    const { readFileSync, writeFileSync } = await import('node:fs')
    const policy = readFileSync(gateway.policyFile, 'utf8')
    try {
      writeFileSync(
        gateway.policyFile,
        policy.replace(
          '- { name: no-deletes, deny: { actions: [delete] }',
          '- { name: no-deletes, deny: { actions: [delete, select] }',
        ),
      )
      gateway.gateway.reloadPolicy()
      expect((await client.command(ResponseKind.Binary, execute(id, 'Ann', { types: false }))).error?.errorCode).toBe(
        1227,
      )
    } finally {
      writeFileSync(gateway.policyFile, policy)
      gateway.gateway.reloadPolicy()
    }
    expect((await client.command(ResponseKind.Binary, execute(id, 'Ann', { types: false }))).binaryRows).toHaveLength(1)
    client.end()
  })

  promise(
    'keep the types and long data of an execution that was refused from getting lost or mixed up',
    async ({ enter, gateway }) => {
      const client = await enter()
      const id = await prepare(client, 'SELECT CONCAT(?, name) FROM users WHERE id = 1')
      const { readFileSync, writeFileSync } = await import('node:fs')
      const policy = readFileSync(gateway.policyFile, 'utf8')
      const sendLongData = (text: string): void =>
        client.write((w) => void w.begin(0).int1(Command.STMT_SEND_LONG_DATA).int4(id).int2(0).text(text).end())
      const longExecute = (types: boolean) => (w: PacketWriter) => {
        w.begin(0)
          .int1(Command.STMT_EXECUTE)
          .int4(id)
          .int1(0)
          .int4(1)
          .int1(0)
          .int1(types ? 1 : 0)
        if (types) w.int2(0xfd)
        w.end()
      }
      try {
        writeFileSync(gateway.policyFile, policy.replace('actions: [delete] }', 'actions: [delete, select] }'))
        gateway.gateway.reloadPolicy()
        // Both in one packet of the network, as drivers send them.
        client.socket.cork()
        sendLongData('lost ')
        const refused = client.command(ResponseKind.Binary, longExecute(true))
        client.socket.uncork()
        expect((await refused).error?.errorCode).toBe(1227)
      } finally {
        writeFileSync(gateway.policyFile, policy)
        gateway.gateway.reloadPolicy()
      }
      sendLongData('kept ')
      const { binaryRows, error } = await client.command(ResponseKind.Binary, longExecute(false))
      expect(error).toBeNull()
      expect(binaryRows[0]?.toString('latin1')).toContain('kept Ann')
      expect(binaryRows[0]?.toString('latin1')).not.toContain('lost')
      client.end()
    },
  )

  promise('with a cursor give their rows masked, a few at a time', async ({ enter }) => {
    const client = await enter()
    const id = await prepare(client, 'SELECT id, ssn FROM users WHERE name <> ? ORDER BY id')
    const opened = await client.command(ResponseKind.Binary, execute(id, 'x', { cursor: 1 }))
    expect(opened.cursorOpened).toBe(true)
    const fetch = (w: PacketWriter): void => void w.begin(0).int1(Command.STMT_FETCH).int4(id).int4(1).end()
    for (let row = 0; row < 2; row++) {
      const { binaryRows } = await client.command(ResponseKind.Fetch, fetch)
      expect(binaryRows.map((bytes) => bytes.toString('latin1'))).toEqual([expect.stringContaining('[redacted]')])
    }
    await client.command(ResponseKind.Fetch, fetch)
    client.write((w) => encodeStatementClose(id, w))
    expect((await client.command(ResponseKind.Fetch, fetch)).error?.errorCode).toBe(1421)
    expect((await client.query('SELECT 1')).rows).toEqual([['1']])
    client.end()
  })
})

describe.each(VERSIONS)('commands to $version', ({ shared }) => {
  const promise = scenePromises(shared, guarded)

  promise(
    'COM_INIT_DB and USE change the schema, names follow, and the name of the target is its own schema',
    async ({ enter, database }) => {
      const client = await enter()
      await client.command(ResponseKind.Status, (w) => encodeInitDb('information_schema', w))
      expect((await client.query('SELECT DATABASE()')).rows).toEqual([['information_schema']])
      expect((await client.query('SELECT ssn FROM users')).error).not.toBeNull()
      await client.command(ResponseKind.Status, (w) => encodeInitDb('shop', w))
      expect((await client.query('SELECT DATABASE()')).rows).toEqual([[database]])
      await client.query('USE information_schema')
      expect((await client.query('USE `shop`;')).error).toBeNull()
      expect((await client.query('SELECT DATABASE(), ssn FROM users LIMIT 1')).rows).toEqual([[database, '[redacted]']])
      client.end()
    },
  )

  promise(
    'COM_RESET_CONNECTION forgets what the session was set to, and texts are read in utf8mb4 still',
    async ({ enter }) => {
      const client = await enter()
      const id = await prepare(client, 'SELECT ?')
      await client.query("SET sql_mode = 'ANSI_QUOTES'")
      expect((await client.query('SELECT "name" FROM users WHERE id = 1')).rows).toEqual([['Ann']])
      expect((await client.command(ResponseKind.Status, bare('RESET_CONNECTION'))).error).toBeNull()
      expect(
        (await client.query('SELECT "name", @@character_set_client, @@character_set_results FROM users WHERE id = 1'))
          .rows,
      ).toEqual([['name', 'utf8mb4', 'utf8mb4']])
      expect((await client.command(ResponseKind.Binary, execute(id, 'x'))).error?.errorCode).toBe(1243)
      await client.query("SET sql_mode = 'ANSI_QUOTES'")
      expect((await client.query('SELECT "name" FROM users WHERE id = 1')).rows).toEqual([['Ann']])
      client.end()
    },
  )

  promise('COM_PING, COM_STATISTICS, COM_SET_OPTION and COM_FIELD_LIST are answered', async ({ enter }) => {
    const client = await enter()
    expect((await client.command(ResponseKind.Status, bare('PING'))).error).toBeNull()
    const statistics = await client.command(ResponseKind.Statistics, bare('STATISTICS'))
    expect(statistics.packets[0]?.payload.toString()).toContain('Uptime')
    const setOption = (option: number) => (w: PacketWriter) =>
      void w.begin(0).int1(Command.SET_OPTION).int2(option).end()
    await client.command(ResponseKind.Status, setOption(1))
    expect((await client.query('SELECT 1; SELECT 2')).error?.errorCode).toBe(1064)
    await client.command(ResponseKind.Status, setOption(0))
    expect((await client.query('SELECT 1; SELECT 2')).rows).toEqual([['1'], ['2']])
    for (const option of [2, 65_535])
      expect((await client.command(ResponseKind.Status, setOption(option))).error?.errorCode).toBe(1047)
    expect((await client.query('SELECT 1')).rows).toEqual([['1']])
    client.end()
  })

  promise('that are not carried are refused with 1235, and the connection goes on', async ({ enter }) => {
    const client = await enter()
    for (const command of [
      'BINLOG_DUMP',
      'REGISTER_SLAVE',
      'CLONE',
      'SHUTDOWN',
      'DEBUG',
      'STMT_BULK_EXECUTE',
    ] as const) {
      const refused = await client.command(ResponseKind.Status, bare(command))
      expect(refused.error, command).toMatchObject({ errorCode: 1235, sqlState: '42000' })
      expect(sequence(refused)).toEqual([1])
    }
    expect((await client.command(ResponseKind.Status, (w) => void w.begin(0).int1(0x7f).end())).error?.errorCode).toBe(
      1235,
    )
    expect((await client.query('SELECT 1')).rows).toEqual([['1']])
    client.end()
  })

  promise('that break the protocol end the connection with 1835', async ({ enter }) => {
    const client = await enter()
    client.write((w) => void w.begin(3).int1(Command.PING).end())
    const { error } = await client.answer(ResponseKind.Status)
    expect(error?.errorCode).toBe(1835)
    await client.closed()
  })

  promise('COM_QUIT ends the session at the database too', async ({ enter, admin }) => {
    const client = await enter()
    const [[id = ''] = []] = (await client.query('SELECT CONNECTION_ID()')).rows
    client.write(bare('QUIT'))
    await client.closed()
    await eventually('the database forgets the connection', async () => {
      const rows = await admin(`SELECT id FROM information_schema.processlist WHERE id = ${String(id)}`)
      return rows.length === 0
    })
  })

  promise(
    'KILL QUERY of an own connection stops what runs there, by the id of the greeting or of the server',
    async ({ enter, records }) => {
      const [running, other] = [await enter(), await enter()]
      for (const id of [running.handshake?.threadId, (await running.query('SELECT CONNECTION_ID()')).rows[0]?.[0]]) {
        const asleep = running.query('SELECT SLEEP(20)')
        await eventually(
          'it runs',
          async () =>
            (await records(({ kind, statement }) => kind === 'intent' && JSON.stringify(statement).includes('SLEEP')))
              .length > 0,
        )
        expect((await other.query(`KILL QUERY ${String(id)}`)).error).toBeNull()
        const { rows, error } = await asleep
        expect(error?.errorCode ?? rows[0]?.[0]).toBeOneOf([1317, '1'])
      }
      expect((await running.query('SELECT 1')).rows).toEqual([['1']])
      running.end()
      other.end()
    },
  )

  promise('KILL of an own connection ends its session with 1053', async ({ enter }) => {
    const [one, other] = [await enter(), await enter()]
    expect((await other.query(`KILL ${String(one.handshake?.threadId)}`)).error).toBeNull()
    expect((await one.answer(ResponseKind.Status)).error?.errorCode).toBe(1053)
    await one.closed()
    other.end()
  })

  promise('what rows come in is set back to utf8mb4', async ({ enter }) => {
    const client = await enter()
    const answer = await client.query('SET character_set_results = NULL')
    expect(answer.error).toBeNull()
    expect((await client.query('SELECT @@character_set_results')).rows).toEqual([['utf8mb4']])
    client.end()
  })

  promise('a client that asks for session tracking is told, any other is not', async ({ enter }) => {
    const without = await enter()
    const quiet = await without.query('USE information_schema')
    expect(quiet.statusFlags & ServerStatus.SESSION_STATE_CHANGED).toBe(0)
    without.end()
    const tracking = await enter({ with: Capability.SESSION_TRACK })
    const told = await tracking.query('USE information_schema')
    expect(told.statusFlags & ServerStatus.SESSION_STATE_CHANGED).not.toBe(0)
    tracking.end()
  })
})
