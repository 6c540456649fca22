import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { findPsql } from './find-psql.ts'
import { HIDDEN, MASKED_ADA, openShop, type Shop } from './shop.ts'

const servers = inject('servers')
const [psql15, psql18] = await Promise.all([findPsql(15), findPsql(18)])

/** What people ask psql about a database. */
const DESCRIBING = [
  '\\d',
  '\\dt',
  '\\dt+ orders',
  '\\d people',
  '\\d+ people',
  '\\d+ orders',
  '\\di',
  '\\dv',
  '\\dn+',
  '\\dT+ mood',
  '\\df',
  '\\df+ lower',
  '\\dp orders',
  '\\du scram_login',
  '\\l drivers_psql*',
  '\\dx',
  '\\dd',
  '\\do =',
  '\\da count',
  '\\sf lower(text)',
  '\\dconfig work_mem',
  '\\dC',
  '\\drds * drivers_psql*',
  '\\ds',
  '\\dE',
  '\\dm',
  '\\des',
  '\\dRp',
  '\\dy',
  '\\dF',
  '\\dL',
  '\\dA',
  '\\db',
  '\\dc',
  '\\dD',
  '\\dO',
  '\\dP',
  '\\dX',
  '\\z',
  '\\ddp',
  '\\dg scram_login',
]

