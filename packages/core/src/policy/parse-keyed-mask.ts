import type { MaskSpec } from '../masking/mask-spec.ts'
import type { YamlValue } from './yaml-source.ts'

/** What a domain, and the id of a masking key, may be. */
const word = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const wordHint = 'Write a word of up to 63 letters, digits, dots, hyphens and underscores.'

/** `{ key: k2025 }`: the options of `hash`. */
export function readHash(option: YamlValue): MaskSpec | null {
  const members = option.members('hash', ['key'])
  const key = members?.get('key')
  if (members === null) return null
  if (key === undefined) {
    option.problem(
      'The mask says nothing with its options.',
      'Write `with: hash`, or `with: { hash: { key: k2025 } }`.',
    )
    return null
  }
  const id = readWord(key, 'The id of a masking key')
  return id === null ? null : { kind: 'hash', key: id }
}

/** `pseudonym` without options: the rule is a domain of its own, under a name no policy can give to another. */
export function pseudonymOfRule(name: string): MaskSpec {
  return { kind: 'pseudonym', domain: `rule ${name}` }
}

/** `{ domain: customers, key: k2025 }`: the options of `pseudonym`. */
export function readPseudonym(option: YamlValue, ruleName: string): MaskSpec | null {
  const members = option.members('pseudonym', ['domain', 'key'])
  if (members === null) return null
  if (members.size === 0) {
    option.problem(
      'The mask says nothing with its options.',
      'Write `with: pseudonym`, or `with: { pseudonym: { domain: customers } }`.',
    )
    return null
  }
  const named = members.get('domain')
  const domain = named === undefined ? `rule ${ruleName}` : readWord(named, 'A domain')
  const key = members.get('key')
  if (domain === null) return null
  if (key === undefined) return { kind: 'pseudonym', domain }
  const id = readWord(key, 'The id of a masking key')
  return id === null ? null : { kind: 'pseudonym', domain, key: id }
}

function readWord(value: YamlValue, what: string): string | null {
  const text = value.text(what)
  if (text === null || word.test(text)) return text
  value.problem(`${what} is a word.`, wordHint)
  return null
}
