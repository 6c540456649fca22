import type { ApprovalTerms, Approvers, ApproveRule, RuleHead } from './policy-document.ts'
import { readActions, readColumnPatterns, readObjectPatterns, readSettings, readTexts, readTrue } from './rule-parts.ts'
import type { Members } from './rule-parts.ts'
import type { YamlValue } from './yaml-source.ts'

/** Seconds that a statement is held where the rule does not say. */
const DEFAULT_HOLD_SECONDS = 120
/** Seconds that an approval stays usable where the rule does not say. */
const DEFAULT_GRACE_SECONDS = 900
const DAY_SECONDS = 86_400
/** Most people that one rule may want a yes of. */
const MAX_APPROVALS = 9

const SUBJECT_KEYS = ['actions', 'relations', 'functions', 'settings', 'unboundedWrites', 'unmask']
const TERM_KEYS = ['by', 'approvals', 'holdTimeoutSeconds', 'hold', 'graceSeconds', 'estimatedRowsOver']

/** Reads what an approve rule says; null where something in it is wrong. `reason`: the rule's. */
export function readApprove(value: YamlValue, head: RuleHead, reason: string | null): ApproveRule | null {
  const members = value.members('approve', [...SUBJECT_KEYS, ...TERM_KEYS])
  if (members === null) return null
  if (!SUBJECT_KEYS.some((key) => members.has(key)))
    value.problem('The rule asks about nothing.', 'Add for example `actions: [insert, update, delete]`.')
  if (members.has('relations') && !members.has('actions'))
    value.problem('The rule names relations but no actions.', 'Add for example `actions: [update]`.')
  const unmask = members.get('unmask')
  if (unmask !== undefined) checkUnmaskAlone(unmask, members)
  const by = readBy(value, members)
  const actions = members.get('actions')
  const relations = members.get('relations')
  const functions = members.get('functions')
  const settings = members.get('settings')
  const rule = {
    ...head,
    actions: actions === undefined ? [] : readActions(actions),
    relations: relations === undefined ? null : readObjectPatterns(relations, 'relations'),
    functions: functions === undefined ? [] : readObjectPatterns(functions, 'functions'),
    settings: settings === undefined ? [] : readSettings(settings),
    unboundedWrites: readTrue(members, 'unboundedWrites'),
    unmask: unmask === undefined ? [] : readColumnPatterns(unmask),
    estimatedRowsOver: readWhole(members, 'estimatedRowsOver', 0, Number.MAX_SAFE_INTEGER),
  }
  const terms = by === null ? null : readTerms(members, by, reason)
  return terms === null ? null : { ...rule, terms }
}

/** What is asked for in clear is asked for each time, whatever else it is. */
function checkUnmaskAlone(unmask: YamlValue, members: Members): void {
  const others = [...SUBJECT_KEYS, 'estimatedRowsOver'].filter((key) => key !== 'unmask' && members.has(key))
  if (others.length > 0)
    unmask.problem(
      `A rule with \`unmask\` asks about nothing else, and this has ${others.join(', ')}.`,
      'Make two rules of it.',
    )
}

function readTerms(members: Members, by: Approvers, reason: string | null): ApprovalTerms {
  return {
    by,
    approvals: readWhole(members, 'approvals', 1, MAX_APPROVALS) ?? 1,
    holdTimeoutSeconds: readHold(members),
    graceSeconds: readWhole(members, 'graceSeconds', 0, DAY_SECONDS) ?? DEFAULT_GRACE_SECONDS,
    reason,
  }
}

/** `hold: 0` is a plainer word for `holdTimeoutSeconds: 0`. */
function readHold(members: Members): number {
  const hold = members.get('hold')
  if (hold === undefined) return readWhole(members, 'holdTimeoutSeconds', 0, DAY_SECONDS) ?? DEFAULT_HOLD_SECONDS
  if (members.has('holdTimeoutSeconds'))
    hold.problem('`hold` and `holdTimeoutSeconds` say the same.', 'Leave one of them out.')
  else if (hold.scalar() !== 0)
    hold.problem('`hold` can only be 0: not held at all.', 'Write `holdTimeoutSeconds: 120` for a time.')
  return 0
}

function readBy(rule: YamlValue, members: Members): Approvers | null {
  const value = members.get('by')
  if (value === undefined) {
    rule.problem('The rule does not say who may approve.', 'Add `by: { groups: [dba] }`.')
    return null
  }
  const parts = value.members('by', ['groups', 'subjects'])
  if (parts === null) return null
  if (parts.size === 0) value.problem('`by` names nobody.', 'Write for example `by: { groups: [dba] }`.')
  const texts = (key: string): readonly string[] => {
    const list = parts.get(key)
    return list === undefined ? [] : readTexts(list, key)
  }
  return { groups: texts('groups'), subjects: texts('subjects') }
}

/** A whole number from `least` to `most`; null where absent or wrong. */
function readWhole(members: Members, key: string, least: number, most: number): number | null {
  const value = members.get(key)
  if (value === undefined) return null
  const number = value.scalar()
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= least && number <= most) return number
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
  value.problem(`${key} must be a whole number ${range}.`, `Write for example \`${key}: ${EXAMPLES[key] ?? least}\`.`)
  return null
}

const EXAMPLES: Readonly<Record<string, number>> = {
  approvals: 2,
  holdTimeoutSeconds: DEFAULT_HOLD_SECONDS,
  graceSeconds: DEFAULT_GRACE_SECONDS,
  estimatedRowsOver: 1000,
}
