import type { PersonalData } from './personal-data.ts'
import type { SampleTally } from './sample-tally.ts'

/** What each detector of `packages/core` means as a kind. */
const KIND_OF_DETECTOR: ReadonlyMap<string, PersonalData> = new Map<string, PersonalData>([
  ['private_key', 'passwords-and-secrets'],
  ['jwt', 'passwords-and-secrets'],
  ['secret_key', 'passwords-and-secrets'],
  ['iban', 'bank-accounts'],
  ['credit_card', 'card-numbers'],
  ['us_ssn', 'social-security-numbers'],
  ['email', 'email-addresses'],
  ['phone', 'telephone-numbers'],
])

/** Kinds whose values have a form of their own, so that a sample without one speaks against the name. */
const TELLING: ReadonlySet<PersonalData> = new Set<PersonalData>(['email-addresses', 'card-numbers'])

/** Kinds that are little more than digits: numbers of other things can look alike, whatever their share. */
const DIGITS_ALONE: ReadonlySet<PersonalData> = new Set<PersonalData>(['telephone-numbers', 'social-security-numbers'])

/** True for a kind that values alone do not make certain. */
export function isDigitsAlone(kind: PersonalData): boolean {
  return DIGITS_ALONE.has(kind)
}

/** From this share of the sample on, the column is what was found. */
const COLUMN_SHARE = 0.5
/** From this share on it hardly can be anything else. */
const CERTAIN_SHARE = 0.9
/** Fewer values than this prove nothing by themselves. */
const FEW_VALUES = 10

/** What a column's sample says of it. */
export type ContentJudgement =
  /** Nothing was sampled, or only NULLs. */
  | { readonly says: 'nothing' }
  /** The values were looked at and nothing was found. */
  | { readonly says: 'not-found'; readonly values: number }
  /** Most values are of one kind. */
  | {
      readonly says: 'is'
      readonly kind: PersonalData
      readonly hits: number
      readonly values: number
      readonly sure: boolean
    }
  /** Some values have something in them: `found` by detector, most often found first. */
  | {
      readonly says: 'has-some'
      readonly found: readonly { readonly detector: string; readonly hits: number }[]
      readonly values: number
    }

export function judgeContent(tally: SampleTally | null): ContentJudgement {
  if (tally === null || tally.values === 0) return { says: 'nothing' }
  const { values } = tally
  const wholes = new Map<PersonalData, number>()
  for (const [detector, { whole }] of tally.detectors) {
    const kind = KIND_OF_DETECTOR.get(detector)
    if (kind !== undefined) wholes.set(kind, (wholes.get(kind) ?? 0) + whole)
  }
  const [best] = [...wholes].toSorted((left, right) => right[1] - left[1])
  if (best !== undefined && best[1] > 0 && best[1] >= COLUMN_SHARE * values) {
    const [kind, hits] = best
    return { says: 'is', kind, hits, values, sure: hits >= CERTAIN_SHARE * values && values >= FEW_VALUES }
  }
  const found = [...tally.detectors]
    .map(([detector, { whole, within }]) => ({ detector, hits: whole + within }))
    .filter(({ hits }) => hits > 0)
    .toSorted((left, right) => right.hits - left.hits || (left.detector < right.detector ? -1 : 1))
  return found.length === 0 ? { says: 'not-found', values } : { says: 'has-some', found, values }
}

/** True when so many values without a hit speak against a name of this kind. */
export function speaksAgainst(kind: PersonalData, content: ContentJudgement): boolean {
  return TELLING.has(kind) && content.says === 'not-found' && content.values >= 2 * FEW_VALUES
}

/** What values look like that this detector finds; the detector's own word where it is not known here. */
export function kindOfDetector(detector: string): PersonalData | null {
  return KIND_OF_DETECTOR.get(detector) ?? null
}
