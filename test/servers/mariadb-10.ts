import { join } from 'node:path'
import type { Found } from './found.ts'
import { mysqlOnPath, unpackedMariadb, type MysqlInstallation } from './local-tools.ts'
import { KEPT_SERVERS } from './private-folder.ts'

/**
 * MariaDB 10.11: the address in GATEHOUSE_TEST_MARIADB_10_11 (a superuser's `mysql://` URL), else a `mariadbd` on the
 * path, else the packages of Debian 12 unpacked into a private folder, else absent.
 */
export async function findMariadb10(): Promise<Found<MysqlInstallation>> {
  const url = process.env['GATEHOUSE_TEST_MARIADB_10_11']
  if (url !== undefined && url !== '') return { kind: 'address', url }
  const found = mysqlOnPath(fits)
  if (found !== null) return { kind: 'program', program: found }
  const unpacked = await unpackedMariadb(join(KEPT_SERVERS, 'mariadb-10.11'))
  if (unpacked.kind === 'absent' || fits(unpacked.program)) return unpacked
  return { kind: 'absent', reason: `no MariaDB 10.11 here: this system packages ${unpacked.program.version}` }
}

function fits({ flavour, version }: MysqlInstallation): boolean {
  return flavour === 'mariadb' && version.startsWith('10.11.')
}
