import { describe, expect, test } from 'vitest'
import type { Definition, NamedObject } from '../../statement-tree.ts'
import { MARIADB, MYSQL, readOne } from '../fixtures/read-one.ts'

function read(text: string, dialect = MYSQL): Definition {
  const statement = readOne(text, dialect)
  if (statement.kind !== 'definition') throw new Error(`a ${statement.kind}`)
  return statement
}

const named = ({ type, name }: NamedObject): string =>
  `${type} ${name.schema === null ? '' : `${name.schema}.`}${name.name}`
const objects = (text: string, dialect = MYSQL): string[] => {
  const definition = read(text, dialect)
  return [definition.action, ...definition.objects.map(named)]
}
const others = (text: string, dialect = MYSQL): string[] =>
  read(text, dialect).others.map((other) => `${other.role} ${named(other)}`)

describe('CREATE TABLE', () => {
  test('tells its columns, in order, with types and generated values', () => {
    const { columns } = read(
      'CREATE TABLE s.t (id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(20) CHARACTER SET latin1 COLLATE latin1_bin DEFAULT NULL, ' +
        "up varchar(20) GENERATED ALWAYS AS (upper(name)) STORED NOT NULL COMMENT 'x', kind enum('a','b'), price decimal(10,2) DEFAULT 1.5, made timestamp(3) NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3))",
    )
    expect(columns.map(({ name, type, change }) => [name, type, change])).toEqual([
      ['id', 'bigint', 'define'],
      ['name', 'varchar', 'define'],
      ['up', 'varchar', 'define'],
      ['kind', 'enum', 'define'],
      ['price', 'decimal', 'define'],
      ['made', 'timestamp', 'define'],
    ])
    expect(columns.map((column) => column.generated?.kind ?? null)).toEqual([null, null, 'call', null, null, null])
  })

  test.each([
    [
      'CREATE TABLE t (a int, b int, CHECK (a > (SELECT 1)), CONSTRAINT c CHECK (b <> 2) NOT ENFORCED)',
      ['operation', 'operation'],
    ],
    ['CREATE TABLE t (a int DEFAULT (uuid_to_bin(1)))', ['call']],
    ['CREATE TABLE t (a int, KEY k ((a + 1) DESC, a))', ['operation', 'column']],
    [
      'CREATE TABLE t (a int) PARTITION BY RANGE (a + 1) SUBPARTITION BY HASH (a * 2) (PARTITION p VALUES LESS THAN (5 + 5))',
      ['operation', 'operation', 'operation'],
    ],
    [
      'CREATE TABLE t (a int) PARTITION BY LIST COLUMNS (a, b) (PARTITION p VALUES IN ((1, f()), (3, 4)))',
      ['column', 'column', 'literal', 'call', 'literal', 'literal'],
    ],
  ])('shows every expression in it: %s', (text, kinds) => {
    expect(read(text).expressions.map(({ kind }) => kind)).toEqual(kinds)
  })

  test.each([
    ['CREATE TABLE t LIKE s.old', ['like table s.old']],
    ['CREATE TABLE t (LIKE old)', ['like table old']],
    [
      'CREATE TABLE t (a int REFERENCES s.p (id) ON DELETE CASCADE, FOREIGN KEY (a) REFERENCES q (x) ON UPDATE SET NULL)',
      ['references table s.p', 'references table q'],
    ],
    ['CREATE TABLE t (a int) ENGINE=MERGE UNION=(a, s.b) INSERT_METHOD=LAST', ['union table a', 'union table s.b']],
    ['CREATE TABLE t (a int) TABLESPACE ts', ['other tablespace ts']],
  ])('shows what else it touches: %s', (text, expected) => {
    expect(others(text)).toEqual(expected)
  })

  test('made from a query tells the query, and what becomes of duplicates', () => {
    const definition = read('CREATE TEMPORARY TABLE IF NOT EXISTS t (a int) ENGINE=Memory REPLACE AS SELECT a FROM s.u')
    expect(definition).toMatchObject({ temporary: true, ifNotExists: true, engine: 'memory', duplicates: 'replace' })
    expect(definition.query).toMatchObject({ body: { kind: 'select', from: { table: { schema: 's', name: 'u' } } } })
    for (const query of [
      'SELECT 1',
      '(SELECT 1)',
      'TABLE u',
      'VALUES ROW(1)',
      'WITH c AS (SELECT 1) SELECT * FROM c',
      '((SELECT 1) UNION SELECT 2)',
    ])
      expect(read(`CREATE TABLE t ${query}`).query, query).not.toBeNull()
  })

  test('tells places outside of the database: directories and connections', () => {
    expect(
      read(
        "CREATE TABLE t (a int) DATA DIRECTORY='/d' INDEX DIRECTORY '/i' CONNECTION='mysql://u@h/d/t' PARTITION BY HASH (a) (PARTITION p DATA DIRECTORY = '/p')",
      ).files,
    ).toEqual(['/d', '/i', 'mysql://u@h/d/t', '/p'])
  })

  test('of the CONNECT engine tells where its rows come from', () => {
    const { engine, files } = read(
      "CREATE TABLE t (a int) ENGINE=CONNECT TABLE_TYPE=CSV FILE_NAME='/etc/passwd' SRCDEF='SELECT pw FROM secret'",
      MARIADB,
    )
    expect(engine).toBe('connect')
    expect(files).toEqual(['/etc/passwd', 'SELECT pw FROM secret'])
  })

  test('of MariaDB may have periods, system versioning, and options that engines define', () => {
    const definition = read(
      'CREATE OR REPLACE TABLE t (a int ttl=5 CHECK (a > 0), f timestamp(6) GENERATED ALWAYS AS ROW START INVISIBLE, u timestamp(6) AS ROW END, PERIOD FOR SYSTEM_TIME (f, u), x int WITHOUT SYSTEM VERSIONING) ' +
        'WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME INTERVAL 1 DAY (PARTITION p HISTORY, PARTITION c CURRENT)',
      MARIADB,
    )
    expect(definition.orReplace).toBe(true)
    expect(definition.columns.map(({ name }) => name)).toEqual(['a', 'f', 'u', 'x'])
    expect(() => read('CREATE TABLE t (a int) ttl=5')).toThrow('SYNTAX_ERROR')
  })

  test('takes names that are keywords elsewhere, and quoted ones that are reserved', () => {
    expect(
      read(
        'CREATE TABLE `table` (`select` int, comment int, status int, end int, `check` int, visible int)',
      ).columns.map(({ name }) => name),
    ).toEqual(['select', 'comment', 'status', 'end', 'check', 'visible'])
    for (const name of ['select', 'table', 'check', 'key', 'window'])
      expect(() => read(`CREATE TABLE t (${name} int)`)).toThrow('SYNTAX_ERROR')
  })
})

