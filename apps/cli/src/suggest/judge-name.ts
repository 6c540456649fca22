import {
  ABOUT_IT,
  ASKED_ABOUT,
  NAME_PHRASES,
  type NamePhrase,
  type NameStrength,
  PEOPLE,
  PLACES,
  STILL_IT,
  TABLE_ENDS,
} from './name-table.ts'
import { nameWords, singular } from './name-words.ts'
import { PERSONAL_DATA, type PersonalData } from './personal-data.ts'
import type { SuggestedType } from './suggested-type.ts'

/** What a column's name says it holds. */
export interface NameJudgement {
  readonly kind: PersonalData
  readonly strength: NameStrength
}

/** Kinds that say more of somebody in a table of people, and less in a table of places. */
const PERSONAL_BY_TABLE: ReadonlySet<PersonalData> = new Set<PersonalData>([
  'email-addresses',
  'telephone-numbers',
  'postal-addresses',
  'postal-codes',
  'coordinates',
  'network-addresses',
])

/**
 * What the names of a column and its table say the column holds, on its type; null: nothing. A phrase may stand anywhere in
 * the name; what stands after it can take its meaning away, and so can the type.
 */
export function judgeName(relation: string, column: string, type: SuggestedType): NameJudgement | null {
  const words = nameWords(column)
  const phrase = findPhrase(words)
  if (phrase === null || phrase.kind === null) return null
  const { kind } = phrase
  if (!fitsType(kind, type)) return null
  if (words.slice(0, phrase.start).some((word) => ASKED_ABOUT.has(word))) return null
  const strength = afterPhrase(phrase.strength, words.slice(phrase.end), words.slice(0, phrase.start))
  if (strength === null) return null
  return inTable(kind, strength, words, relation)
}

interface FoundPhrase extends NamePhrase {
  readonly start: number
  readonly end: number
}

/** The longest phrase in the name; of equal ones the strongest, then the last: the head of a name comes last. */
function findPhrase(words: readonly string[]): FoundPhrase | null {
  const singulars = words.map(singular)
  let best: FoundPhrase | null = null
  for (const phrase of NAME_PHRASES) {
    if (best !== null && phrase.words.length < best.words.length) break
    for (let start = words.length - phrase.words.length; start >= 0; start--) {
      const matches = phrase.words.every(
        (word, index) => word === words[start + index] || word === singulars[start + index],
      )
      if (!matches) continue
      const found = { ...phrase, start, end: start + phrase.words.length }
      if (best === null || goesBefore(found, best)) best = found
    }
  }
  return best
}

function goesBefore(one: FoundPhrase, other: FoundPhrase): boolean {
  const stronger = STRENGTHS.indexOf(one.strength) - STRENGTHS.indexOf(other.strength)
  return stronger < 0 || (stronger === 0 && one.start > other.start)
}

const STRENGTHS: readonly NameStrength[] = ['strong', 'fair', 'weak']

function fitsType(kind: PersonalData, type: SuggestedType): boolean {
  if (kind === 'birth-dates' && type.small) return true
  return PERSONAL_DATA[kind].types.includes(type.group)
}

/** What is left of the strength when other words stand beside the phrase; null: nothing. */
function afterPhrase(strength: NameStrength, after: readonly string[], before: readonly string[]): NameStrength | null {
  if (after.some((word) => ABOUT_IT.has(word) && !STILL_IT.has(word))) return null
  if (after.some((word) => ABOUT_IT.has(word))) return null
  const unknown = after.some((word) => !STILL_IT.has(word) && !PEOPLE.has(singular(word)))
  if (unknown) return strength === 'strong' ? 'weak' : null
  // `weak` phrases are whole names: `name`, not `event name`.
  const whole = before.every((word) => STILL_IT.has(word) || PEOPLE.has(singular(word)))
  return strength === 'weak' && !whole ? null : strength
}

function inTable(
  kind: PersonalData,
  strength: NameStrength,
  words: readonly string[],
  relation: string,
): NameJudgement | null {
  const table = headOfTable(relation)
  const ofPerson = PEOPLE.has(table) || words.some((word) => PEOPLE.has(singular(word)))
  if (strength === 'weak') {
    // The handle somebody logs in with is public as often as not: it stays the least sure.
    if (!ofPerson) return kind === 'coordinates' || kind === 'names-of-people' || PLACES.has(table) ? null : weak(kind)
    return { kind, strength: kind === 'user-names' || kind === 'protected-traits' ? 'weak' : 'fair' }
  }
  if (!PERSONAL_BY_TABLE.has(kind)) return { kind, strength }
  if (ofPerson) return { kind, strength: 'strong' }
  if (!PLACES.has(table)) return { kind, strength }
  return strength === 'strong' ? { kind, strength: 'weak' } : null
}

function weak(kind: PersonalData): NameJudgement | null {
  return WEAK_ANYWHERE.has(kind) ? { kind, strength: 'weak' } : null
}

/** Weak phrases of these kinds are worth a look in any table; the rest in tables of people only. */
const WEAK_ANYWHERE: ReadonlySet<PersonalData> = new Set<PersonalData>([
  'card-expiry-dates',
  'bank-accounts',
  'user-names',
  'passwords-and-secrets',
])

/** The last word of a table's name that says whose it is: `customer` of `crm_customers_archive`. */
export function headOfTable(relation: string): string {
  const words = nameWords(relation).map(singular)
  for (let at = words.length - 1; at > 0; at--) {
    const word = words[at] ?? ''
    if (!TABLE_ENDS.has(word)) return word
  }
  return words[0] ?? ''
}
