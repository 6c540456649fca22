import type { Approvers } from './policy-document.ts'

/** Who may approve, in words: `someone of dba or sre`. */
export function approversText({ groups, subjects }: Approvers): string {
  const named = subjects.length === 0 ? 'someone' : subjects.join(' or ')
  return groups.length === 0 ? named : `${named} of ${groups.join(' or ')}`
}
