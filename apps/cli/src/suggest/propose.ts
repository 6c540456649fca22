import { alignLinked } from './align-linked.ts'
import { chooseMask } from './choose-mask.ts'
import { type ColumnLink, columnKey, compareColumns, type TargetColumn } from './columns.ts'
import { type ContentJudgement, isDigitsAlone, judgeContent, speaksAgainst } from './judge-content.ts'
import { headOfTable, judgeName, type NameJudgement } from './judge-name.ts'
import { PEOPLE } from './name-table.ts'
import type { PersonalData } from './personal-data.ts'
import { compareConfidence, type Confidence, type Proposal } from './proposal.ts'
import type { SampleTally } from './sample-tally.ts'

/** Free text in which something was found here and there. */
export interface FreeText {
  readonly column: TargetColumn
  readonly found: readonly { readonly detector: string; readonly hits: number }[]
  readonly values: number
}

export interface Proposals {
  /** Surest first, then by kind, then by name. */
  readonly masks: readonly Proposal[]
  readonly freeText: readonly FreeText[]
  /** Columns that a rule of the policy masks already. */
  readonly masked: readonly TargetColumn[]
}

/** Proposes masks for the columns that have none. `tallies` by `columnKey`; a column that is not in it was not sampled. */
export function propose(
  columns: readonly TargetColumn[],
  links: readonly ColumnLink[],
  tallies: ReadonlyMap<string, SampleTally>,
): Proposals {
  const judged = new Map<string, Proposal>()
  const freeText: FreeText[] = []
  for (const column of columns) {
    if (column.masked !== null) continue
    const key = columnKey(column.name)
    const content = judgeContent(tallies.get(key) ?? null)
    const proposal = judge(column, content)
    if (proposal !== null) judged.set(key, proposal)
    else if (content.says === 'has-some') {
      const found = content.found.filter(({ detector }) => !column.detected.has(detector))
      if (found.length > 0) freeText.push({ column, found, values: content.values })
    }
  }
  alignLinked(columns, links, judged)
  return {
    masks: [...judged.values()].toSorted(compareProposals),
    freeText: freeText
      .filter(({ column }) => !judged.has(columnKey(column.name)))
      .toSorted((left, right) => compareColumns(left.column, right.column)),
    masked: columns.filter(({ masked }) => masked !== null).toSorted(compareColumns),
  }
}

function judge(column: TargetColumn, content: ContentJudgement): Proposal | null {
  const { relation, column: name } = column.name
  const byColumn = judgeName(relation, name, column.type)
  const byTypeName =
    byColumn !== null || column.ownTypeName === null ? null : judgeName(relation, column.ownTypeName, column.type)
  const named = byColumn ?? byTypeName
  const made = (kind: PersonalData, confidence: Confidence, byName: boolean, byType = false): Proposal => ({
    column,
    kind,
    confidence,
    spec: chooseMask(kind, column.type),
    why: { name: byName, type: byType, content, sameAs: null },
  })
  if (content.says === 'is') {
    const agrees = named?.kind === content.kind
    if (!agrees && isDigitsAlone(content.kind)) return made(content.kind, content.sure ? 'likely' : 'look at it', false)
    return made(content.kind, content.sure || agrees ? 'certain' : 'likely', agrees && byColumn !== null)
  }
  if (named === null) {
    if (column.type.group !== 'network') return null
    return made('network-addresses', PEOPLE.has(headOfTable(relation)) ? 'likely' : 'look at it', false, true)
  }
  const confidence = confidenceOf(named, content)
  return confidence === null ? null : made(named.kind, confidence, byColumn !== null, byTypeName !== null)
}

function confidenceOf(named: NameJudgement, content: ContentJudgement): Confidence | null {
  const against = speaksAgainst(named.kind, content)
  if (named.strength === 'weak') return against ? null : 'look at it'
  if (against) return 'look at it'
  return named.strength === 'strong' && !KNOWN_BY_CONTENT.has(named.kind) ? 'certain' : 'likely'
}

/** Kinds that detectors know: their name alone, without a value that agrees, is not certain. */
const KNOWN_BY_CONTENT: ReadonlySet<PersonalData> = new Set<PersonalData>([
  'email-addresses',
  'telephone-numbers',
  'card-numbers',
  'bank-accounts',
])

function compareProposals(left: Proposal, right: Proposal): number {
  return compareConfidence(left, right) || compareColumns(left.column, right.column)
}
