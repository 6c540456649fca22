import { hash } from 'node:crypto'

/**
 * What differs between two texts of one shape in the parser's JSON: places in the text and the values of constants. A quote inside
 * a JSON string is escaped, so no literal can look like a key.
 */
const positions =
  /"(?:location|stmt_location|stmt_len|name_location|list_start|list_end|rexpr_list_start|rexpr_list_end)":-?\d+/g
const constants = /"A_Const":\{"([ifsb]+val)":\{(?:"[ifsb]+val":(?:-?\d+|"(?:[^"\\]|\\.)*"))?\}/g

/**
 * Identity of a text without its literals: 16 hexadecimal digits, the head of SHA-256 over the parse tree with places and constants
 * taken out. Blanks, comments, case and quoting of names do not count; the kind of a literal and the length of a list do.
 */
export function fingerprintOf(treeJson: string): string {
  const shape = treeJson.replace(constants, '"$1":{').replace(positions, '')
  return hash('sha256', shape, 'hex').slice(0, 16)
}
