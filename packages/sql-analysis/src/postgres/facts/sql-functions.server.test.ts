import type { StatementFacts } from '@gatehouse/core'
import { loadModule, parseSync } from 'libpg-query'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createDatabase, firstColumn } from '../../../../../test/servers/postgres.ts'
import { CATALOG_QUERIES, CATALOG_SESSION } from '../catalog-queries.ts'
import { buildCatalog } from '../catalog-rows.ts'
import { readFacts } from '../read-facts.ts'
import type { NameEnvironment } from './reading.ts'

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
CREATE FUNCTION opaque(x text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN x; END';
CREATE FUNCTION through_opaque(x text) RETURNS text LANGUAGE sql AS 'SELECT opaque(x)';
CREATE FUNCTION dynamic() RETURNS xml LANGUAGE sql AS $$ SELECT query_to_xml('SELECT 1', true, true, '') $$;
CREATE FUNCTION pinned(i int) RETURNS text LANGUAGE sql STABLE SET search_path = app, pg_temp AS 'SELECT ssn FROM users WHERE id = i';
CREATE FUNCTION turned(i int) RETURNS text LANGUAGE sql STABLE SET standard_conforming_strings = off AS 'SELECT ssn FROM users WHERE id = i';
CREATE FUNCTION total(VARIADIC parts int[]) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT array_length(parts, 1)';
CREATE VIEW shown AS SELECT id, ssn_of(id) AS a, shout(ssn) AS b, pinned(id) AS c FROM users;
CREATE VIEW counted AS SELECT count(*) AS n FROM orders;
`

const { postgres18, postgres15 } = inject('servers')

describe.each([
  { version: 'PostgreSQL 18', shared: postgres18 },
  { version: 'PostgreSQL 15', shared: postgres15 },
])('A function written in SQL, on $version', ({ shared }) => {
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
    })
    environment = { catalog, searchPath: ['pg_catalog', 'public'], parse: parseSync }
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

  test.skipIf(missing !== null)('is told apart from one whose body could not be read', () => {
    expect(trusts('SELECT ssn_of(1)')).toEqual(['ssn_of expanded'])
    expect(facts('SELECT itself(1)').beneath.functions).toMatchObject([{ name: 'itself', trust: 'user' }])
    expect(trusts('SELECT opaque(name) FROM users')).toEqual(['opaque user'])
    expect(trusts('SELECT turned(1)')).toEqual(['turned user'])
  })
})
