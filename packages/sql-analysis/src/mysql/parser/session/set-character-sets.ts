import type { SetItem } from '../../statement-tree.ts'
import { characterSetName } from '../expressions/cast-types.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** NAMES set [COLLATE collation], NAMES DEFAULT. MySQL manual, "SET NAMES Statement". */
export function namesItem(cursor: TokenCursor): SetItem {
  cursor.expect('names')
  if (cursor.accept('default')) return { kind: 'names', value: null, collation: null }
  const value = characterSetName(cursor)
  let collation: string | null = null
  if (cursor.accept('collate') && !(cursor.isMariadb && cursor.accept('default'))) collation = characterSetName(cursor)
  return { kind: 'names', value, collation }
}

/** CHARACTER SET set, CHARSET set. MySQL manual, "SET CHARACTER SET Statement". */
export function characterSetItem(cursor: TokenCursor): SetItem {
  if (!cursor.accept('charset')) {
    cursor.advance()
    cursor.expect('set')
  }
  if (cursor.accept('default')) return { kind: 'character_set', value: null, collation: null }
  return { kind: 'character_set', value: characterSetName(cursor), collation: null }
}
