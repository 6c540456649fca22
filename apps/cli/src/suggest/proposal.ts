import type { MaskSpec } from '@gatehouse/core'
import type { TargetColumn } from './columns.ts'
import type { ContentJudgement } from './judge-content.ts'
import type { PersonalData } from './personal-data.ts'

/** How sure a proposal is, surest first. */
export const CONFIDENCES = ['certain', 'likely', 'look at it'] as const
export type Confidence = (typeof CONFIDENCES)[number]

/** One column for which a mask is proposed. */
export interface Proposal {
  readonly column: TargetColumn
  /** Null: nothing but that it holds the values of a column that the policy masks. */
  readonly kind: PersonalData | null
  readonly confidence: Confidence
  readonly spec: MaskSpec
  /** What speaks for it. */
  readonly why: {
    readonly name: boolean
    /** By its type alone. */
    readonly type: boolean
    readonly content: ContentJudgement
    /** The column that this one holds the values of, or that holds its values. */
    readonly sameAs: TargetColumn | null
  }
}

/** For sorting, surest first. */
export function compareConfidence(left: Proposal, right: Proposal): number {
  return CONFIDENCES.indexOf(left.confidence) - CONFIDENCES.indexOf(right.confidence)
}
