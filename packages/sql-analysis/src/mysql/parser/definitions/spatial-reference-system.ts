/** CREATE SPATIAL REFERENCE SYSTEM of MySQL. MySQL manual, "CREATE SPATIAL REFERENCE SYSTEM Statement". */
import { acceptIfNotExists } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { unqualified } from './account.ts'
import type { Draft } from './draft.ts'

/** Reads what stands behind CREATE [OR REPLACE] SPATIAL; the number is the object's name. */
export function readCreateSpatialReferenceSystem(c: TokenCursor, draft: Draft): void {
  c.expect('reference')
  c.expect('system')
  if (acceptIfNotExists(c)) draft.ifNotExists = true
  draft.objects.push(unqualified('spatial_reference_system', c.integer()))
  while (readAttribute(c));
}

function readAttribute(c: TokenCursor): boolean {
  if (c.accept('name') || c.accept('definition') || c.accept('description')) {
    c.string()
    return true
  }
  if (!c.accept('organization')) return false
  c.string()
  c.expect('identified')
  c.expect('by')
  c.integer()
  return true
}
