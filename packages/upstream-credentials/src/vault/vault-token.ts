import type { SecretReference } from '@gatehouse/configuration'
import { readSmallFile } from '@gatehouse/configuration'
import type { SourceLog } from '../credential-source.ts'
import { isObject, type JsonObject, overwriteJson } from '../json-bytes.ts'
import { LeasedSecret } from '../leased-secret.ts'
import { type VaultClient, VaultFailure, vaultPath } from './vault-client.ts'

/** How the gateway logs in at Vault. */
export type VaultAuth =
  | { readonly method: 'token'; readonly token: SecretReference }
  | { readonly method: 'approle'; readonly mount: string; readonly roleId: string; readonly secretId: SecretReference }
  | { readonly method: 'kubernetes'; readonly mount: string; readonly role: string; readonly tokenFile: string }

/** A token is renewed when this part of its life is over. */
const RENEWED_AT = 2 / 3
/** Tries to renew are never closer than this. */
const FLOOR_MILLISECONDS = 1000

interface Held {
  readonly secret: LeasedSecret
  /** By a login of ours: ours to give back. */
  readonly own: boolean
}

/** The gateway's own token at a Vault: had when it is needed, renewed while it can be, had anew when not. */
export class VaultToken {
  readonly #client: VaultClient
  readonly #auth: VaultAuth
  readonly #log: SourceLog
  readonly #closing = new AbortController()
  #held: Promise<Held> | null = null
  #timer: NodeJS.Timeout | undefined

  constructor(client: VaultClient, auth: VaultAuth, log: SourceLog) {
    this.#client = client
    this.#auth = auth
    this.#log = log
  }

  /** As `VaultClient.ask`, with the token. One that Vault knows no more is had anew, once. */
  async ask(method: 'GET' | 'POST', path: string, body: object | null, signal: AbortSignal): Promise<JsonObject> {
    const asked = this.#current()
    try {
      return await this.#send(await asked, method, path, body, signal)
    } catch (error) {
      if (!(error instanceof VaultFailure) || error.status !== 403) throw error
      this.#forget(asked)
      return await this.#send(await this.#current(), method, path, body, signal)
    }
  }

  /** Gives back a token of our own login, and with it all that was leased by it. Never rejects. */
  async close(): Promise<void> {
    clearTimeout(this.#timer)
    const held = await this.#held?.catch(() => null)
    this.#held = null
    if (held?.own === true)
      await this.#send(held, 'POST', 'auth/token/revoke-self', {}, AbortSignal.timeout(5000)).catch((error: unknown) =>
        this.#log.warn({ error: String(error) }, 'the token of Vault could not be given back; it ends by itself'),
      )
    this.#closing.abort()
    held?.secret.overwrite()
  }

  #send(
    held: Held,
    method: 'GET' | 'POST',
    path: string,
    body: object | null,
    signal: AbortSignal,
  ): Promise<JsonObject> {
    const bytes = body === null ? null : Buffer.from(JSON.stringify(body))
    return this.#client.ask(method, path, held.secret.expose(), bytes, signal)
  }

  /** One login for all who wait for it. It is not theirs to end. */
  #current(): Promise<Held> {
    if (this.#held !== null) return this.#held
    const held = this.#logIn()
    this.#held = held
    held.catch(() => this.#forget(held))
    return held
  }

  #forget(held: Promise<Held>): void {
    if (this.#held !== held) return
    this.#held = null
    clearTimeout(this.#timer)
  }

  async #logIn(): Promise<Held> {
    const { signal } = this.#closing
    const auth = this.#auth
    if (auth.method === 'token') {
      const secret = new LeasedSecret(trimmed(await auth.token.read()))
      const told = await this.#client.ask('GET', 'auth/token/lookup-self', secret.expose(), null, signal)
      const data = told.get('data')
      if (isObject(data)) this.#renewLater(secondsIn(data, 'ttl'), data.get('renewable') === true)
      overwriteJson(told)
      return { secret, own: false }
    }
    const { path, body } = await loginOf(auth)
    const told = await this.#client.ask('POST', path, null, body, signal)
    const granted = told.get('auth')
    const token = isObject(granted) ? granted.get('client_token') : null
    if (!isObject(granted) || !Buffer.isBuffer(token)) throw new VaultFailure('its answer to the login has no token', 0)
    this.#renewLater(secondsIn(granted, 'lease_duration'), granted.get('renewable') === true)
    overwriteJson(told, token)
    return { secret: new LeasedSecret(token), own: true }
  }

  /** `seconds` 0: the token has no end. */
  #renewLater(seconds: number, renewable: boolean): void {
    clearTimeout(this.#timer)
    if (seconds === 0 || this.#closing.signal.aborted) return
    const after = Math.min(Math.max(seconds * 1000 * RENEWED_AT, FLOOR_MILLISECONDS), 2 ** 31 - 1)
    this.#timer = setTimeout(() => void this.#renew(seconds, renewable), after).unref()
  }

  async #renew(seconds: number, renewable: boolean): Promise<void> {
    const asked = this.#held
    if (asked === null) return
    try {
      if (!renewable) throw new VaultFailure('it cannot be renewed', 0)
      const told = await this.#send(await asked, 'POST', 'auth/token/renew-self', {}, this.#closing.signal)
      const granted = told.get('auth')
      const left = isObject(granted) ? secondsIn(granted, 'lease_duration') : 0
      overwriteJson(told)
      // Near its longest life a renewal gives ever less: then a new one is had in time.
      if (left === 0 || left < seconds / 3) throw new VaultFailure('its longest life is nearly over', 0)
      this.#renewLater(left, true)
    } catch (error) {
      if (this.#closing.signal.aborted) return
      this.#log.warn(
        { error: String(error) },
        'the token of Vault could not be renewed; another one is had when it is needed',
      )
      this.#forget(asked)
    }
  }
}

async function loginOf(
  auth: Exclude<VaultAuth, { method: 'token' }>,
): Promise<{ readonly path: string; readonly body: Buffer }> {
  if (auth.method === 'approle') {
    const secretId = trimmed(await auth.secretId.read())
    const body = jsonOf({ role_id: Buffer.from(auth.roleId), secret_id: secretId })
    secretId.fill(0)
    return { path: vaultPath('auth', auth.mount, 'login'), body }
  }
  const jwt = trimmed(await readSmallFile(auth.tokenFile))
  const body = jsonOf({ role: Buffer.from(auth.role), jwt })
  jwt.fill(0)
  return { path: vaultPath('auth', auth.mount, 'login'), body }
}

/** An object of texts as JSON, without a JavaScript string of any of them. Throws for bytes that would need escaping. */
function jsonOf(texts: Readonly<Record<string, Buffer>>): Buffer {
  const parts: Buffer[] = []
  for (const [name, text] of Object.entries(texts)) {
    if (text.some((byte) => byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c))
      throw new VaultFailure(`what it is logged in with has characters that no ${name} has`, 0)
    parts.push(Buffer.from(`${parts.length === 0 ? '{' : '",'}"${name}":"`), text)
  }
  return Buffer.concat([...parts, Buffer.from('"}')])
}

function trimmed(bytes: Buffer): Buffer {
  let end = bytes.length
  while (end > 0 && (bytes[end - 1] ?? 0) <= 0x20) end -= 1
  return bytes.subarray(0, end)
}

/** A number of seconds in an answer of Vault; 0 where there is none. */
export function secondsIn(object: JsonObject, name: string): number {
  const value = object.get(name)
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0
}
