import type { StatementFacts } from '@gatehouse/core'
import { loadModule, parsePlPgSQLSync, parseSync } from 'libpg-query'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createDatabase, firstColumn } from '../../../../../../test/servers/postgres.ts'
import { CATALOG_QUERIES, CATALOG_SESSION } from '../../catalog-queries.ts'
import { buildCatalog } from '../../catalog-rows.ts'
import { readFacts } from '../../read-facts.ts'
import type { NameEnvironment } from '../reading.ts'

const SCHEMA = `
CREATE SCHEMA app;
CREATE TABLE users (id int PRIMARY KEY, name text, ssn text, parent int);
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total numeric, note text);
CREATE TABLE app.users (id int, ssn text);
CREATE TYPE pair AS (a int, b text);
CREATE FUNCTION ssn_of(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn FROM users WHERE id = $1';
CREATE FUNCTION name_of(user_id int) RETURNS text LANGUAGE sql STABLE AS 'SELECT name FROM users WHERE id = user_id';
CREATE FUNCTION echo(x text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT x';
CREATE FUNCTION shout(x text, suffix text DEFAULT '!') RETURNS text LANGUAGE sql IMMUTABLE RETURN upper(x) || suffix;
CREATE FUNCTION listed() RETURNS TABLE (k int, v text) LANGUAGE sql STABLE BEGIN ATOMIC SELECT id, ssn FROM users; END;
CREATE FUNCTION people() RETURNS SETOF users LANGUAGE sql STABLE AS 'SELECT * FROM users';
CREATE FUNCTION one_pair(i int) RETURNS pair LANGUAGE sql STABLE AS 'SELECT id, ssn FROM users WHERE id = i';
CREATE FUNCTION guess(x text) RETURNS bool LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT 1 FROM users WHERE ssn = x)';
CREATE FUNCTION rows_of(n int) RETURNS SETOF int LANGUAGE sql AS 'SELECT generate_series(1, n)';
CREATE FUNCTION wipe() RETURNS void LANGUAGE sql AS 'DELETE FROM orders';
CREATE PROCEDURE wipe_some(i int) LANGUAGE sql AS 'DELETE FROM orders WHERE id = i';
CREATE FUNCTION keep(x text) RETURNS void LANGUAGE sql AS 'UPDATE orders SET note = x WHERE id = 1';
CREATE FUNCTION outer_one(i int) RETURNS text LANGUAGE sql STABLE AS 'SELECT echo(ssn_of(i))';
CREATE FUNCTION itself(i int) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
CREATE OR REPLACE FUNCTION itself(i int) RETURNS text LANGUAGE sql AS 'SELECT itself(i - 1)';
CREATE FUNCTION opaque(x text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE y text; BEGIN EXECUTE 'select $1' INTO y USING x; RETURN y; END $$;
CREATE FUNCTION through_opaque(x text) RETURNS text LANGUAGE sql AS 'SELECT opaque(x)';
CREATE FUNCTION dynamic() RETURNS xml LANGUAGE sql AS $$ SELECT query_to_xml('SELECT 1', true, true, '') $$;
CREATE FUNCTION pinned(i int) RETURNS text LANGUAGE sql STABLE SET search_path = app, pg_temp AS 'SELECT ssn FROM users WHERE id = i';
CREATE FUNCTION turned(i int) RETURNS text LANGUAGE sql STABLE SET standard_conforming_strings = off AS 'SELECT ssn FROM users WHERE id = i';
CREATE FUNCTION total(VARIADIC parts int[]) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT array_length(parts, 1)';
CREATE TABLE log (id serial, what text, who text, at timestamptz);
CREATE TABLE items (id int PRIMARY KEY, name text, slug text, code int, secret text, touched timestamptz);
CREATE TABLE parts (id int PRIMARY KEY, item int REFERENCES items ON DELETE CASCADE);
CREATE FUNCTION p_name(i int) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE n text := ''; u record;
BEGIN
  SELECT name INTO n FROM users WHERE id = i;
  IF n IS NULL THEN RETURN 'nobody'; END IF;
  FOR u IN SELECT * FROM users WHERE parent = i LOOP n := n || u.name; END LOOP;
  RETURN n;
END $$;
CREATE FUNCTION p_ssn(i int) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE a text; b text; c text;
BEGIN
  FOR k IN 1..3 LOOP c := b; b := a; a := (SELECT ssn FROM users WHERE id = i); END LOOP;
  RETURN c;
END $$;
CREATE FUNCTION p_rows() RETURNS TABLE (k int, v text) LANGUAGE plpgsql STABLE AS $$BEGIN RETURN QUERY SELECT id, ssn FROM users; END$$;
CREATE FUNCTION p_guess(x text) RETURNS bool LANGUAGE plpgsql STABLE AS $$
BEGIN IF x = (SELECT ssn FROM users LIMIT 1) THEN RETURN true; END IF; RETURN false; END $$;
CREATE FUNCTION p_arg(x text, OUT y text, OUT z int) LANGUAGE plpgsql AS $$BEGIN y := upper(x); z := 1; END$$;
CREATE FUNCTION p_sneaky() RETURNS int LANGUAGE plpgsql AS $$BEGIN DELETE FROM orders; RETURN 1; END$$;
CREATE FUNCTION p_dynamic(q text) RETURNS text LANGUAGE plpgsql AS $$DECLARE r text; BEGIN EXECUTE q INTO r; RETURN r; END$$;
CREATE FUNCTION p_caught(i int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN PERFORM 1 / (i - 1) FROM users; RETURN ''; EXCEPTION WHEN OTHERS THEN RETURN SQLERRM; END$$;
CREATE FUNCTION p_variable(ssn text) RETURNS SETOF text LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN RETURN QUERY SELECT ssn FROM users; END$$;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.touched := now(); NEW.slug := lower(NEW.name); RETURN NEW; END $$;
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO log (what, who) VALUES (OLD.secret, TG_OP); RETURN NULL; END $$;
CREATE FUNCTION mixes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := NEW.ssn; RETURN NEW; END $$;
CREATE FUNCTION hidden_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'select 1'; RETURN NEW; END $$;
CREATE TRIGGER t1 BEFORE INSERT OR UPDATE ON items FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER t2 AFTER UPDATE ON items FOR EACH ROW EXECUTE FUNCTION audit();
CREATE TRIGGER t3 BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION mixes();
CREATE TRIGGER t4 BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION hidden_trigger();
CREATE TRIGGER t5 AFTER DELETE ON parts FOR EACH ROW EXECUTE FUNCTION hidden_trigger();
CREATE TABLE watched (id int PRIMARY KEY, name text, email text, changed timestamptz);
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.changed := now(); RETURN NEW; END $$;
CREATE FUNCTION notice_email() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF NEW.email IS DISTINCT FROM OLD.email THEN NEW.changed := now(); END IF; RETURN NEW; END $$;
CREATE TRIGGER w1 BEFORE UPDATE ON watched FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION stamp();
CREATE TRIGGER w2 BEFORE UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION notice_email();
CREATE VIEW shown AS SELECT id, ssn_of(id) AS a, shout(ssn) AS b, pinned(id) AS c FROM users;
CREATE VIEW counted AS SELECT count(*) AS n FROM orders;
`

