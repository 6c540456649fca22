/** `lower_case_table_names`: 0 as written and compared; 1 stored in lower case; 2 stored as written, compared in lower case. */
export type TableNameCase = 0 | 1 | 2

/**
 * Letters that got a lower case after the tables of the servers' `utf8mb3_general_ci` were made: there they are letters by themselves.
 * Ranges, both ends included.
 */
const CASELESS: readonly (readonly [first: number, last: number])[] = [
  [0x220, 0x220],
  [0x23a, 0x24f],
  [0x370, 0x37f],
  [0x3cf, 0x3cf],
  [0x3d8, 0x3d8],
  [0x3f4, 0x3ff],
  [0x48a, 0x48a],
  [0x4c0, 0x4c0],
  [0x4c5, 0x4c5],
  [0x4c9, 0x4c9],
  [0x4cd, 0x4cd],
  [0x4f6, 0x4f6],
  [0x4fa, 0x52f],
  [0x10a0, 0x10cd],
  [0x13a0, 0x13f5],
  [0x1c80, 0x1cbf],
  [0x1e9e, 0x1e9e],
  [0x1efa, 0x1eff],
  [0x2132, 0x2132],
  [0x2183, 0x2183],
  [0x2c00, 0x2cff],
  [0xa640, 0xabff],
]

/** A name of a column, alias, routine, event, index or variable, as it compares. MySQL manual, "Identifier Case Sensitivity". */
export function foldName(name: string): string {
  for (let index = 0; index < name.length; index++) if (name.charCodeAt(index) > 0x7f) return foldLetters(name)
  return name.toLowerCase()
}

function foldLetters(name: string): string {
  let folded = ''
  for (let index = 0; index < name.length; index++) {
    const letter = name.charAt(index)
    const code = name.charCodeAt(index)
    folded +=
      code === DOTTED_I || CASELESS.some(([first, last]) => code >= first && code <= last)
        ? letter
        : letter.toLowerCase()
  }
  return folded
}

const DOTTED_I = 0x130

/** False for a name with the one letter that is another's upper case on some servers and none on others: İ. */
export function comparesCertainly(key: string): boolean {
  return !key.includes('\u0130')
}

/** A name of a schema, table, view, trigger or alias of a table, as it compares. The server's own two schemas are found in any case. */
export function foldTableName(name: string, letters: TableNameCase): string {
  if (letters !== 0) return foldName(name)
  const first = name.charCodeAt(0) | 0x20
  if (first !== 0x69 && first !== 0x70) return name
  const lower = name.toLowerCase()
  return lower === 'information_schema' || lower === 'performance_schema' ? lower : name
}
