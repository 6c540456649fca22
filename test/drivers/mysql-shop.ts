import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTestGateway } from '../harness/start-gateway.ts'
import { targetOf } from '../mysql/scene.ts'
import { makeAuthority } from '../servers/certificates.ts'
import { createDatabase, type MysqlAddress } from '../servers/mysql.ts'
import type { Shop } from './shop.ts'

/** The columns that every driver is shown: a person whose every column but `id` and `name` is masked. */
const columns = (json: string): string => `
  id INT PRIMARY KEY, name VARCHAR(40) NOT NULL, ssn VARCHAR(20), email VARCHAR(80), age INT, salary DECIMAL(12,2), born DATE,
  seen DATETIME(6), stamped TIMESTAMP NULL, profile ${json}, photo BLOB, notes LONGTEXT, mood ENUM('calm', 'glad', 'sad'), tags SET('a', 'b'),
  ratio DOUBLE, share FLOAT, tiny TINYINT, small SMALLINT UNSIGNED, middle MEDIUMINT, big BIGINT, active BOOL, at TIME(3), joined YEAR,
  flags BIT(12), digest BINARY(8), raw VARBINARY(16), nick CHAR(8)`

/**
 * `people_masked` holds what must be seen of `people`: read without the gateway, it gives in every driver and form what the gateway
 * must give. MariaDB's JSON is a text, and masked as one.
 */
const schema = ({ version }: MysqlAddress): string => `
CREATE TABLE people (${columns('JSON')});
INSERT INTO people VALUES (
  1, 'Ada', '123-45-6789', 'ada@example.com', 36, 5432.10, '1990-07-14', '2024-05-06 07:08:09.123456', '2024-05-06 07:08:09',
  '{"likes": ["opera"]}', x'deadbeef', 'knows everyone at court', 'sad', 'a,b', 0.75, 0.3125, 77, 54321, 7654321, 9007199254740993, TRUE,
  '12:34:56.789', 1999, b'101010101010', x'cafebabe01020304', x'feedface', 'countess'
);
INSERT INTO people (id, name) VALUES (2, 'Nobody');
CREATE TABLE people_masked (${columns(version === 'mysql-9' ? 'JSON' : 'LONGTEXT')});
INSERT INTO people_masked VALUES (
  1, 'Ada', '*******6789', 'a***@example.com', 0, 5000.00, '1990-01-01', '1970-01-01 00:00:00', '1970-01-02 00:00:00',
  '"[redacted]"', '', '[redacted]', NULL, NULL, 0, 0, 0, 0, 0, 0, FALSE, '00:00:00', 0, b'0', x'0000000000000000', '', '[redacte'
);
INSERT INTO people_masked (id, name) VALUES (2, 'Nobody');
CREATE TABLE orders (
  id INT PRIMARY KEY AUTO_INCREMENT, person_id INT, item VARCHAR(40) NOT NULL, amount DECIMAL(10,2),
  CONSTRAINT amount_not_negative CHECK (amount >= 0), CONSTRAINT of_person FOREIGN KEY (person_id) REFERENCES people (id)
);
INSERT INTO orders VALUES (1, 1, 'loom', 12.50), (2, 1, 'cards', 0.99);
CREATE TABLE documents (id INT PRIMARY KEY, body LONGTEXT, bytes LONGBLOB);
CREATE TABLE log (id INT PRIMARY KEY, line VARCHAR(30), who VARCHAR(30));
INSERT INTO log WITH digits (d) AS (SELECT 0 UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6
  UNION SELECT 7 UNION SELECT 8 UNION SELECT 9), numbers (n) AS (SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d + 1
  FROM digits a, digits b, digits c, digits e, digits f) SELECT n, CONCAT('line ', n), CONCAT('secret ', n) FROM numbers;
CREATE TABLE kinds (
  id INT PRIMARY KEY, i1 TINYINT, i2 SMALLINT, i3 MEDIUMINT, i4 INT, i8 BIGINT, u1 TINYINT UNSIGNED, u8 BIGINT UNSIGNED, z INT(6) ZEROFILL,
  f4 FLOAT, f8 DOUBLE, n DECIMAL(30, 9), t TEXT, v VARCHAR(20), c CHAR(4), l LONGTEXT, b BOOL, d DATE, dt DATETIME(6), ts TIMESTAMP(3) NULL,
  tm TIME(6), y YEAR, bits BIT(9), j JSON, bl BLOB, vb VARBINARY(20), e ENUM('x', 'Ü'), s SET('p', 'q', 'r'), g GEOMETRY
);
INSERT INTO kinds VALUES
  (1, -7, -32768, -8388608, 2147483647, -9223372036854775808, 255, 18446744073709551615, 42,
   1.5, -0.1, 12345678901234567890.123456789, 'Grüße 🚪', 'it''s', 'ab', REPEAT('long ', 20000), TRUE, '2024-02-29', '2024-02-29 12:34:56.789012',
   '2024-02-29 12:34:56.789', '-838:59:58.5', 2024, b'100000001', '{"a": [1, null, "ü"]}', x'00ff10', x'00', 'Ü', 'p,r', POINT(1, -2)),
  (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
   NULL, NULL, NULL, NULL, NULL),
  (3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', '', '', '', FALSE, '1000-01-01', '1000-01-01 00:00:00', '1971-01-01 00:00:00',
   '00:00:00', 1901, b'0', '[]', '', '', 'x', '', POINT(0, 0));
CREATE PROCEDURE two_results() BEGIN
  SELECT id, item FROM orders WHERE id < 3 ORDER BY id;
  SELECT id, name, ssn FROM people WHERE id = 1;
END;
CREATE PROCEDURE doubled(IN p INT, OUT q INT) SET q = p * 2;
`

