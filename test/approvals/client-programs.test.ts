import { spawn } from 'node:child_process'
import { MemoryHub, openMemoryCoordination } from '@gatehouse/coordination'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findMysqlClient } from '../drivers/find-mysql-client.ts'
import { findPsql } from '../drivers/find-psql.ts'
import type { HeldStatement } from '../harness/admin-api.ts'
import { startTestAdmin, type TestAdmin } from '../harness/start-admin.ts'
import * as mysql from '../mysql/scene.ts'
import * as postgres from '../postgres/scene.ts'

const policy = (relations: string): string => `
rules:
  - name: work
    allow:
      actions: [select, begin, commit, rollback, prepare, execute, deallocate, set, use, show]
      relations: ["*"]
      functions: ["*"]
      settings: ["*"]
  - name: writes-need-a-human
    approve: { actions: [update], relations: ["${relations}"], by: { groups: [dba] }, holdTimeoutSeconds: 60 }
`
const SQL =
  'CREATE TABLE stock (id int PRIMARY KEY, amount int); INSERT INTO stock VALUES (1, 10), (2, 10), (3, 10), (4, 10), (5, 10), (6, 10);'

const hub = new MemoryHub()
const share = (): ReturnType<typeof openMemoryCoordination> => openMemoryCoordination(hub)
let admin: TestAdmin
beforeAll(async () => {
  admin = await startTestAdmin(share)
})
afterAll(() => admin.close())

/** Null: yes. A text: no, for this reason. */
type Word = string | null
interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}
interface Said {
  readonly out: string
  readonly err: string
  /** What was asked, in its order. */
  readonly asked: readonly HeldStatement['request']['statement'][]
}

/** Runs a script through a program, while each statement that is held is told by the events, shown by the API, and decided there. */
async function decided({ command, args, env }: Program, script: string, words: readonly Word[]): Promise<Said> {
  const { dana } = admin
  const watch = await dana.watch()
  const child = spawn(command, args, { env: { ...process.env, ...env } })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (out += piece))
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (err += piece))
  child.stdin.on('error', () => undefined)
  const ended = new Promise((resolve) => child.on('close', resolve))
  child.stdin.end(script)
  const asked: Said['asked'][number][] = []
  const seen = new Set<string>()
  try {
    for (const word of words) {
      const fresh = (): string | undefined => watch.approvals().find((id) => !seen.has(id))
      await expect.poll(fresh, { message: `held; until now: ${out}${err}` }).toBeDefined()
      const id = fresh() ?? ''
      seen.add(id)
      const held = await dana.approval(id)
      expect(held?.state).toBe('pending')
      if (held !== null) asked.push(held.request.statement)
      expect((await (word === null ? dana.approve(id) : dana.refuse(id, word))).body).toMatchObject({ kind: 'decided' })
    }
    await ended
  } finally {
    child.kill()
    await watch.stop()
  }
  // Nothing else was held.
  expect(await dana.pending()).toEqual([])
  return { out, err, asked }
}

