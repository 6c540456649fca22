import type { BackendMessage, FrontendMessage } from '@gatehouse/postgres-wire'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { startTestGateway, type TestGateway } from '../harness/start-gateway.ts'
import { bind, closeOf, describeOf, execute, parse, query, run, SYNC } from '../postgres/messages.ts'
import { WireClient } from '../postgres/wire-client.ts'
import { createDatabase } from '../servers/postgres.ts'

const { postgres18 } = inject('servers')

const SCHEMA = `
CREATE TABLE people (id int, ssn text);
INSERT INTO people VALUES (1, 'hidden-1'), (2, 'hidden-2'), (3, 'hidden-3');
CREATE FUNCTION swap() RETURNS int LANGUAGE plpgsql AS $$
DECLARE c refcursor := 'c';
BEGIN CLOSE c; OPEN c FOR SELECT id, ssn || '' FROM people; RETURN 1; END $$;
`

const POLICY = `
rules:
  - name: reads
    allow: { actions: [select, delete, insert, declare_cursor, fetch, prepare, execute], relations: [public.*], functions: [public.swap] }
masks:
  - { columns: [public.people.ssn], with: redact }
`

const HARMLESS = "SELECT id, 'plain' || id FROM people"
const SECRET = 'SELECT id, ssn FROM people'
// Of an expression the server does not say where it comes from: nothing but the reading can tell that it is masked.
const DERIVED = "SELECT id, ssn || '' FROM people"

