import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Had } from './found.ts'
import { dockerHas, MYSQL_IMAGE } from './mysql-container.ts'
import { mysqlOnPath, unpackedMysql, type MysqlInstallation } from './mysql-installation.ts'

/** Where a MySQL for development comes from: a program, or an image that Docker runs. */
export type MysqlSource =
  | { readonly kind: 'installation'; readonly installation: MysqlInstallation }
  | { readonly kind: 'image'; readonly image: string }

/**
 * A server for development: `mysqld` from 8.0 or `mariadbd` from 10.6 on the path, else what was unpacked below
 * `programs`, else Docker where it has the image. With `fetch` Debian's MySQL 9 is unpacked there, or Docker fetches the
 * image. Absent with a reason that says how to have one.
 */
export async function findDevelopmentMysql(programs: string, fetch: boolean): Promise<Had<MysqlSource>> {
  const folder = join(programs, 'mysql-9')
  const found = mysqlOnPath(isRecent)
  if (found !== null) return installed(found)
  const debian = existsSync('/usr/bin/apt-get')
  let reason = 'no mysqld or mariadbd on the path'
  if ((fetch && debian) || existsSync(join(folder, 'root'))) {
    const unpacked = await unpackedMysql(folder)
    if (unpacked.kind === 'program') return installed(unpacked.program)
    reason = unpacked.reason
  }
  if (dockerHas(MYSQL_IMAGE, fetch)) return { kind: 'program', program: { kind: 'image', image: MYSQL_IMAGE } }
  if (fetch) return { kind: 'absent', reason: `${reason}, and no Docker answers; install mysql or mariadb` }
  const way = debian ? 'Debian packages, into the data folder' : `by Docker, the image ${MYSQL_IMAGE}`
  return { kind: 'absent', reason: `${reason}; start with --mysql to have one fetched (${way}), or install one` }
}

function installed(installation: MysqlInstallation): Had<MysqlSource> {
  return { kind: 'program', program: { kind: 'installation', installation } }
}

function isRecent({ flavour, version }: MysqlInstallation): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return flavour === 'mysql' ? major >= 8 : major > 10 || (major === 10 && minor >= 6)
}
