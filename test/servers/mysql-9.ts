import { join } from 'node:path'
import type { Found } from './found.ts'
import { mysqlOnPath, unpackedMysql, type MysqlInstallation } from './local-tools.ts'
import { KEPT_SERVERS } from './private-folder.ts'

/**
 * MySQL 9: the address in GATEHOUSE_TEST_MYSQL_9 (a superuser's `mysql://` URL), else a `mysqld` on the path, else
 * Debian's package of `sid` unpacked into a private folder, else absent.
 */
export async function findMysql9(): Promise<Found<MysqlInstallation>> {
  const url = process.env['GATEHOUSE_TEST_MYSQL_9']
  if (url !== undefined && url !== '') return { kind: 'address', url }
  const found = mysqlOnPath(({ flavour, version }) => flavour === 'mysql' && version.startsWith('9.'))
  return found === null ? unpackedMysql(join(KEPT_SERVERS, 'mysql-9')) : { kind: 'program', program: found }
}
