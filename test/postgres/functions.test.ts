import { describe, expect } from 'vitest'
import { query, run, SYNC } from './messages.ts'
import { scenePromises, VERSIONS } from './scene.ts'
import { errorOf, rowsOf, sqlstates, type WireClient } from './wire-client.ts'

const SCHEMA = `
CREATE TABLE people (id int PRIMARY KEY, name text, ssn text, email text UNIQUE, touched timestamptz);
INSERT INTO people VALUES (1, 'Ada', '987-65-4320', 'ada@corp.example'), (2, 'Bob', '123-45-6789', 'bob@corp.example'),
  (3, 'Cyd', '555-44-3333', 'cyd@corp.example');
CREATE TABLE vault (id int, secret text); INSERT INTO vault VALUES (1, 'top');
CREATE TABLE log (who text);
CREATE FUNCTION ssn_of(i int) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn FROM people WHERE id = i';
CREATE FUNCTION name_of(i int) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE n text; BEGIN SELECT name INTO n FROM people WHERE id = i; RETURN n; END $$;
CREATE FUNCTION everyone() RETURNS TABLE (k int, v text, w text) LANGUAGE plpgsql STABLE AS
  $$BEGIN RETURN QUERY SELECT id, ssn, upper(ssn) FROM people; END$$;
CREATE FUNCTION is_it(x text) RETURNS bool LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT 1 FROM people WHERE ssn = x)';
CREATE FUNCTION taken(x text) RETURNS bool LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT 1 FROM people WHERE email = x)';
CREATE FUNCTION says() RETURNS text LANGUAGE plpgsql AS $$
DECLARE s text; BEGIN SELECT ssn INTO s FROM people WHERE id = 1; RAISE NOTICE 'it is %', s; RETURN 'said'; END $$;
CREATE FUNCTION hidden_body(x text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text; BEGIN EXECUTE 'SELECT ssn FROM people LIMIT 1' INTO r; RETURN r; END $$;
CREATE FUNCTION vouched(x text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text; BEGIN EXECUTE 'SELECT upper($1)' INTO r USING x; RETURN r; END $$;
CREATE FUNCTION counts_vault() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM vault';
CREATE VIEW vault_size AS SELECT count(*) AS n FROM vault;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.touched := now(); RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TABLE leaky (id int, note text);
CREATE FUNCTION leak() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.note := (SELECT ssn FROM people LIMIT 1); RETURN NEW; END $$;
CREATE TRIGGER leak BEFORE INSERT ON leaky FOR EACH ROW EXECUTE FUNCTION leak();
`

const POLICY = `
rules:
  - name: agents
    allow: { actions: [select, write], relations: [public.*], functions: [public.*] }
  - { name: vault-is-closed, deny: { relations: [public.vault] } }
masks:
  - { columns: [people.ssn], with: { partial: { keepLast: 4 } } }
  - { columns: [people.email], with: hash, predicates: equality }
functions:
  - { functions: [public.vouched], reads: nothing }
`

const CANARY = /987-65-4320|123-45-6789|555-44-3333|987654320|ada@corp/i

describe.each(VERSIONS)('Functions among masked columns, on $version', ({ shared }) => {
  const promise = scenePromises(shared, { sql: SCHEMA, policy: POLICY })

  /** Rows or the refusal's code, both ways; and not a byte of what is masked. */
  async function see(client: WireClient, sql: string): Promise<unknown> {
    const simple = await client.exchange(query(sql))
    const extended = await client.exchange(...run(sql), SYNC)
    expect(JSON.stringify([simple, extended])).not.toMatch(CANARY)
    expect(rowsOf(extended)).toEqual(rowsOf(simple))
    expect(sqlstates(extended)).toEqual(sqlstates(simple))
    const detail = errorOf(simple)?.fields.get('D')
    return detail === undefined ? rowsOf(simple) : (JSON.parse(detail) as { code: string }).code
  }

  promise('what a function in SQL or PL/pgSQL returns is masked by where it comes from', async ({ enter }) => {
    const client = await enter()
    expect(await see(client, 'SELECT ssn_of(1), name_of(1)')).toEqual([['*******4320', 'Ada']])
    expect(await see(client, 'SELECT k, v, w FROM everyone() WHERE k = 1')).toEqual([
      ['1', '*******4320', '[redacted]'],
    ])
    expect(await see(client, 'SELECT id, ssn_of(id) FROM people WHERE id = 2')).toEqual([['2', '*******6789']])
    expect(await see(client, 'SELECT says()')).toEqual([['said']])
  })

  promise('a function is no way around conditions', async ({ enter }) => {
    const client = await enter()
    expect(await see(client, "SELECT is_it('987-65-4320' || '')")).toBe('MASKED_COLUMN_DECIDES')
    expect(await see(client, "SELECT taken('nobody@corp.example')")).toEqual([['f']])
    expect(await see(client, "SELECT count(*) FROM people WHERE ssn_of(id) LIKE '9%'")).toBe('MASKED_COLUMN_DECIDES')
  })

  promise('one that cannot be followed is refused until the policy speaks for it', async ({ enter }) => {
    const client = await enter()
    expect(await see(client, "SELECT hidden_body('x')")).toBe('MASK_NOT_POSSIBLE')
    expect(await see(client, "SELECT id FROM people WHERE hidden_body(name) = 'x'")).toBe('MASK_NOT_POSSIBLE')
    expect(await see(client, 'SELECT vouched(name) FROM people WHERE id = 1')).toEqual([['ADA']])
    expect(await see(client, 'SELECT vouched(ssn) FROM people WHERE id = 1')).toBe('MASKED_COLUMN_DECIDES')
  })

  promise('deny holds beneath views and functions', async ({ enter }) => {
    const client = await enter()
    expect(await see(client, 'SELECT n FROM vault_size')).toBe('DENIED_BY_RULE')
    expect(await see(client, 'SELECT counts_vault()')).toBe('DENIED_BY_RULE')
  })

  promise(
    'triggers are followed: harmless ones pass, one that copies a masked value is refused',
    async ({ admin, enter }) => {
      const client = await enter()
      expect(await see(client, "UPDATE people SET name = 'Ada' WHERE id = 1 RETURNING id, name, ssn")).toEqual([
        ['1', 'Ada', '*******4320'],
      ])
      expect(await see(client, 'INSERT INTO leaky VALUES (1) RETURNING note')).toBe('MASKED_COLUMN_COPIED')
      expect(await see(client, "INSERT INTO leaky VALUES (2, 'x')")).toBe('MASKED_COLUMN_COPIED')
      expect(await admin('SELECT count(*)::int AS n FROM leaky')).toEqual([{ n: 0 }])
    },
  )

  promise('equality may be asked where the mask permits it, and no more', async ({ enter }) => {
    const client = await enter()
    expect(await see(client, "SELECT id FROM people WHERE email = 'bob@corp.example'")).toEqual([['2']])
    expect(await see(client, 'SELECT count(DISTINCT email) FROM people')).toEqual([['3']])
    expect(await see(client, 'SELECT count(*) FROM (SELECT 1 FROM people GROUP BY email) x')).toEqual([['3']])
    for (const sql of [
      "SELECT id FROM people WHERE email LIKE 'b%'",
      'SELECT id FROM people ORDER BY email',
      "SELECT id FROM people WHERE email > 'b'",
      "SELECT id FROM people WHERE lower(email) = 'bob@corp.example'",
      'SELECT DISTINCT ssn FROM people',
    ])
      expect(await see(client, sql), sql).toBe('MASKED_COLUMN_DECIDES')
  })
})
