/** What `gatehouse dev` starts its own servers with; the tests start theirs the same way. */
export { makeAuthority, openAuthority } from '../../apps/cli/src/dev/certificates.ts'
export type {
  CertificateAuthority,
  CertificateShape,
  KeyedCertificate,
  Validity,
} from '../../apps/cli/src/dev/certificates.ts'
export {
  fetchDebianPackages,
  loaderIn,
  NO_SANDBOX,
  putInPlace,
  systemSource,
} from '../../apps/cli/src/dev/debian-packages.ts'
export type { UnpackedPackages, WantedPackages } from '../../apps/cli/src/dev/debian-packages.ts'
export type { Had } from '../../apps/cli/src/dev/found.ts'
export { freePort } from '../../apps/cli/src/dev/free-port.ts'
export { startGuarded } from '../../apps/cli/src/dev/guarded-process.ts'
export type { GuardedProcess } from '../../apps/cli/src/dev/guarded-process.ts'
export { mysqlOnPath, unpackedMariadb, unpackedMysql } from '../../apps/cli/src/dev/mysql-installation.ts'
export type { MysqlInstallation } from '../../apps/cli/src/dev/mysql-installation.ts'
export { initialiseMysql, startMysqlProcess } from '../../apps/cli/src/dev/mysql-process.ts'
export { embeddedPostgres, postgresAt, reachableBy } from '../../apps/cli/src/dev/postgres-installation.ts'
export type { PostgresInstallation } from '../../apps/cli/src/dev/postgres-installation.ts'
export { initialiseCluster, startPostgresProcess } from '../../apps/cli/src/dev/postgres-process.ts'
export { asUser, serverUser } from '../../apps/cli/src/dev/server-user.ts'
export type { ServerUser } from '../../apps/cli/src/dev/server-user.ts'
