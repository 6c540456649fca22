import { createHash } from 'node:crypto'
import { readApprove } from './parse-approve.ts'
import { readClassify } from './parse-classify.ts'
import { readFunctionRule } from './parse-function-rule.ts'
import { readMask } from './parse-mask.ts'
import { Policy } from './policy.ts'
import type {
  AllowRule,
  ApproveRule,
  ClassifyRule,
  DenyRule,
  FunctionRule,
  LimitRule,
  MaskRule,
  PolicyDocument,
  RuleHead,
} from './policy-document.ts'
import {
  readActions,
  readColumnPatterns,
  readCount,
  readHead,
  readName,
  readObjectPatterns,
  readReason,
  readSettings,
  readTexts,
  readTrue,
} from './rule-parts.ts'
import type { Members } from './rule-parts.ts'
import { YamlSource } from './yaml-source.ts'
import type { PolicyProblem, YamlValue } from './yaml-source.ts'

/** A policy, or everything that is wrong with its text (the first 200 problems, in the order of the text). */
export type ParsedPolicy =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

/**
 * Reads a policy from YAML text. Strict: an unknown key, word or pattern anywhere refuses the whole text. Never throws.
 * The policy's version is the first 12 hexadecimal digits of the SHA-256 of the text.
 */
export function parsePolicy(text: string): ParsedPolicy {
  const source = new YamlSource(text)
  const document = readDocument(source)
  if (document === null || source.problems.length > 0) {
    const problems = source.problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
    return { ok: false, problems }
  }
  const version = createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 12)
  return { ok: true, policy: new Policy(version, document) }
}

function readDocument(source: YamlSource): PolicyDocument | null {
  const root = source.root()
  const members = root?.members('a policy', ['rules', 'masks', 'classify', 'limits', 'functions']) ?? null
  if (root === null || members === null) return null
  if (members.size === 0) root.problem('The policy is empty.', 'Add `rules:` with at least one rule.')
  const names = new Map<string, YamlValue>()
  const document = {
    allow: new Array<AllowRule>(),
    approve: new Array<ApproveRule>(),
    deny: new Array<DenyRule>(),
    masks: new Array<MaskRule>(),
    classify: new Array<ClassifyRule>(),
    limits: new Array<LimitRule>(),
    functions: new Array<FunctionRule>(),
  }
  for (const rule of members.get('rules')?.items('rules') ?? []) {
    const read = readRule(rule)
    if (read === null) continue
    noteName(names, rule, read.rule)
    if (read.effect === 'allow') document.allow.push(read.rule)
    else if (read.effect === 'approve') document.approve.push(read.rule)
    else document.deny.push(read.rule)
  }
  for (const rule of members.get('masks')?.items('masks') ?? []) {
    const mask = readMask(rule)
    if (mask === null) continue
    noteName(names, rule, mask)
    document.masks.push(mask)
  }
  for (const rule of members.get('classify')?.items('classify') ?? []) {
    const classify = readClassify(rule)
    if (classify === null) continue
    noteName(names, rule, classify)
    document.classify.push(classify)
  }
  for (const rule of members.get('limits')?.items('limits') ?? []) {
    const limit = readLimit(rule)
    if (limit === null) continue
    noteName(names, rule, limit)
    document.limits.push(limit)
  }
  for (const rule of members.get('functions')?.items('functions') ?? []) {
    const read = readFunctionRule(rule)
    if (read === null) continue
    noteName(names, rule, read)
    document.functions.push(read)
  }
  return document
}

/** One namespace for rules, masks and limits: a refusal's `rule` must lead to one place. */
function noteName(names: Map<string, YamlValue>, value: YamlValue, rule: RuleHead): void {
  const earlier = names.get(rule.name)
  if (earlier === undefined) names.set(rule.name, value)
  else {
    value.problem(
      `The name ${JSON.stringify(rule.name)} is used twice; first on line ${earlier.line}.`,
      'Give each rule, mask and limit a name of its own with `name:`.',
    )
  }
}

type ReadRule =
  | { readonly effect: 'allow'; readonly rule: AllowRule }
  | { readonly effect: 'approve'; readonly rule: ApproveRule }
  | { readonly effect: 'deny'; readonly rule: DenyRule }

function readRule(rule: YamlValue): ReadRule | null {
  const members = rule.members('a rule', ['name', 'who', 'target', 'mode', 'allow', 'approve', 'deny', 'reason'])
  if (members === null) return null
  const name = readName(rule, members, null)
  const head = { ...readHead(rule, members, name ?? '', members.has('deny')), ...readMode(members) }
  const allow = members.get('allow')
  const approve = members.get('approve')
  const deny = members.get('deny')
  if ([allow, approve, deny].filter((effect) => effect !== undefined).length > 1) {
    rule.problem('A rule either allows, asks for approval or denies.', 'Split it into a rule for each.')
    return null
  }
  if (approve !== undefined) {
    const read = readApprove(approve, head, readReason(members))
    return read === null || name === null ? null : { effect: 'approve', rule: read }
  }
  if (deny !== undefined) {
    const read = readDeny(deny, head, readReason(members))
    return read === null || name === null ? null : { effect: 'deny', rule: read }
  }
  members
    .get('reason')
    ?.problem('Only an approve or a deny rule has a reason.', 'Remove it, or move it to the rule that it is of.')
  if (allow === undefined) {
    rule.problem(
      'The rule says neither allow nor approve nor deny.',
      'Add `allow:`, `approve:` or `deny:` with what it is about.',
    )
    return null
  }
  const read = readAllow(allow, head)
  return read === null || name === null ? null : { effect: 'allow', rule: read }
}

