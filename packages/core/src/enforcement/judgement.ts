import { encodeFactsPart, encodeRefusedPart } from '../audit/encode-record.ts'
import type { FactsPart } from '../audit/encode-record.ts'
import type { Approved } from '../approval/approved.ts'
import { isPlain, type Redaction, redactionOf } from '../audit/redaction.ts'
import { isWrite } from '../policy/action-words.ts'
import { type ApprovalNeed, joinedNeed } from '../policy/approval-need.ts'
import type { Authority, Observed } from '../policy/authority.ts'
import type { Decision, Denial, Obligations } from '../policy/decision.ts'
import type { StatementFacts, TextFacts } from '../statement/facts.ts'
import type { Reading } from '../statement/reading.ts'
import { gatewayRefusal, type Refusal } from './refusal.ts'

/**
 * What was decided about one text, before anything of it ran. Shared by all texts of one shape under one authority.
 * `refusal` is null when every statement of the text is permitted, or may be approved; then `obligations` has one entry per
 * statement.
 */
export interface Judgement {
  readonly facts: TextFacts | null
  readonly forwardText: string | null
  readonly refusal: Refusal | null
  /** What must be had before any of the text may run; null: nothing. `Gate.admit` refuses a text whose need is not met. */
  readonly approval: ApprovalNeed | null
  /** Masked columns that people are asked to let through, as `schema.relation.column`; empty: none, and every mask holds. */
  readonly unmasked: readonly string[]
  /** What rules that are only observed would have done instead. */
  readonly observed: readonly Observed[]
  readonly decisions: readonly Decision[]
  readonly obligations: readonly Obligations[]
  /** True when the statements touch masked columns: what the server says about them is redacted. */
  readonly redactReports: boolean
  /** True when any output is masked. */
  readonly masksOutput: boolean
  /** True when rows come back in which text is looked for by its content. */
  readonly classifies: boolean
  /** True when a COPY in it is masked: the stream does not say what its columns are, so what they are must be known freshly. */
  readonly masksCopy: boolean
  /** True when names may mean something else after it. */
  readonly changesNames: boolean
  /** True when SQL in it makes or removes prepared statements or cursors, whose names the protocol shares. */
  readonly takesNames: boolean
  /** True when a statement in it ends a transaction, and with it what the transaction did to names. */
  readonly endsTransaction: boolean
  /** True when a relation or function it names is not known. */
  readonly namesUnknown: boolean
  readonly authority: Authority
  /** Why the values of such texts are left out of records; null: nothing that is known of all of them asks for it. */
  readonly redaction: Redaction | null
  /** True when nothing but rows is read and written: no text inside it can hold a password. */
  readonly plain: boolean
  /** The members of the records that depend on text shape and decision, encoded once. */
  readonly encoded: FactsPart
}

/** The judgement of a text whose statements are all permitted, or may be approved: what running it does, looked up once. */
export function permitted(
  authority: Authority,
  { facts, forwardText }: Reading & { kind: 'read' },
  decisions: readonly Decision[],
  obligations: readonly Obligations[],
  observed: readonly Observed[],
): Judgement {
  const { statements } = facts
  if (mixesLimitedRowsAndWrites(facts, obligations)) return refused(authority, facts, SEND_APART, observed)
  const approval = needOf(decisions)
  const unmasked = decisions.flatMap((decision) => (decision.kind === 'ask' ? decision.unmasked : []))
  // INVARIANT: no mask is lifted without a yes.
  if (approval === null && obligations.some(({ clear }) => clear !== null))
    throw new Error('masks would be lifted without anybody being asked')
  const redaction = redactionOf(facts, authority)
  return {
    facts,
    forwardText,
    refusal: null,
    approval,
    unmasked,
    observed,
    decisions,
    obligations,
    redactReports: obligations.some((obligation) => obligation.redactReports),
    masksOutput: obligations.some((obligation) => obligation.outputs !== null),
    classifies:
      authority.classifier !== null && statements.some(({ output, complete }) => output !== null || !complete),
    masksCopy: statements.some(
      ({ action }, index) => action === 'copy_to' && (obligations[index]?.outputs ?? null) !== null,
    ),
    changesNames: statements.some((statement) => statement.changesNames),
    endsTransaction: statements.some(({ action }) => TRANSACTION_ENDS.has(action)),
    takesNames: statements.some(({ action }) => NAMING_ACTIONS.has(action)),
    namesUnknown: statements.some(namesUnknown),
    authority,
    redaction,
    plain: isPlain(facts),
    encoded: encodeFactsPart(facts, decisions, null, observed, redaction !== null),
  }
}

/** How many columns of the rows of one statement of a text are masked. */
export function maskedColumns({ obligations }: Judgement, statementIndex: number): number {
  const outputs = obligations[statementIndex]?.outputs ?? null
  let masked = 0
  if (outputs !== null) for (const mask of outputs) if (mask !== null) masked++
  return masked
}

