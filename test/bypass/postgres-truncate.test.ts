import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openScene, type Scene, SHARED } from '../postgres/scene.ts'
import { errorOf } from '../postgres/wire-client.ts'

const schema = `
CREATE TABLE tickets (id int PRIMARY KEY);
CREATE TABLE answers (id int PRIMARY KEY, ticket int REFERENCES tickets);
CREATE TABLE votes (id int, answer int REFERENCES answers) PARTITION BY LIST (id);
CREATE TABLE votes_one PARTITION OF votes FOR VALUES IN (1);
INSERT INTO tickets VALUES (1);
INSERT INTO answers VALUES (1, 1);
INSERT INTO votes VALUES (1, 1);
CREATE TABLE people (id int, ssn text);
CREATE TABLE watched (id int);
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'INSERT INTO public.votes SELECT 1, id FROM public.people'; RETURN NULL; END $$;
CREATE TRIGGER telling BEFORE TRUNCATE ON watched FOR EACH STATEMENT EXECUTE FUNCTION tell();
`
const policyFor = (...relations: readonly string[]): string => `
rules:
  - { name: agents, allow: { actions: [select, truncate], relations: [${relations.join(', ')}] } }
masks:
  - { columns: [public.people.ssn], with: redact }
`

describe.skipIf('absent' in SHARED)('TRUNCATE', () => {
  let narrow: Scene
  let wide: Scene
  beforeAll(async () => {
    if ('absent' in SHARED) throw new Error(SHARED.absent)
    narrow = await openScene(SHARED.address, { sql: schema, policy: policyFor('public.tickets', 'public.answers') })
    wide = await openScene(SHARED.address, { sql: schema, policy: policyFor('public.*') })
  })
  afterAll(async () => {
    await narrow.close()
    await wide.close()
  })
  const said = async ({ enter }: Scene, sql: string): Promise<string | null> => {
    const client = await enter()
    const error = errorOf(await client.query(sql))
    client.destroy()
    return error?.fields.get('M') ?? null
  }

  test.each(['TRUNCATE tickets CASCADE', 'TRUNCATE ONLY tickets RESTART IDENTITY CASCADE', 'TRUNCATE answers CASCADE'])(
    'reaches no table by CASCADE that a rule does not allow to empty: %s',
    async (sql) => {
      expect(await said(narrow, sql)).toMatch(/^gatehouse: no rule allows truncate on public\.votes/)
      expect(await narrow.admin('SELECT id FROM votes')).toEqual([{ id: 1 }])
      expect(await narrow.admin('SELECT id FROM tickets')).toEqual([{ id: 1 }])
    },
  )

  test('of a table that is not known does not reach others by CASCADE: who refers to it cannot be told', async () => {
    const client = await wide.enter()
    const error = errorOf(await client.query('TRUNCATE nowhere CASCADE'))
    client.destroy()
    expect(error?.fields.get('M')).toMatch(/^gatehouse: .*TRUNCATE … CASCADE of a table that is not known/)
  })

  test('empties by CASCADE what rules allow', async () => {
    expect(await said(wide, 'TRUNCATE tickets CASCADE')).toBe(null)
    expect(await wide.admin('SELECT id FROM votes')).toEqual([])
  })

  test('does not run where a trigger of it cannot be read, and something is masked', async () => {
    expect(await said(wide, 'TRUNCATE watched')).toMatch(/^gatehouse: function public\.tell is not written in SQL/)
  })
})
