import type { Approval } from '../api/answers.ts'
import { momentOf } from '../text/moments.ts'

/** How much there is to lose, in words; `level` 4 is the most. The levels are those of the service's `risk`. */
export interface RiskWords {
  readonly level: 0 | 1 | 2 | 3 | 4
  readonly words: string
}

/** `risk` counts its levels in billions. */
const LEVEL = 1_000_000_000
const WORDS: readonly RiskWords[] = [
  { level: 0, words: 'Reads' },
  { level: 1, words: 'New rows' },
  { level: 2, words: 'Changes' },
  { level: 3, words: 'Many rows' },
  { level: 4, words: 'Whole table' },
]
const WORST: RiskWords = { level: 4, words: 'Whole table' }

/** A risk that is none of the known counts as the worst. `inClear`: masked columns would come back in clear. */
export function riskWords(risk: number, inClear = false): RiskWords {
  const words = WORDS[Math.floor(risk / LEVEL)] ?? WORST
  return inClear && words.level === 2 ? { level: 2, words: 'In clear' } : words
}

/** The most to lose first; of equal ones the newest. */
export function byRisk(approvals: readonly Approval[]): readonly Approval[] {
  return approvals.toSorted(
    (one, other) => other.request.risk - one.request.risk || momentOf(other.createdAt) - momentOf(one.createdAt),
  )
}

/** Latest end first. */
export function byEnd(approvals: readonly Approval[]): readonly Approval[] {
  const end = ({ endedAt, createdAt }: Approval): number => momentOf(endedAt ?? createdAt)
  return approvals.toSorted((one, other) => end(other) - end(one))
}