describe('ALTER TABLE', () => {
  test.each([
    [
      'ALTER TABLE t ADD COLUMN a int FIRST, DROP b, CHANGE c d text AFTER e, RENAME COLUMN f TO g, MODIFY h int',
      [
        ['a', 'add', null],
        ['b', 'drop', null],
        ['c', 'modify', 'd'],
        ['f', 'rename', 'g'],
        ['h', 'modify', null],
      ],
    ],
    [
      'ALTER TABLE t ADD (a int, b int AS (a + 1))',
      [
        ['a', 'add', null],
        ['b', 'add', null],
      ],
    ],
    [
      'ALTER TABLE t ALTER a SET DEFAULT (f()), ALTER COLUMN b DROP DEFAULT',
      [
        ['a', 'modify', null],
        ['b', 'modify', null],
      ],
    ],
  ])('tells the columns it changes: %s', (text, columns) => {
    expect(read(text).columns.map(({ name, change, renamed }) => [name, change, renamed])).toEqual(columns)
  })

  test.each([
    ['ALTER TABLE t RENAME TO s.u', ['rename'], ['renamed table s.u']],
    [
      'ALTER TABLE t EXCHANGE PARTITION p WITH TABLE secret WITHOUT VALIDATION',
      ['exchange_partition'],
      ['exchange table secret'],
    ],
    ['ALTER TABLE t DROP PARTITION p, q', ['drop_partition'], []],
    ['ALTER TABLE t DISCARD TABLESPACE', ['discard_tablespace'], []],
    ['ALTER TABLE t TRUNCATE PARTITION ALL', ['truncate_partition'], []],
    ['ALTER TABLE t ADD CONSTRAINT FOREIGN KEY (a) REFERENCES p (id)', ['add_key'], ['references table p']],
    [
      "ALTER TABLE t ENGINE=InnoDB COMMENT='x', ADD KEY (a), ALGORITHM=INPLACE, LOCK=NONE",
      ['table_option', 'add_key'],
      [],
    ],
  ])('%s', (text, options, touched) => {
    expect(read(text).options).toEqual(options)
    expect(others(text)).toEqual(touched)
  })

  test('of MariaDB converts partitions to tables and back', () => {
    expect(others('ALTER TABLE t CONVERT PARTITION p TO TABLE s.u', MARIADB)).toEqual(['exchange table s.u'])
    expect(others('ALTER TABLE t CONVERT TABLE u TO PARTITION p VALUES LESS THAN (5)', MARIADB)).toEqual([
      'exchange table u',
    ])
  })
})

