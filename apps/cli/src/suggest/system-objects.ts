import type { ColumnName } from '@gatehouse/core'

/** First oid that initdb never gives (FirstNormalObjectId in PostgreSQL's access/transam.h). */
export const FIRST_NORMAL_OID = 16384

/** Schemas that PostgreSQL keeps for itself: names that begin with `pg_` can belong to nobody else. */
export function isSystemSchema(schema: string): boolean {
  return schema.startsWith('pg_') || schema === 'information_schema'
}

/** What the server itself keeps of credentials that no application needs to read, whatever tables there are. */
export const SYSTEM_SECRETS: readonly ColumnName[] = [
  { schema: 'pg_catalog', relation: 'pg_authid', column: 'rolpassword' },
]
