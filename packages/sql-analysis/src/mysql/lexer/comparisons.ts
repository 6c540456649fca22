import type { TokenSymbol } from './keywords.ts'

/** Of MySQL: the operator that begins with `<`, `=`, `>` or `!` and the two bytes behind it; null: the servers' scanners would take both in and then know no such operator. */
export function comparison(byte: number, next: number, third: number): TokenSymbol | null {
  switch (byte) {
    case 0x3c:
      if (next === 0x3d && third === 0x3e) return '<=>'
      // After two bytes that begin with < a third is taken in.
      if (next >= 0x3c && next <= 0x3e && (third === 0x21 || third === 0x3d || third === 0x3e)) return null
      if (next === 0x3d) return '<='
      if (next === 0x3e) return '<>'
      if (next === 0x3c) return '<<'
      return next === 0x21 ? null : '<'
    case 0x3e:
      if (next === 0x3d) return '>='
      if (next === 0x3e) return '>>'
      return next === 0x3c || next === 0x21 ? null : '>'
    case 0x3d:
      if (next === 0x3e) return '=>'
      return next === 0x3c || next === 0x3d || next === 0x21 ? null : '='
    default:
      if (next === 0x3d) return '!='
      return next === 0x3c || next === 0x3e || next === 0x21 ? null : '!'
  }
}

/** The same of MariaDB, whose scanner takes `!` for itself before anything but `=`. */
export function comparisonOfMariadb(byte: number, next: number, third: number): TokenSymbol | null {
  if (byte === 0x21) return next === 0x3d ? '!=' : '!'
  const behind = third === 0x21 ? 0 : third
  return comparison(byte, next === 0x21 ? 0 : next, behind)
}
