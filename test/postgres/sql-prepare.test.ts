import type { BackendMessage, FrontendMessage } from '@gatehouse/postgres-wire'
import { describe, expect } from 'vitest'
import { bind, closeOf, describeOf, execute, parse, query, run, SYNC } from './messages.ts'
import { type Scene, scenePromises, VERSIONS } from './scene.ts'
import { errorOf, rowsOf, sqlstates } from './wire-client.ts'

const SCHEMA = `
CREATE TABLE people (id int PRIMARY KEY, name text, ssn text);
INSERT INTO people VALUES (1, 'Ann', 'hidden-1'), (2, 'Bob', 'hidden-2');
CREATE TABLE notes (id int PRIMARY KEY, note text);
CREATE FUNCTION tell() RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT ssn FROM public.people WHERE id = 1 $$;
`

const POLICY = `
rules:
  - name: agents
    allow:
      actions: [select, insert, update, explain, prepare, execute, create_table, drop_table]
      relations: [public.*, "pg_temp*.*"]
      settings: [search_path]
      functions: [public.tell]
masks:
  - { columns: [public.people.ssn], with: redact }
`

const PREPARE = 'PREPARE q AS SELECT id, ssn FROM people ORDER BY id'
const MASKED = [
  ['1', '[redacted]'],
  ['2', '[redacted]'],
]

/** Sends each step once the one before it is answered. Returns the messages of all; nothing hidden may be in any. */
async function played(scene: Scene, ...steps: (string | readonly FrontendMessage[])[]): Promise<BackendMessage[]> {
  const client = await scene.enter()
  const chunks: Buffer[] = []
  client.socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const seen: BackendMessage[] = []
  for (const step of steps)
    seen.push(...(typeof step === 'string' ? await client.query(step) : await client.exchange(...step)))
  client.destroy()
  expect(Buffer.concat(chunks).toString('latin1')).not.toContain('hidden')
  return seen
}

/** What a statement of SQL PREPARE may do and return is known at EXECUTE, and decided there. */
describe.each(VERSIONS)('A statement made by SQL PREPARE, on $version', ({ shared }) => {
  const promise = scenePromises(shared, { sql: SCHEMA, policy: POLICY })

  promise(
    'gives its rows masked, in one text, in several, in the extended protocol and in a pipeline',
    async (scene) => {
      for (const steps of [
        [`${PREPARE}; EXECUTE q`],
        [PREPARE, 'EXECUTE q'],
        [[query(PREPARE), query('EXECUTE q')]],
        [
          [...run(PREPARE), SYNC],
          [...run('EXECUTE q'), SYNC],
        ],
        [[...run(PREPARE), ...run('EXECUTE q'), SYNC]],
        ['BEGIN', PREPARE, 'ROLLBACK', 'EXECUTE q'],
        [`${PREPARE}; SELECT 1 / 0`, 'EXECUTE q'],
        [PREPARE, PREPARE, 'EXECUTE q'],
        [PREPARE, 'DEALLOCATE q', PREPARE, 'EXECUTE q'],
        [PREPARE, 'SET search_path = public, pg_catalog', 'EXECUTE q'],
      ])
        expect(rowsOf(await played(scene, ...steps)), JSON.stringify(steps)).toEqual(MASKED)
    },
  )

  promise('is masked in binary, by its derived values, and by its name as SQL folds and quotes it', async (scene) => {
    const binary = [parse('EXECUTE q'), { ...bind(), resultFormats: [1] as const }, execute(), SYNC]
    expect(rowsOf(await played(scene, PREPARE, binary)).map((row) => row[1])).toEqual(['[redacted]', '[redacted]'])
    expect(rowsOf(await played(scene, 'PREPARE Q AS SELECT upper(ssn) FROM people', 'EXECUTE "q"'))).toEqual([
      ['[redacted]'],
      ['[redacted]'],
    ])
    const two = ['PREPARE "Q" AS SELECT id FROM people ORDER BY id', PREPARE, 'EXECUTE "Q"', 'EXECUTE q']
    expect(rowsOf(await played(scene, ...two))).toEqual([['1'], ['2'], ...MASKED])
  })

  promise('takes parameters, writes, and is run by EXPLAIN and CREATE TABLE AS', async (scene) => {
    const steps = [
      'PREPARE one(int) AS SELECT name, ssn FROM people WHERE id = $1',
      'EXECUTE one(1 + 1)',
      'PREPARE put AS INSERT INTO notes VALUES ($1, $2) RETURNING note',
      "EXECUTE put(1, 'first')",
      "EXECUTE put(2, upper('second'))",
      'PREPARE names AS SELECT name FROM people ORDER BY id',
      'CREATE TEMP TABLE kept AS EXECUTE names',
      'SELECT name FROM kept',
    ]
    const seen = await played(scene, ...steps)
    expect(sqlstates(seen)).toEqual([])
    expect(rowsOf(seen)).toEqual([['Bob', '[redacted]'], ['first'], ['SECOND'], ['Ann'], ['Bob']])
    await scene.admin('TRUNCATE notes')
    const plan = await played(scene, PREPARE, 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) EXECUTE q')
    expect(sqlstates(plan)).toEqual([])
    expect(rowsOf(plan).length).toBeGreaterThan(0)
  })

  promise('is refused where what it runs is, at PREPARE and at EXECUTE', async (scene) => {
    for (const steps of [
      ["PREPARE q AS SELECT id FROM people WHERE ssn = 'hidden-1'"],
      ['PREPARE q AS DELETE FROM people'],
      [PREPARE, 'CREATE TEMP TABLE kept AS EXECUTE q'],
      ['PREPARE put AS INSERT INTO notes VALUES (9, $1)', 'EXECUTE put(tell())'],
      ['PREPARE say(text) AS SELECT $1', 'EXECUTE say(tell())'],
      ['EXECUTE nobody'],
      ['EXPLAIN ANALYZE EXECUTE nobody'],
      ['CREATE TEMP TABLE kept AS EXECUTE nobody'],
    ]) {
      const seen = await played(scene, ...steps)
      expect(errorOf(seen)?.fields.get('M'), JSON.stringify(steps)).toMatch(/^gatehouse: /)
      expect(rowsOf(seen)).toEqual([])
    }
    expect(await scene.admin('SELECT 1 FROM notes')).toEqual([])
  })

  promise('tells a client that executes an unknown one what would work', async (scene) => {
    const error = errorOf(await played(scene, 'EXECUTE nobody'))
    expect(error?.fields.get('M')).toContain('DEALLOCATE it and PREPARE it again')
  })

  promise('is out of reach of the protocol, and closed by it', async (scene) => {
    expect(sqlstates(await played(scene, PREPARE, [bind([], 'q'), execute(), SYNC]))).toEqual(['26000'])
    expect(sqlstates(await played(scene, PREPARE, [describeOf('statement', 'q'), SYNC]))).toEqual(['26000'])
    const closed = await played(scene, PREPARE, [closeOf('statement', 'q'), SYNC], 'EXECUTE q')
    expect(errorOf(closed)?.fields.get('M')).toMatch(/^gatehouse: /)
  })
})
