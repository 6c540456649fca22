import {
  Capability,
  Command,
  encodeInitDb,
  encodePrepare,
  encodeQuery,
  type PacketWriter,
  ResponseKind,
} from '@gatehouse/mysql-wire'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer, CommandClient } from '../mysql/command-client.ts'
import { type MysqlVersion, whyAbsent } from '../servers/mysql.ts'
import { type ClientPair, COMMON_TABLES, DATABASE, type MysqlRoads, openMysqlRoads } from './mysql-roads.ts'
import { packetsOf } from './mysql-replay.ts'

const PROCEDURES = `
  CREATE PROCEDURE several() BEGIN SELECT 1 AS one; SELECT a, b FROM t1; SELECT 'x' WHERE FALSE; END;
  CREATE PROCEDURE out_values(IN i INT, OUT o INT, INOUT io VARCHAR(20)) BEGIN SET o = i + 1; SET io = CONCAT(io, '!'); SELECT i; END;
  CREATE PROCEDURE fails() BEGIN SELECT 1; SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = 'made to fail', MYSQL_ERRNO = 4321; END;
`

const VERSIONS: readonly MysqlVersion[] = ['mysql-9', 'mariadb-10.11']

for (const version of VERSIONS) {
  const absent = await whyAbsent(version)
  describe.skipIf(absent !== null)(
    `a client of ${version}, all allowed${absent === null ? '' : ` (${absent})`}`,
    () => {
      let roads: MysqlRoads
      let pair: ClientPair

      beforeAll(async () => {
        roads = await openMysqlRoads(version, {}, `${COMMON_TABLES}${PROCEDURES}`)
        pair = await roads.enter()
      }, 60_000)

      afterAll(async () => {
        pair.end()
        await roads.close()
      })

      /** Does the same on both roads and expects the same packets, byte for byte. Returns what the server itself answered. */
      const same = async (act: (client: CommandClient) => Promise<Answer>, clients = pair): Promise<Answer> => {
        const [direct, through] = await clients.both(act)
        expect(packetsOf(through).map(withoutWords)).toEqual(packetsOf(direct).map(withoutWords))
        return direct
      }
      const texts = async (...statements: readonly string[]): Promise<void> => {
        for (const sql of statements) await same((client) => client.query(sql))
      }
      /** In a session of its own on each road. */
      const alone = async (
        request: Parameters<MysqlRoads['enter']>[0],
        act: (clients: ClientPair) => Promise<void>,
      ): Promise<void> => {
        const own = await roads.enter(request)
        try {
          await act(own)
        } finally {
          own.end()
        }
      }

      it('is told how many rows were found and changed, the ids made, the warnings and what the server says of them', async () => {
        await texts(
          'INSERT INTO t3 (b) VALUES (1), (2), (3)',
          'UPDATE t3 SET b = 2 WHERE a > 2',
          'SELECT LAST_INSERT_ID(), ROW_COUNT()',
          "INSERT IGNORE INTO t3 VALUES (1, 'again', '2024-02-30')",
          'SHOW WARNINGS',
          'SHOW COUNT(*) WARNINGS',
          "INSERT INTO t3 VALUES (1, 'x', NULL) ON DUPLICATE KEY UPDATE b = 'y'",
          "REPLACE INTO t3 VALUES (1, 'z', NULL)",
          'SELECT LAST_INSERT_ID(77)',
          'UPDATE t3 SET a = LAST_INSERT_ID(a + 100) WHERE a = 1',
          'DELETE FROM t3 WHERE a > 2',
          "SELECT CAST('12x' AS SIGNED), 1 / 0",
          'SHOW WARNINGS LIMIT 1',
          'DROP TABLE IF EXISTS nothing_here',
          'SHOW WARNINGS',
          'ALTER TABLE t3 ADD COLUMN d INT',
        )
      })

      it('is told what was found, not what was changed, where it agreed on that', async () => {
        await alone({ with: Capability.FOUND_ROWS }, async (clients) => {
          await same((client) => client.query('UPDATE t1 SET b = b'), clients)
          await same((client) => client.query('INSERT INTO t3 (a, b) VALUES (50, 1), (51, 2)'), clients)
          await same(
            (client) => client.query('INSERT INTO t3 (a, b) VALUES (50, 1) ON DUPLICATE KEY UPDATE b = 1'),
            clients,
          )
        })
      })

      it('gets EOF packets where it knows no better', async () => {
        await alone({ without: Capability.DEPRECATE_EOF }, async (clients) => {
          for (const sql of [
            'SELECT * FROM t1',
            'SELECT 1; SELECT a FROM t1 WHERE FALSE',
            'CALL several()',
            'SELECT 1/0',
          ])
            await same((client) => client.query(sql), clients)
        })
      })

      it('is told of the session’s state where it agreed on that', async () => {
        await alone({ with: Capability.SESSION_TRACK }, async (clients) => {
          for (const sql of [
            'USE information_schema',
            `USE ${DATABASE}`,
            'SET autocommit = 0',
            'INSERT INTO t1 VALUES (7, 7)',
            'ROLLBACK',
            'SET autocommit = 1',
            "SET time_zone = '+02:00'",
            'SET @a = 1',
          ])
            await same((client) => client.query(sql), clients)
        })
      })

      it('sees transactions begin and end in the status', async () => {
        await texts('BEGIN', 'SELECT 1', 'SAVEPOINT s', 'ROLLBACK TO s', 'ROLLBACK TO nowhere', 'COMMIT')
        await texts(
          'START TRANSACTION READ ONLY',
          'INSERT INTO t1 VALUES (8, 8)',
          'SELECT COUNT(*) FROM t1',
          'ROLLBACK',
        )
        await texts('SET autocommit = 0', 'SELECT 1', 'SELECT * FROM t1', 'COMMIT AND CHAIN', 'ROLLBACK RELEASE')
        pair.end()
        pair = await roads.enter()
      })

      it('gets each result of several statements and of procedures, and the error that ends them', async () => {
        await texts(
          'SELECT 1; SELECT a FROM t1; INSERT INTO t3 (b) VALUES (9); SELECT LAST_INSERT_ID() > 0; UPDATE t1 SET a = a',
          'SELECT 1; SELECT * FROM nothing_here; SELECT 2',
          'SELECT 1;',
          'CALL several()',
          'CALL several(); SELECT 2; CALL several()',
          'CALL fails()',
          'SHOW ERRORS',
          "SET @io = 'x'; CALL out_values(1, @o, @io); SELECT @o, @io",
          'CALL nothing_here()',
          '',
          'SELECT a, (SELECT b FROM t1) FROM t1',
          "SIGNAL SQLSTATE '01001' SET MESSAGE_TEXT = 'a warning'",
          'SHOW WARNINGS',
        )
      })

      it('sends and reads every type of value, and NULL', async () => {
        const types = [
          'INT',
          'BIGINT UNSIGNED',
          'DOUBLE',
          'FLOAT',
          'DECIMAL(20,5)',
          'YEAR',
          'DATE',
          'DATETIME(6)',
          'TIME(3)',
        ]
        const others = [
          'TIMESTAMP NULL',
          'CHAR(5)',
          'VARBINARY(9)',
          'TEXT',
          'BLOB',
          "ENUM('a','b')",
          "SET('a','b')",
          'BIT(9)',
          'JSON',
        ]
        const columns = [...types, ...others].map((type, index) => `c${String(index)} ${type}`)
        const values = `1, 18446744073709551615, 1e300, 1.5, 12345.67891, 2024, '2024-02-29', '2024-02-29 01:02:03.000004', '-838:59:59.000',
        '2024-02-29 01:02:03', 'ä😀', x'00ff', 'text', x'', 'b', 'a,b', b'100000001', '{"a": [1, null]}'`
        await texts(
          `CREATE TEMPORARY TABLE kinds (${columns.join(', ')})`,
          `INSERT INTO kinds VALUES (${values})`,
          'INSERT INTO kinds VALUES ()',
          'SELECT * FROM kinds',
        )
        for (const flags of [0, 1]) await prepared('SELECT * FROM kinds', flags, 10)
        await texts('DROP TEMPORARY TABLE kinds')
      })

      /** One statement with parameters of text: prepared, executed, its cursor read, reset and closed, all the same. */
      async function prepared(
        sql: string,
        flags: number,
        portion: number,
        values: readonly (string | null)[] = [],
      ): Promise<void> {
        const [left, right] = await pair.both((client) =>
          client.command(ResponseKind.Prepare, (writer) => encodePrepare(sql, writer)),
        )
        const rest = ({ packets }: Answer): readonly string[] =>
          packets.map(({ payload }, index) => payload.toString('latin1', index === 0 ? 5 : 0))
        expect(rest(right)).toEqual(rest(left))
        if (left.prepared === null || right.prepared === null) return
        const ids = new Map([
          [pair.direct, left.prepared.statementId],
          [pair.through, right.prepared.statementId],
        ])
        const send = (kind: ResponseKind, encode: (writer: PacketWriter, id: number) => void): Promise<Answer> =>
          same((client) =>
            client.command(kind, (writer) => {
              encode(writer, ids.get(client) ?? 0)
            }),
          )
        const { cursorOpened } = await send(ResponseKind.Binary, (writer, id) => {
          writer.begin(0).int1(Command.STMT_EXECUTE).int4(id).int1(flags).int4(1)
          if (values.length > 0) {
            writer.int1(values.reduce((bits, value, index) => bits | (value === null ? 1 << index : 0), 0)).int1(1)
            for (const _ of values) writer.int2(0xfd)
            for (const value of values) if (value !== null) writer.lenencText(value)
          }
          writer.end()
        })
        if (cursorOpened) {
          for (let rows = portion; rows === portion;) {
            const { binaryRows } = await send(ResponseKind.Fetch, (writer, id) => {
              writer.begin(0).int1(Command.STMT_FETCH).int4(id).int4(portion).end()
            })
            rows = binaryRows.length
          }
          // Of a cursor that is through.
          await send(ResponseKind.Fetch, (writer, id) => {
            writer.begin(0).int1(Command.STMT_FETCH).int4(id).int4(portion).end()
          })
        }
        await send(ResponseKind.Status, (writer, id) => writer.begin(0).int1(Command.STMT_RESET).int4(id).end())
        for (const client of [pair.direct, pair.through])
          client.write((writer) =>
            writer
              .begin(0)
              .int1(Command.STMT_CLOSE)
              .int4(ids.get(client) ?? 0)
              .end(),
          )
      }

      it('prepares, executes, fetches, resets and closes', async () => {
        await prepared('SELECT a, b FROM t1 WHERE a > ? ORDER BY a', 0, 1, ['0'])
        await prepared('SELECT a, b FROM t1 WHERE a > ? ORDER BY a', 1, 1, ['0'])
        await prepared('SELECT ?, ?', 0, 1, [null, 'ä😀'])
        await prepared('INSERT INTO t3 (b) VALUES (?), (?)', 0, 1, ['x', null])
        await prepared('UPDATE t1 SET b = b WHERE a = ?', 1, 1, ['1'])
        await prepared('CALL several()', 0, 1)
        await prepared('CALL fails()', 0, 1)
        await prepared('CALL out_values(?, ?, ?)', 0, 1, ['1', null, 'x'])
        await prepared('SHOW TABLES', 1, 2)
        await prepared('SELECT * FROM nothing_here', 0, 1)
        await prepared('SELECT 1; SELECT 2', 0, 1)
        await prepared('DO 1 / 0', 0, 1)
      })

      it('sends a parameter in pieces', async () => {
        const [left, right] = await pair.both((client) =>
          client.command(ResponseKind.Prepare, (writer) => encodePrepare('SELECT LENGTH(?), SHA2(?, 256)', writer)),
        )
        const ids = new Map([
          [pair.direct, left.prepared?.statementId ?? 0],
          [pair.through, right.prepared?.statementId ?? 0],
        ])
        await same((client) => {
          const id = ids.get(client) ?? 0
          for (const piece of ['a'.repeat(100_000), 'ä', 'b'.repeat(100_000)]) {
            for (const parameter of [0, 1])
              client.write((writer) =>
                writer.begin(0).int1(Command.STMT_SEND_LONG_DATA).int4(id).int2(parameter).text(piece).end(),
              )
          }
          return client.command(ResponseKind.Binary, (writer) =>
            writer
              .begin(0)
              .int1(Command.STMT_EXECUTE)
              .int4(id)
              .int1(0)
              .int4(1)
              .int1(0)
              .int1(1)
              .int2(0xfc)
              .int2(0xfc)
              .end(),
          )
        })
      })

      it('is answered alike to every other command', async () => {
        const bare = (command: keyof typeof Command) => (client: CommandClient) =>
          client.command(ResponseKind.Status, (writer) => writer.begin(0).int1(Command[command]).end())
        await same(bare('PING'))
        for (const schema of ['information_schema', DATABASE, 'nowhere_here'])
          await same((client) => client.command(ResponseKind.Status, (writer) => encodeInitDb(schema, writer)))
        for (const option of [1, 0, 2, 65_535]) {
          await same((client) =>
            client.command(ResponseKind.Status, (writer) =>
              writer.begin(0).int1(Command.SET_OPTION).int2(option).end(),
            ),
          )
          await same((client) => client.query('SELECT 1; SELECT 2'))
        }
        await same((client) =>
          client.command(ResponseKind.FieldList, (writer) =>
            writer.begin(0).int1(Command.FIELD_LIST).nulText('t3').text('%').end(),
          ),
        )
        await texts('SET @kept = 1', 'CREATE TEMPORARY TABLE gone (a INT)')
        await same(bare('RESET_CONNECTION'))
        await texts('SELECT @kept', 'SELECT * FROM gone')
      })

      it('may escape with backslashes or not, and quote as it sets', async () => {
        await texts(
          "SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
          "SELECT 'a\\', 'b\\n'",
          "SET sql_mode = 'ANSI'",
          'SELECT "a" FROM t1',
          "SELECT 'a' || 'b'",
          "SET sql_mode = 'PIPES_AS_CONCAT,IGNORE_SPACE,HIGH_NOT_PRECEDENCE'",
          'SELECT COUNT (*) FROM t1 WHERE NOT 1 BETWEEN -5 AND 5',
          "SET sql_mode = ''",
          "INSERT INTO t3 (a, b) VALUES ('12x', REPEAT('y', 30))",
          'SHOW WARNINGS',
          "SELECT \"a\\'b\", 'x''y', N'z', _latin1 x'e4', x'e4'",
        )
        await alone({ with: Capability.IGNORE_SPACE }, async (clients) => {
          await same((client) => client.query('SELECT COUNT (*), @@sql_mode FROM t1'), clients)
        })
      })

      it('gets long values and many rows whole, and sends long texts', async () => {
        await texts(
          "SELECT REPEAT('x', 3000000), 1",
          `SELECT '${'ä'.repeat(200_000)}'`,
          'SELECT * FROM t1 x JOIN t1 y JOIN t1 z JOIN t1 u JOIN t1 v ORDER BY x.a, y.a, z.a, u.a, v.a',
          `SELECT ${'1 + '.repeat(1500)}1`,
        )
      })

      it('may send commands ahead', async () => {
        const texts = [
          'SELECT 1',
          'SELECT * FROM nothing_here',
          'INSERT INTO t1 VALUES (9, 9)',
          'SELECT MAX(a) FROM t1',
        ]
        const answers = await pair.both(async (client) => {
          client.write((writer) => {
            for (const text of texts) encodeQuery(text, client.capabilities, writer)
          })
          const all: (readonly string[])[] = []
          for (const _ of texts) all.push(packetsOf(await client.answer(ResponseKind.Text)))
          return all
        })
        expect(answers[1]).toEqual(answers[0])
      })

      it('reads the description of columns as the server gives it', async () => {
        await texts(
          'SELECT x.a AS other, v1.b, 1 + a FROM t1 x JOIN v1 USING (a)',
          'SELECT * FROM (SELECT a AS inside FROM t1 UNION SELECT 2) d',
          'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT * FROM r',
          'SHOW CREATE TABLE t3',
          'DESCRIBE t3',
          'EXPLAIN SELECT * FROM t1',
          'SELECT @@version_comment, @@sql_mode, DATABASE()',
          'SHOW VARIABLES LIKE "sql_mode"',
          'CHECK TABLE t1',
          'ANALYZE TABLE t1',
          'CHECKSUM TABLE t1',
          'HELP "nothing of this name"',
        )
      })
    },
  )
}

/** What the gateway says of a statement without a cursor has the server's number, and other words. */
function withoutWords(packet: string): string {
  return /^(\d+ \xff.{8}).*(?:has no open cursor)/s.exec(packet)?.[1] ?? packet
}
