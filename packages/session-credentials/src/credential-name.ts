import { randomBytes } from 'node:crypto'

/** `gh-` and 20 characters of a-z and 2-7: 100 random bits. Within what every driver takes as a user name (MySQL: 32 characters). */
const NAME = /^gh-[a-z2-7]{20}$/

/** A new name of a session credential. Names are no secrets, but nobody guesses one. */
export function makeCredentialName(): string {
  return `gh-${base32(randomBytes(20))}`
}

/**
 * The name of a session credential that a client logs in as; null: it is none, so what it presents is a token. A target may
 * stand behind a plus (`gh-…+shop`).
 */
export function credentialNameIn(user: string): string | null {
  const plus = user.indexOf('+')
  const name = plus < 0 ? user : user.slice(0, plus)
  return NAME.test(name) ? name : null
}

/** One character for each byte, of 5 of its bits. */
function base32(bytes: Buffer): string {
  return Array.from(bytes, (byte) => 'abcdefghijklmnopqrstuvwxyz234567'.charAt(byte & 31)).join('')
}