test.each([
  [
    "CREATE UNIQUE INDEX i USING BTREE ON s.t (a DESC, (b + 1)) COMMENT 'x' ALGORITHM = DEFAULT",
    ['create_index', 'index i'],
  ],
  ['DROP INDEX `PRIMARY` ON t', ['drop_index', 'index PRIMARY']],
  ['DROP TEMPORARY TABLE IF EXISTS a, s.b CASCADE', ['drop_table', 'table a', 'table s.b']],
  ['DROP VIEW v, w', ['drop_view', 'view v', 'view w']],
  ['DROP DATABASE IF EXISTS d', ['drop_schema', 'schema d']],
  ['DROP PROCEDURE IF EXISTS s.p', ['drop_procedure', 'procedure s.p']],
  ['DROP USER a@localhost, "b"@"%", c', ['drop_user', 'user a@localhost', 'user b@%', 'user c']],
  ['RENAME TABLE a TO b, s.c TO s.d', ['rename_table', 'table a', 'table s.c']],
  ['TRUNCATE s.t', ['truncate', 'table s.t']],
  [
    "CREATE SCHEMA IF NOT EXISTS d DEFAULT CHARACTER SET = utf8mb4 COLLATE utf8mb4_bin ENCRYPTION 'Y'",
    ['create_schema', 'schema d'],
  ],
  ['ALTER DATABASE CHARACTER SET latin1', ['alter_schema']],
  [
    "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'h', DATABASE 'd', PORT 3306)",
    ['create_server', 'server s'],
  ],
  [
    "CREATE TABLESPACE ts ADD DATAFILE 'ts.ibd' FILE_BLOCK_SIZE=16k ENGINE InnoDB",
    ['create_tablespace', 'tablespace ts'],
  ],
  ['ALTER UNDO TABLESPACE u SET INACTIVE', ['alter_undo_tablespace', 'undo_tablespace u']],
  [
    'CREATE RESOURCE GROUP g TYPE = USER VCPU = 0-3,5 THREAD_PRIORITY = -5 DISABLE',
    ['create_resource_group', 'resource_group g'],
  ],
  [
    "CREATE OR REPLACE SPATIAL REFERENCE SYSTEM 4120 NAME 'Greek' DEFINITION 'GEOGCS' ORGANIZATION 'EPSG' IDENTIFIED BY 4120",
    ['create_spatial_reference_system', 'spatial_reference_system 4120'],
  ],
  ["CREATE AGGREGATE FUNCTION f RETURNS STRING SONAME 'udf.so'", ['create_loadable_function', 'loadable_function f']],
  ['CREATE LIBRARY l LANGUAGE JAVASCRIPT AS $$ export function f(n) { return n } $$', ['create_library', 'library l']],
  [
    "CREATE MASKING POLICY p (c) CASE WHEN CURRENT_ROLE_IN('admin') THEN c ELSE 1 END",
    ['create_masking_policy', 'masking_policy p'],
  ],
  [
    "ALTER USER u@h IDENTIFIED WITH caching_sha2_password BY 'new' REPLACE 'old' RETAIN CURRENT PASSWORD REQUIRE SSL WITH MAX_USER_CONNECTIONS 3 PASSWORD EXPIRE NEVER ACCOUNT LOCK COMMENT 'x'",
    ['alter_user', 'user u@h'],
  ],
  ['CREATE USER IF NOT EXISTS u IDENTIFIED BY RANDOM PASSWORD DEFAULT ROLE r, s@localhost', ['create_user', 'user u']],
  ['CREATE ROLE a, b@localhost', ['create_role', 'role a', 'role b@localhost']],
  ['ALTER INSTANCE ROTATE INNODB MASTER KEY', ['alter_instance']],
])('of %s verb and objects are told', (text, expected) => {
  expect(objects(text)).toEqual(expected)
})

