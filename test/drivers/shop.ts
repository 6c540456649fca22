import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTestGateway, type TestGateway } from '../harness/start-gateway.ts'
import { makeAuthority } from '../servers/certificates.ts'
import { createDatabase, type PostgresAddress } from '../servers/postgres.ts'

/** What every driver is shown: one person whose every column but `id` and `name` is masked, and a table of each size. */
const SCHEMA = `
CREATE TYPE mood AS ENUM ('calm', 'glad', 'sad');
CREATE TABLE people (
  id int PRIMARY KEY, name text NOT NULL, ssn text, email text, age int, salary numeric(12,2), born date,
  seen timestamptz, token uuid, profile jsonb, photo bytea, phones text[], scores int[], mood mood, ratio float8,
  small smallint, big bigint, active bool, at time, span interval, addr inet, nick varchar(8), code char(6)
);
INSERT INTO people VALUES (
  1, 'Ada', '123-45-6789', 'ada@example.com', 36, 5432.10, '1990-07-14', '2024-05-06 07:08:09+00',
  '3f2b8c1e-7a64-4d0b-9b7f-0c5a1d2e3f40', '{"likes": ["opera"], "iban": "DE02120300000000202051"}', '\\xdeadbeef',
  '{"+49 30 111","+49 30 222"}', '{7,8,9}', 'sad', 0.75, 12, 9007199254740993, true, '12:34:56', '1 day 02:03:04',
  '192.168.7.9', 'countess', 'AB-123'
);
INSERT INTO people (id, name) VALUES (2, 'Nobody');
CREATE TABLE orders (
  id int PRIMARY KEY, person_id int REFERENCES people, item text NOT NULL,
  amount numeric(10,2) CONSTRAINT amount_not_negative CHECK (amount >= 0)
);
INSERT INTO orders VALUES (1, 1, 'loom', 12.50), (2, 1, 'cards', 0.99);
CREATE TABLE documents (id int PRIMARY KEY, body text);
CREATE TABLE log AS SELECT g AS id, 'line ' || g AS line, 'secret ' || g AS who FROM generate_series(1, 100000) AS g;
CREATE TABLE kinds (
  id int, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, t text, v varchar(20), c char(4), b bool,
  d date, ts timestamp, tstz timestamptz, tm time, iv interval, u uuid, j json, jb jsonb, by bytea, ia int[], ta text[],
  ip inet, m mood
);
INSERT INTO kinds VALUES
  (1, -7, 2147483647, -9223372036854775808, 1.5, -0.1, 12345678901234567890.123456789, 'Grüße 🚪', 'it''s', 'ab', true,
   '2024-02-29', '2024-02-29 12:34:56.789012', '2024-02-29 12:34:56.789012+02', '23:59:59', '1 mon 2 days 03:04:05',
   'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": [1, null]}', '{"b": {"c": "d"}}', '\\x00ff10', '{1,NULL,3}',
   '{"a","b \\"c\\"",NULL}', '10.0.0.1', 'glad'),
  (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
   NULL, NULL, NULL, NULL);
`

/** `shop` and `shop15` are what an agent has: some actions, and masks. `plain` allows everything and masks nothing. */
const POLICY = `
rules:
  - name: agents-work
    target: [shop, shop15]
    allow:
      actions: [select, insert, update, delete, copy_from, copy_to, declare_cursor, fetch, prepare, execute, explain]
      relations: [public.*, pg_catalog.*, information_schema.*]
  - name: never
    target: [shop, shop15]
    deny: { actions: [drop, truncate], unboundedWrites: true }
    reason: Destructive commands are not for agents. Open a change request.
  - name: everything
    target: [plain, plain15]
    allow: { actions: ['*'], relations: ['*'], functions: ['*'], settings: ['*'] }
masks:
  - name: ssn-end
    target: [shop, shop15]
    columns: [public.people.ssn]
    with: { partial: { keepLast: 4 } }
  - name: mail
    target: [shop, shop15]
    columns: [public.people.email]
    with: email
  - name: year-of-birth
    target: [shop, shop15]
    columns: [public.people.born]
    with: { truncate: year }
  - name: thousands
    target: [shop, shop15]
    columns: [public.people.salary]
    with: { truncate: 1000 }
  - name: personal
    target: [shop, shop15]
    columns:
${['age', 'seen', 'token', 'profile', 'photo', 'phones', 'scores', 'mood', 'ratio', 'small', 'big', 'active', 'at', 'span', 'addr', 'nick', 'code'].map((column) => `      - public.people.${column}`).join('\n')}
      - public.log.who
    with: redact
`