/** A text is held as a whole. An estimate is one statement's: beside others it settles nothing. */
function needOf(decisions: readonly Decision[]): ApprovalNeed | null {
  const alone = decisions.length === 1
  return joinedNeed(
    decisions.flatMap((decision) => {
      if (decision.kind !== 'ask') return []
      return decision.approval.rules.map((rule) => (alone ? rule : { ...rule, estimatedRowsOver: null }))
    }),
  )
}

/**
 * A result that is cut at its limit ends in an error. Beside a write in the same text that error would say that nothing
 * was written, where the server may have finished by then.
 */
function mixesLimitedRowsAndWrites({ statements }: TextFacts, obligations: readonly Obligations[]): boolean {
  if (statements.length < 2) return false
  const limited = statements.some(({ output }, index) => output !== null && obligations[index]?.rowLimit !== null)
  return (
    limited &&
    statements.some(({ accesses, action }) => isWrite(action) || accesses.some((access) => isWrite(access.action)))
  )
}

const SEND_APART = gatewayRefusal(
  'FEATURE_REFUSED',
  'statements',
  'a statement whose rows are limited and one that writes cannot be sent in one text: rows over the limit end in an error that the write may survive',
  'Send the statements one at a time.',
)

const NAMING_ACTIONS: ReadonlySet<string> = new Set([
  'prepare',
  'deallocate',
  'declare_cursor',
  'close_cursor',
  'discard',
])

const TRANSACTION_ENDS: ReadonlySet<string> = new Set(['commit', 'rollback', 'rollback_to', 'prepare_transaction'])

function namesUnknown(statement: StatementFacts): boolean {
  return (
    statement.accesses.some((access) => access.relation !== null && access.relation.schema === null) ||
    statement.functions.some((used) => used.trust === 'unknown')
  )
}

/** Why the masked columns of a COPY cannot be masked in its stream; null when they can, or there are none. */
export function unmaskable(statement: StatementFacts, obligations: Obligations): Denial | null {
  if (statement.action !== 'copy_to') return null
  const mask = obligations.outputs?.find((output) => output !== null)
  if (mask === undefined || mask === null) return null
  const { copyOut } = statement
  if (copyOut !== undefined && copyOut.stream !== null) return null
  return {
    kind: 'deny',
    code: 'MASK_NOT_POSSIBLE',
    rule: mask.rule,
    object: mask.columns.join(', '),
    reason: `COPY would send masked columns in a form that cannot be masked: ${copyOut?.reason ?? 'its stream is not known'}`,
    hint: 'Leave out that option, or use FORMAT csv, FORMAT binary or plain COPY … TO STDOUT; or use SELECT, or name only unmasked columns.',
  }
}

/** Why the rows of a COPY cannot be looked through for what classify rules detect; null when they can. */
export function unclassifiable(authority: Authority, statement: StatementFacts): Denial | null {
  const { classifier } = authority
  if (classifier === null || statement.action !== 'copy_to') return null
  if (statement.files.length > 0 || statement.programs.length > 0) return null
  if (statement.output !== null && classifier.exceptsAll(statement.output)) return null
  if (statement.copyOut !== undefined && statement.copyOut.stream !== null) return null
  return {
    kind: 'deny',
    code: 'MASK_NOT_POSSIBLE',
    rule: classifier.rules.join(', '),
    object: 'COPY TO STDOUT',
    reason: `COPY would send text in a form that cannot be looked through for what must be redacted: ${statement.copyOut?.reason ?? 'its stream is not known'}`,
    hint: 'Leave out that option, or use FORMAT csv, FORMAT binary or plain COPY … TO STDOUT; or use SELECT.',
  }
}

/** The judgement of a text that is refused. `facts` is null when it could not be read. */
export function refused(
  authority: Authority,
  facts: TextFacts | null,
  refusal: Refusal,
  observed: readonly Observed[] = [],
): Judgement {
  const redaction = redactionOf(facts, authority)
  return {
    facts,
    forwardText: null,
    refusal,
    approval: null,
    unmasked: [],
    observed,
    decisions: [],
    obligations: [],
    redactReports: false,
    masksOutput: false,
    classifies: false,
    masksCopy: false,
    changesNames: false,
    endsTransaction: false,
    takesNames: false,
    namesUnknown: facts?.statements.some(namesUnknown) ?? false,
    authority,
    redaction,
    plain: isPlain(facts),
    encoded: encodeRefusedPart(facts, refusal, observed, redaction !== null),
  }
}

/** What the record says of facts and decision: that of the judgement, unless something was decided since, or more is left out. */
export function encodedPart(
  judgement: Judgement,
  refusal: Refusal | null,
  clearance: Approved | null,
  redacted: boolean,
): FactsPart {
  const { facts, decisions, approval, encoded, redaction, plain } = judgement
  const asJudged = refusal === judgement.refusal && (redacted === (redaction !== null) || plain)
  const asked = approval !== null && clearance !== null
  if (asJudged && !(refusal === null && asked)) return encoded
  if (refusal !== null || facts === null)
    return refusal === null ? encoded : encodeRefusedPart(facts, refusal, judgement.observed, redacted)
  return encodeFactsPart(facts, decisions, asked ? clearance.id : null, judgement.observed, redacted)
}
