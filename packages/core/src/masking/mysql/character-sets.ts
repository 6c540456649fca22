/** What masks must know of a character set. `wide`: ASCII characters are not one byte each. `other`: they are, the rest is not read. */
export type CharacterSet = 'binary' | 'ascii' | 'utf8mb3' | 'utf8mb4' | 'wide' | 'other'

/** Collations by number: first, last, what they are of. */
type Range = readonly [number, number, CharacterSet]

/** From information_schema.COLLATIONS of MySQL 9.7 and MariaDB 10.11; MariaDB's NO PAD collations are 1024 above. */
const ranges: readonly Range[] = [
  [11, 11, 'ascii'], // ascii_general_ci
  [33, 33, 'utf8mb3'],
  [35, 35, 'wide'], // ucs2
  [45, 46, 'utf8mb4'],
  [54, 56, 'wide'], // utf16, utf16le
  [60, 62, 'wide'], // utf32, utf16le
  [63, 63, 'binary'],
  [65, 65, 'ascii'], // ascii_bin
  [76, 76, 'utf8mb3'],
  [83, 83, 'utf8mb3'],
  [90, 90, 'wide'], // ucs2_bin
  [101, 183, 'wide'], // utf16, ucs2, utf32
  [192, 223, 'utf8mb3'],
  [224, 247, 'utf8mb4'],
  [255, 323, 'utf8mb4'],
  [576, 607, 'utf8mb3'],
  [608, 639, 'utf8mb4'],
  [640, 767, 'wide'],
  [2048, 2303, 'utf8mb3'], // uca1400
  [2304, 2559, 'utf8mb4'],
  [2560, 3327, 'wide'],
]
const noPad = 1024

/** What the collation with this number is of. */
export function characterSetOf(collation: number): CharacterSet {
  const number = collation >= noPad && collation < 2 * noPad ? collation - noPad : collation
  return ranges.find(([first, last]) => number >= first && number <= last)?.[2] ?? 'other'
}