describe.each(
  await Promise.all(
    ([15, 18] as const).flatMap((major) =>
      postgres.VERSIONS.map(async ({ version, shared }) => ({ major, version, shared, found: await findPsql(major) })),
    ),
  ),
)('What psql $major sends is held and decided at the admin service, on $version', ({ major, shared, found }) => {
  if (found.kind === 'absent') return test.skip(found.reason, () => undefined)
  const { command, leading } = found.program
  const promise = postgres.scenePromises(shared, () => ({
    sql: SQL,
    policy: policy('public.*'),
    coordination: share,
    approvals: { coolDownSeconds: 0 },
  }))
  const psql = async ({ gateway }: postgres.Scene): Promise<Program> => ({
    command,
    args: [...leading, '-X', '-A', '-t', '-d', await gateway.url('shop')],
    env: { PSQLRC: '/dev/null', LC_ALL: 'C.UTF-8' },
  })
  const amounts = async ({ admin: ask }: postgres.Scene): Promise<unknown[]> =>
    (await ask<{ amount: number }>('SELECT amount FROM stock ORDER BY id')).map(({ amount }) => amount)

  promise('a yes gives the row count, a no the reason, and the connection goes on', async (scene) => {
    const script = `UPDATE stock SET amount = 0 WHERE id > 0;
UPDATE stock SET amount = 1;
SELECT pg_backend_pid() > 0, sum(amount) FROM stock;\n`
    const { out, err, asked } = await decided(await psql(scene), script, [null, 'not on a Friday'])
    expect(asked.map(({ text }) => text)).toEqual([
      'UPDATE stock SET amount = 0 WHERE id > 0;',
      'UPDATE stock SET amount = 1;',
    ])
    expect(out).toBe('UPDATE 6\nt|0\n')
    expect(err).toMatch(/NOTICE: .*held.*ERROR: {2}gatehouse: .*not on a Friday/s)
  })

  promise('in a transaction: what was approved is undone with it, a refusal aborts it', async (scene) => {
    const before = await amounts(scene)
    const script = `BEGIN;
UPDATE stock SET amount = 21 WHERE id = 1;
ROLLBACK;
BEGIN;
UPDATE stock SET amount = 22 WHERE id = 2;
UPDATE stock SET amount = 23 WHERE id = 3;
SELECT 'aborted';
COMMIT;
SELECT 'goes on';\n`
    const { out, err } = await decided(await psql(scene), script, [null, null, 'not that one'])
    expect(out).toBe('BEGIN\nUPDATE 1\nROLLBACK\nBEGIN\nUPDATE 1\nROLLBACK\ngoes on\n')
    expect(err).toMatch(/not that one.*current transaction is aborted/s)
    expect(await amounts(scene)).toEqual(before)
  })

  promise('by PREPARE and EXECUTE: not at EXECUTE, where people would not see what runs', async (scene) => {
    const before = await amounts(scene)
    const script = `PREPARE change (int, int) AS UPDATE stock SET amount = $1 WHERE id = $2;
EXECUTE change (31, 3);
SELECT 'goes on';\n`
    const { out, err } = await decided(await psql(scene), script, [null])
    expect(out).toBe('PREPARE\ngoes on\n')
    expect(err).toContain('send the statement itself, with its values')
    expect(await amounts(scene)).toEqual(before)
  })

  promise('in a text of several statements: all of it by one word', async (scene) => {
    const script = `UPDATE stock SET amount = 41 WHERE id = 4 \\; UPDATE stock SET amount = 42 WHERE id = 5 \\; SELECT 'both';
UPDATE stock SET amount = 43 WHERE id = 4 \\; UPDATE stock SET amount = 44 WHERE id = 5;
SELECT amount FROM stock WHERE id IN (4, 5) ORDER BY id;\n`
    const { out, err, asked } = await decided(await psql(scene), script, [null, 'neither'])
    expect(asked[0]?.text).toContain('SET amount = 41 WHERE id = 4 ; UPDATE stock SET amount = 42')
    expect(out).toBe('UPDATE 1\nUPDATE 1\nboth\n41\n42\n')
    expect(err).toContain('neither')
  })

  if (major === 18) {
    promise('prepared with bound values: \\bind, \\parse and \\bind_named', async (scene) => {
      const script = `UPDATE stock SET amount = $1 WHERE id = $2 \\bind 51 5 \\g
UPDATE stock SET amount = $1 WHERE id = $2 \\parse change
\\bind_named change 52 5 \\g
\\bind_named change 53 5 \\g
SELECT amount FROM stock WHERE id = 5;\n`
      const { out, err, asked } = await decided(await psql(scene), script, [null, null, 'twice is enough'])
      expect(asked.map(({ parameters }) => parameters)).toEqual([
        ['51', '5'],
        ['52', '5'],
        ['53', '5'],
      ])
      expect(out).toBe('UPDATE 1\n\nUPDATE 1\n52\n')
      expect(err).toContain('twice is enough')
    })

    promise('in a pipeline: a refusal undoes it up to the next Sync, what is behind that goes on', async (scene) => {
      const pipeline = (first: number, second: number): string => `\\startpipeline
UPDATE stock SET amount = $1 WHERE id = 5 \\bind ${String(first)} \\sendpipeline
UPDATE stock SET amount = $1 WHERE id = 6 \\bind ${String(second)} \\sendpipeline
\\syncpipeline
SELECT 'next' \\bind \\sendpipeline
\\endpipeline
SELECT amount FROM stock WHERE id IN (5, 6) ORDER BY id;\n`
      const script = pipeline(61, 62) + pipeline(63, 64)
      const { out, err, asked } = await decided(await psql(scene), script, [null, null, null, 'not both'])
      expect(asked.map(({ parameters }) => parameters)).toEqual([['61'], ['62'], ['63'], ['64']])
      expect(out.split('\n').filter((line) => !line.startsWith('Pipeline aborted'))).toEqual([
        'UPDATE 1',
        'UPDATE 1',
        'next',
        '61',
        '62',
        'UPDATE 1',
        'next',
        '61',
        '62',
        '',
      ])
      expect(err).toContain('not both')
    })
  }
})

