import { DETECTORS, type Detector } from '../classification/detector.ts'
import type { Replacement } from '../classification/text-redactor.ts'
import { nearestWord } from './nearest-word.ts'
import type { ClassifyRule } from './policy-document.ts'
import { readColumnPatterns, readHead, readName } from './rule-parts.ts'
import type { Members } from './rule-parts.ts'
import type { YamlValue } from './yaml-source.ts'

const replacementWords = ['redact', 'partial']
/** Longest visible end of a partial replacement: more would be none. */
const maxKeptCharacters = 6

/** Reads one entry of `classify`; null where something in it is wrong. */
export function readClassify(rule: YamlValue): ClassifyRule | null {
  const members = rule.members('a classify rule', ['name', 'who', 'target', 'detect', 'with', 'except'])
  if (members === null) return null
  const list = members.get('detect')
  if (list === undefined) {
    rule.problem('The classify rule detects nothing.', `Add \`detect:\` with some of ${DETECTORS.join(', ')}.`)
  }
  const detect = list === undefined ? [] : readDetectors(list)
  const name = readName(rule, members, `classify ${detect.join(' ')}`)
  const replacement = readReplacement(members)
  const exceptList = members.get('except')
  const except = exceptList === undefined ? [] : readColumnPatterns(exceptList)
  if (name === null || replacement === null || detect.length === 0) return null
  return { ...readHead(rule, members, name), detect, replacement, except }
}

function readDetectors(list: YamlValue): readonly Detector[] {
  const items = list.items('detect') ?? []
  if (items.length === 0) list.problem('`detect` is empty.', `Name some of ${DETECTORS.join(', ')}.`)
  const found = new Set<Detector>()
  for (const item of items) {
    const word = item.text('A detector')
    if (word === null) continue
    const detector = DETECTORS.find((one) => one === word)
    if (detector !== undefined) {
      found.add(detector)
      continue
    }
    const nearest = nearestWord(word, DETECTORS)
    item.problem(
      `Unknown detector ${JSON.stringify(word.slice(0, 100))}.`,
      `${nearest === null ? '' : `Did you mean ${nearest}? `}Detectors are ${DETECTORS.join(', ')}.`,
    )
  }
  return [...found]
}

/** `with: redact`, the default, or `with: { partial: { keepLast: 4 } }`. */
function readReplacement(rule: Members): Replacement | null {
  const value = rule.get('with')
  if (value === undefined) return { kind: 'redact' }
  if (!value.isMap) {
    const word = value.scalar()
    if (word === 'redact') return { kind: 'redact' }
    if (word === 'partial') value.problem('The replacement partial needs an option.', partialExample)
    else {
      const nearest = typeof word === 'string' ? nearestWord(word, replacementWords) : null
      value.problem(
        `Unknown replacement ${JSON.stringify(word ?? null)}.`,
        `${nearest === null ? '' : `Did you mean ${nearest}? `}What is found is replaced with redact or partial.`,
      )
    }
    return null
  }
  const members = value.members('with', ['partial'])
  if (members === null) return null
  const partial = members.get('partial')
  if (partial === undefined) {
    value.problem('The replacement is redact or partial.', partialExample)
    return null
  }
  return readPartial(partial)
}

const partialExample = 'Write `with: redact` or `with: { partial: { keepLast: 4 } }`.'

function readPartial(option: YamlValue): Replacement | null {
  const members = option.members('partial', ['keepFirst', 'keepLast'])
  if (members === null) return null
  const keepFirst = readKept(members, 'keepFirst')
  const keepLast = readKept(members, 'keepLast')
  if (keepFirst === null || keepLast === null) return null
  if (keepFirst + keepLast > 0) return { kind: 'partial', keepFirst, keepLast }
  option.problem('A partial replacement that keeps nothing is redact.', partialExample)
  return null
}

function readKept(members: Members, key: string): number | null {
  const value = members.get(key)
  const count = value === undefined ? 0 : value.scalar()
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 && count <= maxKeptCharacters) return count
  value?.problem(`${key} is a whole number from 0 to ${maxKeptCharacters}.`, 'Write for example `keepLast: 4`.')
  return null
}
