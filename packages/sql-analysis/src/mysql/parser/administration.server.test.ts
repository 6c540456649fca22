/** Definitions, commands, SHOW and programs in every form of the manuals, and beside them: what each server's own parser says decides. */
import { Buffer } from 'node:buffer'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { openSession } from '../../../../../test/servers/mysql.ts'
import type { Dialect } from '../dialect.ts'
import { MARIADB, MYSQL } from './fixtures/read-one.ts'
import { parseText } from './parse-text.ts'

const servers = inject('servers')

/** Read here although the server refuses: it looks closer at what is harmless. */
const LENIENT: Readonly<Record<Dialect['flavour'], readonly string[]>> = {
  mysql: ['LOAD INDEX INTO CACHE t PARTITION (ALL) INDEX (a) IGNORE LEAVES, u'],
  mariadb: [
    'CREATE TABLE t (a int default --1)',
    'CREATE TABLE t (a int, unique (p without overlaps))',
    'CREATE ROLE if not exists r, s@h',
    "GRANT r, 's'@'h' TO u, v",
    'GRANT SELECT ON function TO u',
    'SHOW QUERY_RESPONSE_TIME',
    'LOAD INDEX INTO CACHE t PARTITION (ALL) INDEX (a) IGNORE LEAVES, u',
  ],
}

/** Not read here although the server finds nothing wrong with the syntax: it refuses them by another error, or nobody writes them. */
const STRICT: Readonly<Record<Dialect['flavour'], readonly string[]>> = {
  mysql: [
    'CREATE TABLE t select 1 into @a',
    'CREATE external TABLE t (a int) file_format=(format csv)',
    'CREATE VIEW v AS SELECT 1 INTO @a',
    "CREATE PROCEDURE p() signal x set returned_sqlstate='x'",
  ],
  mariadb: [
    'CREATE TABLE t (s.t.x.a int)',
    'CREATE PROCEDURE p() begin declare a t%rowtype; end',
    "CREATE PROCEDURE p() signal x set returned_sqlstate='x'",
    "CREATE PROCEDURE p() signal sqlstate '45000' set message_text=concat('a')",
    'GRANT event TO u',
  ],
}

describe.each([
  { flavour: 'mysql', shared: servers.mysql9, dialect: MYSQL },
  { flavour: 'mariadb', shared: servers.mariadb10, dialect: MARIADB },
] as const)('what is neither query nor change of rows, of $flavour', ({ flavour, shared, dialect }) => {
  let connection: Awaited<ReturnType<typeof openSession>> | null = null

  beforeAll(async () => {
    if (!('absent' in shared)) connection = await openSession(`${shared.address.url}mysql`)
  })

  afterAll(async () => {
    await connection?.end()
  })

  test('is read exactly where the server takes it', async (context) => {
    if ('absent' in shared) context.skip(shared.absent)
    const lenient: string[] = []
    const strict: string[] = []
    for (const text of TEXTS.split('\n')) {
      const bytes = Buffer.from(text)
      const read = !('error' in parseText(bytes, 0, bytes.length, dialect))
      const accepted = await isAccepted(text)
      if (read && !accepted) lenient.push(text)
      if (!read && accepted) strict.push(text)
    }
    expect({ lenient, strict }).toEqual({ lenient: LENIENT[flavour], strict: STRICT[flavour] })
  })

  /** COM_STMT_PREPARE runs nothing; only the parser's own errors are refusals here. */
  async function isAccepted(text: string): Promise<boolean> {
    try {
      await (await connection?.prepare(text))?.close()
      return true
    } catch (error) {
      const number = (error as { readonly errno?: number }).errno
      if (number === undefined) throw error
      return number !== 1064 && number !== 1149
    }
  }
})