const CLIENTS = await Promise.all(
  (['mysql', 'mariadb'] as const).map(async (flavour) => ({ flavour, found: await findMysqlClient(flavour) })),
)
describe.each(CLIENTS.flatMap((client) => mysql.VERSIONS.map((version) => ({ ...client, ...version }))))(
  'What the client of $flavour sends is held and decided at the admin service, on $version',
  ({ flavour, shared, found }) => {
    if (found.kind === 'absent') return test.skip(found.reason, () => undefined)
    const { command, leading } = found.program.program('client')
    const promise = mysql.scenePromises(shared, (database) => ({
      sql: SQL,
      policy: policy(`${database}.*`),
      coordination: share,
      approvals: { coolDownSeconds: 0 },
    }))
    const client = async ({ gateway, caFile }: mysql.Scene): Promise<Program> => {
      const tls = flavour === 'mysql' ? '--ssl-mode=VERIFY_IDENTITY' : '--ssl-verify-server-cert'
      const place = ['--protocol=tcp', '--host=localhost', `--port=${String(gateway.port)}`, '--user=copilot']
      const options = ['--force', '--unbuffered', '--skip-column-names', '-vv', 'shop']
      return {
        command,
        args: [...leading, ...place, tls, `--ssl-ca=${caFile}`, ...options],
        env: { MYSQL_PWD: await gateway.token() },
      }
    }
    /** Row counts and rows of a script, in their order. */
    const results = (out: string): string[] =>
      out
        .split('\n')
        .flatMap(
          (line) =>
            /^Query OK, (\d+) rows? affected|^\|\s*(.+?)\s*\|$|^(goes on|\d+)$/.exec(line)?.slice(1).filter(Boolean) ??
            [],
        )

    promise('a yes gives the row count, a no the reason, and the connection goes on', async (scene) => {
      const script = `UPDATE stock SET amount = 0 WHERE id > 0;
UPDATE stock SET amount = 1;
SELECT SUM(amount) FROM stock;\n`
      const { out, err, asked } = await decided(await client(scene), script, [null, 'not on a Friday'])
      expect(asked.map(({ text }) => text)).toEqual([
        'UPDATE stock SET amount = 0 WHERE id > 0',
        'UPDATE stock SET amount = 1',
      ])
      expect(results(out), out).toEqual(['6', '0'])
      expect(err).toMatch(/1317 \(70100\).*gatehouse: .*not on a Friday/s)
    })

    promise('in a transaction, which goes on after a refusal', async (scene) => {
      const script = `BEGIN;
UPDATE stock SET amount = 21 WHERE id = 1;
UPDATE stock SET amount = 22 WHERE id = 2;
SELECT amount FROM stock WHERE id <= 2 ORDER BY id;
ROLLBACK;
SELECT amount FROM stock WHERE id <= 2 ORDER BY id;\n`
      const { out, err } = await decided(await client(scene), script, [null, 'not that one'])
      expect(results(out), out).toEqual(['0', '1', '21', '0', '0', '0', '0'])
      expect(err).toContain('not that one')
    })

    promise('by PREPARE and EXECUTE … USING: not at EXECUTE, where people would not see what runs', async (scene) => {
      const before = await scene.admin(`SELECT id, amount FROM ${scene.database}.stock`)
      const script = `PREPARE change_stock FROM 'UPDATE stock SET amount = ? WHERE id = ?';
SET @amount = 31, @id = 3;
EXECUTE change_stock USING @amount, @id;
SELECT 'goes on';\n`
      const { out, err } = await decided(await client(scene), script, [null])
      expect(results(out), out).toEqual(['0', '0', 'goes on'])
      expect(err).toContain('send the statement itself, with its values')
      expect(await scene.admin(`SELECT id, amount FROM ${scene.database}.stock`)).toEqual(before)
    })

    promise('in a text of several statements', async (scene) => {
      const script = `DELIMITER //
UPDATE stock SET amount = 41 WHERE id = 4; UPDATE stock SET amount = 42 WHERE id = 5; SELECT 'goes on'//
UPDATE stock SET amount = 43 WHERE id = 4; UPDATE stock SET amount = 44 WHERE id = 5//
SELECT amount FROM stock WHERE id IN (4, 5) ORDER BY id//\n`
      const { out, err, asked } = await decided(await client(scene), script, [null, 'neither'])
      expect(asked[0]?.text).toContain('SET amount = 41 WHERE id = 4; UPDATE stock SET amount = 42')
      expect(results(out), out).toEqual(['1', '1', 'goes on', '41', '42'])
      expect(err).toContain('neither')
    })
  },
)
