import { expect, test } from 'vitest'
import type { Dialect } from '../../dialect.ts'
import { MARIADB, MYSQL, readOne } from '../fixtures/read-one.ts'

function told(text: string, dialect: Dialect): string {
  const statement = readOne(text, dialect)
  if (statement.kind !== 'command') throw new Error(`a ${statement.kind}`)
  const objects = statement.objects.map(
    ({ type, name }) => `${type} ${name.schema === null ? '' : `${name.schema}.`}${name.name}`,
  )
  return [statement.action, `[${objects.join(', ')}]`, statement.words.join(', ')].join(' ').trim()
}

const both = [
  [
    'GRANT SELECT (a, b), INSERT ON s.t TO u@h WITH GRANT OPTION',
    'grant [table s.t, user u@h] select, column:a, column:b, insert, grant option',
  ],
  ['GRANT ALL PRIVILEGES ON *.* TO u', 'grant [table *.*, user u] all'],
  [
    "GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE s.p TO 'u'@'%', v",
    'grant [procedure s.p, user u@%, user v] execute, alter routine',
  ],
  [
    'GRANT CREATE TEMPORARY TABLES, SHOW VIEW, LOCK TABLES ON s.* TO u',
    'grant [table s.*, user u] create temporary tables, show view, lock tables',
  ],
  ['GRANT r, q TO u WITH ADMIN OPTION', 'grant [user u] r, q, with admin option'],
  ['GRANT PROXY ON a@h TO b', 'grant [user a@h, user b] proxy'],
  ['REVOKE ALL PRIVILEGES, GRANT OPTION FROM u', 'revoke [user u] all, grant option'],
  ['REVOKE UPDATE ON t FROM u, v', 'revoke [table t, user u, user v] update'],
  ['LOCK TABLES a READ, s.b AS x WRITE', 'lock [table a, table s.b] read, write'],
  ['UNLOCK TABLES', 'unlock []'],
  ['KILL QUERY 5', 'kill [] query'],
  ['USE `a b`', 'use [schema a b]'],
  ['FLUSH TABLES a, b WITH READ LOCK', 'flush [table a, table b] tables, with read lock'],
  ['FLUSH LOCAL BINARY LOGS, PRIVILEGES', 'flush [] binary logs, privileges'],
  ['ANALYZE LOCAL TABLE a, s.b', 'analyze [table a, table s.b]'],
  ['CHECK TABLE t QUICK FOR UPGRADE', 'check [table t] quick, for upgrade'],
  ['CHECKSUM TABLES a, b EXTENDED', 'checksum [table a, table b] extended'],
  ["INSTALL PLUGIN p SONAME 'p.so'", 'install_plugin [plugin p]'],
  ['CACHE INDEX a INDEX (PRIMARY, b), c IN hot', 'cache_index [table a, table c, key_cache hot]'],
  ['LOAD INDEX INTO CACHE t IGNORE LEAVES', 'load_index [table t]'],
  ["BINLOG 'AAAA'", 'binlog []'],
  ['PURGE BINARY LOGS BEFORE now() - INTERVAL 1 DAY', 'purge_binary_logs []'],
  ['SHUTDOWN', 'shutdown []'],
  ['START REPLICA SQL_THREAD', 'start_replica [] sql_thread'],
  ["HELP 'x'", 'help []'],
] as const

test.each(both)('both servers: %s', (text, expected) => {
  expect(told(text, MYSQL)).toBe(expected)
  expect(told(text, MARIADB)).toBe(expected)
})

test.each([
  [
    'GRANT BACKUP_ADMIN, SYSTEM_VARIABLES_ADMIN ON *.* TO u AS v WITH ROLE ALL EXCEPT r',
    'grant [table *.*, user u] BACKUP_ADMIN, SYSTEM_VARIABLES_ADMIN',
  ],
  ['REVOKE IF EXISTS SELECT ON t FROM u IGNORE UNKNOWN USER', 'revoke [table t, user u] select'],
  ['LOCK INSTANCE FOR BACKUP', 'lock_instance []'],
  ['ANALYZE TABLE t UPDATE HISTOGRAM ON a, b WITH 10 BUCKETS', 'analyze [table t] update histogram'],
  ["INSTALL COMPONENT 'file://c' SET GLOBAL x = 5", 'install_component [component file://c] set x'],
  ["CLONE INSTANCE FROM u@'h':3306 IDENTIFIED BY 'x' REQUIRE NO SSL", 'clone [user u@h]'],
  ["IMPORT TABLE FROM '/a.sdi', '/b.sdi'", 'import_table []'],
  ['RESET PERSIST IF EXISTS a.b', 'reset [] persist, a.b'],
  ['RESET BINARY LOGS AND GTIDS TO 5, REPLICA ALL', 'reset [] binary logs, replica'],
  [
    "CHANGE REPLICATION SOURCE TO SOURCE_HOST='h', SOURCE_SSL_CA='/ca' FOR CHANNEL 'c'",
    'change_replication_source [channel c] source_host, source_ssl_ca',
  ],
  [
    'CHANGE REPLICATION FILTER REPLICATE_DO_TABLE = (s.t), REPLICATE_IGNORE_DB = (d)',
    'change_replication_filter [table s.t, schema d] replicate_do_table, replicate_ignore_db',
  ],
  ["START GROUP_REPLICATION USER='u', PASSWORD='p'", 'start_group_replication []'],
  ['RESTART', 'restart []'],
])('MySQL: %s', (text, expected) => {
  expect(told(text, MYSQL)).toBe(expected)
  expect(() => told(text, MARIADB)).toThrow('SYNTAX_ERROR')
})

test.each([
  [
    "GRANT SELECT ON t TO u IDENTIFIED BY 'x' REQUIRE SSL WITH MAX_USER_CONNECTIONS 1",
    'grant [table t, user u] select',
  ],
  ['KILL HARD QUERY ID 5', 'kill [] hard, query, id'],
  ['KILL USER u@h', 'kill [user u@h] connection, user'],
  ['BACKUP STAGE START', 'backup [] stage start'],
  ['ANALYZE TABLE t PERSISTENT FOR COLUMNS (a) INDEXES ()', 'analyze [table t]'],
  [
    "CHANGE MASTER 'c' TO MASTER_HOST='h', MASTER_SSL_VERIFY_SERVER_CERT=1, MASTER_USE_GTID=slave_pos",
    'change_replication_source [] master_host, master_ssl_verify_server_cert, master_use_gtid',
  ],
  ['START ALL SLAVES', 'start_replica []'],
  ["INSTALL SONAME 'x.so'", 'install_plugin []'],
])('MariaDB: %s', (text, expected) => {
  expect(told(text, MARIADB)).toBe(expected)
  expect(() => told(text, MYSQL)).toThrow('SYNTAX_ERROR')
})

test('files that a command reads or writes are told', () => {
  expect(readOne("CLONE LOCAL DATA DIRECTORY = '/d'")).toMatchObject({ files: ['/d'] })
  expect(readOne("IMPORT TABLE FROM '/a.sdi', '/b.sdi'")).toMatchObject({ files: ['/a.sdi', '/b.sdi'] })
  expect(readOne("INSTALL PLUGIN p SONAME 'p.so'")).toMatchObject({ files: ['p.so'] })
})

test('what a command computes is told', () => {
  expect(readOne('KILL (SELECT max(id) FROM t)')).toMatchObject({ expressions: [{ kind: 'subquery' }] })
  expect(readOne("INSTALL COMPONENT 'file://c' SET x = (SELECT 1)")).toMatchObject({
    expressions: [{ kind: 'subquery' }],
  })
})
