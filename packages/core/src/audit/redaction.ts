/** Which statements are recorded without the values that they bring along. */
import { isWrite } from '../policy/action-words.ts'
import type { Authority } from '../policy/authority.ts'
import type { StatementFacts, TextFacts } from '../statement/facts.ts'

/**
 * Why the literals and bound values of a statement are left out of its records.
 * - `unread`: the text could not be read, so it cannot be told what is a value in it.
 * - `masked_columns`: they may be values of masked columns.
 * - `credentials`: they may be passwords or keys.
 * - `all_literals`: no record holds any (`audit.literals: redact`).
 * - `secrets`: only what has the form of a token or a key was replaced.
 */
export type Redaction = 'unread' | 'masked_columns' | 'credentials' | 'all_literals' | 'secrets'

/** Statements that are about accounts and other servers. */
const CREDENTIAL_ACTIONS =
  /^(?:(?:create|alter)_(?:role|user|group|user_mapping|server|foreign_data_wrapper|subscription|system)|import_foreign_schema|clone|change_replication_source|start_replica)$/

/** Functions that take a password, a key or the connection to another server. */
const CREDENTIAL_FUNCTIONS =
  /^(?:dblink\w*|postgres_fdw_\w+|pgp_\w+|crypt|encrypt|encrypt_iv|decrypt|decrypt_iv|hmac|aes_(?:en|de)crypt|des_(?:en|de)crypt|encode|decode|(?:old_)?password|validate_password_strength|asymmetric_\w+|kdf|keyring_\w+)$/i

/** Words beside which a password, a key or a connection stands. */
const CREDENTIAL_WORDS =
  /pass|pwd|identified|secret|conninfo|connection|credential|token|api_?key|private|encrypt|user\s+mapping|dblink/i

/** Why nothing of the values of such texts is recorded; null: that depends on the text itself. `facts` null: it could not be read. */
export function redactionOf(facts: TextFacts | null, authority: Authority): Redaction | null {
  if (facts === null) return 'unread'
  if (facts.statements.some((statement) => authority.mayBringMaskedValues(statement))) return 'masked_columns'
  return facts.statements.some(bringsCredentials) ? 'credentials' : null
}

function bringsCredentials({ action, accesses, functions, beneath, settings }: StatementFacts): boolean {
  return (
    CREDENTIAL_ACTIONS.test(action) ||
    accesses.some((access) => CREDENTIAL_ACTIONS.test(access.action)) ||
    [...functions, ...beneath.functions].some(({ name }) => CREDENTIAL_FUNCTIONS.test(name)) ||
    settings.some(({ name }) => CREDENTIAL_WORDS.test(name))
  )
}

const ROWS_ACTIONS: ReadonlySet<string> = new Set(['select', 'merge'])

/** True when nothing but rows is read and written, by a text that was understood: no text inside it runs. */
export function isPlain(facts: TextFacts | null): boolean {
  return (facts?.statements ?? []).every(
    ({ action, complete, dynamicSql }) =>
      complete && !dynamicSql && (ROWS_ACTIONS.has(action) || isWrite(action) || action === 'explain'),
  )
}

/** True when words of the text say that a password or the like may stand in it. */
export function speaksOfCredentials(text: string): boolean {
  return CREDENTIAL_WORDS.test(text)
}

/** What begins no value: words, commas, dots, stars and brackets. */
const START_WITHOUT_VALUES = /^[A-Za-z_\s,.*[\]]*/
/** Words behind which even a bare word may be meant as a value. */
const BEFORE_VALUES = /\b(?:where|having|on|values?|set|like|ilike|in|by|as|password|identified|connection)\b/i

/** As much of a text that could not be read as can hold no value; behind it `[redacted]` where there is more. */
export function unreadStart(text: string): string {
  let end = START_WITHOUT_VALUES.exec(text)?.[0].length ?? 0
  const word = BEFORE_VALUES.exec(text.slice(0, end))
  if (word !== null) end = word.index + word[0].length
  if (end === text.length) return text
  // A word that goes on, in letters of another alphabet or in digits, is not cut in two.
  const kept = text.slice(0, end)
  return `${word === null ? kept.replace(/[A-Za-z_]+$/, '') : kept + ' '}[redacted]`
}
