CREATE SCHEMA app;
CREATE DOMAIN app.text AS text CHECK (VALUE NOT LIKE '9%');
CREATE TABLE users(id int PRIMARY KEY, name text, email text, ssn text, salary int, dob date, region text, doc jsonb, photo bytea, tags text[]);
INSERT INTO users VALUES
 (1, 'Ann', 'ann@corp.example', '987-65-4320', 91234, '1981-02-03', 'KR', '{"ssn": "987-65-4320", "tags": ["a", "b"]}', '\x3938372d36352d34333230', '{987-65-4320}'),
 (2, 'Bob', 'bob@corp.example', '123-45-6789', 81234, '1992-03-04', 'US', '{"ssn": "123-45-6789"}', '\x00', '{}');
CREATE TABLE users_kid() INHERITS (users);
INSERT INTO users_kid VALUES (4, 'Dee', 'dee@corp.example', '777-88-9999', 61234, '1975-04-05', 'FR', '{"ssn": "777-88-9999"}', '\x02', '{x}');
CREATE TABLE orders(id int PRIMARY KEY, user_id int, amount numeric, note text);
INSERT INTO orders VALUES (1, 1, 10, 'x'), (2, 2, 20, 'y');
CREATE TABLE vault(id int, secret text);
INSERT INTO vault VALUES (1, '111-22-3333');
CREATE TABLE app.users(id int, ssn text);
INSERT INTO app.users VALUES (1, 'public-by-policy');
ALTER TABLE users ADD COLUMN shouted text GENERATED ALWAYS AS (upper(ssn)) STORED;
CREATE VIEW v_users AS SELECT id, ssn AS remark FROM users;
CREATE VIEW v_raised AS SELECT id, name, salary * 2 AS doubled FROM users;
CREATE MATERIALIZED VIEW mv_users AS SELECT id, ssn AS tag FROM users;
CREATE FUNCTION f_ssn(i int) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn FROM public.users WHERE id = i';
CREATE TABLE ledger(id int, entry text);
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'it is %', (SELECT ssn FROM public.users WHERE id = 1); END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON ledger DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell();
ANALYZE;
