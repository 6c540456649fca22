/** What `gatehouse dev` starts its own servers with; the tests start theirs the same way. */
export { makeAuthority, openAuthority } from '../../apps/cli/src/dev/certificates.ts'
export type { CertificateAuthority, KeyedCertificate, Validity } from '../../apps/cli/src/dev/certificates.ts'
export { freePort } from '../../apps/cli/src/dev/free-port.ts'
export { embeddedPostgres, postgresAt, reachableBy } from '../../apps/cli/src/dev/postgres-installation.ts'
export type { PostgresInstallation } from '../../apps/cli/src/dev/postgres-installation.ts'
export { initialiseCluster, startPostgresProcess } from '../../apps/cli/src/dev/postgres-process.ts'
export { asUser, serverUser } from '../../apps/cli/src/dev/server-user.ts'
export type { ServerUser } from '../../apps/cli/src/dev/server-user.ts'
