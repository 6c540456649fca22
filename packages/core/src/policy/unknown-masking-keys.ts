import { nearestWord } from './nearest-word.ts'
import type { Policy } from './policy.ts'
import type { PolicyProblem } from './yaml-source.ts'

/** The masks that name a masking key which is not one of `ids`: no such policy may come into force. */
export function unknownMaskingKeys(policy: Policy, ids: readonly string[]): readonly PolicyProblem[] {
  return policy.document.masks.flatMap(({ name, line, spec }) => {
    const key = spec.kind === 'hash' || spec.kind === 'pseudonym' ? spec.key : undefined
    if (key === undefined || ids.includes(key)) return []
    return [
      {
        line,
        column: 1,
        path: 'masks',
        message: `The mask ${JSON.stringify(name)} names the masking key ${JSON.stringify(key)}, which the configuration does not have.`,
        hint: hintFor(key, ids),
      },
    ]
  })
}

function hintFor(key: string, ids: readonly string[]): string {
  if (ids.length === 0)
    return 'The configuration has one key without an id: leave `key` out, or name keys in `maskingKeys`.'
  const nearest = nearestWord(key, ids)
  return `${nearest === null ? '' : `Did you mean ${nearest}? `}There are ${ids.join(', ')}.`
}
