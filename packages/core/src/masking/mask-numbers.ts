import { MaskNotApplicable } from './cell-mask.ts'
import type { MaskSpec } from './mask-spec.ts'

/** Throws `MaskNotApplicable` where a mask's own numbers make no sense, on whatever type. */
export function refuseNonsense(spec: MaskSpec): void {
  if (spec.kind === 'partial' && !(isCount(spec.keepFirst) && isCount(spec.keepLast))) {
    throw new MaskNotApplicable('partial: keepFirst and keepLast must be whole numbers from 0 to 1,000,000')
  }
  if (spec.kind === 'truncate' && typeof spec.to === 'number' && !(Number.isSafeInteger(spec.to) && spec.to >= 1)) {
    throw new MaskNotApplicable('truncate: numbers are cut to multiples of a whole number, 1 or more')
  }
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 1_000_000
}
