import type { MaskSpec } from '../masking/mask-spec.ts'
import type { ApprovalNeed } from './approval-need.ts'

/** What must be done to one output column before it leaves. */
export interface OutputMask {
  readonly spec: MaskSpec
  /** The mask rule it comes from, for the audit record. */
  readonly rule: string
  /** The masked base columns that reach this output, as `schema.relation.column`. */
  readonly columns: readonly string[]
}

/** What must also be done with a permit. */
export interface Obligations {
  /** One entry per output column, null where the value passes as it is; null when nothing is masked at all. */
  readonly outputs: readonly (OutputMask | null)[] | null
  /** Most rows this statement may return; null means no limit. */
  readonly rowLimit: { readonly rows: number; readonly rule: string } | null
  /** True when the statement touches a masked column in any way: text the server sends about it (errors, notices) is redacted. */
  readonly redactReports: boolean
  /** Per output column: true where all of it is masked columns that people let through; null: there is none. Nothing is looked for in those. */
  readonly clear: readonly boolean[] | null
}

/**
 * The answer of the decision point for one statement. `ask`: it may run once people have said yes, and is masked all the same, but for what they are asked to let through.
 * There is no fourth answer: an error while deciding is a `deny`.
 */
export type Decision =
  | { readonly kind: 'permit'; readonly rules: readonly string[]; readonly obligations: Obligations }
  | {
      readonly kind: 'ask'
      /** Every rule that the statement needs, those that ask first. */
      readonly rules: readonly string[]
      readonly obligations: Obligations
      readonly approval: ApprovalNeed
      /** Masked columns that come back in clear, or are compared, as `schema.relation.column`. */
      readonly unmasked: readonly string[]
    }
  | Denial

/** A stable reason code for a denial; every code is listed in docs/errors.md. */
export type DenialCode =
  | 'DENIED_BY_RULE' // a deny rule matched
  | 'NOT_ALLOWED' // no rule allows it
  | 'MASK_NOT_POSSIBLE' // an output could not be traced, or a masked value would leave by a road that cannot be masked
  | 'MASKED_COLUMN_DECIDES' // a condition, ordering, grouping or join looks at a masked column
  | 'MASKED_COLUMN_COPIED' // a masked value would be written where it is not masked the same
  | 'PINNED_SETTING' // a setting that changes how text is read would change
  | 'PINNED_ROLE' // the role that the session runs under in the database would change
  | 'NOT_UNDERSTOOD' // the statement could not be understood in full
  | 'DECISION_FAILED' // an error while deciding

export interface Denial {
  readonly kind: 'deny'
  readonly code: DenialCode
  /** The rule's name; `default` where no rule allows it; the mask rule's name for masks. */
  readonly rule: string
  /** The object the refusal is about: `public.users`, `function pg_read_file`, `setting role`, `public.users.ssn`. */
  readonly object: string
  /** What is wrong, in one sentence; the operator's reason where the rule has one. */
  readonly reason: string
  /** What would work instead, in one sentence a language model can act on. */
  readonly hint: string
}
