import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bind, execute, parse, SYNC } from '../postgres/messages.ts'
import { openScene, type Scene, SHARED } from '../postgres/scene.ts'
import { errorOf, rowsOf } from '../postgres/wire-client.ts'

// `people` is app.people until a trigger that cannot be read says otherwise; public.people is not for agents. Where anything is masked, such a trigger does not run at all.
const schema = `
CREATE SCHEMA app;
CREATE TABLE app.people (id int, ssn text);
INSERT INTO app.people VALUES (1, 'shown');
CREATE TABLE public.people (id int, ssn text);
INSERT INTO public.people VALUES (1, '987-65-4320');
CREATE TABLE public.turns (id int);
CREATE FUNCTION steer() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN PERFORM pg_catalog.set_config('search_path', 'public, app', false); RETURN NEW; END $$;
CREATE TRIGGER steering BEFORE INSERT ON public.turns FOR EACH ROW EXECUTE FUNCTION steer();
CREATE TABLE public.emptied (id int);
CREATE TRIGGER steering BEFORE TRUNCATE ON public.emptied FOR EACH STATEMENT EXECUTE FUNCTION steer();
CREATE TABLE public.late_turns (id int);
CREATE CONSTRAINT TRIGGER steering AFTER INSERT ON public.late_turns DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION steer();
`
const policy = `
rules:
  - name: agents
    allow: { actions: [select, insert, truncate, call, do, session, prepare, execute, set_constraints], relations: [app.*, public.turns, public.late_turns, public.emptied], functions: [public.steer], settings: [search_path] }
`
const PATH = 'SET search_path = app, public'
const TURN = 'INSERT INTO turns VALUES (1)'
const LATE_TURN = 'INSERT INTO late_turns VALUES (1)'
const LOOK = 'SELECT ssn FROM people'

describe.skipIf('absent' in SHARED)('A trigger that moves the search path', () => {
  let scene: Scene
  beforeAll(async () => {
    if ('absent' in SHARED) throw new Error(SHARED.absent)
    scene = await openScene(SHARED.address, { sql: schema, policy })
  })
  afterAll(() => scene.close())

  test('moves it for the gateway too: what names mean behind it is what the server takes them for', async () => {
    const client = await scene.enter()
    expect(errorOf(await client.query(PATH))?.fields.get('M') ?? null).toBe(null)
    expect(rowsOf(await client.query(LOOK))).toEqual([['shown']])
    expect(errorOf(await client.query(TURN))?.fields.get('M') ?? null).toBe(null)
    expect(errorOf(await client.query(LOOK))?.fields.get('M')).toMatch(
      /^gatehouse: no rule allows select on public.people/,
    )
    client.destroy()
  })

  test.each([
    ['in one text', [[PATH], [`${TURN}; ${LOOK}`]]],
    ['in one batch', [[PATH], [TURN, LOOK]]],
    ['before its table is emptied', [[PATH], ['TRUNCATE emptied'], [LOOK]]],
    ['at the end of its transaction', [[PATH], ['BEGIN'], [LATE_TURN], ['COMMIT'], [LOOK]]],
    ['at the end of a transaction of one text', [[PATH], [`BEGIN; ${LATE_TURN}; COMMIT; ${LOOK}`]]],
    ['at the end of a transaction of one batch', [[PATH], ['BEGIN', LATE_TURN, 'COMMIT', LOOK]]],
    [
      'when its constraint is made immediate',
      [[PATH], ['BEGIN'], [LATE_TURN], ['SET CONSTRAINTS ALL IMMEDIATE'], [LOOK]],
    ],
    [
      'before a statement that was prepared',
      [[PATH], ['PREPARE look AS SELECT ssn FROM people'], [TURN], ['EXECUTE look']],
    ],
  ])('shows nothing %s', async (_, steps) => {
    const client = await scene.enter()
    const said: unknown[] = []
    for (const texts of steps) {
      if (texts.some((text) => text.includes(';'))) said.push(...(await client.query(texts.join(';'))))
      else said.push(...(await client.exchange(...texts.flatMap((text) => [parse(text), bind(), execute()]), SYNC)))
    }
    expect(JSON.stringify(said.map((message) => JSON.stringify(message, bytesAsText)))).not.toContain('987-65')
    client.destroy()
  })
})

function bytesAsText(_: string, value: unknown): unknown {
  if (typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value)
    return Buffer.from(value.data as number[]).toString('latin1')
  return value
}