test.each([
  ['CREATE SEQUENCE IF NOT EXISTS s START WITH 5 INCREMENT BY -1 NOCYCLE', ['create_sequence', 'sequence s']],
  ['ALTER SEQUENCE s RESTART 5', ['alter_sequence', 'sequence s']],
  ['DROP SEQUENCE s, t', ['drop_sequence', 'sequence s', 'sequence t']],
  ["CREATE USER u IDENTIFIED VIA ed25519 USING PASSWORD('x') OR unix_socket", ['create_user', 'user u']],
  ['DROP TABLE t WAIT 5', ['drop_table', 'table t']],
])('of MariaDB: %s', (text, expected) => {
  expect(objects(text, MARIADB)).toEqual(expected)
  expect(() => objects(text)).toThrow('SYNTAX_ERROR')
})

describe('a view', () => {
  test('tells its query, columns, algorithm, definer and security', () => {
    const definition = read(
      'CREATE OR REPLACE ALGORITHM = MERGE DEFINER = `root`@`%` SQL SECURITY INVOKER VIEW s.v (a, b) AS SELECT x, y FROM t WITH LOCAL CHECK OPTION',
    )
    expect(definition).toMatchObject({
      orReplace: true,
      definer: 'root@%',
      security: 'invoker',
      columnNames: ['a', 'b'],
    })
    expect(definition.query).toMatchObject({ kind: 'query', body: { kind: 'select' } })
    expect(definition.options).toEqual(['algorithm_merge', 'check_option'])
  })

  test('of JSON duality is a view over a query like any other', () => {
    const { query, options } = read(
      "CREATE JSON DUALITY VIEW v AS SELECT JSON_DUALITY_OBJECT('_id': id, 'x': x) FROM t",
    )
    expect(options).toEqual(['json_duality'])
    expect(query).toMatchObject({ body: { from: { table: { name: 't' } } } })
  })
})