/** `shop` is what an agent has: some actions, and masks. `plain` allows everything and masks nothing. */
const policy = (database: string): string => `
rules:
  - name: agents-work
    target: shop
    allow:
      actions: [select, insert, update, delete, call, prepare, execute, explain]
      relations: [${database}.*, information_schema.*]
      functions: [${database}.*, sleep]
  - name: never
    target: shop
    deny: { actions: [drop, truncate], unboundedWrites: true }
    reason: Destructive commands are not for agents. Open a change request.
  - name: everything
    target: plain
    allow: { actions: ['*'], relations: ['*'], functions: ['*'], settings: ['*'] }
masks:
  - { name: ssn-end, target: shop, columns: [${database}.people.ssn], with: { partial: { keepLast: 4 } } }
  - { name: mail, target: shop, columns: [${database}.people.email], with: email }
  - { name: year-of-birth, target: shop, columns: [${database}.people.born], with: { truncate: year } }
  - { name: thousands, target: shop, columns: [${database}.people.salary], with: { truncate: 1000 } }
  - name: personal
    target: shop
    columns:
${REDACTED.map((column) => `      - ${database}.people.${column}`).join('\n')}
      - ${database}.log.who
    with: redact
`

const REDACTED =
  'age seen stamped profile photo notes mood tags ratio share tiny small middle big active at joined flags digest raw nick'.split(
    ' ',
  )

/** What gives, without the gateway, the values that the gateway must give for `SELECT * FROM people ORDER BY id`. */
export const MASKED_PEOPLE = 'SELECT * FROM people_masked ORDER BY id'

/** Pieces of the hidden values of person 1, none of which any driver may ever be given. */
const HIDDEN: readonly string[] = (
  '123-45 ada@ 5432 1990-07 2024-05-06 opera deadbeef court 0.75 0.3125 54321 7654321 9007199254740993 12:34:56 1999 cafebabe ' +
  'feedface countess'
).split(' ')

/** Targets `shop` and `plain` on `server`, which gets a database `name`. */
export async function openMysqlShop(name: string, server: MysqlAddress): Promise<Shop> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-drivers-'))
  const database = await createDatabase(server, name, schema(server))
  const authority = makeAuthority('Gatehouse driver test authority')
  const { certificate, key } = authority.forServer(['localhost', '127.0.0.1'])
  const write = (file: string, text: string): string => {
    writeFileSync(join(folder, file), text, { mode: 0o600 })
    return join(folder, file)
  }
  const caFile = write('ca.crt', authority.certificate)
  const target = targetOf(server, name)
  const gateway = await startTestGateway({
    targets: { shop: target, plain: target },
    policy: policy(name),
    listener: { tls: { certificateFile: write('gateway.crt', certificate), keyFile: write('gateway.key', key) } },
  })
  return {
    gateway,
    ca: authority.certificate,
    caFile,
    direct: target,
    handover: async () => ({
      host: gateway.host,
      port: gateway.port,
      token: await gateway.token(),
      caFile,
      direct: target,
      masked: MASKED_PEOPLE,
      hidden: HIDDEN,
    }),
    close: async () => {
      await gateway.close()
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
