import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { MARIADB, MYSQL } from '../fixtures/read-one.ts'
import { parseText } from '../parse-text.ts'

/** As mysqldump writes it (its DELIMITER lines are the client's and never reach a server). */
const DUMP = String.raw`
-- MySQL dump 10.13
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!50503 SET NAMES utf8mb4 */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
CREATE DATABASE /*!32312 IF NOT EXISTS*/ ${'`'}shop${'`'} /*!40100 DEFAULT CHARACTER SET utf8mb4 */;
USE ${'`'}shop${'`'};
DROP TABLE IF EXISTS ${'`'}t${'`'};
/*!40101 SET @saved_cs_client     = @@character_set_client */;
CREATE TABLE ${'`'}t${'`'} (
  ${'`'}id${'`'} int NOT NULL AUTO_INCREMENT,
  ${'`'}name${'`'} varchar(20) CHARACTER SET latin1 DEFAULT 'it''s \\ \'x\'',
  ${'`'}up${'`'} varchar(20) GENERATED ALWAYS AS (upper(${'`'}name${'`'})) VIRTUAL,
  PRIMARY KEY (${'`'}id${'`'}),
  UNIQUE KEY ${'`'}k${'`'} (${'`'}name${'`'}(10)) USING BTREE,
  CONSTRAINT ${'`'}f${'`'} FOREIGN KEY (${'`'}id${'`'}) REFERENCES ${'`'}p${'`'} (${'`'}id${'`'}) ON DELETE CASCADE
) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COMMENT='x'
/*!50100 PARTITION BY RANGE (${'`'}id${'`'})
(PARTITION p0 VALUES LESS THAN (10) ENGINE = InnoDB,
 PARTITION p1 VALUES LESS THAN MAXVALUE ENGINE = InnoDB) */;
/*!40101 SET character_set_client = @saved_cs_client */;
LOCK TABLES ${'`'}t${'`'} WRITE;
/*!40000 ALTER TABLE ${'`'}t${'`'} DISABLE KEYS */;
INSERT INTO ${'`'}t${'`'} (${'`'}id${'`'}, ${'`'}name${'`'}) VALUES (1,'a'),(2,'b;c');
/*!40000 ALTER TABLE ${'`'}t${'`'} ENABLE KEYS */;
UNLOCK TABLES;
/*!50003 CREATE*/ /*!50017 DEFINER=${'`'}root${'`'}@${'`'}localhost${'`'}*/ /*!50003 TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.name = 'x;y'; END */ ;
/*!50001 DROP VIEW IF EXISTS ${'`'}v${'`'}*/;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=${'`'}root${'`'}@${'`'}localhost${'`'} SQL SECURITY DEFINER */
/*!50001 VIEW ${'`'}v${'`'} AS select ${'`'}t${'`'}.${'`'}id${'`'} AS ${'`'}id${'`'} from ${'`'}t${'`'} */;
/*!50106 CREATE*/ /*!50117 DEFINER=${'`'}root${'`'}@${'`'}%${'`'}*/ /*!50106 EVENT ${'`'}e${'`'} ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' ON COMPLETION NOT PRESERVE ENABLE DO DELETE FROM t */ ;
CREATE DEFINER=${'`'}root${'`'}@${'`'}localhost${'`'} PROCEDURE ${'`'}p${'`'}(IN a int, OUT b varchar(10) CHARSET utf8mb4)
    READS SQL DATA
BEGIN
  -- a comment; with a semicolon
  SELECT name INTO b FROM t WHERE id = a; /* another; one */
END ;
/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;
-- Dump completed
`

test.each([
  ['MySQL', MYSQL],
  ['MariaDB', MARIADB],
])('a dump is read by %s statement by statement', (_, dialect) => {
  const bytes = Buffer.from(DUMP)
  const parsed = parseText(bytes, 0, bytes.length, dialect)
  if ('error' in parsed) throw new Error(parsed.error.message)
  const told = parsed.statements.map(({ statement }) => ('action' in statement ? statement.action : statement.kind))
  expect(told.filter((kind) => kind !== 'set')).toEqual([
    'create_schema',
    'use',
    'drop_table',
    'create_table',
    'lock',
    'alter_table',
    'insert',
    'alter_table',
    'unlock',
    'create_trigger',
    'drop_view',
    'create_view',
    'create_event',
    'create_procedure',
  ])
})
