import { join } from 'node:path'
import type { Explain } from '@gatehouse/admin'
import { principalOf } from './claims.ts'
import { explainStatement } from './explain-statement.ts'

/** How the admin service explains statements: as `gatehouse policy explain` does. */
export const explainForAdmin: Explain = async ({ policyFile, catalogsDirectory, claims, target, sql }) => {
  const catalogFile = join(catalogsDirectory, `${target}.catalog.json`)
  const { lines } = await explainStatement(policyFile, catalogFile, principalOf(claims, 'claims'), target, sql)
  return lines
}