const { postgres18, postgres15 } = inject('servers')

describe.each([
  { version: 'PostgreSQL 18', shared: postgres18 },
  { version: 'PostgreSQL 15', shared: postgres15 },
])('A function or trigger whose body can be read, on $version', ({ shared }) => {
  let database: Awaited<ReturnType<typeof createDatabase>> | null = null
  let environment: NameEnvironment | null = null
  const missing = 'absent' in shared ? shared.absent : null
  beforeAll(async () => {
    if ('absent' in shared) return
    await loadModule()
    const { url } = (database = await createDatabase(shared.address, 'sql_functions', SCHEMA))
    const read = (query: string): Promise<string[]> => firstColumn(url, [CATALOG_SESSION, query])
    const catalog = buildCatalog('test', {
      relations: await read(CATALOG_QUERIES.relations),
      functions: await read(CATALOG_QUERIES.functions),
      types: await read(CATALOG_QUERIES.types),
      operators: await read(CATALOG_QUERIES.operators),
      builtinOperators: await read(CATALOG_QUERIES.builtinOperators),
      constraints: await read(CATALOG_QUERIES.constraints),
    })
    environment = { catalog, searchPath: ['pg_catalog', 'public'], parse: parseSync, parsePlpgsql: parsePlPgSQLSync }
  })
  afterAll(() => database?.drop())

  function facts(sql: string): StatementFacts {
    if (environment === null) throw new Error('no environment')
    const [first] = readFacts(parseSync(sql), environment)
    if (first === undefined) throw new Error('no statement')
    return first
  }

  function outputs(sql: string): string[] {
    return (facts(sql).output ?? []).map(({ sources, through, complete }) =>
      [
        ...sources.map(({ how, column }) => `${how} ${column.schema}.${column.relation}.${column.column}`).toSorted(),
        ...through.map(({ name }) => `through ${name}`),
        ...(complete ? [] : ['?']),
      ].join(', '),
    )
  }

  const trusts = (sql: string): string[] => facts(sql).functions.map(({ name, trust }) => `${name} ${trust}`)

  test.skipIf(missing !== null).each<[string, string[]]>([
    ['SELECT ssn_of(1)', ['copied public.users.ssn']],
    ['SELECT name_of(1)', ['copied public.users.name']],
    ['SELECT echo(ssn) FROM users', ['copied public.users.ssn']],
    ['SELECT echo(name) FROM users', ['copied public.users.name']],
    [
      "SELECT shout(ssn), shout(name, 'x'), shout(suffix => ssn, x => name) FROM users",
      ['derived public.users.ssn', 'derived public.users.name', 'derived public.users.name, derived public.users.ssn'],
    ],
    ['SELECT * FROM listed()', ['copied public.users.id', 'copied public.users.ssn']],
    ['SELECT v FROM listed()', ['copied public.users.ssn']],
    ['SELECT p.k FROM listed() AS p(x, k)', ['copied public.users.ssn']],
    ['SELECT (listed()).v', ['copied public.users.ssn']],
    ['SELECT id, ssn FROM people()', ['copied public.users.id', 'copied public.users.ssn']],
    ['SELECT (one_pair(1)).a, (one_pair(1)).b', ['copied public.users.id', 'copied public.users.ssn']],
    ['SELECT outer_one(2)', ['copied public.users.ssn']],
    ['SELECT pinned(1)', ['copied app.users.ssn']],
    ['SELECT total(1, parent, id) FROM users', ['derived public.users.id, derived public.users.parent']],
    ['SELECT u.name_of FROM (SELECT name_of(1)) u', ['copied public.users.name']],
    ['SELECT b, c FROM shown', ['derived public.users.ssn', 'copied app.users.ssn']],
    ['SELECT p_name(1)', ['derived public.users.name']],
    ['SELECT p_ssn(1)', ['copied public.users.ssn']],
    ['SELECT * FROM p_rows()', ['copied public.users.id', 'copied public.users.ssn']],
    ['SELECT (p_arg(ssn)).y, (p_arg(ssn)).z FROM users', ['derived public.users.ssn', '']],
    ['SELECT y FROM p_arg($1)', ['']],
    ['SELECT p_dynamic($1)', ['through p_dynamic']],
    ['SELECT p_caught(1)', ['through p_caught']],
    ['SELECT p_variable($1)', ['through p_variable']],
    ['SELECT itself(1)', ['through itself']],
    ['SELECT through_opaque(ssn) FROM users', ['derived public.users.ssn, through opaque']],
    ['SELECT dynamic()', ['through dynamic']],
    ['SELECT turned(1)', ['through turned']],
    // In a view, what an unqualified name in a body means depends on who reads the view.
    ['SELECT a FROM shown', ['derived public.users.id, through ssn_of']],
  ])('returns what its body returns: %s', (sql, expected) => {
    expect(outputs(sql)).toEqual(expected)
  })

  test.skipIf(missing !== null)('does what its body does', () => {
    expect(facts('SELECT guess($1)').decides).toMatchObject([{ column: { column: 'ssn' }, by: 'equality' }])
    expect(facts('SELECT * FROM users u, rows_of(u.parent)').decides).toMatchObject([
      { column: { column: 'parent' }, by: 'value' },
    ])
    expect(facts('SELECT wipe()')).toMatchObject({
      unboundedWrite: true,
      beneath: { accesses: [{ action: 'delete', relation: { schema: 'public', name: 'orders' } }] },
    })
    expect(facts('CALL wipe_some(1)')).toMatchObject({ unboundedWrite: false, complete: true })
    expect(facts('SELECT keep(ssn) FROM users').writes).toMatchObject([
      { target: { relation: 'orders', column: 'note' }, sources: [{ column: { column: 'ssn' }, how: 'copied' }] },
    ])
    expect(facts('SELECT * FROM counted').beneath.accesses).toMatchObject([
      { action: 'select', relation: { schema: 'public', name: 'orders' } },
    ])
  })

  test.skipIf(missing !== null)('in PL/pgSQL does what any of its statements does', () => {
    expect(facts('SELECT p_guess($1)').decides).toMatchObject([{ column: { column: 'ssn' }, by: 'equality' }])
    expect(facts('SELECT p_sneaky()')).toMatchObject({
      unboundedWrite: true,
      beneath: { accesses: [{ action: 'delete', relation: { schema: 'public', name: 'orders' } }] },
    })
    const looked = facts('SELECT p_name(parent) FROM users').decides.map(({ column }) => column.column)
    expect(looked.toSorted()).toEqual(['id', 'name', 'parent'])
  })

  test.skipIf(missing !== null)('as a trigger changes the row that RETURNING shows', () => {
    expect(outputs('INSERT INTO items VALUES (1, $1) RETURNING id, name, slug, touched')).toEqual([
      'copied public.items.id',
      'copied public.items.name',
      'copied public.items.slug',
      'copied public.items.touched',
    ])
    expect(outputs('UPDATE users SET parent = 1 WHERE id = 2 RETURNING id, name')).toEqual([
      'copied public.users.id',
      'copied public.users.name, copied public.users.ssn',
    ])
    expect(facts('INSERT INTO items VALUES (1, $1) RETURNING id').beneath.functions).toContainEqual({
      schema: 'public',
      name: 'touch',
      trust: 'expanded',
    })
  })

  test.skipIf(missing !== null)(
    'as a trigger that compares old and new looks only at what the statement changes',
    () => {
      const looked = (sql: string): string[] =>
        facts(sql)
          .decides.map(({ column }) => column.column)
          .toSorted()
      expect(looked("UPDATE watched SET name = 'x' WHERE id = 1")).toEqual(['id', 'name'])
      expect(looked("UPDATE watched SET email = 'x' WHERE id = 1")).toEqual(['email', 'id'])
    },
  )

  test.skipIf(missing !== null)('as a trigger writes where it writes', () => {
    const { writes } = facts("UPDATE items SET name = 'x' WHERE id = 1")
    expect(writes).toContainEqual({
      target: { schema: 'public', relation: 'log', column: 'what' },
      sources: [{ column: { schema: 'public', relation: 'items', column: 'secret' }, how: 'copied' }],
      through: [],
      complete: true,
    })
  })

  test.skipIf(missing !== null)('as a trigger that cannot be followed is a function of unknown body', () => {
    expect(facts('INSERT INTO orders VALUES (1)').beneath.functions).toMatchObject([
      { name: 'hidden_trigger', trust: 'user' },
    ])
    expect(outputs('INSERT INTO orders VALUES (1) RETURNING note')[0]).toContain('through hidden_trigger')
    // Rows of parts go with those of items.
    expect(facts('DELETE FROM items WHERE id = 1').beneath.functions).toMatchObject([
      { name: 'hidden_trigger', trust: 'user' },
    ])
    expect(facts('DELETE FROM orders WHERE id = 1').beneath.functions).toEqual([])
  })

  test.skipIf(missing !== null)('is told apart from one whose body could not be read', () => {
    expect(trusts('SELECT ssn_of(1)')).toEqual(['ssn_of expanded'])
    expect(facts('SELECT itself(1)').beneath.functions).toMatchObject([{ name: 'itself', trust: 'user' }])
    expect(trusts('SELECT opaque(name) FROM users')).toEqual(['opaque user'])
    expect(trusts('SELECT turned(1)')).toEqual(['turned user'])
  })
})
