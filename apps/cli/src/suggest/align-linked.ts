import type { MaskSpec } from '@gatehouse/core'
import { chooseLinkedMask } from './choose-mask.ts'
import { type ColumnLink, columnKey, compareColumns, type TargetColumn } from './columns.ts'
import { compareConfidence, type Proposal } from './proposal.ts'

/**
 * Gives columns that hold the same values by a foreign key the same mask, in `judged`: what is joined over them lines up, and
 * what is copied from one to the other is masked the same. The policy's own mask goes first, then the surest proposal.
 */
export function alignLinked(
  columns: readonly TargetColumn[],
  links: readonly ColumnLink[],
  judged: Map<string, Proposal>,
): void {
  const byKey = new Map(columns.map((column) => [columnKey(column.name), column]))
  for (const group of linkedGroups(links)) {
    const members = group.flatMap((key) => byKey.get(key) ?? []).toSorted(compareColumns)
    if (members.length > 1) alignGroup(members, judged)
  }
}

function alignGroup(members: readonly TargetColumn[], judged: Map<string, Proposal>): void {
  const [surest] = members.flatMap((member) => judged.get(columnKey(member.name)) ?? []).toSorted(compareConfidence)
  const ruled = members.find(({ masked }) => masked !== null && canBeRepeated(masked.spec, members))
  const spec = ruled?.masked?.spec ?? proposedMask(surest, members)
  const source = ruled ?? surest?.column
  if (spec === null || source === undefined) return
  for (const member of members) {
    if (member.masked !== null) continue
    const key = columnKey(member.name)
    const own = judged.get(key)
    judged.set(key, {
      column: member,
      kind: surest?.kind ?? null,
      confidence: ruled === undefined ? (surest?.confidence ?? 'likely') : 'certain',
      spec,
      why: {
        name: own?.why.name ?? false,
        type: own?.why.type ?? false,
        content: own?.why.content ?? { says: 'nothing' },
        sameAs: source === member ? null : source,
      },
    })
  }
}

function proposedMask(surest: Proposal | undefined, members: readonly TargetColumn[]): MaskSpec | null {
  if (surest === undefined) return null
  const linked =
    surest.kind === null
      ? null
      : chooseLinkedMask(
          surest.kind,
          members.map(({ type }) => type),
        )
  return linked ?? surest.spec
}

/** A pseudonym without a domain of its own is the rule's alone: no other rule can say the same. */
function canBeRepeated(spec: MaskSpec | null, members: readonly TargetColumn[]): boolean {
  if (spec === null || (spec.kind === 'pseudonym' && spec.domain.startsWith('rule '))) return false
  return members.every(({ type }) => type.check(spec) === null)
}

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
