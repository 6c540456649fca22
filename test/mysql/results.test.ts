import { readFileSync, writeFileSync } from 'node:fs'
import {
  Capability,
  Command,
  encodePrepare,
  LARGEST_PACKET,
  type PacketWriter,
  ResponseKind,
} from '@gatehouse/mysql-wire'
import { describe, expect } from 'vitest'
import { eventually } from '../postgres/scene.ts'
import type { Answer, CommandClient } from './command-client.ts'
import { scenePromises, type SceneOptions, VERSIONS } from './scene.ts'

// Every value of a masked column holds this, in a form of its type: none of it may be among a client's bytes.
const SECRETS = [
  '987-65-4329',
  'ada.secret',
  '98765.43',
  '1987-06-05',
  'photo-secret',
  'json-secret',
  'note-secret',
  '9876543',
]

const SHOP = `
  CREATE TABLE users (
    id INT PRIMARY KEY, name VARCHAR(50) NOT NULL DEFAULT 'nobody',
    ssn VARCHAR(20) NOT NULL DEFAULT '987-65-4329', email VARCHAR(80), salary DECIMAL(10, 2), dob DATE, photo BLOB, doc JSON, pin INT,
    note LONGTEXT, UNIQUE KEY (ssn)
  );
  INSERT INTO users VALUES
    (1, 'Ann', '987-65-4329', 'ada.secret@example.com', 98765.43, '1987-06-05', 'photo-secret', '{"a": "json-secret"}', 9876543, 'note-secret'),
    (2, 'Bob', '2', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
  CREATE TABLE large (id INT PRIMARY KEY, plain LONGTEXT, note LONGTEXT);
  INSERT INTO large VALUES (1, '', ''), (2, 'x', 'y'), (3, 'x', 'y');
  CREATE PROCEDURE clean() BEGIN SELECT id FROM users ORDER BY id; SELECT name, id FROM users WHERE id = 2; END;
  CREATE PROCEDURE shows() BEGIN SELECT id FROM users; SELECT name, ssn FROM users WHERE id = 1; END;
  CREATE PROCEDURE gives(OUT given VARCHAR(50)) BEGIN SELECT id FROM users; SELECT ssn INTO given FROM users WHERE id = 1; END;
`

const masked = (database: string): SceneOptions => ({
  sql: SHOP,
  policy: `
rules:
  - { name: everything, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] } }
masks:
  - { name: texts, columns: [${database}.users.ssn, ${database}.users.photo, ${database}.users.doc, ${database}.users.note], with: redact }
  - { name: email, columns: [${database}.users.email], with: email }
  - { name: numbers, columns: [${database}.users.salary, ${database}.users.pin], with: pseudonym }
  - { name: dates, columns: [${database}.users.dob], with: { truncate: year } }
  - { name: notes, columns: [${database}.large.note], with: { constant: "a text in place of the note" } }
`,
})

function expectNoSecret({ packets }: Pick<Answer, 'packets'>): void {
  const bytes = Buffer.concat(packets.map(({ payload }) => payload)).toString('latin1')
  for (const secret of SECRETS) expect(bytes).not.toContain(secret)
}

async function executed(client: CommandClient, text: string): Promise<Answer> {
  const { prepared, error } = await client.command(ResponseKind.Prepare, (writer) => encodePrepare(text, writer))
  if (prepared === null) throw new Error(`not prepared: ${error?.errorMessage ?? ''}`)
  return client.command(ResponseKind.Binary, (writer) => {
    writer.begin(0).int1(Command.STMT_EXECUTE).int4(prepared.statementId).int1(0).int4(1).end()
  })
}