describe('stored programs', () => {
  test('a trigger tells table, time and what it runs', () => {
    const definition = read(
      'CREATE DEFINER=CURRENT_USER TRIGGER s.g AFTER UPDATE ON s.t FOR EACH ROW FOLLOWS h INSERT INTO log SELECT NEW.a',
    )
    expect(definition).toMatchObject({
      definer: 'current_user',
      trigger: { time: 'after', event: 'update' },
      body: { kind: 'insert' },
    })
    expect(definition.others.map(named)).toEqual(['table s.t', 'trigger h'])
  })

  test('a routine tells parameters, security and what it runs', () => {
    const definition = read(
      "CREATE PROCEDURE p (a int, OUT b varchar(10) CHARACTER SET utf8mb4, INOUT c json) COMMENT 'x' READS SQL DATA SQL SECURITY INVOKER BEGIN SELECT a INTO b; END",
    )
    expect(definition.parameters).toEqual([
      { name: 'a', mode: 'in', type: 'int' },
      { name: 'b', mode: 'out', type: 'varchar' },
      { name: 'c', mode: 'inout', type: 'json' },
    ])
    expect(definition).toMatchObject({ security: 'invoker', body: { kind: 'block' } })
  })

  test('a routine in another language has no body', () => {
    const definition = read(
      "CREATE FUNCTION f(a int) RETURNS int LANGUAGE JAVASCRIPT USING (s.lib AS l) AS $q$ return 'x;' $q$",
    )
    expect(definition.body).toBeNull()
    expect(definition.options).toEqual(['external'])
    expect(definition.others.map(named)).toEqual(['library s.lib'])
    expect(() => read('CREATE FUNCTION f(a int) RETURNS int LANGUAGE JAVASCRIPT RETURN a')).toThrow('SYNTAX_ERROR')
  })

  test('an event tells its schedule and what it runs', () => {
    const definition = read(
      "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS now() ENDS '2030-01-01' ON COMPLETION PRESERVE DISABLE ON REPLICA COMMENT 'x' DO DELETE FROM t",
    )
    expect(definition.expressions).toHaveLength(3)
    expect(definition.body).toMatchObject({ kind: 'delete' })
    expect(read('ALTER EVENT e RENAME TO s.f').others.map(named)).toEqual(['event s.f'])
    expect(() => read('ALTER EVENT e')).toThrow('SYNTAX_ERROR')
  })
})

test('clauses that another kind of thing has are refused', () => {
  for (const text of [
    'CREATE TEMPORARY VIEW v AS SELECT 1',
    'CREATE DEFINER=root TABLE t (a int)',
    'CREATE ALGORITHM=MERGE PROCEDURE p() SELECT 1',
    'CREATE SQL SECURITY INVOKER FUNCTION f() RETURNS int RETURN 1',
    'DROP TEMPORARY VIEW v',
    'ALTER ONLINE TABLE t ADD a int',
    'CREATE TABLE t (a int,)',
    'CREATE TABLE t ()',
    'CREATE TABLE t (a int',
    'DROP TABLE',
  ])
    expect(() => read(text), text).toThrow('SYNTAX_ERROR')
})

test('sizes do not matter: long lists are read in linear time', () => {
  const columns = Array.from({ length: 20_000 }, (_, at) => `c${at} int DEFAULT (1)`).join()
  expect(read(`CREATE TABLE t (${columns})`).columns).toHaveLength(20_000)
  expect(read(`DROP TABLE ${'t,'.repeat(50_000)}t`).objects).toHaveLength(50_001)
  expect(() => read(`CREATE TABLE t (a int DEFAULT ${'('.repeat(100_000)}`)).toThrow(/TOO_COMPLEX|SYNTAX_ERROR/)
  expect(() => read(`CREATE TABLE ${'('.repeat(100_000)}`)).toThrow('SYNTAX_ERROR')
})

test('comments inside, and executable comments around clauses as mysqldump writes them, change nothing', () => {
  const dumped = read(
    '/*!50001 CREATE ALGORITHM=UNDEFINED *//*!50013 DEFINER=`root`@`localhost` SQL SECURITY DEFINER *//*!50001 VIEW `v` AS select `t`.`a` AS `a` from `t` */',
  )
  expect(dumped).toMatchObject({ action: 'create_view', definer: 'root@localhost', security: 'definer' })
  const trigger = read(
    '/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER `g` BEFORE INSERT ON `t` FOR EACH ROW SET NEW.a = 1 */',
  )
  expect(trigger).toMatchObject({ action: 'create_trigger', body: { kind: 'set' } })
  expect(
    read('CREATE /* a */ TABLE -- b\n t # c\n (a /*!80023 bigint */ /*!99999 zerofill */ , b int)').columns.map(
      ({ type }) => type,
    ),
  ).toEqual(['bigint', 'int'])
  expect(
    read('CREATE TABLE t (a int /*!80016 INVISIBLE */) /*!50100 PARTITION BY HASH (a) */').expressions,
  ).toHaveLength(1)
})
