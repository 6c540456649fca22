/** Reads the parts that several kinds of rule share: names, who, target, patterns, lists of words. */
import { actionWords, nearActions } from './action-words.ts'
import { parseNamePattern } from './name-pattern.ts'
import type { NamePattern } from './name-pattern.ts'
import type { ClaimTest, RuleHead, Who } from './policy-document.ts'
import type { YamlValue } from './yaml-source.ts'

/** The members of a rule or of a part of it. */
export type Members = ReadonlyMap<string, YamlValue>

/** Names that refusals use where no rule of the policy decided. */
const reservedNames: ReadonlySet<string> = new Set(['default', 'gateway'])
const maxNameCharacters = 100
/** A MySQL error has 512 bytes for everything. */
const maxReasonCharacters = 300

/** A rule's name, reported once; null where it is missing or no name. */
export function readName(rule: YamlValue, members: Members, derived: string | null): string | null {
  const value = members.get('name')
  if (value === undefined) {
    if (derived === null)
      rule.problem('The rule has no name.', 'Add `name: what-it-does`; refusals and the audit trail show it.')
    return derived
  }
  const name = value.text('A name')
  if (name === null) return null
  if (name.length > maxNameCharacters || /[\p{C}\p{Zl}\p{Zp}]/u.test(name) || name.trim() !== name) {
    value.problem(
      'A name holds visible characters only and no blanks at its ends.',
      `Use letters, digits and hyphens, at most ${maxNameCharacters}.`,
    )
    return null
  }
  if (reservedNames.has(name)) {
    value.problem(`The name ${name} is taken: refusals use it where no rule decided.`, 'Choose another name.')
    return null
  }
  return name
}

/** What a rule of any kind has. `denies`: `who` may then look at the actors before the actor too. */
export function readHead(rule: YamlValue, members: Members, name: string, denies = false): RuleHead {
  const who = members.get('who')
  const target = members.get('target')
  return {
    name,
    who: who === undefined ? null : readWho(who, denies),
    targets: target === undefined ? null : readTexts(target, 'targets'),
    line: rule.line,
  }
}

/** One text or a list of them. */
export function readTexts(value: YamlValue, what: string): readonly string[] {
  return present((value.itemsOrOne(what) ?? []).map((item) => item.text('Each of them')))
}

function readWho(value: YamlValue, denies: boolean): Who | null {
  const members = value.members('who', ['groups', 'subjects', 'actors', 'priorActors', 'issuers', 'claims'])
  if (members === null) return null
  // RFC 8693 section 4.1: whoever acted before is told for information alone, and gives no right.
  if (!denies)
    members
      .get('priorActors')
      ?.problem('Only a deny rule may look at prior actors.', 'Use `actors`, which is who acts now, or a deny rule.')
  if (members.size === 0)
    value.problem('`who` is empty.', 'Leave it out for everyone, or name groups, subjects or actors.')
  const texts = (key: string): readonly string[] | null => {
    const list = members.get(key)
    return list === undefined ? null : readTexts(list, key)
  }
  const claims = members.get('claims')
  return {
    groups: texts('groups'),
    subjects: texts('subjects'),
    actors: texts('actors'),
    priorActors: texts('priorActors'),
    issuers: texts('issuers'),
    claims: claims === undefined ? [] : readClaims(claims),
  }
}

function readClaims(value: YamlValue): readonly ClaimTest[] {
  const entries = value.entries('claims')
  if (entries === null) return []
  if (entries.size === 0) value.problem('`claims` is empty.', 'Write `claim: value`, or leave it out.')
  const tests: ClaimTest[] = []
  for (const [path, wanted] of entries) {
    const values = (wanted.itemsOrOne('values') ?? []).map((item) => {
      const scalar = item.scalar()
      if (scalar === undefined)
        item.problem('A claim is compared with text, a number, true or false.', 'Write one such value.')
      return scalar ?? null
    })
    tests.push({ path, values: present(values) })
  }
  return tests
}

/** Action words of a rule; unknown ones are problems. */
export function readActions(value: YamlValue): readonly string[] {
  const words = (value.items('actions') ?? []).map((item) => {
    const word = item.text('An action')
    if (word === null) return null
    if (actionWords.has(word)) return word
    item.problem(`Unknown action ${JSON.stringify(word)}.`, () => nearActions(word))
    return null
  })
  return present(words)
}

/** `schema.name` or `name`. */
export function readObjectPatterns(value: YamlValue, what: string): readonly NamePattern[] {
  return readPatterns(value, what, 1, 2, 'public.orders, public.*, *.orders, orders (any schema) or * (everything)')
}

/** `schema.relation.column` or `relation.column`. */
export function readColumnPatterns(value: YamlValue): readonly NamePattern[] {
  return readPatterns(value, 'columns', 2, 3, 'public.users.ssn, users.ssn (any schema) or *.ssn (any relation)')
}

function readPatterns(
  value: YamlValue,
  what: string,
  min: number,
  max: number,
  examples: string,
): readonly NamePattern[] {
  const patterns = (value.items(what) ?? []).map((item) => {
    const source = item.text('A pattern')
    if (source === null) return null
    const pattern = parseNamePattern(source, min, max)
    if (typeof pattern !== 'string') return pattern
    item.problem(
      `${JSON.stringify(source.slice(0, 100))} is no pattern for ${what}: ${pattern}.`,
      `Write for example ${examples}.`,
    )
    return null
  })
  return present(patterns)
}

/** Names of settings, in lower case, `*` allowed. */
export function readSettings(value: YamlValue): readonly string[] {
  return readTexts(value, 'settings').map((name) => name.toLowerCase())
}

/** A switch that can only be turned on: leaving it out is the other choice. */
export function readTrue(members: Members, key: string): boolean {
  const value = members.get(key)
  if (value === undefined) return false
  if (value.scalar() !== true) value.problem(`${key} can only be true.`, 'Write true, or leave it out.')
  return true
}

/** The operator's words, on one line; null: none given. */
export function readReason(members: Members): string | null {
  const value = members.get('reason')
  const text = value?.text('A reason')
  if (value === undefined || text === undefined || text === null) return null
  const line = text.replaceAll(/\s+/g, ' ').trim()
  if (line.length <= maxReasonCharacters && line !== '' && !/\p{C}/u.test(line)) return line
  value.problem(`A reason has 1 to ${maxReasonCharacters} visible characters.`, 'Shorten it; link to a page for more.')
  return null
}

/** A whole number of at least one; null where absent or wrong. */
export function readCount(members: Members, key: string): number | null {
  const value = members.get(key)
  if (value === undefined) return null
  const count = value.scalar()
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 1) return count
  value.problem(`${key} must be a whole number of at least 1.`, 'Write for example 1000; to forbid, use a deny rule.')
  return null
}

function present<T>(values: readonly (T | null)[]): readonly T[] {
  return values.filter((value) => value !== null)
}
