/** What names can be, and where values can hide: the schemas for the test of `gatehouse policy suggest`. */

const LONG = `email_${'x'.repeat(57)}`

/** A schema whose names try to get out of quotes, comments and lines. */
export const HOSTILE_SCHEMA: string = `
CREATE SCHEMA "Odd ""Schema"".x*";
CREATE TABLE "Odd ""Schema"".x*"."Kunden: # {Übersicht}" (
  id int, "E-Mail" text, "email.address" text, "phone""number" text, "Passwort
    with: null" text, "straße" text, "SSN*" varchar(11), "null" text
);
INSERT INTO "Odd ""Schema"".x*"."Kunden: # {Übersicht}" VALUES (1, 'ada@example.com', 'bob@example.com', '+4915112345678', 'x', 'y', '123-45-6789', 'z');
CREATE TABLE "${'t'.repeat(63)}" ("${LONG}" text, email text);
CREATE TABLE people (id int PRIMARY KEY, email text UNIQUE, name text);
INSERT INTO people SELECT n, 'person' || n || '@example.com', 'n' FROM generate_series(1, 30) n;
CREATE TABLE letters (id int, written_to text REFERENCES people (email));
CREATE TABLE visits (id int, ip_address inet, at date) PARTITION BY RANGE (at);
CREATE TABLE visits_2024 PARTITION OF visits FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE journal (c17 text, filler text);
INSERT INTO journal SELECT CASE WHEN n <= 2000 THEN 'none' ELSE 'person' || n || '@example.com' END, repeat('-', 150) FROM generate_series(1, 20000) n;
CREATE VIEW people_shown AS SELECT * FROM people;
CREATE MATERIALIZED VIEW people_kept AS SELECT * FROM people;
ANALYZE;
`

/** Schema, relation, column, and the kind of mask that must be proposed for it. */
export const HOSTILE_COLUMNS: readonly (readonly [string, string, string, string | null])[] = [
  ['Odd "Schema".x*', 'Kunden: # {Übersicht}', 'E-Mail', 'email'],
  ['Odd "Schema".x*', 'Kunden: # {Übersicht}', 'email.address', 'email'],
  ['Odd "Schema".x*', 'Kunden: # {Übersicht}', 'phone"number', 'partial'],
  ['Odd "Schema".x*', 'Kunden: # {Übersicht}', 'straße', 'redact'],
  ['Odd "Schema".x*', 'Kunden: # {Übersicht}', 'SSN*', 'partial'],
  ['Odd "Schema".x*', 'Kunden: # {Übersicht}', 'null', null],
  ['Odd "Schema".x*', 'Kunden: # {Übersicht}', 'id', null],
  ['public', 't'.repeat(63), 'email', 'email'],
  ['public', 'people', 'email', 'pseudonym'],
  ['public', 'letters', 'written_to', 'pseudonym'],
  ['public', 'people_shown', 'email', null],
]

export const READER = { role: 'suggest_reader', password: 'reader secret' } as const

/** Planted in values, defaults, comments, checks, labels, messages and names of nothing that is proposed. */
export const CANARIES: readonly string[] = [
  'qzvalue7481@qzdomain.example',
  'qzdefault2290',
  'qzcomment8837',
  'qzcheck5512',
  'qzmessage9934',
  'qzview4471',
  '4242424242424242',
  '514-23-7781',
  'qzindex3306',
]
const [
  VALUE = '',
  DEFAULT = '',
  COMMENT = '',
  CHECK = '',
  MESSAGE = '',
  VIEW = '',
  CARD = '',
  NUMBER = '',
  INDEX = '',
] = CANARIES

/** A schema full of values that must not be printed, for a role that may not read all of it. */
export function CANARY_SCHEMA(role: string): string {
  return `
CREATE TABLE plain (
  id int, email text DEFAULT '${DEFAULT}' CHECK (email <> '${CHECK}'), note text, card_number text, ssn text, data jsonb
);
COMMENT ON TABLE plain IS '${COMMENT}';
COMMENT ON COLUMN plain.email IS '${COMMENT}';
CREATE INDEX ON plain (id) WHERE note = '${INDEX}';
INSERT INTO plain SELECT n, '${VALUE}', 'write to ${VALUE} or ${NUMBER}', '${CARD}', '${NUMBER}', '{"mail": "${VALUE}"}'
  FROM generate_series(1, 50) n;
INSERT INTO plain SELECT n, NULL, 'nothing here', NULL, NULL, NULL FROM generate_series(1, 50) n;
CREATE VIEW shown AS SELECT email, '${VIEW}'::text AS fixed FROM plain;
CREATE MATERIALIZED VIEW kept AS SELECT email, '${VIEW}'::text AS fixed FROM plain;

CREATE TABLE forbidden (email text, note text);
INSERT INTO forbidden VALUES ('${VALUE}', '${VALUE}');

-- A row policy that fails with the value in its message.
CREATE TABLE guarded (email text);
INSERT INTO guarded VALUES ('${VALUE}');
CREATE FUNCTION guard(value text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '${MESSAGE} %', value USING DETAIL = value, HINT = value; END $$;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON guarded USING (guard(email));

-- One that writes, and one that warns of what it sees.
CREATE TABLE writing (email text);
CREATE TABLE written (what text);
INSERT INTO writing VALUES ('${VALUE}');
CREATE FUNCTION note(value text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN RAISE WARNING '%', value; INSERT INTO public.written VALUES (value); RETURN true; END $$;
ALTER TABLE writing ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON writing USING (note(email));

-- A computed column that cannot be computed: the server quotes the value.
CREATE TABLE computed (email text, broken text GENERATED ALWAYS AS ((email::int)::text) VIRTUAL);
INSERT INTO computed VALUES ('${VALUE}');

CREATE FOREIGN DATA WRAPPER nothing_behind;
CREATE SERVER elsewhere_server FOREIGN DATA WRAPPER nothing_behind OPTIONS (host '${DEFAULT}');
CREATE FOREIGN TABLE elsewhere (email text) SERVER elsewhere_server OPTIONS (table_name '${DEFAULT}');

GRANT SELECT ON plain, guarded, writing, computed, elsewhere, shown, kept TO ${role};
`
}