describe.each([
  { name: 'psql 15 on PostgreSQL 15', major: 15, found: psql15, shared: servers.postgres15 },
  { name: 'psql 15 on PostgreSQL 18', major: 15, found: psql15, shared: servers.postgres18 },
  { name: 'psql 18 on PostgreSQL 15', major: 18, found: psql18, shared: servers.postgres15 },
  { name: 'psql 18 on PostgreSQL 18', major: 18, found: psql18, shared: servers.postgres18 },
])('$name', ({ major, found, shared }) => {
  if (found.kind === 'absent') return test.skip(found.reason, () => undefined)
  if ('absent' in shared) return test.skip(shared.absent, () => undefined)
  const { command, leading } = found.program
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-psql-'))
  let shop: Shop
  let token = ''

  beforeAll(async () => {
    shop = await openShop(`drivers_psql${String(major)}`, shared.address)
    token = await shop.gateway.token()
  })
  afterAll(async () => {
    await shop.close()
    rmSync(folder, { recursive: true })
  })

  interface Said {
    readonly out: string
    readonly err: string
    readonly status: number | null
  }

  function run(
    connection: Readonly<Record<string, string | number>>,
    password: string,
    script: string,
    options: readonly string[],
    interruptAfter = 0,
  ): Promise<Said> {
    const words = Object.entries({ connect_timeout: 10, ...connection }).map(
      ([key, value]) => `${key}='${String(value)}'`,
    )
    const env = {
      ...process.env,
      PGPASSWORD: password,
      PSQLRC: '/dev/null',
      PGSYSCONFDIR: folder,
      PAGER: '',
      LC_ALL: 'C.UTF-8',
    }
    const child = spawn(command, [...leading, '-X', '-A', '-t', ...options, words.join(' ')], { cwd: folder, env })
    return new Promise((resolve, reject) => {
      let [out, err] = ['', '']
      child.stdout.setEncoding('utf8').on('data', (piece: string) => (out += piece))
      child.stderr.setEncoding('utf8').on('data', (piece: string) => (err += piece))
      child.on('error', reject)
      child.on('close', (status) => resolve({ out, err, status }))
      child.stdin.end(script)
      if (interruptAfter > 0) void sleep(interruptAfter).then(() => child.kill('SIGINT'))
    })
  }

  interface Way {
    readonly target?: string
    readonly more?: Readonly<Record<string, string | number>>
    readonly options?: readonly string[]
    readonly interruptAfter?: number
  }

  /** psql at the gateway. */
  const psql = (
    script: string,
    { target = 'shop', more = {}, options = [], interruptAfter = 0 }: Way = {},
  ): Promise<Said> =>
    run(
      { host: shop.gateway.host, port: shop.gateway.port, user: 'agent', dbname: target, sslmode: 'disable', ...more },
      token,
      script,
      options,
      interruptAfter,
    )

  /** psql at the server behind it. */
  const without = (script: string, options: readonly string[] = []): Promise<Said> => {
    const { host, port, user, password, database } = shop.direct
    return run({ host, port, user, dbname: database, sslmode: 'disable' }, password, script, options)
  }

  const quiet = (script: string, way: Way = {}): Promise<string> => psql(script, way).then(({ out, err }) => out + err)

  test('logs in with the token as password, in clear text and over TLS with the certificate verified', async () => {
    const text = 'SELECT item FROM orders ORDER BY id'
    expect(await psql(text)).toEqual({ out: 'loom\ncards\n', err: '', status: 0 })
    const tls = { host: 'localhost', sslmode: 'verify-full', sslrootcert: shop.caFile }
    expect(await psql(text, { more: tls })).toEqual({ out: 'loom\ncards\n', err: '', status: 0 })
    expect((await psql(text, { more: { ...tls, sslrootcert: 'system' } })).status).toBe(2)
  })

  test('is told when the token is wrong', async () => {
    const { gateway } = shop
    const said = await run(
      { host: gateway.host, port: gateway.port, user: 'agent', dbname: 'shop' },
      'not a token',
      '',
      [],
    )
    expect(said.err).toContain('gatehouse:')
    expect(said.status).toBe(2)
  })

  test('takes the target behind a plus in the user name, and a URL', async () => {
    expect(await quiet('SELECT ssn FROM people WHERE id = 1', { target: 'x', more: { user: 'agent+plain' } })).toBe(
      '123-45-6789\n',
    )
  })

  // A psql for each, twice on two roads.
  test('describes what the database holds, as without the gateway', { timeout: 120_000 }, async () => {
    for (const target of ['plain', 'shop']) {
      const said: Record<string, Said> = {}
      const wanted: Record<string, Said> = {}
      await Promise.all(
        DESCRIBING.map(async (meta) => {
          wanted[meta] = await without(`${meta}\n`)
          said[meta] = await psql(`${meta}\n`, { target })
        }),
      )
      // An older psql asks a newer server for columns that it has no more: both roads fail, each in its own words.
      for (const [meta, { err, out, status }] of Object.entries(wanted)) {
        if (err.startsWith('ERROR:') && said[meta]?.err.startsWith('ERROR:') === true) said[meta] = { err, out, status }
      }
      expect(said, target).toEqual(wanted)
    }
  })

  test('prints the same for a script as without the gateway', async () => {
    const script = `
      SELECT * FROM kinds ORDER BY id;
      \\gdesc
      SELECT id, t FROM kinds ORDER BY id \\gx
      SELECT 1 AS a \\gset
      SELECT :a + 1;
      BEGIN; SELECT 1; SELECT nothing; SELECT 2; ROLLBACK;
      SELECT 1 \\; SELECT 2 \\; SELECT 3;
      PREPARE p (int) AS SELECT $1 + 1; EXECUTE p (41); DEALLOCATE p;
      INSERT INTO orders VALUES (1, 1, 'twice', 1);
      \\errverbose
      DO $$ BEGIN RAISE NOTICE 'hello'; RAISE WARNING 'careful' USING DETAIL = 'd', HINT = 'h'; END $$;
      COPY (SELECT id, i4 FROM kinds ORDER BY id) TO STDOUT;
      SELECT 1 AS one, 2 AS two \\crosstabview
      ;
    `
    const direct = await without(script, ['-e'])
    expect(await psql(script, { target: 'plain', options: ['-e'] })).toEqual(direct)
  })

  test('shows a refusal with its SQLSTATE, message, detail and hint, and goes on', async () => {
    const said = await psql('DROP TABLE orders;\n\\errverbose\nSELECT 1;\n')
    const verbose = said.err.slice(said.err.lastIndexOf('ERROR:'))
    expect(verbose).toMatch(/^ERROR: {2}42501: gatehouse: .*change request/)
    expect(JSON.parse(/^DETAIL: {2}(.*)$/m.exec(verbose)?.[1] ?? 'null')).toMatchObject({
      code: 'DENIED_BY_RULE',
      rule: 'never',
    })
    expect(verbose).toMatch(/^HINT: {2}\w/m)
    expect(said.out).toBe('1\n')
  })

  test('stops a script at a refusal with ON_ERROR_STOP; with one transaction nothing of it stays', async () => {
    const file = join(folder, 'script.sql')
    writeFileSync(
      file,
      "INSERT INTO orders VALUES (50, 2, 'x', 1);\nTRUNCATE orders;\nINSERT INTO orders VALUES (51, 2, 'x', 1);\n",
    )
    const said = await psql('', { options: ['-v', 'ON_ERROR_STOP=1', '-1', '-q', '-f', file] })
    expect(said.status).toBe(3)
    expect(said.err.match(/ERROR:/g)).toHaveLength(1)
    expect(await quiet('SELECT count(*) FROM orders WHERE id >= 50')).toBe('0\n')
  })

  test('goes on after a refusal within a transaction, once rolled back; with ON_ERROR_ROLLBACK at once', async () => {
    const script =
      "BEGIN;\nINSERT INTO orders VALUES (60, 2, 'x', 1);\nDROP TABLE people;\nSELECT count(*) FROM orders WHERE id = 60;\nROLLBACK;\nSELECT count(*) FROM orders WHERE id = 60;\n"
    const said = await psql(script, { options: ['-q'] })
    expect(said.out).toBe('0\n')
    expect(said.err).toContain('current transaction is aborted')
    const rolled = await psql(script, { options: ['-q', '-v', 'ON_ERROR_ROLLBACK=1'] })
    expect(rolled.out).toBe('1\n0\n')
  })

  test('refuses a text of several statements as a whole', async () => {
    const said = await psql('', {
      options: ['-c', "INSERT INTO orders VALUES (70, 2, 'x', 1); DROP TABLE people; SELECT 1"],
    })
    expect(said.err.match(/ERROR:/g)).toHaveLength(1)
    expect(await quiet('SELECT count(*) FROM orders WHERE id = 70')).toBe('0\n')
  })

  test('sees every masked column masked', async () => {
    const direct = await without(`${MASKED_ADA};`)
    expect(await psql('SELECT * FROM people WHERE id = 1;')).toEqual(direct)
    const everything = await quiet(
      'TABLE people;\nSELECT * FROM people p;\nSELECT p FROM people p;\nSELECT upper(ssn) FROM people;\nVALUES ((SELECT ssn FROM people WHERE id = 1));\nEXPLAIN ANALYZE SELECT * FROM people;\nCOPY people TO STDOUT;\n',
    )
    expect(HIDDEN.filter((piece) => everything.includes(piece))).toEqual([])
  })

  test('reads with FETCH_COUNT', async () => {
    const said = await psql('\\set FETCH_COUNT 100\nSELECT id, who FROM log WHERE id <= 1000 ORDER BY id;\n')
    expect(said).toEqual({
      out: Array.from({ length: 1000 }, (_, index) => `${String(index + 1)}|[redacted]\n`).join(''),
      err: '',
      status: 0,
    })
  })

  test('copies out and in with \\copy, masked', async () => {
    const script = `
\\copy orders TO 'orders.csv' CSV HEADER
\\copy (SELECT id + 80, 2, item, amount FROM orders ORDER BY id) TO 'more.tsv'
\\copy orders FROM 'more.tsv'
SELECT id, item FROM orders WHERE id > 80 ORDER BY id;
DELETE FROM orders WHERE id > 80;
\\copy people TO 'people.tsv' ENCODING 'LATIN1'
SELECT 'still here';
`
    const said = await psql(script, { options: ['-q'] })
    expect(said.out).toBe('81|loom\n82|cards\nstill here\n')
    expect(said.err).toMatch(/^ERROR: {2}gatehouse: /)
    expect(readFileSync(join(folder, 'orders.csv'), 'utf8')).toBe(
      'id,person_id,item,amount\n1,1,loom,12.50\n2,1,cards,0.99\n',
    )
    expect(HIDDEN.filter((piece) => said.err.includes(piece))).toEqual([])
    for (const format of ['', 'CSV HEADER', '(FORMAT csv, FORCE_QUOTE *)']) {
      await psql(`\\copy (SELECT * FROM people WHERE id = 1) TO 'masked' ${format}\n`)
      await without(`\\copy (${MASKED_ADA.trim().replaceAll('\n', ' ')}) TO 'direct' ${format}\n`)
      const [masked, direct] = ['masked', 'direct'].map((file) => readFileSync(join(folder, file), 'utf8'))
      expect(masked).toBe(direct)
    }
  })

  test('cancels on an interrupt, in clear text and over TLS', async () => {
    for (const more of [{}, { host: 'localhost', sslmode: 'verify-full', sslrootcert: shop.caFile }]) {
      const started = performance.now()
      const said = await psql('', {
        target: 'plain',
        more,
        options: ['-c', 'SELECT pg_sleep(20)'],
        interruptAfter: 700,
      })
      expect(said.err).toContain('canceling statement due to user request')
      expect(performance.now() - started).toBeLessThan(8000)
    }
  })

  test('hears notifications where policy allows them, and is refused elsewhere', async () => {
    const said = await psql("LISTEN doors;\nNOTIFY doors, 'open';\nSELECT 1;\n", { target: 'plain', options: ['-q'] })
    expect(said.out).toContain('Asynchronous notification "doors" with payload "open"')
    expect(await quiet('LISTEN doors;')).toContain('gatehouse: no rule allows listen')
  })

  test('keeps the settings of PGOPTIONS and of SET', async () => {
    const more = { options: '-c statement_timeout=77s -c DateStyle=German' }
    expect(
      await quiet("SHOW statement_timeout; SHOW DateStyle; SET statement_timeout = '5s'; SHOW statement_timeout;", {
        more,
        options: ['-q'],
      }),
    ).toBe('77s\nGerman, DMY\n5s\n')
  })

  test('reads 100,000 rows, masked', async () => {
    const { out } = await psql('SELECT id, who FROM log ORDER BY id;')
    const lines = out.split('\n')
    expect(lines).toHaveLength(100_001)
    expect(new Set(lines.slice(0, -1).map((line) => line.split('|')[1]))).toEqual(new Set(['[redacted]']))
  })

  if (major === 18) {
    test('binds parameters and runs a pipeline, with one error for a refusal in it', async () => {
      const script = `
SELECT who FROM log WHERE id = $1 \\bind 7 \\g
SELECT $1::int + 1 \\parse add
\\bind_named add 41 \\g
\\startpipeline
INSERT INTO orders VALUES ($1, 2, 'x', 1) \\bind 90 \\sendpipeline
DROP TABLE orders \\bind \\sendpipeline
INSERT INTO orders VALUES ($1, 2, 'x', 1) \\bind 91 \\sendpipeline
\\syncpipeline
SELECT 'next' \\bind \\sendpipeline
\\endpipeline
SELECT count(*) FROM orders WHERE id >= 90;
`
      const said = await psql(script, { options: ['-q'] })
      expect(said.err.match(/ERROR:/g)).toHaveLength(1)
      expect(said.err).toContain('gatehouse:')
      expect(said.out.split('\n').filter((line) => !line.startsWith('Pipeline aborted'))).toEqual([
        '[redacted]',
        '42',
        'next',
        '0',
        '',
      ])
    })

    test('speaks protocol 3.2 and TLS from the first byte, and cancels with the longer key', async () => {
      const more = {
        host: 'localhost',
        sslmode: 'verify-full',
        sslrootcert: shop.caFile,
        sslnegotiation: 'direct',
        min_protocol_version: '3.2',
        max_protocol_version: '3.2',
      }
      expect(await quiet('SELECT 1', { more })).toBe('1\n')
      const said = await psql('', {
        target: 'plain',
        more,
        options: ['-c', 'SELECT pg_sleep(20)'],
        interruptAfter: 700,
      })
      expect(said.err).toContain('canceling statement due to user request')
    })
  }
})
