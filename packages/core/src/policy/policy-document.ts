/** A policy as written: what `parsePolicy` makes of the text, before any principal or target is known. */
import type { Detector } from '../classification/detector.ts'
import type { Replacement } from '../classification/text-redactor.ts'
import type { MaskSpec } from '../masking/mask-spec.ts'
import type { NamePattern } from './name-pattern.ts'

/** Looks at one claim of the token. */
export interface ClaimTest {
  /** The claim's name, or names joined with dots for a claim inside another. */
  readonly path: string
  /** Any of these; text may hold `*`. */
  readonly values: readonly (string | number | boolean)[]
}

/** Whom a rule is for: every given part must match; null is no condition. Text may hold `*`. */
export interface Who {
  readonly groups: readonly string[] | null
  readonly subjects: readonly string[] | null
  readonly actors: readonly string[] | null
  /** One of those who acted before the actor; in deny rules alone. */
  readonly priorActors: readonly string[] | null
  readonly issuers: readonly string[] | null
  readonly claims: readonly ClaimTest[]
}

/** What every rule has. */
export interface RuleHead {
  /** Unique in the policy. */
  readonly name: string
  /** Null: everyone. */
  readonly who: Who | null
  /** Names of targets, `*` allowed; null: all of them. */
  readonly targets: readonly string[] | null
  /** Where the rule begins in the text, from 1. */
  readonly line: number
  /** It decides nothing; what it would have done is recorded. Absent: it is in force. */
  readonly observed?: true
}

/** Allows what it names. Empty lists cover nothing. */
export interface AllowRule extends RuleHead {
  readonly actions: readonly string[]
  readonly relations: readonly NamePattern[]
  readonly functions: readonly NamePattern[]
  readonly settings: readonly string[]
  readonly files: readonly string[]
  readonly programs: readonly string[]
}

/** Who may decide: a person in one of the groups, of one of the subjects. An empty list is no condition; one of both is given. Text may hold `*`. */
export interface Approvers {
  readonly groups: readonly string[]
  readonly subjects: readonly string[]
}

/** What one approve rule asks of a statement that it concerns, besides naming the statement. */
export interface ApprovalTerms {
  readonly by: Approvers
  /** How many people must say yes, 1 to 9. */
  readonly approvals: number
  /** How long the statement is held; 0: it is refused at once, and run again by the client when it is approved. */
  readonly holdTimeoutSeconds: number
  /** How long after the yes the statement may be run by who was not there any more. */
  readonly graceSeconds: number
  /** The operator's words for agent and approver; null: none given. */
  readonly reason: string | null
}

/** Has a person decide on what it names: it asks where a deny rule would deny, and covers what an allow rule would cover. */
export interface ApproveRule extends RuleHead {
  readonly actions: readonly string[]
  /** Null: every relation. */
  readonly relations: readonly NamePattern[] | null
  readonly functions: readonly NamePattern[]
  readonly settings: readonly string[]
  readonly unboundedWrites: boolean
  /** Masked columns that may be asked for in clear. Where there are any the rule asks about nothing else. */
  readonly unmask: readonly NamePattern[]
  /** It asks only where the planner expects more rows than this, as far as allow rules cover the statement; null: always. */
  readonly estimatedRowsOver: number | null
  readonly terms: ApprovalTerms
}

/** Refuses a statement of which any condition holds; see docs/policy.md for what each condition looks at. */
export interface DenyRule extends RuleHead {
  /** Null: not looked at. */
  readonly actions: readonly string[] | null
  readonly relations: readonly NamePattern[] | null
  readonly columns: readonly NamePattern[] | null
  readonly functions: readonly NamePattern[]
  readonly settings: readonly string[]
  readonly unboundedWrites: boolean
  readonly files: boolean
  readonly programs: boolean
  readonly dynamicSql: boolean
  /** The operator's words for whoever is refused; null: none given. */
  readonly reason: string | null
}

/**
 * Whether a masked column may be looked at by conditions, joins, grouping and ordering. `equality`: where only whether values are
 * equal is asked (`=`, `<>`, IN, IS NULL, joins by equality, GROUP BY, DISTINCT, count(DISTINCT)).
 */
export type MaskPredicates = 'deny' | 'equality' | 'allow'

export interface MaskRule extends RuleHead {
  readonly columns: readonly NamePattern[]
  readonly spec: MaskSpec
  readonly predicates: MaskPredicates
}

/** What is looked for in free text that no mask covers, and what is put in its place. */
export interface ClassifyRule extends RuleHead {
  readonly detect: readonly Detector[]
  readonly replacement: Replacement
  /** Columns that are not looked at. */
  readonly except: readonly NamePattern[]
}

export interface LimitRule extends RuleHead {
  /** Most rows one statement may return; null: no limit. */
  readonly rowsPerStatement: number | null
  /** Most statements in a minute; null: no limit. */
  readonly statementsPerMinute: number | null
  /** Longest time that one statement may run; null: no limit. */
  readonly secondsPerStatement: number | null
}

/** A relation, or one column of it, by whole names. */
export interface ReadObject {
  readonly schema: string
  readonly relation: string
  /** Null: any of its columns. */
  readonly column: string | null
}

/** What functions do whose bodies cannot be read: they read these beside their arguments, and change nothing. */
export interface FunctionRule extends RuleHead {
  readonly functions: readonly NamePattern[]
  /** Empty: nothing. */
  readonly reads: readonly ReadObject[]
}

/** All rules of a policy, in the order of the text (which decides nothing). */
export interface PolicyDocument {
  readonly allow: readonly AllowRule[]
  readonly approve: readonly ApproveRule[]
  readonly deny: readonly DenyRule[]
  readonly masks: readonly MaskRule[]
  readonly classify: readonly ClassifyRule[]
  readonly limits: readonly LimitRule[]
  readonly functions: readonly FunctionRule[]
}