describe.each(VERSIONS)('results of $version', ({ shared }) => {
  const promise = scenePromises(shared, masked)
  const kinds = [
    ['EOF packets', 0],
    ['DEPRECATE_EOF', Capability.DEPRECATE_EOF],
  ] as const

  for (const [name, agreed] of kinds) {
    promise(`are masked in columns of every type, in text and binary, with ${name}`, async ({ enter }) => {
      const client = await enter({ without: Capability.DEPRECATE_EOF & ~agreed })
      const text = await client.query('SELECT * FROM users ORDER BY id')
      expect(text.error).toBeNull()
      expectNoSecret(text)
      expect(text.rows[0]?.slice(0, 3)).toEqual(['1', 'Ann', '[redacted]'])
      expect(text.rows[0]?.[5]).toBe('1987-01-01')
      expect(text.rows[0]?.every((cell) => cell !== null)).toBe(true)
      expect(text.rows[1]).toEqual(['2', 'Bob', '[redacted]', ...Array.from({ length: 7 }, () => null)])
      const binary = await executed(client, 'SELECT * FROM users ORDER BY id')
      expect(binary.error).toBeNull()
      expect(binary.binaryRows).toHaveLength(2)
      expectNoSecret(binary)
      client.end()
    })
  }

  promise('come to drivers as values of their types', async ({ driver }) => {
    const connection = await driver()
    const sql = 'SELECT id, ssn, salary, dob, doc, pin FROM users ORDER BY id LIMIT 1'
    const [[text]] = (await connection.query(sql)) as unknown as [[Record<string, unknown>]]
    const [[binary]] = (await connection.execute(sql)) as unknown as [[Record<string, unknown>]]
    expect(binary).toEqual(text)
    expect(text.ssn).toBe('[redacted]')
    expect(text.dob).toEqual(new Date(1987, 0, 1))
    expect(text.pin).not.toBe(9_876_543)
    // Where the server says that it is JSON, the driver has read it already.
    expect(['[redacted]', '"[redacted]"']).toContain(text.doc)
    await connection.end()
  })

  promise(
    'with rows of 16 MiB and more are masked and passed, whether they grow or shrink',
    async ({ enter, admin }) => {
      const half = LARGEST_PACKET >> 1
      await admin(`UPDATE large SET plain = repeat('p', ${LARGEST_PACKET - 8}) WHERE id = 1`)
      await admin(`UPDATE large SET plain = repeat('p', ${half}), note = repeat('n', ${half + 20}) WHERE id = 2`)
      const client = await enter()
      const { error, rows } = await client.query('SELECT plain, note FROM large ORDER BY id')
      expect(error).toBeNull()
      expect(rows.map(([plain]) => plain?.length)).toEqual([LARGEST_PACKET - 8, half, 1])
      expect(new Set(rows.map(([, note]) => note))).toEqual(new Set(['a text in place of the note']))
      const both = await executed(client, 'SELECT plain, note FROM large ORDER BY id')
      expect(both.binaryRows.map(({ length }) => length > LARGEST_PACKET)).toEqual([true, false, false])
      const plain = await client.query('SELECT plain, id, plain IS NULL FROM large WHERE id = 1')
      expect(plain.rows.map((cells) => cells.map((cell) => cell?.length))).toEqual([[LARGEST_PACKET - 8, 1, 1]])
      expect((await client.query('SELECT 1')).rows).toEqual([['1']])
      client.end()
    },
    60_000,
  )

  promise(
    'of a cursor end when other masks hold for them than when it was opened',
    async ({ enter, gateway, database }) => {
      const client = await enter()
      const prepare = (w: PacketWriter): void => encodePrepare('SELECT name FROM users', w)
      const { prepared } = await client.command(ResponseKind.Prepare, prepare)
      const id = prepared?.statementId ?? 0
      const execute = (w: PacketWriter): void =>
        void w.begin(0).int1(Command.STMT_EXECUTE).int4(id).int1(1).int4(1).end()
      const fetch = (w: PacketWriter): void => void w.begin(0).int1(Command.STMT_FETCH).int4(id).int4(1).end()
      expect((await client.command(ResponseKind.Binary, execute)).cursorOpened).toBe(true)
      expect((await client.command(ResponseKind.Fetch, fetch)).binaryRows).toHaveLength(1)
      const policy = readFileSync(gateway.policyFile, 'utf8')
      try {
        writeFileSync(gateway.policyFile, policy.replace('columns: [', `columns: [${database}.users.name, `))
        gateway.gateway.reloadPolicy()
        const refused = await client.command(ResponseKind.Fetch, fetch)
        expect(refused.error).toMatchObject({ errorCode: 1421 })
        expect(refused.packets).toHaveLength(1)
      } finally {
        writeFileSync(gateway.policyFile, policy)
        gateway.gateway.reloadPolicy()
      }
      client.end()
    },
  )

  promise('of procedures are masked each, in text and prepared', async ({ enter }) => {
    const client = await enter()
    const clean = await client.query('CALL clean()')
    expect(clean.error).toBeNull()
    expect([clean.results, clean.rows]).toEqual([2, [['1'], ['2'], ['Bob', '2']]])
    const shown = await client.query('CALL shows(); SELECT name, ssn FROM users WHERE id = 1')
    expect(shown.results).toBe(shown.error === null ? 3 : 0)
    expectNoSecret(shown)
    expectNoSecret(await executed(client, 'CALL shows()'))
    expect((await client.query('SELECT 1')).rows).toEqual([['1']])
    client.end()
  })

  promise('of OUT parameters do not give what is masked', async ({ enter }) => {
    const client = await enter()
    const prepared = await client.command(ResponseKind.Prepare, (writer) => encodePrepare('CALL gives(?)', writer))
    expect(prepared.error).toMatchObject({ errorCode: 1227 })
    for (const text of [
      "PREPARE s FROM 'CALL gives(?)'",
      'EXECUTE s USING @given',
      'CALL gives(@given)',
      'SELECT @given',
    ]) {
      expectNoSecret(await client.query(text))
    }
    client.end()
  })

  promise('of columns with names of every kind are what was read', async ({ enter }) => {
    const client = await enter()
    for (const name of ['ID', ' a b ', 'Ünïcödé', '😀', 'x'.repeat(200), 'ssn', '', "it's", 'İ', 'ẞ', '\u212a']) {
      const { error, rows } = await client.query(`SELECT id AS \`${name}\`, ssn FROM users ORDER BY users.id LIMIT 1`)
      // What the server itself does not take is no matter.
      if (error === null) expect(rows, name).toEqual([['1', '[redacted]']])
      else expect(error.errorMessage, name).not.toContain('RESULT_MISMATCH')
    }
    for (const text of [
      'SELECT ID, SSN FROM USERS',
      'select u.Id, (u.ssn) from users u',
      'select * from (select id x, ssn y from users) t',
    ]) {
      expectNoSecret(await client.query(text))
    }
    expect((await client.query('SELECT 1')).rows).toEqual([['1']])
    client.end()
  })

  promise(
    'of columns named by a long expression are what was read, though the server cuts or changes the name',
    async ({ enter }) => {
      const client = await enter()
      for (const filler of ['x'.repeat(300), '€'.repeat(99), '🙂']) {
        const sub = (column: string): string =>
          `(SELECT ${column} FROM users WHERE id = 1 AND name <> '${filler}' LIMIT 1)`
        const { rows, error } = await client.query(`SELECT ${sub('name')}, ${sub('ssn')}`)
        expect([rows, error]).toEqual([[['Ann', '[redacted]']], null])
      }
      client.end()
    },
  )

  promise('that are errors keep their number, and tell no value', async ({ enter }) => {
    const client = await enter()
    for (const [text, errorCode] of [
      ['UPDATE users SET id = 2 WHERE id = 1', 1062],
      ["UPDATE users SET name = repeat('x', 100) WHERE id = 1", 1406],
    ] as const) {
      const answer = await client.query(text)
      expect(answer.error?.errorCode, text).toBe(errorCode)
      expect(answer.error?.errorMessage).toContain('withheld')
      expectNoSecret(answer)
    }
    client.end()
  })

  promise('have no count of warnings, and no text, where masked columns are changed', async ({ enter }) => {
    const client = await enter()
    const changed = await client.query("UPDATE IGNORE users SET name = repeat('9', 100) WHERE id = 2")
    expect(changed.error).toBeNull()
    const [ok] = changed.packets
    // Header, affected rows, last_insert_id, status, warnings: nothing behind them.
    expect(ok?.payload.subarray(5)).toEqual(Buffer.from([0, 0]))
    client.end()
  })

  promise('count a masked value that is written as changed, whether it was there before or not', async ({ enter }) => {
    const client = await enter()
    await client.query('BEGIN')
    const guesses = [9_876_543, 1].map((pin) => `UPDATE users SET pin = ${pin} WHERE id = 1`)
    const upserts = [1, 2].map(
      (pin) => `INSERT INTO users (id, pin) VALUES (1, ${pin}) ON DUPLICATE KEY UPDATE pin = ${pin}`,
    )
    for (const texts of [guesses, upserts]) {
      const said = []
      for (const text of texts) said.push((await client.query(text)).packets[0]?.payload.toString('hex'))
      expect(said[0]).toBe(said[1])
    }
    await client.query('ROLLBACK')
    client.end()
  })

  promise(
    'are not asked for by ROW_COUNT() behind a change of a masked column; behind others they are',
    async ({ enter }) => {
      const client = await enter()
      await client.query('BEGIN')
      const { prepared } = await client.command(ResponseKind.Prepare, (writer) =>
        encodePrepare('SELECT ROW_COUNT() AS counted', writer),
      )
      const executed = (writer: PacketWriter): void => {
        writer
          .begin(0)
          .int1(Command.STMT_EXECUTE)
          .int4(prepared?.statementId ?? 0)
          .int1(0)
          .int4(1)
          .end()
      }
      for (const [change, refused] of [
        ['UPDATE users SET pin = 9876543 WHERE id = 1', true],
        ["UPDATE users SET name = 'Anna' WHERE id = 1", false],
      ] as const) {
        for (const asks of ['SELECT ROW_COUNT()', 'SET @counted = row_count()', 'DO Row_Count()']) {
          await client.query(change)
          expect((await client.query(asks)).error?.errorCode, asks).toBe(refused ? 1227 : undefined)
        }
        await client.query(change)
        expect((await client.command(ResponseKind.Binary, executed)).error?.errorCode).toBe(refused ? 1227 : undefined)
        // A statement in between, and the count is about that.
        await client.query(change)
        await client.query('SELECT 1')
        expect((await client.query('SELECT ROW_COUNT()')).error).toBeNull()
      }
      await client.query('ROLLBACK')
      client.end()
    },
  )

  promise('of a change of a masked column are not asked for in the text of the change', async ({ enter }) => {
    const client = await enter({ with: Capability.MULTI_STATEMENTS })
    const answer = await client.query('UPDATE users SET pin = 9876543 WHERE id = 1; SELECT ROW_COUNT()')
    expect(answer.error?.errorCode).toBe(1227)
    client.end()
  })

  promise('of EXECUTE stand alone or at the end of a text, where they are masked', async ({ enter }) => {
    const client = await enter({ with: Capability.MULTI_STATEMENTS })
    await client.query("PREPARE shown FROM 'SELECT ssn FROM users WHERE id = 1'")
    const refused = await client.query('EXECUTE shown; SELECT 1')
    expect(refused.error?.errorMessage).toContain('Send EXECUTE by itself')
    const answered = await client.query('SELECT 1; EXECUTE shown')
    expect(answered.error).toBeNull()
    expectNoSecret(answered)
    client.end()
  })

  promise('of COM_FIELD_LIST have no default values', async ({ enter }) => {
    const client = await enter()
    const fields = await client.command(ResponseKind.FieldList, (writer) => {
      writer.begin(0).int1(Command.FIELD_LIST).nulText('users').end()
    })
    expectNoSecret(fields)
    client.end()
  })
})

