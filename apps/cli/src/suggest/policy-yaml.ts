import { DETECTORS } from '@gatehouse/core'
import { becomesNull, maskText } from './choose-mask.ts'
import type { TargetColumn } from './columns.ts'
import { kindOfDetector, speaksAgainst } from './judge-content.ts'
import { columnPattern, commentText, yamlText } from './pattern-text.ts'
import { PERSONAL_DATA, PERSONAL_DATA_KINDS } from './personal-data.ts'
import type { Proposal } from './proposal.ts'
import type { FreeText, Proposals } from './propose.ts'

/** What is told beside the proposals. */
export interface SuggestionReport {
  readonly target: string
  /** Most rows sampled of a table; 0: none was. */
  readonly sampleRows: number
  /** How many tables were looked at, and how many of them were sampled. */
  readonly tables: number
  readonly sampled: number
  /** Relations without a sample, and why, each a sentence without any value. */
  readonly notSampled: readonly { readonly relation: string; readonly why: string }[]
  readonly materializedViews: readonly string[]
  readonly foreignTables: readonly string[]
  /** Names that rules of the policy have already. */
  readonly takenNames: ReadonlySet<string>
}

/** The proposals as the `masks` and `classify` sections of a policy, with a comment of why. The same input gives the same text. */
export function policyYaml(proposals: Proposals, report: SuggestionReport): string {
  const names = new RuleNames(report.takenNames)
  const lines = [...heading(report), ...notes(report)]
  if (proposals.masks.length === 0 && proposals.freeText.length === 0) lines.push('#', '# Nothing is proposed.')
  if (proposals.masks.length > 0) lines.push('', 'masks:', ...maskRules(proposals.masks, report.target, names))
  if (proposals.freeText.length > 0) lines.push('', ...classifyRule(proposals.freeText, report.target, names))
  if (proposals.masked.length > 0) lines.push('', ...maskedAlready(proposals.masked))
  return `${lines.join('\n')}\n`
}

function heading({ target, sampleRows, tables, sampled }: SuggestionReport): string[] {
  const seen =
    sampleRows === 0
      ? `names and types of ${count(tables, 'table')}; no row was read`
      : `names and types of ${count(tables, 'table')}, and at most ${sampleRows} rows of each of ${sampled} of them`
  return [
    `# Masks proposed for target ${commentText(target)}, by ${seen}.`,
    '# Proposals, not a policy: read each, put what is right into the policy, and run `gatehouse policy check`.',
    '# A mask without `predicates` also refuses conditions, joins and ordering over its columns.',
  ]
}

function notes({ notSampled, materializedViews, foreignTables }: SuggestionReport): string[] {
  const lines: string[] = []
  if (notSampled.length > 0) {
    lines.push('#', '# Judged by name and type alone, for no sample could be had:')
    for (const { relation, why } of notSampled) lines.push(`#   ${commentText(relation)}: ${commentText(why)}`)
  }
  if (materializedViews.length > 0) {
    lines.push(
      '#',
      '# Materialized views need no rules: like views, they are masked by the columns they are made from:',
    )
    for (const name of materializedViews) lines.push(`#   ${commentText(name)}`)
  }
  if (foreignTables.length > 0) {
    lines.push('#', '# Foreign tables are tables of their own here; what other targets call them needs rules there:')
    for (const name of foreignTables) lines.push(`#   ${commentText(name)}`)
  }
  return lines
}

function maskRules(masks: readonly Proposal[], target: string, names: RuleNames): string[] {
  const groups = new Map<string, Proposal[]>()
  const sorted = masks.toSorted((left, right) => order(left) - order(right))
  for (const proposal of sorted) {
    const key = JSON.stringify([proposal.confidence, proposal.kind, proposal.spec])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [proposal])
    else group.push(proposal)
  }
  return [...groups.values()].flatMap((group, index) => [
    ...(index === 0 ? [] : ['']),
    ...maskRule(group, target, names),
  ])
}

const CONFIDENCE_ORDER = { certain: 0, likely: 1, 'look at it': 2 } as const

function order({ confidence, kind }: Proposal): number {
  const place = kind === null ? PERSONAL_DATA_KINDS.length : PERSONAL_DATA_KINDS.indexOf(kind)
  return CONFIDENCE_ORDER[confidence] * 1000 + place
}

