/** Table: what the server says and the facts do not, where that is as it should be, with the reason. */
import type { Disagreement } from './agreement.ts'

interface Explained {
  readonly check: Disagreement['check']
  /** Of the text, or for a view of its name. */
  readonly text: RegExp
  readonly why: string
}

const EXPLAINED: readonly Explained[] = [
  {
    check: 'view',
    text: /\.(?:pubview|v5|v[67]_temp|mytempview)$/,
    why: 'a select list that nothing reads: that of EXISTS, or of a sub-query of which no column is used',
  },
  {
    check: 'view',
    text: /\.wcowrtest_v2?$/,
    why: 'a whole row leaves no mark of its own in pg_depend beside single columns of the same table',
  },
  {
    check: 'lock',
    text: /\bsatisfies_hash_partition\(/,
    why: 'this function looks the definition of a table up by its oid, and reads no row of it',
  },
  {
    check: 'origin',
    text: /^execute p1;$/i,
    why: 'the server reads a prepared statement again under the search path of the moment; this test reads it once',
  },
]

/** Why it is no fault; null when nothing explains it. */
export function explanationOf({ check }: Disagreement, text: string): string | null {
  return EXPLAINED.find((one) => one.check === check && one.text.test(text.trim()))?.why ?? null
}