describe.each(VERSIONS)('limited results of $version', ({ shared }) => {
  const promise = scenePromises(shared, {
    sql: 'CREATE TABLE many (id INT PRIMARY KEY); INSERT INTO many VALUES (1), (2), (3), (4), (5), (6);',
    policy: `
rules:
  - { name: everything, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] } }
limits:
  - { name: few, rowsPerStatement: 4 }
`,
  })

  promise(
    'end with a refusal behind the rows that are allowed, and the connection goes on',
    async ({ enter, records }) => {
      const client = await enter()
      for (const ask of [(text: string) => client.query(text), (text: string) => executed(client, text)]) {
        const cut = await ask('SELECT id FROM many')
        expect(cut.rows.length + cut.binaryRows.length).toBe(4)
        expect(cut.error).toMatchObject({ errorCode: 1226, sqlState: '42000' })
        const within = await ask('SELECT id FROM many LIMIT 4')
        expect(within.error).toBeNull()
      }
      const outcomes = await eventually('four outcomes', async () => {
        const found = await records(({ kind }) => kind === 'outcome')
        return found.length >= 4 ? found : []
      })
      expect(outcomes.map(({ outcome }) => outcome)).toMatchObject([
        { rows: 4, error: '1226' },
        { rows: 4, error: null },
        { rows: 4, error: '1226' },
        { rows: 4, error: null },
      ])
      client.end()
    },
  )
})
