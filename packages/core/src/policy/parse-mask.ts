import type { MaskSpec } from '../masking/mask-spec.ts'
import { nearestWord } from './nearest-word.ts'
import { pseudonymOfRule, readHash, readPseudonym } from './parse-keyed-mask.ts'
import type { MaskPredicates, MaskRule } from './policy-document.ts'
import { readColumnPatterns, readHead, readName } from './rule-parts.ts'
import type { Members } from './rule-parts.ts'
import type { YamlValue } from './yaml-source.ts'

const maskWords = ['redact', 'null', 'partial', 'email', 'hash', 'pseudonym', 'truncate', 'constant']
const truncations = ['year', 'month', 'day', 'hour'] as const
/** Longest constant and longest visible end of a partial mask: more would be no mask. */
const maxConstantCharacters = 1000
const maxKeptCharacters = 100

/** Reads one entry of `masks`; null where something in it is wrong. */
export function readMask(rule: YamlValue): MaskRule | null {
  const members = rule.members('a mask', ['name', 'who', 'target', 'columns', 'with', 'predicates'])
  if (members === null) return null
  const list = members.get('columns')
  if (list === undefined) rule.problem('The mask names no columns.', 'Add `columns: [public.users.ssn]`.')
  const columns = list === undefined ? [] : readColumnPatterns(list)
  const [first] = columns
  const derived =
    first === undefined ? '' : `mask ${first.source}${columns.length > 1 ? ` +${columns.length - 1}` : ''}`
  const name = readName(rule, members, derived)
  const spec = readSpec(rule, members, name ?? '')
  const predicates = readPredicates(members)
  if (name === null || spec === null || predicates === null || columns.length === 0) return null
  return { ...readHead(rule, members, name), columns, spec, predicates }
}

function readPredicates(members: Members): MaskPredicates | null {
  const value = members.get('predicates')
  const word = value?.scalar() ?? 'deny'
  if (word === 'deny' || word === 'equality' || word === 'allow') return word
  value?.problem('`predicates` is deny, equality or allow.', 'Write deny (the default), equality or allow.')
  return null
}

function readSpec(rule: YamlValue, members: Members, name: string): MaskSpec | null {
  const value = members.get('with')
  if (value === undefined) {
    rule.problem('The mask does not say how.', `Add \`with:\` and one of ${maskWords.join(', ')}.`)
    return null
  }
  if (value.isNull) return { kind: 'null' }
  if (!value.isMap) return readPlainSpec(value, name)
  const choices = value.members('with', maskWords)
  if (choices === null) return null
  const [choice] = choices
  if (choice === undefined || choices.size !== 1) {
    value.problem('A mask is exactly one of its kinds.', 'Write for example `with: { partial: { keepLast: 4 } }`.')
    return null
  }
  return readSpecWithOptions(value, choice[0], choice[1], name)
}

function readPlainSpec(value: YamlValue, name: string): MaskSpec | null {
  const word = value.scalar()
  switch (word) {
    case 'redact':
    case 'null':
    case 'email':
    case 'hash':
      return { kind: word }
    case 'pseudonym':
      return pseudonymOfRule(name)
    case 'partial':
    case 'truncate':
    case 'constant':
      value.problem(`The mask ${word} needs an option.`, optionExamples[word])
      return null
    default: {
      const nearest = nearestWord(String(word), maskWords)
      value.problem(
        `Unknown mask ${JSON.stringify(word ?? null)}.`,
        `${nearest === null ? '' : `Did you mean ${nearest}? `}Masks are ${maskWords.join(', ')}.`,
      )
      return null
    }
  }
}

const optionExamples = {
  partial: 'Write `with: { partial: { keepLast: 4 } }`.',
  truncate: 'Write `with: { truncate: month }`, or a number: values are cut to its multiples.',
  constant: 'Write `with: { constant: "text" }`.',
} as const

function readSpecWithOptions(value: YamlValue, kind: string, option: YamlValue, name: string): MaskSpec | null {
  switch (kind) {
    case 'partial':
      return readPartial(option)
    case 'truncate':
      return readTruncate(option)
    case 'constant':
      return readConstant(option)
    case 'hash':
      return readHash(option)
    case 'pseudonym':
      return readPseudonym(option, name)
    case 'redact':
    case 'email':
    case 'null':
      value.problem(`The mask ${kind} has no options.`, `Write \`with: ${kind}\`.`)
      return null
    default: // an unknown key: reported already
      return null
  }
}

function readPartial(option: YamlValue): MaskSpec | null {
  const members = option.members('partial', ['keepFirst', 'keepLast'])
  if (members === null) return null
  const keepFirst = readKept(members, 'keepFirst')
  const keepLast = readKept(members, 'keepLast')
  if (keepFirst === null || keepLast === null) return null
  if (keepFirst + keepLast > 0) return { kind: 'partial', keepFirst, keepLast }
  option.problem('A partial mask that keeps nothing is redact.', 'Write `with: redact`, or keepFirst or keepLast.')
  return null
}

function readKept(members: Members, key: string): number | null {
  const value = members.get(key)
  const count = value === undefined ? 0 : value.scalar()
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 && count <= maxKeptCharacters) return count
  value?.problem(`${key} is a whole number from 0 to ${maxKeptCharacters}.`, 'Write for example `keepLast: 4`.')
  return null
}

function readTruncate(option: YamlValue): MaskSpec | null {
  const to = option.scalar()
  const unit = truncations.find((word) => word === to)
  if (unit !== undefined) return { kind: 'truncate', to: unit }
  if (typeof to === 'number' && Number.isSafeInteger(to) && to >= 1) return { kind: 'truncate', to }
  option.problem('truncate is to year, month, day or hour, or to multiples of a whole number.', optionExamples.truncate)
  return null
}

function readConstant(option: YamlValue): MaskSpec | null {
  const value = option.scalar()
  if (typeof value === 'string' && value.length <= maxConstantCharacters && !value.includes('\0')) {
    return { kind: 'constant', value }
  }
  option.problem(`A constant is text of at most ${maxConstantCharacters} characters.`, 'Put the value in quotes.')
  return null
}
