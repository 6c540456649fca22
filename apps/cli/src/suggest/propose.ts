import type { MaskSpec } from '@gatehouse/core'
import { chooseMask } from './choose-mask.ts'
import { type ColumnLink, columnKey, type TargetColumn } from './columns.ts'
import { type ContentJudgement, isDigitsAlone, judgeContent, speaksAgainst } from './judge-content.ts'
import { headOfTable, judgeName, type NameJudgement } from './judge-name.ts'
import { PEOPLE } from './name-table.ts'
import type { PersonalData } from './personal-data.ts'
import type { SampleTally } from './sample-tally.ts'
import { typeGroup } from './type-group.ts'

/** How sure a proposal is, surest first. */
export type Confidence = 'certain' | 'likely' | 'look at it'

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

const CONFIDENCES: readonly Confidence[] = ['certain', 'likely', 'look at it']

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
    else if (content.says === 'has-some') freeText.push({ column, found: content.found, values: content.values })
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
  const named = judgeName(relation, name, column.type)
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
    return made(content.kind, content.sure || agrees ? 'certain' : 'likely', agrees)
  }
  if (named === null) {
    if (typeGroup(column.type) !== 'network') return null
    return made('network-addresses', PEOPLE.has(headOfTable(relation)) ? 'likely' : 'look at it', false, true)
  }
  const confidence = confidenceOf(named, content)
  return confidence === null ? null : made(named.kind, confidence, true)
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

/**
 * Columns that hold the same values by a foreign key get the same mask: joins over them line up, and what is copied from one
 * to the other is masked the same. The policy's own mask goes first, then the surest proposal.
 */
function alignLinked(
  columns: readonly TargetColumn[],
  links: readonly ColumnLink[],
  judged: Map<string, Proposal>,
): void {
  const byKey = new Map(columns.map((column) => [columnKey(column.name), column]))
  for (const group of linkedGroups(links)) {
    const members = group.flatMap((key) => byKey.get(key) ?? []).toSorted(compareColumns)
    const ruled = members.find(({ masked }) => masked !== null && masked.spec !== null)
    const [surest] = members
      .flatMap((member) => judged.get(columnKey(member.name)) ?? [])
      .toSorted((left, right) => rank(left) - rank(right))
    for (const member of members) {
      if (member.masked !== null) continue
      const key = columnKey(member.name)
      const own = judged.get(key)
      if (ruled?.masked?.spec !== undefined && ruled.masked.spec !== null) {
        const base = own ?? surest
        judged.set(key, {
          column: member,
          kind: base?.kind ?? null,
          confidence: 'certain',
          spec: ruled.masked.spec,
          why: { name: own?.why.name ?? false, type: false, content: own?.why.content ?? NOTHING, sameAs: ruled },
        })
      } else if (surest !== undefined && surest !== own) {
        const { kind, confidence, spec, column } = surest
        const why = own?.why ?? { name: false, type: false, content: NOTHING }
        judged.set(key, { column: member, kind, confidence, spec, why: { ...why, sameAs: column } })
      }
    }
  }
}

const NOTHING: ContentJudgement = { says: 'nothing' }

/** Columns connected by links, over any number of steps. */
function linkedGroups(links: readonly ColumnLink[]): readonly (readonly string[])[] {
  const groupOf = new Map<string, Set<string>>()
  for (const { from, to } of links) {
    const one = groupOf.get(columnKey(from)) ?? new Set([columnKey(from)])
    const other = groupOf.get(columnKey(to)) ?? new Set([columnKey(to)])
    const joined = one === other ? one : new Set([...one, ...other])
    for (const key of joined) groupOf.set(key, joined)
  }
  return [...new Set(groupOf.values())].map((group) => [...group].toSorted())
}

function rank({ confidence }: Proposal): number {
  return CONFIDENCES.indexOf(confidence)
}

function compareProposals(left: Proposal, right: Proposal): number {
  return rank(left) - rank(right) || compareColumns(left.column, right.column)
}

/** By name, code point by code point: the same order on every machine. */
function compareColumns(left: TargetColumn, right: TargetColumn): number {
  const one = columnKey(left.name)
  const other = columnKey(right.name)
  return one < other ? -1 : one > other ? 1 : 0
}
