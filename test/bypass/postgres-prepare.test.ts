import { readFileSync } from 'node:fs'
import type { BackendMessage, FrontendMessage } from '@gatehouse/postgres-wire'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findLeak, needlesOf } from '../corpus/canaries.ts'
import { bind, closeOf, execute, parse, query, run, SYNC } from '../postgres/messages.ts'
import { openScene, type Scene, SHARED } from '../postgres/scene.ts'
import { errorOf, rowsOf, type WireClient } from '../postgres/wire-client.ts'
import { CANARIES, WRITER } from './bypass-policy.ts'

const needles = needlesOf(CANARIES)

const schema = `${readFileSync(new URL('schema.sql', import.meta.url), 'utf8')}
CREATE FUNCTION swap() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'DEALLOCATE ALL';
  EXECUTE 'PREPARE q AS SELECT ssn || '''' FROM public.users';
  RETURN 1;
END $$;
CREATE FUNCTION swap_quietly() RETURNS int LANGUAGE sql STABLE AS 'SELECT public.swap()';
`

const POLICY = WRITER.replace(
  'relations: [news,',
  'functions: [public.swap, public.swap_quietly]\n      relations: [news,',
)

/** Of an expression the server does not say where it comes from: nothing but the reading can tell that it is masked. */
const SECRET = `SELECT ssn || '' AS note FROM users`
const PLAIN = 'SELECT note FROM orders ORDER BY id'

type Step = string | readonly FrontendMessage[]

