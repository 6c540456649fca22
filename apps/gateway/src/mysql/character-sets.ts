import type { ServerVersion } from './server-version.ts'

/**
 * Collation ids of character sets in which a later byte of a character can look like a backslash or a quote: big5, sjis, gbk,
 * cp932, gb18030 (information_schema.collations of MySQL 9.7; MariaDB's NOPAD ones are these plus 1024).
 */
const HIDING: ReadonlyMap<number, string> = new Map([
  [1, 'big5'],
  [84, 'big5'],
  [13, 'sjis'],
  [88, 'sjis'],
  [28, 'gbk'],
  [87, 'gbk'],
  [95, 'cp932'],
  [96, 'cp932'],
  [248, 'gb18030'],
  [249, 'gb18030'],
  [250, 'gb18030'],
])

/** The character set of a collation that a session cannot have; null for one that it can. */
export function hidingCharacterSet(collation: number): string | null {
  return HIDING.get(collation) ?? HIDING.get(collation - 1024) ?? null
}

const UTF8MB4_GENERAL_CI = 45
const UTF8MB4_0900_AI_CI = 255

/**
 * The collation that a session has at the server: the client's own where it is one of utf8mb4 that the server knows, else the
 * usual one of utf8mb4. Clients that ask for latin1, utf8mb3 and such are served in utf8mb4 too: it is what texts are read in
 * and what masks know.
 */
export function pinnedCollation(asked: number, { flavour, version }: ServerVersion): number {
  const knows0900 = flavour === 'mysql' && version >= 80_000
  if (asked === UTF8MB4_GENERAL_CI || asked === 46 || (asked >= 224 && asked <= 247)) return asked
  return knows0900 ? UTF8MB4_0900_AI_CI : UTF8MB4_GENERAL_CI
}