function readMode(members: Members): Pick<RuleHead, 'observed'> {
  const mode = members.get('mode')
  if (mode === undefined) return {}
  const word = mode.scalar()
  if (word !== 'observe' && word !== 'enforce')
    mode.problem(
      '`mode` is `enforce` (the default) or `observe`.',
      'Write `mode: observe` to record alone what the rule would do.',
    )
  return word === 'observe' ? { observed: true } : {}
}

function readAllow(value: YamlValue, head: RuleHead): AllowRule | null {
  const members = value.members('allow', ['actions', 'relations', 'functions', 'settings', 'files', 'programs'])
  if (members === null) return null
  if (members.size === 0)
    value.problem('The rule allows nothing.', 'Add actions with relations, functions or settings.')
  const relations = listOf(members, 'relations', (list) => readObjectPatterns(list, 'relations'))
  const actions = listOf(members, 'actions', readActions)
  if (members.has('relations') && !members.has('actions')) {
    value.problem('The rule names relations but no actions.', 'Add for example `actions: [select]`.')
  }
  return {
    ...head,
    actions,
    relations,
    functions: listOf(members, 'functions', (list) => readObjectPatterns(list, 'functions')),
    settings: listOf(members, 'settings', readSettings),
    files: listOf(members, 'files', (list) => readTexts(list, 'files')),
    programs: listOf(members, 'programs', readPrograms),
  }
}

/** A command line is given to a shell: a wildcard inside one would let anything be appended. */
function readPrograms(list: YamlValue): readonly string[] {
  for (const item of list.itemsOrOne('programs') ?? []) {
    const text = item.scalar()
    if (typeof text === 'string' && text !== '*' && text.includes('*')) {
      item.problem('A program is a whole command line, or * alone.', 'Write the command line out.')
    }
  }
  return readTexts(list, 'programs')
}

function readDeny(value: YamlValue, head: RuleHead, reason: string | null): DenyRule | null {
  const lists = ['actions', 'relations', 'columns', 'functions', 'settings']
  const members = value.members('deny', [...lists, 'unboundedWrites', 'files', 'programs', 'dynamicSql'])
  if (members === null) return null
  if (members.size === 0) value.problem('The rule denies nothing.', 'To deny everything write `actions: ["*"]`.')
  if (members.has('relations') && members.has('columns')) {
    value.problem('A deny rule names relations or columns, not both.', 'Make two rules of it.')
  }
  const actions = members.get('actions')
  const relations = members.get('relations')
  const columns = members.get('columns')
  return {
    ...head,
    actions: actions === undefined ? null : readActions(actions),
    relations: relations === undefined ? null : readObjectPatterns(relations, 'relations'),
    columns: columns === undefined ? null : readColumnPatterns(columns),
    functions: listOf(members, 'functions', (list) => readObjectPatterns(list, 'functions')),
    settings: listOf(members, 'settings', readSettings),
    unboundedWrites: readTrue(members, 'unboundedWrites'),
    files: readTrue(members, 'files'),
    programs: readTrue(members, 'programs'),
    dynamicSql: readTrue(members, 'dynamicSql'),
    reason,
  }
}

const LIMITS = ['rowsPerStatement', 'statementsPerMinute', 'secondsPerStatement'] as const

function readLimit(rule: YamlValue): LimitRule | null {
  const members = rule.members('a limit', ['name', 'who', 'target', ...LIMITS])
  if (members === null) return null
  const counts = LIMITS.map((key) => [key, readCount(members, key)] as const)
  if (!LIMITS.some((key) => members.has(key)))
    rule.problem('The limit limits nothing.', `Add ${LIMITS.slice(0, -1).join(', ')} or ${LIMITS.at(-1) ?? ''}.`)
  const derived = ['limit', ...counts.flatMap(([key, count]) => (count === null ? [] : [`${key} ${count}`]))]
  const name = readName(rule, members, derived.join(' '))
  if (name === null) return null
  const [rowsPerStatement = null, statementsPerMinute = null, secondsPerStatement = null] = counts.map(
    ([, count]) => count,
  )
  return { ...readHead(rule, members, name), rowsPerStatement, statementsPerMinute, secondsPerStatement }
}

function listOf<T>(members: Members, key: string, read: (list: YamlValue) => readonly T[]): readonly T[] {
  const list = members.get(key)
  return list === undefined ? [] : read(list)
}
