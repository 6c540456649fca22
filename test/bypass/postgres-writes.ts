// A table: statements by which one who may write tried to learn of values that are masked. It grows and never shrinks.
import type { Attempt } from './postgres.ts'

const attempts = (by: string, ...texts: readonly string[]): readonly Omit<Attempt, 'verdict'>[] =>
  texts.map((sql) => ({ by, sql }))

/** For an agent that may also write and define in public.* and scratch.*; all are refused before the database sees them. */
export const WRITES: readonly Omit<Attempt, 'verdict'>[] = [
  ...attempts(
    'a unique constraint',
    `INSERT INTO people(id, ssn) VALUES (91, '987-65-4320') ON CONFLICT (ssn) DO NOTHING`,
    `INSERT INTO people(id, ssn) VALUES (91, '987-65-4320') ON CONFLICT DO NOTHING`,
    `INSERT INTO people(id, ssn) VALUES (91, '987-65-4320') ON CONFLICT ON CONSTRAINT people_ssn_key DO NOTHING`,
    `INSERT INTO people(id, ssn) VALUES (91, '987-65-4320') ON CONFLICT (ssn) DO UPDATE SET name = 'hit' RETURNING id`,
    `INSERT INTO people(id, ssn) VALUES (91, '987-65-4320')`,
    `INSERT INTO people SELECT 91, '987-65-4320'`,
    `INSERT INTO v_people VALUES (91, '987-65-4320')`,
    `UPDATE people SET ssn = '987-65-4320' WHERE id = 2`,
    `UPDATE v_people SET number = '987-65-4320' WHERE id = 2`,
    `MERGE INTO people p USING (VALUES (91)) v(i) ON p.id = v.i WHEN NOT MATCHED THEN INSERT (id, ssn) VALUES (91, '987-65-4320')`,
    `MERGE INTO people p USING (VALUES (2)) v(i) ON p.id = v.i WHEN MATCHED THEN UPDATE SET ssn = '987-65-4320'`,
    `WITH x AS (INSERT INTO people(id, ssn) VALUES (91, '987-65-4320') ON CONFLICT DO NOTHING RETURNING id) SELECT count(*) FROM x`,
    `EXPLAIN ANALYZE INSERT INTO people(id, ssn) VALUES (91, '987-65-4320') ON CONFLICT DO NOTHING`,
    `COPY people (id, ssn) FROM STDIN`,
    `INSERT INTO rooms(id, salary) VALUES (91, 91234)`,
  ),
  ...attempts(
    'an exclusion constraint',
    `INSERT INTO rooms(id, room, salary) VALUES (92, '[1,1]', 91234) ON CONFLICT DO NOTHING`,
    `UPDATE rooms SET room = '[1,1]' WHERE id = 1`,
  ),
  ...attempts(
    'a condition on the row',
    `UPDATE bands SET low = 91000 WHERE id = 1`,
    `UPDATE bands SET low = low + 1`,
    `INSERT INTO bands VALUES (1, 1, 2) ON CONFLICT (id) DO UPDATE SET low = 91000`,
    `MERGE INTO bands b USING (VALUES (1)) v(i) ON b.id = v.i WHEN MATCHED THEN UPDATE SET low = 91000`,
  ),
  ...attempts(
    'a foreign key',
    `DELETE FROM numbers WHERE ssn = '987-65-4320'`,
    `UPDATE numbers SET ssn = 'x' WHERE ssn = '987-65-4320'`,
    `DELETE FROM people WHERE id = 2`,
    `INSERT INTO likes VALUES ('987-65-4320', 1)`,
    `UPDATE likes SET ssn = '987-65-4320'`,
    `MERGE INTO numbers n USING (VALUES ('000-11-2222')) v(s) ON n.ssn = v.s WHEN MATCHED THEN DELETE`,
    `CREATE TABLE mine(ssn text REFERENCES people (ssn))`,
    `CREATE TABLE mine(ssn text, FOREIGN KEY (ssn) REFERENCES people (ssn))`,
    `ALTER TABLE orders ADD COLUMN ssn text REFERENCES people (ssn)`,
  ),
  ...attempts(
    'the partition that a row is in',
    `UPDATE paid_more SET id = id WHERE id = 1`,
    `DELETE FROM paid_more WHERE id = 1`,
    `CREATE TABLE paid_most PARTITION OF paid FOR VALUES FROM (1000000) TO (2000000)`,
  ),
  ...attempts(
    'what an index or statistics compare',
    `CREATE UNIQUE INDEX ON users (ssn)`,
    `CREATE INDEX ON users (ssn, id)`,
    `CREATE INDEX ON users USING brin (salary)`,
    `CREATE UNIQUE INDEX ON mv_users (tag)`,
    `CREATE UNIQUE INDEX ON users_kid (ssn)`,
    `CREATE INDEX ON users (id) WHERE salary > 90000`,
    `CREATE STATISTICS scratch.s ON ssn, region FROM users`,
    `CLUSTER users USING users_pkey`,
  ),
  ...attempts(
    'whether a value fits',
    `UPDATE users SET salary = salary + 2147390000 WHERE id = 1`,
    `UPDATE users SET ssn = nullif(ssn, '987-65-4320') WHERE id = 1`,
    `INSERT INTO users(id, ssn) SELECT 93, salary FROM users WHERE id = 1`,
    `UPDATE users SET dob = to_date(ssn, 'YYYY') WHERE id = 1`,
  ),
]

