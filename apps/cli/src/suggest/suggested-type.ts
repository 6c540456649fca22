import type { MaskSpec } from '@gatehouse/core'
import type { TypeGroup } from './personal-data.ts'

/** The type of a column, as far as suggestions need it: what can be in it, and what masks come to on it. */
export interface SuggestedType {
  readonly group: TypeGroup
  /** A whole number too small for anything of a person but a year. */
  readonly small: boolean
  /** Its content is worth a look: text, and documents that hold text. */
  readonly holdsText: boolean
  /** Says why a mask cannot be used on it; null where it can. */
  check(spec: MaskSpec): string | null
  effect(spec: MaskSpec): 'as named' | 'redacts' | 'becomes NULL'
}