describe.skipIf('absent' in SHARED)(
  'A client that plays with the names of prepared statements gets no masked value',
  () => {
    let scene: Scene
    let client: WireClient
    let received: Buffer[] = []
    beforeAll(async () => {
      if ('absent' in SHARED) throw new Error(SHARED.absent)
      scene = await openScene(SHARED.address, { sql: schema, policy: POLICY })
    })
    afterAll(() => scene.close())
    beforeEach(async () => {
      client = await scene.enter()
      received = []
      client.socket.on('data', (chunk: Buffer) => received.push(chunk))
    })
    afterEach(() => {
      client.destroy()
      expect(findLeak(Buffer.concat(received), '', needles)).toBeNull()
    })

    async function play(steps: readonly Step[]): Promise<BackendMessage[]> {
      const seen: BackendMessage[] = []
      for (const step of steps)
        seen.push(...(typeof step === 'string' ? await client.query(step) : await client.exchange(...step)))
      return seen
    }

    const prepare = (sql: string): string => `PREPARE q AS ${sql}`

    test.each<{ how: string; steps: readonly Step[] }>([
      { how: 'prepared again in one text', steps: [prepare(PLAIN), `DEALLOCATE q; ${prepare(SECRET)}; EXECUTE q`] },
      {
        how: 'prepared again in a pipeline',
        steps: [[query(prepare(PLAIN)), query('DEALLOCATE q'), query(prepare(SECRET)), query('EXECUTE q')]],
      },
      {
        how: 'prepared again in a batch',
        steps: [prepare(PLAIN), [...run('DEALLOCATE q'), ...run(prepare(SECRET)), ...run('EXECUTE q'), SYNC]],
      },
      {
        how: 'deallocated with all others',
        steps: [prepare(PLAIN), `DEALLOCATE ALL; ${prepare(SECRET)}`, 'EXECUTE q'],
      },
      { how: 'discarded', steps: [prepare(PLAIN), 'DISCARD ALL', prepare(SECRET), 'EXECUTE q'] },
      {
        how: 'closed by the protocol',
        steps: [prepare(PLAIN), [closeOf('statement', 'q'), SYNC], prepare(SECRET), 'EXECUTE q'],
      },
      {
        how: 'closed and parsed by the protocol',
        steps: [prepare(PLAIN), [closeOf('statement', 'q'), parse(SECRET, 'q'), SYNC], 'EXECUTE q'],
      },
      { how: 'of another case', steps: [prepare(PLAIN), `PREPARE "Q" AS ${SECRET}`, 'EXECUTE "Q"'] },
      { how: 'failed because the name is taken', steps: [prepare(SECRET), prepare(PLAIN), 'EXECUTE q'] },
      {
        how: 'failed because the name is taken, in a pipeline',
        steps: [[query(prepare(SECRET)), query(prepare(PLAIN)), query('EXECUTE q')]],
      },
      {
        how: 'failed because the protocol has the name',
        steps: [[parse(SECRET, 'q'), SYNC], prepare(PLAIN), 'EXECUTE q'],
      },
      {
        how: 'in an aborted transaction',
        steps: ['BEGIN', prepare(SECRET), 'SELECT 1/0', prepare(PLAIN), 'ROLLBACK', 'EXECUTE q'],
      },
      {
        how: 'deallocated in a transaction that is undone',
        steps: [prepare(SECRET), 'BEGIN', 'DEALLOCATE q', prepare(PLAIN), 'ROLLBACK', 'EXECUTE q'],
      },
      {
        how: 'deallocated in an aborted transaction',
        steps: [prepare(SECRET), 'BEGIN', 'SELECT 1/0', 'DEALLOCATE q', prepare(PLAIN), 'ROLLBACK', 'EXECUTE q'],
      },
    ])('$how', async ({ steps }) => {
      await play(steps)
    })

    test.each<{ how: string; steps: readonly Step[] }>([
      { how: 'by a function', steps: [prepare(PLAIN), 'SELECT swap()', 'EXECUTE q'] },
      { how: 'by a function, in one text', steps: [prepare(PLAIN), 'SELECT swap(); EXECUTE q'] },
      { how: 'by a function, in the text that prepares', steps: [`${prepare(PLAIN)}; SELECT swap(); EXECUTE q`] },
      { how: 'by a function that calls itself stable', steps: [prepare(PLAIN), 'SELECT swap_quietly()', 'EXECUTE q'] },
      {
        how: 'by a function that calls itself stable, in one text',
        steps: [`${prepare(PLAIN)}; SELECT swap_quietly(); EXECUTE q`],
      },
      {
        how: 'by a function in a parameter',
        steps: ['PREPARE p(int) AS SELECT $1', prepare(PLAIN), 'EXECUTE p(swap())', 'EXECUTE q'],
      },
      {
        how: 'by a function in a pipeline',
        steps: [[query(prepare(PLAIN)), query('SELECT swap()'), query('EXECUTE q')]],
      },
      {
        how: 'by a function in a batch',
        steps: [prepare(PLAIN), [...run('SELECT swap()'), ...run('EXECUTE q'), SYNC]],
      },
      {
        how: 'after an EXECUTE was bound',
        steps: [
          prepare(PLAIN),
          [
            parse('EXECUTE q', 's'),
            bind([], 's'),
            ...run('DEALLOCATE q'),
            ...run(prepare(SECRET)),
            bind([], 's'),
            execute(),
            SYNC,
          ],
        ],
      },
    ])('given another meaning $how', async ({ steps }) => {
      const seen = await play(steps)
      expect(errorOf(seen)?.fields.get('M')).toMatch(/^gatehouse: /)
    })

    describe('whose text means something else by now', () => {
      const hide = 'CREATE TEMP TABLE users(id int, ssn text)'
      test.each<{ how: string; steps: readonly Step[] }>([
        // The server does not notice the table, and runs what the text meant before.
        {
          how: 'with a temporary table made since',
          steps: ['CREATE TEMP TABLE other(i int)', prepare(SECRET), hide, 'EXECUTE q'],
        },
        {
          how: 'with a temporary table made and dropped and made',
          steps: [hide, prepare(SECRET), 'DROP TABLE pg_temp.users', 'EXECUTE q', hide, 'EXECUTE q'],
        },
        {
          how: 'with a temporary table dropped since',
          steps: [hide, prepare(SECRET), 'DROP TABLE pg_temp.users', 'EXECUTE q'],
        },
        {
          how: 'with the search path moved',
          steps: ['SET search_path = app', prepare(SECRET), 'SET search_path = public', 'EXECUTE q'],
        },
        {
          how: 'with the search path moved to and fro',
          steps: [
            'SET search_path = app',
            prepare(SECRET),
            'SET search_path = public',
            'EXECUTE q',
            'SET search_path = app',
            'EXECUTE q',
          ],
        },
        {
          how: 'with the search path moved back by ROLLBACK',
          steps: ['BEGIN', 'SET search_path = app', prepare(SECRET), 'ROLLBACK', 'EXECUTE q'],
        },
        {
          how: 'with the search path moved in the text',
          steps: ['SET search_path = app', prepare(SECRET), 'SET search_path = public; EXECUTE q'],
        },
        {
          how: 'with the search path moved in a batch',
          steps: [
            'SET search_path = app',
            prepare(SECRET),
            [...run('SET search_path = public'), ...run('EXECUTE q'), SYNC],
          ],
        },
        {
          how: 'in EXPLAIN',
          steps: [
            'SET search_path = app',
            `PREPARE q AS SELECT ssn FROM users WHERE ssn LIKE '987%'`,
            'SET search_path = public',
            'EXPLAIN ANALYZE EXECUTE q',
          ],
        },
        {
          how: 'in CREATE TABLE AS',
          steps: [
            'SET search_path = app',
            prepare(SECRET),
            'SET search_path = public',
            'CREATE TEMP TABLE loot AS EXECUTE q',
          ],
        },
        {
          how: 'made by the protocol, with a temporary table made since',
          steps: ['CREATE TEMP TABLE other(i int)', [parse(SECRET, 's'), SYNC], hide, [bind([], 's'), execute(), SYNC]],
        },
        {
          how: 'made by the protocol, unnamed',
          steps: [
            'CREATE TEMP TABLE other(i int)',
            [parse(SECRET), SYNC],
            [...run(hide, 's'), SYNC],
            [bind(), execute(), SYNC],
          ],
        },
        {
          how: 'made by the protocol, with the search path moved',
          steps: [
            'SET search_path = app',
            [parse(SECRET, 's'), SYNC],
            'SET search_path = public',
            [bind([], 's'), execute(), SYNC],
          ],
        },
        {
          how: 'in a portal of COPY',
          steps: [
            'BEGIN',
            'SET search_path = app',
            [parse(`COPY (${SECRET}) TO STDOUT`, 's'), bind([], 's', 'p'), SYNC],
            'SET search_path = public',
            [execute(0, 'p'), SYNC],
          ],
        },
        {
          how: 'in a portal of COPY, behind a table',
          steps: [
            'BEGIN',
            'SET search_path = app',
            [parse(`COPY users (ssn) TO STDOUT`, 's'), bind([], 's', 'p'), SYNC],
            'SET search_path = public',
            [execute(0, 'p'), SYNC],
          ],
        },
        {
          how: 'in a portal of EXECUTE',
          steps: [
            'SET search_path = app',
            prepare(SECRET),
            'BEGIN',
            [parse('EXECUTE q', 's'), bind([], 's', 'p'), SYNC],
            'SET search_path = public',
            [execute(0, 'p'), SYNC],
          ],
        },
      ])('$how', async ({ steps }) => {
        const seen = await play(steps)
        for (const message of seen)
          if (message.kind === 'ErrorResponse') expect(message.fields.get('M')).toMatch(/^gatehouse: /)
        const shown = new Set(rowsOf(seen).flat())
        expect([...shown].filter((cell) => cell !== '[redacted]' && cell !== 'public-by-policy')).toEqual([])
      })

      test('in a portal of TRUNCATE, past a deny rule', async () => {
        const steps = [
          'CREATE TEMP TABLE vault(i int)',
          'BEGIN',
          [parse('TRUNCATE vault', 's'), bind([], 's', 'p'), SYNC],
        ]
        const seen = await play([...steps, 'DROP TABLE pg_temp.vault', [execute(0, 'p'), SYNC], 'COMMIT'])
        expect(errorOf(seen)?.fields.get('M')).toMatch(/^gatehouse: /)
        expect(await scene.admin('SELECT id FROM vault')).toEqual([{ id: 1 }])
      })
    })

    test('and a statement that means the same goes on to run after names have moved', async () => {
      const seen = await play([
        prepare('SELECT name, ssn FROM public.users WHERE id = 1'),
        [parse('SELECT name FROM public.users WHERE id = 2', 's'), SYNC],
        'CREATE TEMP TABLE users(id int, ssn text)',
        'EXECUTE q',
        [bind([], 's'), execute(), SYNC],
        'SET search_path = app',
        'EXECUTE q',
        [bind([], 's'), execute(), SYNC],
      ])
      expect(rowsOf(seen)).toEqual([['Ann', '[redacted]'], ['Bob'], ['Ann', '[redacted]'], ['Bob']])
    })
  },
)