/**
 * The row of person 1 as it looks masked: run without the gateway, it gives in every format and driver the values that
 * the gateway must give for `SELECT * FROM people WHERE id = 1`.
 */
export const MASKED_ADA = `
SELECT 1 AS id, 'Ada'::text AS name, '*******6789'::text AS ssn, 'a***@example.com'::text AS email, 0 AS age,
  '5000.00'::numeric(12,2) AS salary, '1990-01-01'::date AS born, '1970-01-01 00:00:00+00'::timestamptz AS seen,
  '00000000-0000-0000-0000-000000000000'::uuid AS token, '"[redacted]"'::jsonb AS profile, ''::bytea AS photo,
  '{[redacted],[redacted]}'::text[] AS phones, '{0,0,0}'::int[] AS scores, 'calm'::mood AS mood, 0::float8 AS ratio,
  0::smallint AS small, 0::bigint AS big, false AS active, '00:00:00'::time AS at, '0'::interval AS span,
  '0.0.0.0'::inet AS addr, '[redacte'::varchar(8) AS nick, '[redac'::char(6) AS code`

/** Pieces of the hidden values of person 1, none of which any driver may ever be given. */
export const HIDDEN: readonly string[] = [
  '123-45',
  'ada@',
  '5432',
  '1990-07',
  '2024-05-06',
  '3f2b8c1e',
  'opera',
  'DE0212',
  'deadbeef',
  '+49 30',
  '192.168.7.9',
  'countess',
  'AB-123',
  '9007199254740993',
]

/** A gateway with a shop of its own behind it, and what a driver's program needs to reach it. */
export interface Shop {
  readonly gateway: TestGateway
  /** PEM, and the file it is in: the authority that vouches for the gateway. */
  readonly ca: string
  readonly caFile: string
  /** The database behind target `plain`, without the gateway. */
  readonly direct: Direct
  /** For programs: everything they need, as JSON. */
  readonly handover: () => Promise<Handover>
  readonly close: () => Promise<void>
}

export interface Direct {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
}

export interface Handover {
  readonly host: string
  readonly port: number
  readonly token: string
  readonly caFile: string
  readonly direct: Direct
  /** `MASKED_ADA`. */
  readonly masked: string
  readonly hidden: readonly string[]
}

/** Targets `shop` and `plain` on `server`, `shop15` and `plain15` on `server15`; both servers get a database `name`. */
export async function openShop(
  name: string,
  server: PostgresAddress,
  server15: PostgresAddress = server,
): Promise<Shop> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-drivers-'))
  const databases = await Promise.all([
    createDatabase(server, name, SCHEMA),
    ...(server15 === server ? [] : [createDatabase(server15, name, SCHEMA)]),
  ])
  const authority = makeAuthority('Gatehouse driver test authority')
  const { certificate, key } = authority.forServer(['localhost', '127.0.0.1'])
  const [caFile, certificateFile, keyFile] = [
    join(folder, 'ca.crt'),
    join(folder, 'gateway.crt'),
    join(folder, 'gateway.key'),
  ]
  writeFileSync(caFile, authority.certificate)
  writeFileSync(certificateFile, certificate)
  writeFileSync(keyFile, key, { mode: 0o600 })
  const target = (address: PostgresAddress): Direct => ({
    host: address.host,
    port: address.port,
    database: name,
    user: address.superuser,
    password: address.password,
  })
  const gateway = await startTestGateway({
    targets: { shop: target(server), plain: target(server), shop15: target(server15), plain15: target(server15) },
    policy: POLICY,
    listener: { tls: { certificateFile, keyFile } },
  })
  return {
    gateway,
    ca: authority.certificate,
    caFile,
    direct: target(server),
    handover: async () => ({
      host: gateway.host,
      port: gateway.port,
      token: await gateway.token(),
      caFile,
      direct: target(server),
      masked: MASKED_ADA,
      hidden: HIDDEN,
    }),
    close: async () => {
      await gateway.close()
      await Promise.all(databases.map((database) => database.drop()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
