CREATE TYPE level AS ENUM ('low', 'mid', 'high', 'top');
CREATE TYPE address AS (street text, zip text, floor int);
CREATE DOMAIN ssn AS text CHECK (length(VALUE) BETWEEN 2 AND 60);
CREATE DOMAIN pay AS numeric(12,2);
CREATE SEQUENCE tickets;
CREATE SCHEMA scratch;

CREATE TABLE people(
  id int PRIMARY KEY, name text, team text, age int, hired date, prefs jsonb, labels text[], active bool, rank level, since timestamptz,
  ssn text, email varchar(80), salary int, account bigint, rate pay, born date, seen timestamptz, token uuid, photo bytea, doc jsonb,
  tags text[], home inet, tier level, addr address, span int4range,
  shouted text GENERATED ALWAYS AS (upper(ssn::text)) STORED,
  initial text GENERATED ALWAYS AS (left(name, 1)) STORED);
CREATE TABLE people_kid(pin int, school text) INHERITS (people);
CREATE TABLE people_copy(id int PRIMARY KEY, name text, ssn text, email varchar(80), salary int, born date, token uuid, doc jsonb);
CREATE TABLE people_log(id serial, person_id int, was text, at_team text);
CREATE TABLE orders(
  id int PRIMARY KEY, person_id int, amount numeric, status text, placed date, note text DEFAULT 'none', items int[],
  card text, memo xml);
CREATE TABLE events(id int, day date NOT NULL, person_id int, kind text, payload jsonb, ip inet, score float8, took interval, raw json)
  PARTITION BY RANGE (day);
CREATE TABLE events_old PARTITION OF events FOR VALUES FROM ('2000-01-01') TO ('2024-01-01');
CREATE TABLE events_new PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2100-01-01');
CREATE TABLE products(id int PRIMARY KEY, name text UNIQUE, price numeric CHECK (price >= 0), stock int, attrs jsonb, dims int[]);
CREATE TABLE readings(
  id int PRIMARY KEY, i int, b bigint, n numeric, f float8, t text, ok bool, d date, ts timestamptz, iv interval, u uuid, x bytea, j jsonb,
  js json, a text[], ia int[], ip inet, lv level, ad address, r int4range, doc xml);
CREATE TABLE sink(
  id serial, i int, b bigint, n numeric, f float8, t text, ok bool, d date, ts timestamptz, u uuid, x bytea, j jsonb, a text[], ip inet,
  lv level, ad address, r int4range);
CREATE TABLE vault(id int PRIMARY KEY, secret text, pin int);

CREATE INDEX ON people (salary);
CREATE INDEX ON people ((lower(email)));

CREATE VIEW v_people AS SELECT id, name AS label, ssn AS remark, salary AS figure, born AS moment, doc AS bag FROM people;
CREATE VIEW v_nested AS SELECT v.id, v.label, v.remark AS memo, v.figure, o.status FROM v_people v LEFT JOIN orders o ON o.person_id = v.id;
CREATE VIEW v_raised AS SELECT id, team, salary * 2 AS doubled, upper(email) AS loud, age + 1 AS older FROM people;
CREATE VIEW v_teams AS SELECT team, count(*) AS heads, max(age) AS oldest, max(salary) AS highest FROM people GROUP BY team;
CREATE VIEW v_both AS SELECT id, name, ssn::text AS code FROM people UNION ALL SELECT id, name, 'none' FROM products;
CREATE VIEW v_stock AS SELECT id, name, price * stock AS worth FROM products WHERE stock > 0;
CREATE VIEW v_kid AS SELECT id, name, pin AS number, school, tags AS words FROM people_kid;
CREATE MATERIALIZED VIEW mv_people AS SELECT id, team, ssn AS tag, salary AS amount, token AS handle FROM people;

CREATE FUNCTION f_ssn(i int) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn::text FROM public.people WHERE id = i';
CREATE FUNCTION f_add(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
CREATE FUNCTION f_people(t text) RETURNS SETOF people LANGUAGE sql STABLE AS 'SELECT * FROM public.people WHERE team = t';
CREATE FUNCTION f_pairs() RETURNS TABLE (pid int, what text) LANGUAGE sql STABLE AS 'SELECT id, ssn::text FROM public.people';
CREATE FUNCTION f_tell(t text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'told %', t; RETURN t; END $$;
CREATE FUNCTION f_fail(t text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'it is %', t; END $$;
CREATE FUNCTION f_look(i int) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT email FROM public.people WHERE id = i); END $$;
CREATE FUNCTION f_dyn(q text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN EXECUTE q INTO r; RETURN r; END $$;
CREATE FUNCTION f_keep(t text) RETURNS int LANGUAGE sql AS 'INSERT INTO public.sink(t) VALUES (t) RETURNING id';
CREATE PROCEDURE p_raise(i int) LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'is %', (SELECT ssn FROM public.people WHERE id = i); END $$;
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE NOTICE 'was of %', OLD.team;
  INSERT INTO public.people_log(person_id, was, at_team) VALUES (OLD.id, OLD.ssn, OLD.team);
  RETURN NEW; END $$;
CREATE TRIGGER noted BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE FUNCTION tell_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'was % of %', OLD.ssn, OLD.salary; RETURN NULL; END $$;
CREATE TRIGGER told AFTER UPDATE ON people_copy FOR EACH ROW EXECUTE FUNCTION tell_change();
