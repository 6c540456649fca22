import type { MaskSpec } from '@gatehouse/core'
import { PERSONAL_DATA, type PersonalData } from './personal-data.ts'
import type { SuggestedType } from './suggested-type.ts'

/** The mask for a kind of data on a type: the first of the kind's own that means something there, else `redact`. */
export function chooseMask(kind: PersonalData, type: SuggestedType): MaskSpec {
  return (
    PERSONAL_DATA[kind].masks.find((spec) => type.check(spec) === null && type.effect(spec) === 'as named') ?? {
      kind: 'redact',
    }
  )
}

/**
 * The mask for columns that hold the same values: a pseudonym of one domain where that means something on all of their types
 * and the kind may be told apart at all, so that what is joined still lines up; else the kind's own.
 */
export function chooseLinkedMask(kind: PersonalData, types: readonly SuggestedType[]): MaskSpec | null {
  const spec: MaskSpec = { kind: 'pseudonym', domain: kind }
  if (SECRET.has(kind)) return null
  return types.every((type) => type.check(spec) === null && type.effect(spec) === 'as named') ? spec : null
}

/** Of these not even that two are the same may be seen. */
const SECRET: ReadonlySet<PersonalData> = new Set<PersonalData>(['passwords-and-secrets', 'card-verification-codes'])

/** True when nothing but NULL can take the place of a value of this type. */
export function becomesNull(spec: MaskSpec, type: SuggestedType): boolean {
  return type.effect(spec) === 'becomes NULL'
}

/** A mask as the `with` of a rule. */
export function maskText(spec: MaskSpec): string {
  switch (spec.kind) {
    case 'null':
      return "'null'"
    case 'partial': {
      const kept = [
        ...(spec.keepFirst > 0 ? [`keepFirst: ${spec.keepFirst}`] : []),
        ...(spec.keepLast > 0 ? [`keepLast: ${spec.keepLast}`] : []),
      ]
      return `{ partial: { ${kept.join(', ')} } }`
    }
    case 'truncate':
      return `{ truncate: ${spec.to} }`
    case 'constant':
      return `{ constant: ${JSON.stringify(spec.value)} }`
    case 'hash':
      return spec.key === undefined ? 'hash' : `{ hash: { key: ${JSON.stringify(spec.key)} } }`
    case 'pseudonym': {
      const key = spec.key === undefined ? '' : `, key: ${JSON.stringify(spec.key)}`
      return `{ pseudonym: { domain: ${JSON.stringify(spec.domain)}${key} } }`
    }
    case 'email':
      return 'email'
    case 'redact':
    case 'withhold':
      break
  }
  return 'redact'
}