function maskRule(group: readonly Proposal[], target: string, names: RuleNames): string[] {
  const [first] = group
  if (first === undefined) return []
  const { confidence, kind, spec } = first
  return [
    `  # ${confidence}: ${kind === null ? 'holds the values of a masked column' : PERSONAL_DATA[kind].title}`,
    `  - name: ${yamlText(names.take(kind ?? 'linked-columns'))}`,
    `    target: ${yamlText(target)}`,
    '    columns:',
    ...group.flatMap((proposal) => [
      `      # ${why(proposal)}`,
      `      - ${yamlText(columnPattern(proposal.column.name))}`,
    ]),
    `    with: ${maskText(spec)}`,
    ...(group.some(({ why: { sameAs } }) => sameAs !== null)
      ? ['    # predicates: equality would allow joins over these columns, and guessing at their values.']
      : []),
  ]
}

function why({ column, spec, why: { name, type, content, sameAs }, kind }: Proposal): string {
  const { typeText } = column
  const reasons = [name ? `by name and type (${typeText})` : type ? `by type alone (${typeText})` : `type ${typeText}`]
  if (content.says === 'is') {
    const title = PERSONAL_DATA[content.kind].title
    reasons.push(`${content.hits} of ${count(content.values, 'sampled value')} ${looks(content.hits)} like ${title}`)
  } else if (content.says === 'has-some') {
    const [most] = content.found
    if (most !== undefined)
      reasons.push(
        `${most.hits} of ${count(content.values, 'sampled value')} ${holds(most.hits)} ${titleOf(most.detector)}`,
      )
  } else if (content.says === 'not-found' && kind !== null && speaksAgainst(kind, content)) {
    reasons.push(`none of ${count(content.values, 'sampled value')} looks like one`)
  }
  if (sameAs !== null) reasons.push(`same values as ${columnPattern(sameAs.name)} (foreign key)`)
  if (becomesNull(spec, column.type)) reasons.push('every value becomes NULL, for no other can be written')
  return commentText(reasons.join('; '))
}

/** One rule for all: what is looked for in free text is looked for in every text that no mask covers. */
function classifyRule(freeText: readonly FreeText[], target: string, names: RuleNames): string[] {
  const found = new Set(freeText.flatMap((one) => one.found.map(({ detector }) => detector)))
  return [
    'classify:',
    '  # likely: text that holds something here and there. It is looked for in all text that no mask covers.',
    `  - name: ${yamlText(names.take('free-text'))}`,
    `    target: ${yamlText(target)}`,
    ...freeText.map((one) => `    # ${commentText(whyFreeText(one))}`),
    `    detect: [${DETECTORS.filter((detector) => found.has(detector)).join(', ')}]`,
    '    with: redact',
  ]
}

function whyFreeText({ column, found, values }: FreeText): string {
  const shares = found.map(({ detector, hits }, index) =>
    index === 0
      ? `${hits} of ${count(values, 'sampled value')} ${holds(hits)} ${titleOf(detector)}`
      : `${hits} ${titleOf(detector)}`,
  )
  return `${columnPattern(column.name)} (${column.typeText}): ${shares.join(', ')}`
}

function maskedAlready(columns: readonly TargetColumn[]): string[] {
  return [
    '# Already masked:',
    ...columns.map(({ name, masked }) => {
      const rules = masked?.rules ?? []
      const some = masked?.forSome === true ? ', for some principals only' : ''
      return `#   ${commentText(columnPattern(name))} by rule ${commentText(rules.join(', '))}${some}`
    }),
  ]
}

/** Hands out names of rules that are not taken. */
class RuleNames {
  readonly #taken: Set<string>

  constructor(taken: ReadonlySet<string>) {
    this.#taken = new Set(taken)
  }

  take(wanted: string): string {
    let name = wanted
    for (let number = 2; this.#taken.has(name); number++) name = `${wanted}-${number}`
    this.#taken.add(name)
    return name
  }
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`
}

function looks(number: number): string {
  return number === 1 ? 'looks' : 'look'
}

function holds(number: number): string {
  return number === 1 ? 'holds' : 'hold'
}

function titleOf(detector: string): string {
  const kind = kindOfDetector(detector)
  return kind === null ? detector : PERSONAL_DATA[kind].title
}