/** Cursors under masks: what a name means is the server's word, and a name that may mean another cursor is not trusted. */
describe('a cursor made by DECLARE', () => {
  if ('absent' in postgres18) return test.skip(postgres18.absent, () => undefined)
  let gateway: TestGateway
  let drop: () => Promise<void>

  beforeAll(async () => {
    const { address } = postgres18
    const database = await createDatabase(address, 'drivers_cursors', SCHEMA)
    drop = database.drop
    const target = {
      host: address.host,
      port: address.port,
      database: database.database,
      user: address.superuser,
      password: address.password,
    }
    gateway = await startTestGateway({ targets: { shop: target }, policy: POLICY })
  })
  afterAll(async () => {
    await gateway.close()
    await drop()
  })

  /** Sends each step once the one before it is answered. Returns every message; nothing hidden may be in any. */
  async function played(steps: readonly (string | readonly FrontendMessage[])[]): Promise<BackendMessage[]> {
    const { host, port } = gateway
    const client = await WireClient.login({ host, port }, { database: 'shop', password: await gateway.token() })
    const seen: BackendMessage[] = []
    for (const step of steps) {
      const messages = typeof step === 'string' ? [query(step)] : step
      client.send(...messages)
      seen.push(...(await client.untilReady(messages.filter(({ kind }) => kind === 'Query' || kind === 'Sync').length)))
    }
    client.destroy()
    const text = seen.map((message) => texts(message).join(' ')).join('\n')
    expect(text).not.toContain('hidden')
    return seen
  }

  const rowsOf = (messages: readonly BackendMessage[]): string[] =>
    messages.filter(({ kind }) => kind === 'DataRow').map((message) => texts(message).join('|'))

  const errorsOf = (messages: readonly BackendMessage[]): (string | undefined)[] =>
    messages.flatMap((message) => (message.kind === 'ErrorResponse' ? [message.fields.get('C')] : []))

  test('gives its rows masked, in a script, statement by statement, and in the extended protocol', async () => {
    const wanted = ['1|[redacted]', '2|[redacted]']
    const declare = `DECLARE c CURSOR FOR ${SECRET}`
    expect(rowsOf(await played(['BEGIN', declare, 'FETCH 2 FROM c']))).toEqual(wanted)
    expect(rowsOf(await played([`BEGIN; ${declare}; FETCH 2 FROM c; COMMIT`]))).toEqual(wanted)
    expect(rowsOf(await played([[query('BEGIN'), query(declare), query('FETCH 2 FROM c')]]))).toEqual(wanted)
    expect(rowsOf(await played(['BEGIN', [...run(declare), SYNC], [...run('FETCH 2 FROM c'), SYNC]]))).toEqual(wanted)
    expect(rowsOf(await played([[...run('BEGIN'), ...run(declare), ...run('FETCH 2 FROM c'), SYNC]]))).toEqual(wanted)
  })

  test('can be described as a portal, moved, and closed', async () => {
    const seen = await played([
      'BEGIN',
      `DECLARE "My Cursor" SCROLL CURSOR FOR ${SECRET}`,
      [describeOf('portal', 'My Cursor'), SYNC],
      'MOVE 1 FROM "My Cursor"',
      'FETCH 1 FROM "My Cursor"',
      'CLOSE "My Cursor"',
      'FETCH 1 FROM "My Cursor"',
    ])
    expect(seen.filter(({ kind }) => kind === 'RowDescription')).toHaveLength(2)
    expect(rowsOf(seen)).toEqual(['2|[redacted]'])
    expect(errorsOf(seen)).toHaveLength(1)
  })

  test('lives on behind its transaction WITH HOLD, and masks what is derived', async () => {
    expect(
      rowsOf(await played([`DECLARE h CURSOR WITH HOLD FOR ${SECRET}`, 'SELECT 1', 'FETCH 1 FROM h', 'CLOSE h'])),
    ).toEqual(['1', '1|[redacted]'])
    expect(
      rowsOf(await played(['BEGIN', 'DECLARE c CURSOR FOR SELECT upper(ssn) FROM people', 'FETCH 1 FROM c'])),
    ).toEqual(['[redacted]'])
  })

  test('is refused where its query is', async () => {
    const seen = await played([
      'BEGIN',
      "DECLARE c CURSOR FOR SELECT id FROM people WHERE ssn = 'hidden-1'",
      'ROLLBACK',
      'DECLARE c CURSOR WITH HOLD FOR SELECT * FROM pg_authid',
    ])
    expect(errorsOf(seen)).toEqual(['42501', '42501'])
  })

  test.each<readonly [string, readonly (string | readonly FrontendMessage[])[]]>([
    [
      'is another one once closed and declared again',
      ['BEGIN', `DECLARE c CURSOR FOR ${HARMLESS}`, 'CLOSE c', `DECLARE c CURSOR FOR ${DERIVED}`, 'FETCH 1 FROM c'],
    ],
    [
      'stays what it was when the second DECLARE fails',
      [
        'BEGIN',
        `DECLARE c CURSOR FOR ${DERIVED}`,
        'SAVEPOINT s',
        `DECLARE c CURSOR FOR ${HARMLESS}`,
        'ROLLBACK TO s',
        'FETCH 1 FROM c',
      ],
    ],
    [
      'stays what it was when its CLOSE was undone by an error before it',
      [
        'BEGIN',
        `DECLARE c CURSOR FOR ${DERIVED}`,
        'SAVEPOINT s',
        'SELECT 1/0',
        'CLOSE c',
        'ROLLBACK TO s',
        `DECLARE c CURSOR FOR ${HARMLESS}`,
        'ROLLBACK TO s',
        'FETCH 1 FROM c',
      ],
    ],
    [
      'is the new one for a FETCH that was prepared before',
      [
        'BEGIN',
        `DECLARE c CURSOR FOR ${HARMLESS}`,
        [parse('FETCH 1 FROM c', 'f'), bind([], 'f'), execute(), SYNC],
        'CLOSE c',
        `DECLARE c CURSOR FOR ${DERIVED}`,
        [bind([], 'f'), execute(), SYNC],
      ],
    ],
    [
      'is the new one for a FETCH that was bound before',
      [
        'BEGIN',
        `DECLARE c CURSOR FOR ${HARMLESS}`,
        [parse('FETCH 1 FROM c', 'f'), bind([], 'f', 'p'), SYNC],
        'CLOSE c',
        `DECLARE c CURSOR FOR ${DERIVED}`,
        [execute(0, 'p'), SYNC],
      ],
    ],
    [
      'is the new one for a FETCH that was bound before, in one batch',
      [
        'BEGIN',
        `DECLARE c CURSOR FOR ${HARMLESS}`,
        [
          parse('FETCH 1 FROM c', 'f'),
          bind([], 'f', 'p'),
          ...run('CLOSE c'),
          ...run(`DECLARE c CURSOR FOR ${DERIVED}`),
          execute(0, 'p'),
          SYNC,
        ],
      ],
    ],
    [
      'is the new one when both are sent at once',
      [
        'BEGIN',
        `DECLARE c CURSOR FOR ${HARMLESS}`,
        [query('CLOSE c'), query(`DECLARE c CURSOR FOR ${DERIVED}`), query('FETCH 1 FROM c')],
      ],
    ],
    [
      'is the new one when both bound before are run at once',
      [
        'BEGIN',
        `DECLARE c CURSOR FOR ${HARMLESS}`,
        [
          parse('CLOSE c', 'a'),
          bind([], 'a', 'a'),
          parse(`DECLARE c CURSOR FOR ${DERIVED}`, 'b'),
          bind([], 'b', 'b'),
          parse('FETCH 1 FROM c', 'f'),
          bind([], 'f', 'p'),
          SYNC,
        ],
        [execute(0, 'a'), execute(0, 'b'), execute(0, 'p'), SYNC],
      ],
    ],
    [
      'gives way to a portal of its name',
      [
        'BEGIN',
        `DECLARE c CURSOR FOR ${HARMLESS}`,
        [closeOf('portal', 'c'), parse(DERIVED), bind([], '', 'c'), SYNC],
        'FETCH 1 FROM c',
      ],
    ],
    [
      'gives way to what a function opens under its name',
      ['BEGIN', `DECLARE c CURSOR FOR ${HARMLESS}`, 'SELECT 1 WHERE swap() = 1', 'FETCH 1 FROM c'],
    ],
    [
      'gives way to what a function opens under its name, in one text',
      ['BEGIN', `DECLARE c CURSOR FOR ${HARMLESS}; SELECT 1 WHERE swap() = 1; FETCH 1 FROM c`],
    ],
    [
      'gives way to what a function opens behind it in one text',
      ['BEGIN', `DECLARE c CURSOR FOR ${HARMLESS}; SELECT 1 WHERE swap() = 1`, 'FETCH 1 FROM c'],
    ],
    [
      'gives way to what a function opens, when all is bound before it is run at once',
      [
        'BEGIN',
        [
          parse(`DECLARE c CURSOR FOR ${HARMLESS}`, 'a'),
          bind([], 'a', 'a'),
          parse('SELECT 1 WHERE swap() = 1', 'b'),
          bind([], 'b', 'b'),
          SYNC,
        ],
        [execute(0, 'a'), execute(0, 'b'), SYNC],
        'FETCH 1 FROM c',
      ],
    ],
    [
      'is the one that is there when what was sent to replace it fails',
      [
        'BEGIN',
        [
          parse(`DECLARE c CURSOR FOR ${DERIVED}`, 'a'),
          bind([], 'a', 'a'),
          parse('SAVEPOINT s', 'b'),
          bind([], 'b', 'b'),
          parse('SELECT 1 / (random() * 0)::int', 'x'),
          bind([], 'x', 'x'),
          parse(`DECLARE c CURSOR FOR ${HARMLESS}`, 'd'),
          bind([], 'd', 'd'),
          SYNC,
        ],
        [execute(0, 'a'), execute(0, 'b'), execute(0, 'x'), execute(0, 'd'), SYNC],
        'ROLLBACK TO s',
        'FETCH 1 FROM c',
      ],
    ],
    [
      'gives way to what a function opens in its own query',
      [
        'BEGIN',
        `DECLARE c CURSOR FOR ${HARMLESS}`,
        'DECLARE d CURSOR FOR SELECT 1 WHERE swap() = 1',
        'FETCH 1 FROM d',
        'FETCH 1 FROM c',
      ],
    ],
    [
      'ends with its transaction, held or not',
      [
        'BEGIN',
        `DECLARE c CURSOR WITH HOLD FOR ${HARMLESS}`,
        'ROLLBACK',
        'BEGIN',
        [parse(DERIVED), bind([], '', 'c'), SYNC],
        'FETCH 1 FROM c',
      ],
    ],
  ])('%s', async (_, steps) => {
    const seen = await played(steps)
    // Whatever came of it: the last answer is a masked row, a refusal, or the server's own error.
    expect(rowsOf(seen).length + errorsOf(seen).length).toBeGreaterThan(0)
  })
})

/** Every text that a message holds. */
function texts(message: BackendMessage): string[] {
  if (message.kind === 'DataRow') return message.cells.map((value) => value?.toString('utf8') ?? 'NULL')
  return 'fields' in message && message.fields instanceof Map ? [...message.fields.values()].map(String) : []
}