/** One text a line; for both servers, whichever it belongs to. */
const TEXTS = `CREATE TABLE t (a tinyint(1) unsigned zerofill)
CREATE TABLE t (a int signed)
CREATE TABLE t (a double precision(5,2))
CREATE TABLE t (a float(7))
CREATE TABLE t (a float(7,4) unsigned)
CREATE TABLE t (a real(3,1))
CREATE TABLE t (a real(3))
CREATE TABLE t (a double(3))
CREATE TABLE t (a dec(3) zerofill)
CREATE TABLE t (a fixed)
CREATE TABLE t (a bit)
CREATE TABLE t (a bit(3))
CREATE TABLE t (a bool)
CREATE TABLE t (a boolean not null)
CREATE TABLE t (a char varying(3))
CREATE TABLE t (a character(3) byte)
CREATE TABLE t (a char(3) ascii)
CREATE TABLE t (a char(3) unicode)
CREATE TABLE t (a char(3) binary ascii)
CREATE TABLE t (a char(3) ascii binary)
CREATE TABLE t (a char(3) binary charset latin1)
CREATE TABLE t (a char(3) charset latin1 binary)
CREATE TABLE t (a char(3) charset binary)
CREATE TABLE t (a char(3) char set latin1)
CREATE TABLE t (a varchar)
CREATE TABLE t (a varchar(3) collate utf8mb4_bin charset utf8mb4)
CREATE TABLE t (a national char(3))
CREATE TABLE t (a national varchar(3))
CREATE TABLE t (a national char varying(3))
CREATE TABLE t (a national character(3))
CREATE TABLE t (a national varcharacter(3))
CREATE TABLE t (a nchar)
CREATE TABLE t (a nchar varchar(3))
CREATE TABLE t (a nchar varying(3) binary)
CREATE TABLE t (a nvarchar(3))
CREATE TABLE t (a nvarchar)
CREATE TABLE t (a binary)
CREATE TABLE t (a varbinary(3))
CREATE TABLE t (a varbinary)
CREATE TABLE t (a year(4) unsigned)
CREATE TABLE t (a year)
CREATE TABLE t (a date)
CREATE TABLE t (a date(3))
CREATE TABLE t (a time(6))
CREATE TABLE t (a blob(10))
CREATE TABLE t (a tinyblob(10))
CREATE TABLE t (a tinyblob)
CREATE TABLE t (a tinytext(10))
CREATE TABLE t (a mediumtext(10))
CREATE TABLE t (a longtext charset latin1)
CREATE TABLE t (a long)
CREATE TABLE t (a long varbinary)
CREATE TABLE t (a long char varying)
CREATE TABLE t (a long varchar charset latin1)
CREATE TABLE t (a long char)
CREATE TABLE t (a text(3) binary)
CREATE TABLE t (a enum('a') charset latin1)
CREATE TABLE t (a enum())
CREATE TABLE t (a set('a','b') binary)
CREATE TABLE t (a set(N'a'))
CREATE TABLE t (a serial)
CREATE TABLE t (a json)
CREATE TABLE t (a json(3))
CREATE TABLE t (a json charset utf8mb4)
CREATE TABLE t (a vector(3))
CREATE TABLE t (a vector)
CREATE TABLE t (a geometry)
CREATE TABLE t (a geometry(3))
CREATE TABLE t (a point srid 4326 not null)
CREATE TABLE t (a geometry not null srid 0)
CREATE TABLE t (a geomcollection)
CREATE TABLE t (a multipolygon)
CREATE TABLE t (a uuid)
CREATE TABLE t (a inet4)
CREATE TABLE t (a inet6)
CREATE TABLE t (a middleint)
CREATE TABLE t (a int8)
CREATE TABLE t (a float8)
CREATE TABLE t (a number(3))
CREATE TABLE t (a varchar2(3))
CREATE TABLE t (a raw(3))
CREATE TABLE t (a clob)
CREATE TABLE t (a int default -1)
CREATE TABLE t (a int default +1)
CREATE TABLE t (a int default - 1)
CREATE TABLE t (a int default --1)
CREATE TABLE t (a int default 1+1)
CREATE TABLE t (a int default (1)+1)
CREATE TABLE t (a int default (1+1))
CREATE TABLE t (a int default null)
CREATE TABLE t (a int default true)
CREATE TABLE t (a int default x'01')
CREATE TABLE t (a int default b'01')
CREATE TABLE t (a int default _utf8mb4'x')
CREATE TABLE t (a int default n'x')
CREATE TABLE t (a int default 'a' 'b')
CREATE TABLE t (a date default date '2020-01-01')
CREATE TABLE t (a datetime default now())
CREATE TABLE t (a datetime default now)
CREATE TABLE t (a datetime default current_timestamp)
CREATE TABLE t (a datetime default current_timestamp())
CREATE TABLE t (a datetime(3) default current_timestamp(3) on update current_timestamp(3))
CREATE TABLE t (a datetime default localtime on update localtimestamp())
CREATE TABLE t (a datetime default current_date)
CREATE TABLE t (a int default uuid())
CREATE TABLE t (a int default concat('a','b'))
CREATE TABLE t (a int default b)
CREATE TABLE t (a int default (b))
CREATE TABLE t (a int default @a)
CREATE TABLE t (a int default (select 1))
CREATE TABLE t (a int default nextval(s))
CREATE TABLE t (a int default next value for s)
CREATE TABLE t (a int default 1 not null primary key comment 'x')
CREATE TABLE t (a int not null null)
CREATE TABLE t (a int unique unique key key)
CREATE TABLE t (a int primary)
CREATE TABLE t (a int key)
CREATE TABLE t (a int auto_increment unique)
CREATE TABLE t (a int serial default value)
CREATE TABLE t (a int column_format dynamic storage disk)
CREATE TABLE t (a int column_format compressed)
CREATE TABLE t (a int visible)
CREATE TABLE t (a int invisible)
CREATE TABLE t (a int check (a>1))
CREATE TABLE t (a int constraint c check (a>1))
CREATE TABLE t (a int constraint check (a>1) not enforced)
CREATE TABLE t (a int check (a>1) enforced)
CREATE TABLE t (a int check (a>1) not null)
CREATE TABLE t (a int not enforced)
CREATE TABLE t (a int references p)
CREATE TABLE t (a int references p (a,b) match full on delete restrict on update no action)
CREATE TABLE t (a int references p (a) on update cascade on delete set default)
CREATE TABLE t (a int references p not null)
CREATE TABLE t (a int constraint c references p(a))
CREATE TABLE t (a int as (b) virtual)
CREATE TABLE t (a int generated always as (b))
CREATE TABLE t (a int generated as (b))
CREATE TABLE t (a int as (b) persistent)
CREATE TABLE t (a int as (b) stored not null unique comment 'x')
CREATE TABLE t (a int as (b) stored default 1)
CREATE TABLE t (a int not null as (b))
CREATE TABLE t (a varchar(3) collate utf8mb4_bin as (b) stored)
CREATE TABLE t (a varchar(3) as (b) stored collate utf8mb4_bin)
CREATE TABLE t (a int as b)
CREATE TABLE t (a int as (select 1))
CREATE TABLE t (a int as ((select 1)))
CREATE TABLE t (a int engine_attribute '{}' secondary_engine_attribute = '{}')
CREATE TABLE t (a int not secondary)
CREATE TABLE t (a int secondary)
CREATE TABLE t (a int comment = 'x')
CREATE TABLE t (a int comment 'x' 'y')
CREATE TABLE t (t.a int)
CREATE TABLE t (s.t.a int)
CREATE TABLE t (s.t.x.a int)
CREATE TABLE t (a int, )
CREATE TABLE t (, a int)
CREATE TABLE .t (a int)
CREATE TABLE s.t (a int)
CREATE TABLE s . t (a int)
CREATE TABLE s.select (a int)
CREATE TABLE a.b.c (a int)
CREATE TABLE 1t (1a int)
CREATE TABLE t (1 int)
CREATE TABLE \`t\`\`x\` (\`a\` int)
CREATE TABLE t (a int, primary key (a))
CREATE TABLE t (a int, primary key k (a))
CREATE TABLE t (a int, primary key using btree (a))
CREATE TABLE t (a int, primary key k using hash (a) using btree comment 'x' key_block_size 3 visible)
CREATE TABLE t (a int, primary key type btree (a))
CREATE TABLE t (a int, key k type btree (a))
CREATE TABLE t (a int, key type (a))
CREATE TABLE t (a int, key btree (a))
CREATE TABLE t (a int, key using btree (a))
CREATE TABLE t (a int, key (a asc, b(3) desc))
CREATE TABLE t (a int, key ((a+1)))
CREATE TABLE t (a int, key k ((a+1) desc, (b)))
CREATE TABLE t (a int, key k (a+1))
CREATE TABLE t (a int, index k (a))
CREATE TABLE t (a int, unique (a))
CREATE TABLE t (a int, unique key k (a))
CREATE TABLE t (a int, unique index k (a) invisible)
CREATE TABLE t (a int, unique k using btree (a))
CREATE TABLE t (a int, constraint unique (a))
CREATE TABLE t (a int, constraint c unique k (a))
CREATE TABLE t (a int, constraint c primary key (a))
CREATE TABLE t (a int, constraint primary key (a))
CREATE TABLE t (a int, constraint c key (a))
CREATE TABLE t (a int, constraint c index (a))
CREATE TABLE t (a int, constraint c)
CREATE TABLE t (a int, fulltext (a) with parser ngram)
CREATE TABLE t (a int, fulltext key k (a) comment 'x' with parser ngram)
CREATE TABLE t (a int, fulltext index k (a) key_block_size=3)
CREATE TABLE t (a int, fulltext index k (a) using btree)
CREATE TABLE t (a int, spatial index k (a))
CREATE TABLE t (a int, spatial k (a))
CREATE TABLE t (a int, key k (a) with parser ngram)
CREATE TABLE t (a int, vector index k (a))
CREATE TABLE t (a int, foreign key (a) references p (a))
CREATE TABLE t (a int, foreign key k (a,b) references s.p (a,b) match simple)
CREATE TABLE t (a int, constraint c foreign key k (a) references p (a) on delete cascade on update set null)
CREATE TABLE t (a int, constraint foreign key (a) references p)
CREATE TABLE t (a int, foreign key (a(3)) references p (a))
CREATE TABLE t (a int, foreign key (a desc) references p (a))
CREATE TABLE t (a int, foreign key (a) references p (a desc))
CREATE TABLE t (a int, check (a>1))
CREATE TABLE t (a int, constraint c check (a>1) enforced)
CREATE TABLE t (a int, constraint check (a>1) not enforced)
CREATE TABLE t (a int, check a>1)
CREATE TABLE t (a int check (a>1), key (a) ignored)
CREATE TABLE t (a int, key (a) not ignored)
CREATE TABLE t (a int, key if not exists k (a))
CREATE TABLE t (a int, foreign key if not exists k (a) references p (a))
CREATE TABLE t (a int, constraint if not exists c check (a>1))
CREATE TABLE t (a int, key k (a) engine_attribute='{}')
CREATE TABLE t (a int, key k (a) clustering=yes)
CREATE TABLE t (a int, period for system_time (a,b))
CREATE TABLE t (a int, period for p (a,b))
CREATE TABLE t (a int, period int)
CREATE TABLE t (a int, primary key (a, p without overlaps))
CREATE TABLE t (a int, unique (p without overlaps))
CREATE TABLE t (a int) engine innodb
CREATE TABLE t (a int) engine='innodb' engine=myisam
CREATE TABLE t (a int) type=innodb
CREATE TABLE t (a int) max_rows=1,min_rows 2 , avg_row_length=3
CREATE TABLE t (a int) max_rows=1,
CREATE TABLE t (a int) password='x' comment 'y' compression='zlib' encryption 'Y'
CREATE TABLE t (a int) auto_increment=0x10
CREATE TABLE t (a int) auto_increment=18446744073709551615
CREATE TABLE t (a int) auto_increment=1.5
CREATE TABLE t (a int) pack_keys=default stats_auto_recalc=1 stats_persistent=default stats_sample_pages=default checksum 1 table_checksum=1 delay_key_write=0
CREATE TABLE t (a int) row_format=default
CREATE TABLE t (a int) row_format=page
CREATE TABLE t (a int) row_format=foo
CREATE TABLE t (a int) union=(a,b)
CREATE TABLE t (a int) union=()
CREATE TABLE t (a int) default charset=latin1 collate=latin1_bin
CREATE TABLE t (a int) default character set latin1 default collate latin1_bin
CREATE TABLE t (a int) charset=default
CREATE TABLE t (a int) character set 'latin1'
CREATE TABLE t (a int) char set=latin1
CREATE TABLE t (a int) collate=default
CREATE TABLE t (a int) collate=binary
CREATE TABLE t (a int) insert_method=no
CREATE TABLE t (a int) data directory='/x' index directory '/y'
CREATE TABLE t (a int) tablespace ts
CREATE TABLE t (a int) tablespace=ts storage disk
CREATE TABLE t (a int) tablespace 'ts'
CREATE TABLE t (a int) storage memory
CREATE TABLE t (a int) connection='x'
CREATE TABLE t (a int) key_block_size=3
CREATE TABLE t (a int) start transaction
CREATE TABLE t (a int) secondary_engine=rapid
CREATE TABLE t (a int) secondary_engine=null
CREATE TABLE t (a int) secondary_engine='rapid'
CREATE TABLE t (a int) engine_attribute='{}' secondary_engine_attribute='{}'
CREATE TABLE t (a int) autoextend_size=4M
CREATE TABLE t (a int) autoextend_size 4194304
CREATE TABLE t (a int) foo=1
CREATE TABLE t (a int) foo='x' bar=y
CREATE TABLE t (a int) foo 1
CREATE TABLE t (a int) transactional=1 page_checksum=0
CREATE TABLE t (a int) with system versioning
CREATE TABLE t (a int) sequence=1
CREATE TABLE t (a int) page_compressed=1 encrypted=yes
CREATE TABLE t (a int) engine=innodb select 1
CREATE TABLE t (a int) ignore select 1
CREATE TABLE t (a int) replace as select 1
CREATE TABLE t ignore (select 1)
CREATE TABLE t as (select 1)
CREATE TABLE t as (select 1) union select 2
CREATE TABLE t (select 1) union (select 2)
CREATE TABLE t as table u
CREATE TABLE t table u
CREATE TABLE t values row(1)
CREATE TABLE t as values (1)
CREATE TABLE t as with c as (select 1) select * from c
CREATE TABLE t with c as (select 1) select * from c
CREATE TABLE t select 1 into @a
CREATE TABLE t select 1 for update
CREATE TABLE t (a int) as select 1 limit 1
CREATE TABLE t
CREATE TABLE t engine=innodb
CREATE TABLE t ()
CREATE TABLE t like u
CREATE TABLE t (like u)
CREATE TABLE t like u engine=innodb
CREATE TABLE if not exists t (a int)
CREATE or replace TABLE t (a int)
CREATE or replace TABLE if not exists t (a int)
CREATE TEMPORARY TABLE t like u
CREATE external TABLE t (a int)
CREATE external TABLE t (a int) file_format=(format csv)
CREATE temporary external TABLE t (a int)
CREATE TABLE t (a int) partition by hash (a)
CREATE TABLE t (a int) partition by linear hash (a+1) partitions 3
CREATE TABLE t (a int) partition by key ()
CREATE TABLE t (a int) partition by linear key algorithm=2 (a,b) partitions 2
CREATE TABLE t (a int) partition by key algorithm=3 (a)
CREATE TABLE t (a int) partition by range (a) (partition p values less than (1), partition q values less than maxvalue)
CREATE TABLE t (a int) partition by range (a) (partition p values less than (maxvalue))
CREATE TABLE t (a int) partition by range (a) (partition p values less than 1)
CREATE TABLE t (a int) partition by range columns (a,b) (partition p values less than (1,'x'), partition q values less than (maxvalue,maxvalue))
CREATE TABLE t (a int) partition by list (a) (partition p values in (1,2), partition q values in (null))
CREATE TABLE t (a int) partition by list (a) (partition p default)
CREATE TABLE t (a int) partition by list (a) (partition p values in (1), partition q values default)
CREATE TABLE t (a int) partition by list (a) (partition p values in (1, default))
CREATE TABLE t (a int) partition by list columns (a,b) (partition p values in ((1,2),(3,4)))
CREATE TABLE t (a int) partition by range (a) subpartition by hash (b) subpartitions 2 (partition p values less than (1))
CREATE TABLE t (a int) partition by range (a) subpartition by key (b) (partition p values less than (1) (subpartition s1, subpartition s2 engine=innodb))
CREATE TABLE t (a int) partition by range (a) subpartition by key () (partition p values less than (1))
CREATE TABLE t (a int) partition by range (a) (partition p values less than (1) storage engine=innodb comment='x' data directory='/d' index directory='/i' max_rows=1 min_rows=2 tablespace=ts nodegroup=1)
CREATE TABLE t (a int) partition by range (a) (partition p values less than (1) engine innodb comment 'x')
CREATE TABLE t (a int) partition by range (a) (partition p values less than (1) connection='x')
CREATE TABLE t (a int) partition by range (a) (p values less than (1))
CREATE TABLE t (a int) partition by range (a)
CREATE TABLE t (a int) partition by range (a) ()
CREATE TABLE t (a int) partition by hash (a) (partition p, partition q)
CREATE TABLE t (a int) partition by hash (a) as select 1
CREATE TABLE t (a int) partition by system_time (partition p history, partition q current)
CREATE TABLE t (a int) with system versioning partition by system_time interval 1 day starts '2020-01-01' auto partitions 3
CREATE TABLE t (a int) with system versioning partition by system_time limit 100 auto
CREATE TABLE t (a int) with system versioning partition by system_time interval '1:1' day_hour
CREATE TABLE t (a int) partition by hash (a) engine=innodb
CREATE TABLE t (a int) partitions 3
ALTER TABLE t
ALTER TABLE t,
ALTER TABLE t ADD a int
ALTER TABLE t ADD COLUMN a int FIRST
ALTER TABLE t ADD COLUMN a int AFTER b, ADD c int
ALTER TABLE t ADD (a int, b int, key (a))
ALTER TABLE t ADD (a int) FIRST
ALTER TABLE t ADD (key (a))
ALTER TABLE t ADD COLUMN if not exists a int
ALTER TABLE t ADD key if not exists k (a)
ALTER TABLE t ADD constraint if not exists c check (a>1)
ALTER TABLE t ADD foreign key if not exists k (a) references p (a)
ALTER TABLE t ADD unique k (a), add fulltext (b), add spatial index (c), add primary key (d)
ALTER TABLE t ADD constraint c foreign key (a) references p (a)
ALTER TABLE t ADD check (a>1)
ALTER TABLE t ADD constraint check (a>1) not enforced
ALTER TABLE t DROP a
ALTER TABLE t DROP COLUMN a RESTRICT
ALTER TABLE t DROP a CASCADE, DROP KEY k, DROP INDEX k, DROP PRIMARY KEY, DROP FOREIGN KEY k
ALTER TABLE t DROP FOREIGN KEY
ALTER TABLE t DROP CHECK c
ALTER TABLE t DROP CONSTRAINT c
ALTER TABLE t DROP CONSTRAINT if exists c
ALTER TABLE t DROP COLUMN if exists a
ALTER TABLE t DROP constraint primary key
ALTER TABLE t DROP constraint \`primary\`
ALTER TABLE t CHANGE a b int
ALTER TABLE t CHANGE COLUMN a b int NOT NULL AFTER c
ALTER TABLE t CHANGE if exists a b int
ALTER TABLE t MODIFY a int FIRST
ALTER TABLE t MODIFY COLUMN if exists a int
ALTER TABLE t ALTER a SET DEFAULT 1
ALTER TABLE t ALTER a SET DEFAULT (1+1)
ALTER TABLE t ALTER a SET DEFAULT -1
ALTER TABLE t ALTER a SET DEFAULT now()
ALTER TABLE t ALTER COLUMN a DROP DEFAULT
ALTER TABLE t ALTER COLUMN a SET VISIBLE
ALTER TABLE t ALTER COLUMN a SET INVISIBLE, ALTER b DROP DEFAULT
ALTER TABLE t ALTER COLUMN a SET MASKING POLICY p
ALTER TABLE t ALTER COLUMN a DROP MASKING POLICY
ALTER TABLE t ALTER INDEX k VISIBLE
ALTER TABLE t ALTER INDEX k INVISIBLE
ALTER TABLE t ALTER INDEX k IGNORED
ALTER TABLE t ALTER KEY k NOT IGNORED
ALTER TABLE t ALTER INDEX if exists k NOT IGNORED
ALTER TABLE t ALTER CHECK c NOT ENFORCED
ALTER TABLE t ALTER CONSTRAINT c ENFORCED
ALTER TABLE t RENAME u
ALTER TABLE t RENAME TO s.u
ALTER TABLE t RENAME AS u
ALTER TABLE t RENAME = u
ALTER TABLE t RENAME COLUMN a TO b
ALTER TABLE t RENAME COLUMN if exists a TO b
ALTER TABLE t RENAME INDEX a TO b
ALTER TABLE t RENAME KEY a TO b
ALTER TABLE t RENAME INDEX if exists a TO b
ALTER TABLE t ORDER BY a, b DESC
ALTER TABLE t ORDER BY s.t.a ASC
ALTER TABLE t ORDER BY a+1
ALTER TABLE t CONVERT TO CHARACTER SET latin1
ALTER TABLE t CONVERT TO CHARACTER SET latin1 COLLATE latin1_bin
ALTER TABLE t CONVERT TO CHARACTER SET DEFAULT
ALTER TABLE t CONVERT TO CHARSET DEFAULT COLLATE utf8mb4_bin
ALTER TABLE t CONVERT TO CHARACTER SET latin1 COLLATE DEFAULT
ALTER TABLE t DEFAULT CHARACTER SET latin1 COLLATE latin1_bin
ALTER TABLE t COLLATE latin1_bin
ALTER TABLE t DISABLE KEYS, ENABLE KEYS
ALTER TABLE t DISCARD TABLESPACE
ALTER TABLE t IMPORT TABLESPACE
ALTER TABLE t FORCE
ALTER TABLE t FORCE, ALGORITHM=COPY, LOCK=NONE
ALTER TABLE t ALGORITHM DEFAULT LOCK DEFAULT
ALTER TABLE t ALGORITHM=NOCOPY
ALTER TABLE t ALGORITHM=FOO
ALTER TABLE t LOCK=FOO
ALTER TABLE t LOCK=EXCLUSIVE, ADD a int
ALTER TABLE t WITH VALIDATION
ALTER TABLE t WITHOUT VALIDATION, ADD a int
ALTER TABLE t ENGINE=innodb AUTO_INCREMENT=5
ALTER TABLE t ENGINE=innodb, AUTO_INCREMENT=5
ALTER TABLE t ENGINE=innodb ADD a int
ALTER TABLE t ADD a int ENGINE=innodb
ALTER TABLE t ADD a int, ENGINE=innodb COMMENT 'x', DROP b
ALTER TABLE t COMMENT 'x' PARTITION BY HASH (a)
ALTER TABLE t ADD a int PARTITION BY HASH (a)
ALTER TABLE t ADD a int, PARTITION BY HASH (a)
ALTER TABLE t PARTITION BY HASH (a)
ALTER TABLE t PARTITION BY HASH (a) COMMENT 'x'
ALTER TABLE t REMOVE PARTITIONING
ALTER TABLE t ADD a int REMOVE PARTITIONING
ALTER TABLE t ENGINE=innodb REMOVE PARTITIONING
ALTER TABLE t ADD PARTITION (PARTITION p VALUES LESS THAN (1))
ALTER TABLE t ADD PARTITION PARTITIONS 3
ALTER TABLE t ADD PARTITION LOCAL PARTITIONS 3
ALTER TABLE t ADD PARTITION NO_WRITE_TO_BINLOG (PARTITION p VALUES IN (1))
ALTER TABLE t ADD PARTITION if not exists (PARTITION p VALUES IN (1))
ALTER TABLE t ADD PARTITION
ALTER TABLE t ADD PARTITION (PARTITION p VALUES IN (1)), ADD a int
ALTER TABLE t ALGORITHM=INPLACE, ADD PARTITION PARTITIONS 1
ALTER TABLE t ADD a int, ADD PARTITION PARTITIONS 1
ALTER TABLE t DROP PARTITION p, q
ALTER TABLE t DROP PARTITION if exists p
ALTER TABLE t COALESCE PARTITION 3
ALTER TABLE t COALESCE PARTITION NO_WRITE_TO_BINLOG 3
ALTER TABLE t REORGANIZE PARTITION
ALTER TABLE t REORGANIZE PARTITION p, q INTO (PARTITION r VALUES LESS THAN (3))
ALTER TABLE t EXCHANGE PARTITION p WITH TABLE s.u
ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u WITH VALIDATION
ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u WITHOUT VALIDATION
ALTER TABLE t CONVERT PARTITION p TO TABLE u
ALTER TABLE t CONVERT TABLE u TO PARTITION p VALUES LESS THAN (5)
ALTER TABLE t TRUNCATE PARTITION ALL
ALTER TABLE t TRUNCATE PARTITION p, q
ALTER TABLE t ANALYZE PARTITION p
ALTER TABLE t CHECK PARTITION ALL QUICK FOR UPGRADE
ALTER TABLE t OPTIMIZE PARTITION LOCAL p
ALTER TABLE t REBUILD PARTITION p
ALTER TABLE t REPAIR PARTITION p QUICK EXTENDED
ALTER TABLE t DISCARD PARTITION p TABLESPACE
ALTER TABLE t IMPORT PARTITION ALL TABLESPACE
ALTER TABLE t SECONDARY_LOAD
ALTER TABLE t SECONDARY_UNLOAD
ALTER TABLE t SECONDARY_LOAD PARTITION (p)
ALTER TABLE t ADD SYSTEM VERSIONING
ALTER TABLE t DROP SYSTEM VERSIONING
ALTER TABLE t ADD PERIOD FOR SYSTEM_TIME (a, b)
ALTER TABLE t DROP PERIOD FOR SYSTEM_TIME
ALTER TABLE if exists t ADD a int
ALTER ONLINE TABLE t ADD a int
ALTER IGNORE TABLE t ADD a int
ALTER ONLINE IGNORE TABLE t ADD a int
ALTER TABLE t WAIT 5 ADD a int
ALTER TABLE t NOWAIT ADD a int
ALTER TABLE t UNION=(a,b)
ALTER TABLE t TABLESPACE ts
ALTER TABLE t AUTOEXTEND_SIZE=4M
ALTER TABLE t ROW_FORMAT=DYNAMIC, KEY_BLOCK_SIZE=0
ALTER TABLE t READ ONLY
CREATE INDEX i ON t (a)
CREATE INDEX i USING HASH ON t (a) USING BTREE COMMENT 'x' ALGORITHM=INPLACE LOCK=NONE
CREATE INDEX i TYPE BTREE ON t (a)
CREATE UNIQUE INDEX i ON s.t ((a+1))
CREATE FULLTEXT INDEX i ON t (a) WITH PARSER ngram
CREATE SPATIAL INDEX i ON t (a)
CREATE INDEX i ON t (a) WITH PARSER ngram
CREATE INDEX if not exists i ON t (a)
CREATE OR REPLACE INDEX i ON t (a)
CREATE OR REPLACE UNIQUE INDEX i ON t (a)
CREATE ONLINE INDEX i ON t (a)
CREATE INDEX ON t (a)
CREATE INDEX i ON t
CREATE INDEX i ON t (a) LOCK=NONE ALGORITHM INPLACE
CREATE INDEX i ON t (a) LOCK=NONE LOCK=NONE
CREATE INDEX i ON t NOWAIT (a)
CREATE INDEX i ON t (a) INVISIBLE
DROP INDEX i ON t
DROP INDEX i ON t ALGORITHM=INPLACE LOCK=NONE
DROP INDEX if exists i ON t
DROP INDEX i
DROP ONLINE INDEX i ON t
DROP TABLE t
DROP TABLES t, u
DROP TABLE if exists s.t RESTRICT
DROP TEMPORARY TABLE t CASCADE
DROP TABLE t WAIT 3
DROP TABLE t NOWAIT CASCADE
DROP TABLE
DROP TABLE t,
DROP TABLE t u
DROP VIEW v
DROP VIEW if exists v, s.w CASCADE
DROP VIEWS v
DROP DATABASE d
DROP SCHEMA if exists d
DROP SCHEMA d.e
DROP TRIGGER s.t
DROP TRIGGER if exists t
DROP PROCEDURE p
DROP FUNCTION if exists s.f
DROP EVENT if exists e
DROP SERVER if exists s
DROP SERVER 's'
DROP USER a
DROP USER if exists a@b, 'c'@'d', current_user()
DROP ROLE a
DROP ROLE if exists a, b
DROP LIBRARY l
DROP TABLESPACE ts
DROP TABLESPACE ts ENGINE=ndb WAIT
DROP UNDO TABLESPACE ts
DROP LOGFILE GROUP g ENGINE=ndb
DROP RESOURCE GROUP g FORCE
DROP SPATIAL REFERENCE SYSTEM 4326
DROP SPATIAL REFERENCE SYSTEM if exists 4326
DROP SEQUENCE s
DROP SEQUENCE if exists s, t
DROP TEMPORARY SEQUENCE s
DROP PACKAGE p
DROP MASKING POLICY p
DROP MASKING POLICY if exists p
RENAME TABLE a TO b
RENAME TABLES a TO b, s.c TO d
RENAME TABLE if exists a TO b
RENAME TABLE a WAIT 4 TO b
RENAME TABLE a b
RENAME USER a TO b, c@d TO e@f
TRUNCATE t
TRUNCATE TABLE s.t
TRUNCATE TABLE t WAIT 3
TRUNCATE TABLE a, b
CREATE DATABASE d
CREATE SCHEMA if not exists d CHARSET utf8mb4
CREATE DATABASE d DEFAULT CHARACTER SET = utf8mb4 DEFAULT COLLATE = utf8mb4_bin DEFAULT ENCRYPTION = 'Y'
CREATE DATABASE d COMMENT 'x'
CREATE OR REPLACE DATABASE d
CREATE DATABASE d READ ONLY = 1
ALTER DATABASE d READ ONLY = 1
ALTER DATABASE d READ ONLY DEFAULT ENCRYPTION 'N'
ALTER DATABASE d
ALTER DATABASE CHARSET utf8mb4
ALTER DATABASE d COMMENT = 'x'
ALTER DATABASE d UPGRADE DATA DIRECTORY NAME
CREATE VIEW v AS SELECT 1
CREATE VIEW if not exists v AS SELECT 1
CREATE OR REPLACE VIEW if not exists v AS SELECT 1
CREATE VIEW v (a, b) AS SELECT 1, 2
CREATE VIEW v () AS SELECT 1
CREATE VIEW v AS (SELECT 1) WITH CHECK OPTION
CREATE VIEW v AS SELECT 1 WITH CASCADED CHECK OPTION
CREATE VIEW v AS SELECT 1 WITH LOCAL CHECK OPTION
CREATE VIEW v AS VALUES ROW(1)
CREATE VIEW v AS TABLE t
CREATE VIEW v AS WITH c AS (SELECT 1) SELECT * FROM c
CREATE VIEW v AS SELECT 1 UNION SELECT 2 ORDER BY 1 LIMIT 1
CREATE VIEW v AS SELECT 1 INTO @a
CREATE VIEW v AS SELECT 1 FOR UPDATE
CREATE VIEW v AS SELECT ?
CREATE ALGORITHM=MERGE VIEW v AS SELECT 1
CREATE ALGORITHM MERGE VIEW v AS SELECT 1
CREATE DEFINER=root@localhost VIEW v AS SELECT 1
CREATE DEFINER root@localhost VIEW v AS SELECT 1
CREATE DEFINER=current_user VIEW v AS SELECT 1
CREATE DEFINER=current_user() SQL SECURITY DEFINER VIEW v AS SELECT 1
CREATE SQL SECURITY INVOKER DEFINER=root VIEW v AS SELECT 1
CREATE SQL SECURITY INVOKER ALGORITHM=MERGE VIEW v AS SELECT 1
CREATE TEMPORARY VIEW v AS SELECT 1
ALTER VIEW v AS SELECT 1
ALTER ALGORITHM=UNDEFINED DEFINER=root SQL SECURITY INVOKER VIEW v (a) AS SELECT 1 WITH CHECK OPTION
ALTER VIEW if exists v AS SELECT 1
CREATE JSON DUALITY VIEW v AS SELECT JSON_DUALITY_OBJECT('_id': a) FROM t
CREATE OR REPLACE DEFINER=root JSON RELATIONAL DUALITY VIEW v AS SELECT JSON_DUALITY_OBJECT('_id': a) FROM t
CREATE JSON DUALITY VIEW IF NOT EXISTS v AS SELECT JSON_DUALITY_OBJECT('_id': a) FROM t
CREATE JSON DUALITY VIEW v (a) AS SELECT JSON_DUALITY_OBJECT('_id': a) FROM t
CREATE ALGORITHM=MERGE SQL SECURITY INVOKER JSON DUALITY VIEW v AS SELECT JSON_DUALITY_OBJECT('_id': a) FROM t
ALTER JSON DUALITY VIEW v AS SELECT JSON_DUALITY_OBJECT('_id': a) FROM t
CREATE TRIGGER t BEFORE INSERT ON u FOR EACH ROW SET NEW.a=1
CREATE TRIGGER if not exists s.t AFTER DELETE ON s.u FOR EACH ROW BEGIN END
CREATE OR REPLACE TRIGGER t AFTER UPDATE ON u FOR EACH ROW PRECEDES v DO 1
CREATE DEFINER=root TRIGGER t AFTER UPDATE ON u FOR EACH ROW FOLLOWS v CALL p()
CREATE TRIGGER t BEFORE INSERT, UPDATE ON u FOR EACH ROW DO 1
CREATE TRIGGER t BEFORE TRUNCATE ON u FOR EACH ROW DO 1
CREATE PROCEDURE p() SELECT 1
CREATE PROCEDURE if not exists s.p() SELECT 1
CREATE OR REPLACE PROCEDURE p() SELECT 1
CREATE PROCEDURE p SELECT 1
CREATE PROCEDURE p(a int, in b int, out c int, inout d varchar(3) charset latin1 collate latin1_bin) SELECT 1
CREATE PROCEDURE p(a varchar) SELECT 1
CREATE PROCEDURE p(a int default 1) SELECT 1
CREATE PROCEDURE p(in in int) SELECT 1
CREATE PROCEDURE p() language sql deterministic contains sql sql security definer comment 'x' SELECT 1
CREATE PROCEDURE p() not deterministic no sql reads sql data modifies sql data SELECT 1
CREATE PROCEDURE p() language javascript as 'x'
CREATE PROCEDURE p() language javascript as $$ x $$
CREATE PROCEDURE p() language javascript as $a$ x $$ $a$
CREATE PROCEDURE p() language javascript using (s.l as a, m) as $$ x $$
CREATE PROCEDURE p() as $$ x $$
CREATE PROCEDURE p() begin end
CREATE PROCEDURE p() begin not atomic end
CREATE PROCEDURE p() begin return 1; end
CREATE PROCEDURE p() a: begin end
CREATE PROCEDURE p() a: begin end a
CREATE PROCEDURE p() a: begin end b
CREATE PROCEDURE p() begin end a
CREATE PROCEDURE p() begin select 1; end;
CREATE PROCEDURE p() begin select 1;; end
CREATE PROCEDURE p() begin declare a int; declare b, c varchar(3) charset latin1 default 'x'; end
CREATE PROCEDURE p() begin declare a int default 1 + (select 2); end
CREATE PROCEDURE p() begin declare a int = 1; end
CREATE PROCEDURE p() begin declare a int := 1; end
CREATE PROCEDURE p() begin declare a cursor for select 1; end
CREATE PROCEDURE p() begin declare a cursor for table t; end
CREATE PROCEDURE p() begin declare a cursor for values row(1); end
CREATE PROCEDURE p() begin declare a cursor for (select 1) union select 2; end
CREATE PROCEDURE p() begin declare a cursor for with c as (select 1) select * from c; end
CREATE PROCEDURE p() begin declare a cursor for show tables; end
CREATE PROCEDURE p() begin declare a cursor for insert into t values (1); end
CREATE PROCEDURE p() begin declare a cursor (x int) for select x; end
CREATE PROCEDURE p() begin declare a condition for 1064; end
CREATE PROCEDURE p() begin declare a condition for sqlstate '42000'; end
CREATE PROCEDURE p() begin declare a condition for sqlstate value '42000'; end
CREATE PROCEDURE p() begin declare a condition for not found; end
CREATE PROCEDURE p() begin declare exit handler for sqlexception select 1; end
CREATE PROCEDURE p() begin declare continue handler for sqlwarning, not found, 1064, sqlstate '42000', a begin end; end
CREATE PROCEDURE p() begin declare undo handler for not found select 1; end
CREATE PROCEDURE p() begin declare exit handler for not found if 1 then select 1; end if; end
CREATE PROCEDURE p() begin declare exit handler for not found x: begin end x; end
CREATE PROCEDURE p() begin select 1; declare a int; end
CREATE PROCEDURE p() if 1 then select 1; end if
CREATE PROCEDURE p() if 1 then end if
CREATE PROCEDURE p() if 1 then select 1; elseif 2 then select 2; else select 3; end if
CREATE PROCEDURE p() case 1 when 1 then select 1; end case
CREATE PROCEDURE p() case when 1 then select 1; else begin end; end case
CREATE PROCEDURE p() case when 1 then select 1; end
CREATE PROCEDURE p() loop select 1; end loop
CREATE PROCEDURE p() a: loop leave a; end loop a
CREATE PROCEDURE p() a: loop iterate a; end loop
CREATE PROCEDURE p() while 1 do select 1; end while
CREATE PROCEDURE p() while 1 do end while
CREATE PROCEDURE p() repeat select 1; until 1 end repeat
CREATE PROCEDURE p() repeat select 1; until 1; end repeat
CREATE PROCEDURE p() for i in 1 .. 5 do select i; end for
CREATE PROCEDURE p() for i in reverse 1 .. 5 do select i; end for
CREATE PROCEDURE p() for i in 1..5 do select i; end for
CREATE PROCEDURE p() a: for i in (select 1 as x) do select i.x; end for a
CREATE PROCEDURE p() for i in c do select 1; end for
CREATE PROCEDURE p() begin declare c cursor for select 1; open c; fetch c into a, b; fetch from c into a; fetch next from c into a; close c; end
CREATE PROCEDURE p() begin declare c cursor for select 1; open c; fetch c into @a; end
CREATE PROCEDURE p() begin declare c cursor for select 1; open c for select 1; end
CREATE PROCEDURE p() begin declare a row(b int, c varchar(3)); end
CREATE PROCEDURE p() begin declare a row type of t; end
CREATE PROCEDURE p() begin declare a type of t.c; end
CREATE PROCEDURE p() begin declare a t%rowtype; end
CREATE PROCEDURE p() signal sqlstate '45000'
CREATE PROCEDURE p() signal sqlstate value '45000' set message_text='x', mysql_errno=1000, class_origin=@a, table_name=b
CREATE PROCEDURE p() signal x set returned_sqlstate='x'
CREATE PROCEDURE p() signal sqlstate '45000' set message_text=concat('a')
CREATE PROCEDURE p() signal sqlstate '45000' set message_text=@@version
CREATE PROCEDURE p() signal sqlstate '45000' set message_text=-1
CREATE PROCEDURE p() signal sqlstate '45000' set message_text=null
CREATE PROCEDURE p() signal sqlstate '45000' set row_number=1
CREATE PROCEDURE p() signal
CREATE PROCEDURE p() resignal
CREATE PROCEDURE p() resignal set message_text='x'
CREATE PROCEDURE p() resignal sqlstate '45000' set message_text='x'
CREATE PROCEDURE p() get diagnostics @a = number, b = row_count
CREATE PROCEDURE p() get current diagnostics condition 1 @a = message_text, @b = returned_sqlstate
CREATE PROCEDURE p() get stacked diagnostics condition @x a = mysql_errno
CREATE PROCEDURE p() get diagnostics condition 1 @a = row_number
CREATE PROCEDURE p() get diagnostics condition 1+1 @a = message_text
CREATE PROCEDURE p() get diagnostics
CREATE PROCEDURE p() begin start transaction; commit; rollback; savepoint a; end
CREATE PROCEDURE p() begin work; end
CREATE PROCEDURE p() set a = 1, @b = 2, new.c = 3
CREATE PROCEDURE p() prepare s from 'select 1'
CREATE PROCEDURE p() create table t (a int)
CREATE PROCEDURE p() create procedure q() select 1
CREATE PROCEDURE p() create view v as select 1
CREATE PROCEDURE p() create event e on schedule every 1 day do select 1
CREATE PROCEDURE p() drop table t
CREATE PROCEDURE p() show tables
CREATE PROCEDURE p() flush tables
CREATE PROCEDURE p() use s
CREATE PROCEDURE p() kill 1
CREATE PROCEDURE p() explain select 1
CREATE FUNCTION f() returns int return 1
CREATE FUNCTION f(a int, b text) returns varchar(3) charset latin1 deterministic return concat(a,b)
CREATE FUNCTION f(in a int) returns int return 1
CREATE FUNCTION f() returns int begin return (select 1); end
CREATE FUNCTION f() returns int begin if 1 then return 1; end if; end
CREATE FUNCTION f() return 1
CREATE FUNCTION f() returns int
CREATE FUNCTION f() returns int return select 1
CREATE AGGREGATE FUNCTION f(a int) returns int begin loop fetch group next row; end loop; end
CREATE AGGREGATE FUNCTION f returns integer soname 'x.so'
CREATE FUNCTION if not exists f returns string soname 'x.so'
CREATE FUNCTION f returns real soname 'x.so'
CREATE FUNCTION f returns decimal soname "x.so"
CREATE FUNCTION s.f returns decimal soname "x.so"
CREATE OR REPLACE FUNCTION f returns int soname 'x.so'
CREATE FUNCTION f(a type of t.b) returns type of t.c return 1
CREATE FUNCTION f() returns row(a int) return row(1)
CREATE DEFINER=root@'%' FUNCTION f() returns int return 1
ALTER PROCEDURE p
ALTER PROCEDURE s.p comment 'x' sql security invoker
ALTER PROCEDURE p language sql no sql
ALTER PROCEDURE p deterministic
ALTER FUNCTION f modifies sql data
ALTER FUNCTION f using (l) comment 'x'
ALTER FUNCTION f using ()
CREATE EVENT e ON SCHEDULE AT now() DO SELECT 1
CREATE EVENT e ON SCHEDULE AT now() + interval 1 day ON COMPLETION NOT PRESERVE ENABLE COMMENT 'x' DO SELECT 1
CREATE EVENT if not exists s.e ON SCHEDULE EVERY 5 minute DO begin end
CREATE OR REPLACE EVENT e ON SCHEDULE EVERY 5 minute DO begin end
CREATE EVENT e ON SCHEDULE EVERY '1:1' minute_second STARTS now() ENDS now() + interval 1 day DO begin end
CREATE EVENT e ON SCHEDULE EVERY 1+1 week ENDS now() DO begin end
CREATE EVENT e ON SCHEDULE EVERY 1 day DISABLE ON SLAVE DO begin end
CREATE EVENT e ON SCHEDULE EVERY 1 day DISABLE ON REPLICA DO begin end
CREATE EVENT e ON SCHEDULE EVERY 1 day
CREATE EVENT e DO SELECT 1
CREATE EVENT e ON SCHEDULE EVERY 1 day COMMENT 'x' ENABLE DO SELECT 1
CREATE DEFINER=root EVENT e ON SCHEDULE EVERY 1 microsecond DO SELECT 1
ALTER EVENT e
ALTER EVENT e ENABLE
ALTER EVENT e RENAME TO s.f
ALTER EVENT e ON SCHEDULE EVERY 1 day ON COMPLETION PRESERVE RENAME TO f DISABLE COMMENT 'x' DO SELECT 1
ALTER EVENT e RENAME TO f ON SCHEDULE EVERY 1 day
ALTER EVENT e DO SELECT 1
ALTER DEFINER=root EVENT e DO SELECT 1
ALTER EVENT if exists e ENABLE
CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'x')
CREATE SERVER 's' FOREIGN DATA WRAPPER 'mysql' OPTIONS (USER 'x', HOST 'y', DATABASE 'z', OWNER 'o', PASSWORD 'p', SOCKET 's', PORT 3306)
CREATE SERVER if not exists s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x')
CREATE OR REPLACE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x')
CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS ()
CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (FOO 'x')
CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (PORT '3306')
ALTER SERVER s OPTIONS (USER 'x')
ALTER SERVER s
CREATE TABLESPACE ts
CREATE TABLESPACE ts ADD DATAFILE 'x'
CREATE TABLESPACE ts ADD DATAFILE 'x' USE LOGFILE GROUP g EXTENT_SIZE 4M, INITIAL_SIZE=1G, ENGINE=ndb
CREATE TABLESPACE ts ADD DATAFILE 'x' AUTOEXTEND_SIZE=4M MAX_SIZE 5 NODEGROUP 1 WAIT COMMENT 'x' FILE_BLOCK_SIZE=8192 ENCRYPTION='Y' ENGINE_ATTRIBUTE='{}'
ALTER TABLESPACE ts ADD DATAFILE 'x' INITIAL_SIZE 5 ENGINE ndb
ALTER TABLESPACE ts DROP DATAFILE 'x' ENGINE ndb
ALTER TABLESPACE ts RENAME TO tt
ALTER TABLESPACE ts RENAME TO tt ENGINE innodb
ALTER TABLESPACE ts ENCRYPTION 'Y'
ALTER TABLESPACE ts ENGINE_ATTRIBUTE='{}'
ALTER TABLESPACE ts AUTOEXTEND_SIZE 4M
ALTER TABLESPACE ts
CREATE UNDO TABLESPACE u ADD DATAFILE 'x'
CREATE UNDO TABLESPACE u
CREATE UNDO TABLESPACE u ADD DATAFILE 'x' ENGINE innodb
ALTER UNDO TABLESPACE u SET ACTIVE
ALTER UNDO TABLESPACE u SET INACTIVE ENGINE=innodb
CREATE LOGFILE GROUP g ADD UNDOFILE 'x'
CREATE LOGFILE GROUP g ADD UNDOFILE 'x' INITIAL_SIZE 4M UNDO_BUFFER_SIZE 4M REDO_BUFFER_SIZE=5M NODEGROUP=1 WAIT COMMENT='x' ENGINE=ndb
CREATE LOGFILE GROUP g ADD REDOFILE 'x'
ALTER LOGFILE GROUP g ADD UNDOFILE 'x' INITIAL_SIZE 5 ENGINE ndb
CREATE RESOURCE GROUP g TYPE=USER
CREATE RESOURCE GROUP g TYPE SYSTEM VCPU 0,1-3 THREAD_PRIORITY -5 ENABLE
CREATE RESOURCE GROUP if not exists g TYPE=USER
CREATE RESOURCE GROUP g
ALTER RESOURCE GROUP g VCPU=1 2
ALTER RESOURCE GROUP g THREAD_PRIORITY 5 DISABLE FORCE
ALTER RESOURCE GROUP g
CREATE SPATIAL REFERENCE SYSTEM 5 NAME 'x'
CREATE SPATIAL REFERENCE SYSTEM 5
CREATE OR REPLACE SPATIAL REFERENCE SYSTEM 5 DEFINITION 'x' DESCRIPTION 'y' ORGANIZATION 'z' IDENTIFIED BY 5
CREATE SPATIAL REFERENCE SYSTEM if not exists 5 NAME 'x'
CREATE LIBRARY l LANGUAGE JAVASCRIPT AS 'x'
CREATE LIBRARY l COMMENT 'c' LANGUAGE JAVASCRIPT COMMENT 'd' AS $$ x $$
CREATE LIBRARY l AS 'x'
CREATE OR REPLACE LIBRARY l LANGUAGE JAVASCRIPT AS 'x'
ALTER LIBRARY l COMMENT 'x'
ALTER LIBRARY l
CREATE SEQUENCE s
CREATE SEQUENCE s START 5 INCREMENT 2 MINVALUE 1 MAXVALUE = 100 CACHE 5 CYCLE ENGINE=innodb
CREATE SEQUENCE s START WITH = 5 INCREMENT BY = 2 NO MINVALUE NOMAXVALUE NOCACHE NO CYCLE
CREATE SEQUENCE s RESTART 5
CREATE TEMPORARY SEQUENCE s
CREATE SEQUENCE s AS int
ALTER SEQUENCE s RESTART
ALTER SEQUENCE if exists s INCREMENT 5
ALTER SEQUENCE s
CREATE MASKING POLICY p (c) c
CREATE MASKING POLICY p (c) CASE WHEN 1 THEN c ELSE 'x' END
CREATE OR REPLACE MASKING POLICY p (c) c
ALTER MASKING POLICY p (c) c
ALTER INSTANCE ROTATE INNODB MASTER KEY
ALTER INSTANCE ROTATE BINLOG MASTER KEY
ALTER INSTANCE ROTATE FOO MASTER KEY
ALTER INSTANCE RELOAD TLS
ALTER INSTANCE RELOAD TLS FOR CHANNEL mysql_main NO ROLLBACK ON ERROR
ALTER INSTANCE RELOAD KEYRING
ALTER INSTANCE ENABLE INNODB REDO_LOG
ALTER INSTANCE DISABLE INNODB REDO_LOG
CREATE USER u
CREATE USER u, v@h, 'w'@'%'
CREATE USER if not exists u IDENTIFIED BY 'x'
CREATE OR REPLACE USER u
CREATE USER u IDENTIFIED BY PASSWORD 'x'
CREATE USER u IDENTIFIED BY RANDOM PASSWORD
CREATE USER u IDENTIFIED WITH p
CREATE USER u IDENTIFIED WITH 'p' BY 'x'
CREATE USER u IDENTIFIED WITH p AS 'x'
CREATE USER u IDENTIFIED WITH p AS 0x12
CREATE USER u IDENTIFIED WITH p USING 'x'
CREATE USER u IDENTIFIED VIA p
CREATE USER u IDENTIFIED VIA p USING 'x' OR q USING PASSWORD('y')
CREATE USER u IDENTIFIED WITH p BY 'x' AND IDENTIFIED WITH q BY 'y' AND IDENTIFIED WITH r
CREATE USER u IDENTIFIED WITH p INITIAL AUTHENTICATION IDENTIFIED BY 'x'
CREATE USER u IDENTIFIED WITH p INITIAL AUTHENTICATION IDENTIFIED BY RANDOM PASSWORD
CREATE USER u IDENTIFIED WITH p INITIAL AUTHENTICATION IDENTIFIED WITH q AS 'x'
CREATE USER u IDENTIFIED BY 'x' REPLACE 'y'
CREATE USER u IDENTIFIED BY 'x' RETAIN CURRENT PASSWORD
CREATE USER u DEFAULT ROLE r, s@h
CREATE USER u DEFAULT ROLE ALL
CREATE USER u REQUIRE NONE
CREATE USER u REQUIRE SSL
CREATE USER u REQUIRE X509
CREATE USER u REQUIRE CIPHER 'x' AND ISSUER 'y' SUBJECT 'z'
CREATE USER u REQUIRE SSL AND X509
CREATE USER u WITH MAX_QUERIES_PER_HOUR 1 MAX_UPDATES_PER_HOUR 2 MAX_CONNECTIONS_PER_HOUR 3 MAX_USER_CONNECTIONS 4
CREATE USER u WITH MAX_STATEMENT_TIME 1.5
CREATE USER u WITH MAX_USER_CONNECTIONS -1
CREATE USER u PASSWORD EXPIRE
CREATE USER u PASSWORD EXPIRE DEFAULT PASSWORD HISTORY DEFAULT PASSWORD REUSE INTERVAL DEFAULT PASSWORD REQUIRE CURRENT DEFAULT
CREATE USER u PASSWORD EXPIRE NEVER PASSWORD HISTORY 3 PASSWORD REUSE INTERVAL 3 DAY PASSWORD REQUIRE CURRENT OPTIONAL
CREATE USER u PASSWORD EXPIRE INTERVAL 3 DAY PASSWORD REQUIRE CURRENT FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME UNBOUNDED ACCOUNT LOCK
CREATE USER u ACCOUNT UNLOCK PASSWORD EXPIRE
CREATE USER u COMMENT 'x'
CREATE USER u ATTRIBUTE '{}'
CREATE USER u COMMENT 'x' ATTRIBUTE '{}'
CREATE USER u ACCOUNT LOCK COMMENT 'x'
CREATE USER current_user
CREATE USER ''@h
CREATE USER \`u\`@\`h\`
CREATE USER u @ h
CREATE USER u@'h' IDENTIFIED BY "x"
CREATE USER u@h.example.com
CREATE USER u@127.0.0.1
CREATE USER u@%
ALTER USER u
ALTER USER u IDENTIFIED BY 'x'
ALTER USER if exists u IDENTIFIED BY 'x' REPLACE 'y' RETAIN CURRENT PASSWORD
ALTER USER u IDENTIFIED WITH p BY 'x' REPLACE 'y'
ALTER USER u IDENTIFIED WITH p AS 'x' RETAIN CURRENT PASSWORD
ALTER USER u DISCARD OLD PASSWORD
ALTER USER u IDENTIFIED BY RANDOM PASSWORD RETAIN CURRENT PASSWORD
ALTER USER USER() IDENTIFIED BY 'x'
ALTER USER USER() IDENTIFIED BY 'x' REPLACE 'y' RETAIN CURRENT PASSWORD
ALTER USER USER() DISCARD OLD PASSWORD
ALTER USER current_user() IDENTIFIED BY 'x'
ALTER USER u DEFAULT ROLE NONE
ALTER USER u DEFAULT ROLE ALL
ALTER USER u DEFAULT ROLE r, s
ALTER USER u ADD 2 FACTOR IDENTIFIED WITH p BY 'x'
ALTER USER u ADD 2 FACTOR IDENTIFIED BY 'x' ADD 3 FACTOR IDENTIFIED WITH q
ALTER USER u MODIFY 2 FACTOR IDENTIFIED BY 'x'
ALTER USER u DROP 2 FACTOR
ALTER USER u DROP 2 FACTOR DROP 3 FACTOR
ALTER USER u 2 FACTOR INITIATE REGISTRATION
ALTER USER u 2 FACTOR FINISH REGISTRATION SET CHALLENGE_RESPONSE AS 'x'
ALTER USER u 2 FACTOR UNREGISTER
ALTER USER USER() 2 FACTOR UNREGISTER
ALTER USER u REQUIRE SSL WITH MAX_USER_CONNECTIONS 1 PASSWORD EXPIRE ACCOUNT LOCK COMMENT 'x'
CREATE ROLE r
CREATE ROLE if not exists r, s@h
CREATE OR REPLACE ROLE r
CREATE ROLE r WITH ADMIN u
CREATE ROLE event
GRANT SELECT ON t TO u
GRANT SELECT ON *.* TO u
GRANT SELECT ON * TO u
GRANT SELECT ON s.* TO u
GRANT SELECT ON s.t TO u, v@h
GRANT SELECT (a, b), UPDATE (c) ON t TO u
GRANT SELECT ON TABLE t TO u
GRANT EXECUTE ON FUNCTION f TO u
GRANT EXECUTE ON PROCEDURE s.p TO u WITH GRANT OPTION
GRANT EXECUTE ON LIBRARY l TO u
GRANT ALL ON t TO u
GRANT ALL PRIVILEGES ON t TO u
GRANT ALL, SELECT ON t TO u
GRANT USAGE ON *.* TO u
GRANT ALTER, ALTER ROUTINE, CREATE, CREATE ROUTINE, CREATE TEMPORARY TABLES, CREATE USER, CREATE VIEW, DELETE, DROP, EVENT, EXECUTE, FILE ON *.* TO u
GRANT INDEX, INSERT, LOCK TABLES, PROCESS, REFERENCES, RELOAD, REPLICATION CLIENT, REPLICATION SLAVE, SHOW DATABASES, SHOW VIEW, SHUTDOWN, SUPER, TRIGGER, UPDATE ON *.* TO u
GRANT CREATE TABLESPACE ON *.* TO u
GRANT CREATE ROLE, DROP ROLE ON *.* TO u
GRANT DELETE HISTORY ON *.* TO u
GRANT BINLOG MONITOR, BINLOG ADMIN, BINLOG REPLAY, CONNECTION ADMIN, FEDERATED ADMIN, READ_ONLY ADMIN, READ ONLY ADMIN, REPLICATION MASTER ADMIN, REPLICATION SLAVE ADMIN, SET USER, SLAVE MONITOR, REPLICA MONITOR ON *.* TO u
GRANT SHOW_ROUTINE, BACKUP_ADMIN ON *.* TO u
GRANT \`backup_admin\` ON *.* TO u
GRANT GRANT OPTION ON t TO u
GRANT PROXY ON u TO v
GRANT PROXY ON ''@'' TO v WITH GRANT OPTION
GRANT r TO u
GRANT r, 's'@'h' TO u, v
GRANT r TO u WITH ADMIN OPTION
GRANT r ON t TO u
GRANT SELECT TO u
GRANT SELECT ON t TO u IDENTIFIED BY 'x'
GRANT SELECT ON t TO u REQUIRE SSL
GRANT SELECT ON t TO u WITH MAX_USER_CONNECTIONS 5
GRANT SELECT ON t TO u WITH GRANT OPTION MAX_USER_CONNECTIONS 5
GRANT SELECT ON t TO u AS v
GRANT SELECT ON t TO u AS v WITH ROLE DEFAULT
GRANT SELECT ON t TO u AS v WITH ROLE ALL EXCEPT r, s
GRANT SELECT ON t TO u WITH GRANT OPTION AS v WITH ROLE r
GRANT SELECT ON t TO current_user
GRANT SELECT ON t TO PUBLIC
GRANT SELECT ON function TO u
GRANT SELECT ON table TO u
GRANT SELECT ON \`s%\`.t TO u
GRANT SELECT ON *.t TO u
GRANT event TO u
GRANT execute, r TO u
GRANT current_role TO u
REVOKE SELECT ON t FROM u
REVOKE if exists SELECT ON t FROM u IGNORE UNKNOWN USER
REVOKE ALL ON t FROM u
REVOKE ALL, GRANT OPTION FROM u
REVOKE ALL PRIVILEGES, GRANT OPTION FROM u, v
REVOKE ALL FROM u
REVOKE GRANT OPTION ON t FROM u
REVOKE PROXY ON a FROM b
REVOKE r FROM u
REVOKE r, s FROM u IGNORE UNKNOWN USER
REVOKE ADMIN OPTION FOR r FROM u
REVOKE if exists r FROM u
REVOKE EXECUTE ON PROCEDURE p FROM u
SHOW TABLES
SHOW TABLES IN s LIKE 'x'
SHOW TABLES WHERE 1
SHOW FULL TABLES FROM s WHERE a = 1
SHOW EXTENDED FULL TABLES
SHOW EXTENDED TABLES
SHOW COLUMNS FROM t
SHOW COLUMNS FROM t IN s LIKE 'x'
SHOW FULL COLUMNS FROM s.t WHERE 1
SHOW EXTENDED FULL FIELDS IN t
SHOW COLUMNS t
SHOW INDEX FROM t
SHOW EXTENDED INDEXES IN t FROM s WHERE 1
SHOW KEYS FROM t LIKE 'x'
SHOW DATABASES LIKE 'x'
SHOW SCHEMAS WHERE 1
SHOW TRIGGERS
SHOW FULL TRIGGERS IN s
SHOW TRIGGERS LIKE 'x'
SHOW EVENTS FROM s
SHOW TABLE STATUS FROM s LIKE 'x'
SHOW OPEN TABLES IN s
SHOW FUNCTION STATUS WHERE 1
SHOW PROCEDURE STATUS LIKE 'x'
SHOW LIBRARY STATUS
SHOW PROCEDURE CODE p
SHOW FUNCTION CODE s.f
SHOW PACKAGE STATUS
SHOW PACKAGE BODY STATUS
SHOW VARIABLES
SHOW GLOBAL VARIABLES LIKE 'x'
SHOW SESSION VARIABLES WHERE 1
SHOW LOCAL STATUS
SHOW GLOBAL STATUS LIKE 'x'
SHOW STATUS WHERE 1
SHOW COLLATION
SHOW CHARSET
SHOW CHARACTER SET LIKE 'x'
SHOW CHAR SET
SHOW WARNINGS
SHOW WARNINGS LIMIT 5
SHOW ERRORS LIMIT 1,2
SHOW ERRORS LIMIT 1 OFFSET 2
SHOW COUNT(*) WARNINGS
SHOW COUNT(*) ERRORS
SHOW GRANTS
SHOW GRANTS FOR u
SHOW GRANTS FOR current_user
SHOW GRANTS FOR current_user()
SHOW GRANTS FOR u USING r, s
SHOW GRANTS FOR current_role
SHOW GRANTS FOR PUBLIC
SHOW PRIVILEGES
SHOW PROFILES
SHOW PROFILE
SHOW PROFILE ALL, CPU FOR QUERY 1
SHOW PROFILE BLOCK IO, CONTEXT SWITCHES, PAGE FAULTS, IPC, MEMORY, SOURCE, SWAPS LIMIT 1 OFFSET 2
SHOW PROCESSLIST
SHOW FULL PROCESSLIST
SHOW PLUGINS
SHOW PLUGINS SONAME 'x'
SHOW PLUGINS SONAME LIKE 'x'
SHOW PLUGINS SONAME
SHOW PLUGINS LIKE 'x'
SHOW ENGINES
SHOW STORAGE ENGINES
SHOW ENGINE innodb STATUS
SHOW ENGINE ALL MUTEX
SHOW ENGINE 'innodb' LOGS
SHOW ENGINE innodb
SHOW BINARY LOGS
SHOW MASTER LOGS
SHOW MASTER STATUS
SHOW BINARY LOG STATUS
SHOW BINARY STATUS
SHOW BINLOG STATUS
SHOW BINLOG EVENTS
SHOW BINLOG EVENTS IN 'x' FROM 5 LIMIT 1, 2
SHOW RELAYLOG EVENTS IN 'x' FROM 5 LIMIT 1 FOR CHANNEL 'c'
SHOW RELAYLOG EVENTS
SHOW RELAYLOG 'x' EVENTS
SHOW REPLICA STATUS
SHOW REPLICA STATUS FOR CHANNEL 'c'
SHOW SLAVE STATUS
SHOW SLAVE 'x' STATUS
SHOW SLAVE STATUS FOR CHANNEL 'x'
SHOW ALL SLAVES STATUS
SHOW ALL REPLICAS STATUS
SHOW REPLICAS
SHOW REPLICA HOSTS
SHOW SLAVE HOSTS
SHOW CREATE TABLE s.t
SHOW CREATE VIEW v
SHOW CREATE DATABASE d
SHOW CREATE SCHEMA if not exists d
SHOW CREATE PROCEDURE p
SHOW CREATE FUNCTION s.f
SHOW CREATE TRIGGER t
SHOW CREATE EVENT e
SHOW CREATE USER
SHOW CREATE USER u@h
SHOW CREATE USER current_user()
SHOW CREATE LIBRARY l
SHOW CREATE SEQUENCE s
SHOW CREATE PACKAGE p
SHOW CREATE PACKAGE BODY p
SHOW CREATE SERVER s
SHOW CREATE MASKING POLICY p
SHOW CREATE SPATIAL REFERENCE SYSTEM 5
SHOW AUTHORS
SHOW CONTRIBUTORS
SHOW EXPLAIN FOR 5
SHOW EXPLAIN FORMAT=JSON FOR 5
SHOW ANALYZE FOR 5
SHOW ANALYZE FORMAT=JSON FOR 5
SHOW USER_STATISTICS
SHOW CLIENT_STATISTICS
SHOW INDEX_STATISTICS LIKE 'x'
SHOW TABLE_STATISTICS
SHOW QUERY_RESPONSE_TIME
SHOW LOCALES
SHOW MUTEX STATUS
SHOW INNODB STATUS
SHOW TABLE TYPES
SHOW PARSE_TREE SELECT 1
SHOW
LOCK TABLES t READ
LOCK TABLE s.t AS x READ LOCAL, u WRITE
LOCK TABLES t x LOW_PRIORITY WRITE
LOCK TABLES t WRITE CONCURRENT
LOCK TABLES t
LOCK TABLES t READ WAIT 5
LOCK INSTANCE FOR BACKUP
UNLOCK INSTANCE
UNLOCK TABLES
UNLOCK TABLE
UNLOCK TABLES t
FLUSH TABLES
FLUSH TABLE t, u
FLUSH TABLES WITH READ LOCK
FLUSH TABLES t WITH READ LOCK
FLUSH TABLES t FOR EXPORT
FLUSH TABLES FOR EXPORT
FLUSH TABLES WITH READ LOCK AND DISABLE CHECKPOINT
FLUSH TABLES t AND DISABLE CHECKPOINT
FLUSH LOCAL LOGS
FLUSH BINARY LOGS, ENGINE LOGS, ERROR LOGS, GENERAL LOGS, SLOW LOGS
FLUSH RELAY LOGS
FLUSH RELAY LOGS FOR CHANNEL 'x'
FLUSH RELAY LOGS 'x'
FLUSH RELAY 'x' LOGS
FLUSH PRIVILEGES, STATUS
FLUSH GLOBAL STATUS
FLUSH SESSION STATUS
FLUSH USER_RESOURCES
FLUSH OPTIMIZER_COSTS
FLUSH HOSTS
FLUSH DES_KEY_FILE
FLUSH QUERY CACHE
FLUSH MASTER
FLUSH SLAVE
FLUSH SSL
FLUSH USER_STATISTICS
FLUSH USER_VARIABLES
FLUSH BINARY LOGS DELETE_DOMAIN_ID=(1,2)
FLUSH TABLES t, PRIVILEGES
FLUSH PRIVILEGES, TABLES
FLUSH
KILL 5
KILL CONNECTION 5
KILL QUERY @a
KILL (SELECT 1)
KILL 1+1
KILL QUERY ID 5
KILL HARD CONNECTION 5
KILL SOFT QUERY USER u
KILL USER u@h
KILL
USE s
USE 's'
USE s.t
ANALYZE TABLE t
ANALYZE TABLES t, u
ANALYZE LOCAL TABLE t
ANALYZE NO_WRITE_TO_BINLOG TABLE t
ANALYZE TABLE t UPDATE HISTOGRAM ON a
ANALYZE TABLE t UPDATE HISTOGRAM ON a, b WITH 5 BUCKETS
ANALYZE TABLE t UPDATE HISTOGRAM ON a WITH 5 BUCKETS AUTO UPDATE
ANALYZE TABLE t UPDATE HISTOGRAM ON a MANUAL UPDATE
ANALYZE TABLE t UPDATE HISTOGRAM ON a USING DATA '{}'
ANALYZE TABLE t DROP HISTOGRAM ON a, b
ANALYZE TABLE t, u DROP HISTOGRAM ON a
ANALYZE TABLE t PERSISTENT FOR ALL
ANALYZE TABLE t PERSISTENT FOR COLUMNS (a,b) INDEXES ALL
ANALYZE TABLE t PERSISTENT FOR COLUMNS ALL INDEXES (primary, k)
ANALYZE TABLE t PERSISTENT FOR COLUMNS () INDEXES ()
CHECK TABLE t, u
CHECK TABLE t FOR UPGRADE QUICK FAST MEDIUM EXTENDED CHANGED
CHECK VIEW v
CHECK TABLES t
CHECK LOCAL TABLE t
CHECKSUM TABLE t QUICK
CHECKSUM TABLE t, u EXTENDED
CHECKSUM TABLE t QUICK EXTENDED
OPTIMIZE TABLE t
OPTIMIZE NO_WRITE_TO_BINLOG TABLES t, u
OPTIMIZE TABLE t WAIT 5
REPAIR TABLE t QUICK EXTENDED USE_FRM
REPAIR LOCAL TABLE t
REPAIR VIEW v FROM MYSQL
REPAIR TABLE t FORCE
INSTALL PLUGIN p SONAME 'x'
INSTALL PLUGIN if not exists p SONAME 'x'
INSTALL SONAME 'x'
UNINSTALL PLUGIN p
UNINSTALL PLUGIN if exists p
UNINSTALL SONAME 'x'
UNINSTALL SONAME if exists 'x'
INSTALL COMPONENT 'x'
INSTALL COMPONENT 'x', 'y' SET a = 1, GLOBAL b.c = 2, PERSIST d = ON
INSTALL COMPONENT 'x' SET a = DEFAULT
UNINSTALL COMPONENT 'x', 'y'
CACHE INDEX t IN k
CACHE INDEX t, u INDEX (a) IN default
CACHE INDEX t PARTITION (p) KEY (primary, a) IN k
CACHE INDEX t PARTITION (ALL) IN k
LOAD INDEX INTO CACHE t
LOAD INDEX INTO CACHE t PARTITION (ALL) INDEX (a) IGNORE LEAVES, u
CLONE LOCAL DATA DIRECTORY '/x'
CLONE LOCAL DATA DIRECTORY = '/x'
CLONE INSTANCE FROM u@h:3306 IDENTIFIED BY 'x'
CLONE INSTANCE FROM 'u'@'h':3306 IDENTIFIED BY 'x' DATA DIRECTORY '/y' REQUIRE NO SSL
IMPORT TABLE FROM 'a', 'b'
BINLOG 'x'
BINLOG @a
BINLOG @a, @b
SHUTDOWN
SHUTDOWN WAIT FOR ALL SLAVES
RESTART
RESET BINARY LOGS AND GTIDS
RESET BINARY LOGS AND GTIDS TO 5
RESET MASTER
RESET MASTER TO 5
RESET REPLICA
RESET REPLICA ALL FOR CHANNEL 'x'
RESET SLAVE
RESET SLAVE 'x' ALL
RESET QUERY CACHE
RESET PERSIST
RESET PERSIST if exists a
RESET PERSIST a.b
RESET REPLICA, QUERY CACHE
PURGE BINARY LOGS TO 'x'
PURGE BINARY LOGS BEFORE now()
PURGE MASTER LOGS TO 'x'
PURGE BINARY LOGS
CHANGE REPLICATION SOURCE TO SOURCE_HOST='h', SOURCE_PORT=1, SOURCE_AUTO_POSITION=1
CHANGE REPLICATION SOURCE TO SOURCE_BIND='', SOURCE_USER='u', SOURCE_PASSWORD='p', PRIVILEGE_CHECKS_USER=NULL, REQUIRE_ROW_FORMAT=1, REQUIRE_TABLE_PRIMARY_KEY_CHECK=STREAM
CHANGE REPLICATION SOURCE TO ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS=LOCAL, SOURCE_LOG_FILE='f', SOURCE_LOG_POS=4, RELAY_LOG_FILE='r', RELAY_LOG_POS=4
CHANGE REPLICATION SOURCE TO ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS='uuid', PRIVILEGE_CHECKS_USER='a'@'b', SOURCE_HEARTBEAT_PERIOD=1.5
CHANGE REPLICATION SOURCE TO SOURCE_CONNECT_RETRY=1, SOURCE_RETRY_COUNT=1, SOURCE_CONNECTION_AUTO_FAILOVER=1, SOURCE_DELAY=1, SOURCE_COMPRESSION_ALGORITHMS='x', SOURCE_ZSTD_COMPRESSION_LEVEL=3
CHANGE REPLICATION SOURCE TO SOURCE_SSL=1, SOURCE_SSL_CA='x', SOURCE_SSL_CAPATH='x', SOURCE_SSL_CERT='x', SOURCE_SSL_CRL='x', SOURCE_SSL_CRLPATH='x', SOURCE_SSL_KEY='x', SOURCE_SSL_CIPHER='x', SOURCE_SSL_VERIFY_SERVER_CERT=1
CHANGE REPLICATION SOURCE TO SOURCE_TLS_VERSION='x', SOURCE_TLS_CIPHERSUITES=NULL, SOURCE_PUBLIC_KEY_PATH='x', GET_SOURCE_PUBLIC_KEY=1, NETWORK_NAMESPACE='x', IGNORE_SERVER_IDS=(1,2), GTID_ONLY=1
CHANGE REPLICATION SOURCE TO MASTER_HOST='x'
CHANGE REPLICATION SOURCE TO FOO=1
CHANGE REPLICATION FILTER REPLICATE_DO_DB=(a,b), REPLICATE_WILD_IGNORE_TABLE=('a.b%'), REPLICATE_REWRITE_DB=((a,b),(c,d)) FOR CHANNEL 'x'
CHANGE REPLICATION FILTER REPLICATE_DO_DB=()
CHANGE MASTER TO MASTER_HOST='h', MASTER_USE_GTID=current_pos
CHANGE MASTER 'x' TO MASTER_HOST='h', MASTER_PORT=1, MASTER_SSL=1, IGNORE_SERVER_IDS=(), DO_DOMAIN_IDS=(1), MASTER_DELAY=5, MASTER_USE_GTID=no
CHANGE MASTER TO MASTER_DEMOTE_TO_SLAVE=1
START REPLICA
START REPLICA IO_THREAD, SQL_THREAD UNTIL SOURCE_LOG_FILE='x', SOURCE_LOG_POS=4 USER='u' PASSWORD='p' DEFAULT_AUTH='a' PLUGIN_DIR='d' FOR CHANNEL 'c'
START REPLICA UNTIL SQL_AFTER_GTIDS='x'
START REPLICA UNTIL SQL_AFTER_MTS_GAPS
START REPLICA SQL_THREAD UNTIL RELAY_LOG_FILE='x', RELAY_LOG_POS=4
START REPLICA UNTIL FOO='x'
START SLAVE
START SLAVE 'x' IO_THREAD
START SLAVE UNTIL MASTER_GTID_POS='x'
START SLAVE SQL_THREAD UNTIL MASTER_LOG_FILE='x', MASTER_LOG_POS=4
START ALL SLAVES
START ALL REPLICAS SQL_THREAD
STOP REPLICA
STOP REPLICA IO_THREAD FOR CHANNEL 'c'
STOP SLAVE
STOP SLAVE 'x'
STOP ALL SLAVES
START GROUP_REPLICATION
START GROUP_REPLICATION USER='u', PASSWORD='p', DEFAULT_AUTH='x'
START GROUP_REPLICATION USER='u' PASSWORD='p'
STOP GROUP_REPLICATION
BACKUP STAGE START
BACKUP STAGE BLOCK_COMMIT
BACKUP STAGE FOO
BACKUP LOCK t
BACKUP LOCK s.t
BACKUP UNLOCK
SIGNAL SQLSTATE '45000'
SIGNAL foo
RESIGNAL
GET DIAGNOSTICS @a = NUMBER
BEGIN NOT ATOMIC SELECT 1; END
IF 1 THEN SELECT 1; END IF
CASE 1 WHEN 1 THEN SELECT 1; END CASE
LOOP SELECT 1; END LOOP
WHILE 0 DO SELECT 1; END WHILE
REPEAT SELECT 1; UNTIL 1 END REPEAT
FOR i IN 1 .. 2 DO SELECT 1; END FOR
a: LOOP SELECT 1; END LOOP
a: BEGIN NOT ATOMIC SELECT 1; END
RETURN 1
LEAVE a
OPEN c
DECLARE a INT`
