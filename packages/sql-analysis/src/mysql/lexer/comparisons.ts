import type { TokenSymbol } from './keywords.ts'

/** The operator that begins with `<`, `=`, `>` or `!` and the two bytes behind it; null: the servers' scanners would take both in and then know no such operator. */
export function comparison(byte: number, next: number, third: number): TokenSymbol | null {
  switch (byte) {
    case 0x3c:
      if (next === 0x3d) return third === 0x3e ? '<=>' : '<='
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