/** What is alike, and must go through. */
export const HARMLESS_WRITES: readonly string[] = [
  `INSERT INTO notes(id, author, rating, body) VALUES (10, 1, 5, 'a')`,
  `INSERT INTO notes(id, author, body) VALUES (10, 2, 'b') ON CONFLICT (id) DO UPDATE SET body = excluded.body RETURNING id, body, at IS NULL`,
  `INSERT INTO notes(id, author, body) VALUES (11, 1, 'a') ON CONFLICT DO NOTHING`,
  `UPDATE notes SET rating = 4, body = body || '!' WHERE id = 10 RETURNING rating`,
  `DELETE FROM notes WHERE id = 11`,
  `MERGE INTO notes n USING (VALUES (12)) v(i) ON n.id = v.i WHEN NOT MATCHED THEN INSERT (id, author, body) VALUES (12, 1, 'm')`,
  `INSERT INTO people(id, name) VALUES (20, 'Eve')`,
  `UPDATE people SET name = 'Eva' WHERE id = 20`,
  `INSERT INTO users(id, name, ssn, salary) VALUES (30, 'New', '222-33-4444', 100)`,
  `UPDATE users SET name = 'Newer', ssn = '222-33-4445' WHERE id = 30`,
  `INSERT INTO users(id, ssn) SELECT 31, ssn FROM users WHERE id = 30`,
  `DELETE FROM users WHERE id IN (30, 31)`,
  `INSERT INTO bands(id, low, salary) VALUES (30, 1, 5)`,
  `UPDATE bands SET low = 2, salary = 3 WHERE id = 30`,
  `INSERT INTO paid VALUES (30, 5)`,
  `DELETE FROM paid WHERE id = 30`,
  `INSERT INTO places VALUES (30, 'FR', 'x')`,
  `UPDATE places SET region = 'US' WHERE id = 30`,
  `CREATE TABLE scratch.tasks(id serial PRIMARY KEY, user_id int REFERENCES users, title text DEFAULT upper('x'), at timestamptz DEFAULT now(), CHECK (id > 0), UNIQUE (title, user_id))`,
  `INSERT INTO scratch.tasks(user_id) VALUES (1) RETURNING id, title`,
  `CREATE INDEX ON users (region, name) INCLUDE (email)`,
  `CREATE UNIQUE INDEX ON orders (note)`,
  `CREATE STATISTICS scratch.s ON region, name FROM users`,
  `CREATE TABLE places_de PARTITION OF places FOR VALUES IN ('DE')`,
  `DROP TABLE scratch.tasks`,
]
