import { isUtf8 } from 'node:buffer'
import { isObject, type JsonBytes, overwriteJson, readJsonBytes } from './json-bytes.ts'

/** A credential as a file or a command says it. */
export interface CredentialJson {
  /** Null: not said. */
  readonly user: string | null
  /** In bytes of its own. */
  readonly password: Buffer
  /** When it ends, in milliseconds since 1970; null: not said. */
  readonly expiresAt: number | null
}

/**
 * Reads `{"user": …, "password": …, "expiresAt": …}`; other names are passed over, `user` and `expiresAt` (RFC 3339) may be missing. Throws,
 * without quoting anything of it, where it is not that.
 */
export function readCredentialJson(bytes: Buffer): CredentialJson {
  if (!isUtf8(bytes)) throw new Error('the credential is not UTF-8')
  let value: JsonBytes
  try {
    value = readJsonBytes(bytes)
  } catch (error) {
    throw new Error(`the credential ${error instanceof Error ? error.message : 'cannot be read'}`, { cause: error })
  }
  let password: Buffer | null = null
  try {
    if (!isObject(value)) throw new Error('the credential is no JSON object')
    const user = textOf('user', value.get('user'))
    const expiresAt = timeOf(textOf('expiresAt', value.get('expiresAt')))
    password = usablePassword(value.get('password'))
    return { user, password, expiresAt }
  } finally {
    overwriteJson(value, password)
  }
}

/** The password in a value of JSON. Throws, without quoting it, where it is none. */
export function usablePassword(value: JsonBytes | undefined): Buffer {
  if (!Buffer.isBuffer(value) || value.length === 0) throw new Error('the credential has no text "password"')
  if (value.includes(0)) throw new Error('the password holds a NUL character')
  return value
}

function textOf(name: string, value: JsonBytes | undefined): string | null {
  if (value === undefined || value === null) return null
  if (!Buffer.isBuffer(value)) throw new Error(`the credential's "${name}" is no text`)
  return value.toString()
}

function timeOf(text: string | null): number | null {
  if (text === null) return null
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)$/i.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) throw new Error('the credential\'s "expiresAt" is no time like 2026-01-31T12:00:00Z')
  return time
}
