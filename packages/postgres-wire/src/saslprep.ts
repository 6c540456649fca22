/** Non-ASCII spaces (RFC 3454 C.1.2), which become a space. */
const SPACES = /[\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000]/g
/** Characters mapped to nothing (RFC 3454 B.1). */
const NOTHING = /\u00AD|\u034F|\u1806|[\u180B-\u180D]|\u200C|\u200D|\u2060|[\uFE00-\uFE0F]|\uFEFF/g
/** Prohibited output (RFC 3454 C.2 to C.9): by property, then one by one. */
const PROHIBITED_PROPERTIES = /[\p{Cc}\p{Cs}\p{Co}\p{Noncharacter_Code_Point}]/u
const PROHIBITED =
  /\u0340|\u0341|\u06DD|\u070F|\u180E|[\u200B-\u200F]|[\u2028-\u202E]|[\u2060-\u2063]|[\u206A-\u206F]|[\u2FF0-\u2FFB]|[\uFFF9-\uFFFD]|[\u{1D173}-\u{1D17A}]|\u{E0001}|[\u{E0020}-\u{E007F}]/u
const ASCII = /^[\0-\x7F]*$/

/**
 * A password as SCRAM wants it (RFC 4013), with the rule of PostgreSQL's `pg_saslprep`: a password that SASLprep
 * prohibits is used as it is. Limits: code points unassigned in Unicode 3.2 and mixed text directions are not looked
 * for, so that a password with both one of these and a character that NFKC changes is not accepted by the server.
 */
export function saslPrep(password: string): string {
  if (ASCII.test(password)) return password
  const prepared = password.replace(SPACES, ' ').replace(NOTHING, '').normalize('NFKC')
  if (prepared === '' || PROHIBITED_PROPERTIES.test(prepared) || PROHIBITED.test(prepared)) return password
  return prepared
}
