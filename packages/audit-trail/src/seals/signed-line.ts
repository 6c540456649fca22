import { isSignedBy, type SigningKey, type VerifyingKeys } from './signing-key.ts'

/** What is said of a signature: by which key, or why it does not count, as a clause (`it is not signed`). */
export type SignatureCheck = { readonly key: string } | { readonly fault: string }

const SIGNED = /^(\{.*),"key":"([0-9a-f]{16})","signature":"([-_A-Za-z0-9]{86})"\}$/

/**
 * A JSON object on one line, signed: its last members are `key` and `signature`. What is signed is `purpose`, a line feed and
 * the line without the member `signature`: a signature made for one purpose is none for another.
 */
export function signedLine(purpose: string, members: object, key: SigningKey): string {
  const named = `${JSON.stringify(members).slice(0, -1)},"key":"${key.id}"`
  return `${named},"signature":"${key.sign(`${purpose}\n${named}}`)}"}`
}

/** Whose signature a line has. */
export function checkSignature(purpose: string, line: string, keys: VerifyingKeys): SignatureCheck {
  const match = SIGNED.exec(line)
  if (match === null) return { fault: 'it is not signed' }
  const [, members = '', id = '', signature = ''] = match
  const key = keys.get(id)
  if (key === undefined) return { fault: `it is signed with the key ${id}, which is none of those given` }
  if (isSignedBy(key, `${purpose}\n${members},"key":"${id}"}`, signature)) return { key: id }
  return { fault: `its signature is not that of the key ${id}` }
}
