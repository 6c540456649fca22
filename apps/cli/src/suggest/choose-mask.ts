import { checkMask, maskEffect, type MaskSpec, type ValueType } from '@gatehouse/core'
import { PERSONAL_DATA, type PersonalData } from './personal-data.ts'

/** The mask for a kind of data on a type: the first of the kind's own that means something there, else `redact`. */
export function chooseMask(kind: PersonalData, type: ValueType): MaskSpec {
  return (
    PERSONAL_DATA[kind].masks.find(
      (spec) => checkMask(spec, type) === null && maskEffect(spec, type) === 'as named',
    ) ?? {
      kind: 'redact',
    }
  )
}

/** True when nothing but NULL can take the place of a value of this type. */
export function becomesNull(spec: MaskSpec, type: ValueType): boolean {
  return maskEffect(spec, type) === 'becomes NULL'
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
    case 'email':
    case 'hash':
      return spec.kind
    case 'redact':
    case 'withhold':
      break
  }
  return 'redact'
}
