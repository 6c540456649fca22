import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { isSafeUrl } from '@gatehouse/configuration'
import * as z from 'zod'
import type { CredentialLease, CredentialSource, LeaseRequest } from '../credential-source.ts'
import { isObject, type JsonBytes, type JsonObject, overwriteJson, readJsonBytes } from '../json-bytes.ts'
import { LeasedSecret } from '../leased-secret.ts'
import { serviceFailure } from '../service-failure.ts'
import type { SourceSchema } from '../source-schema.ts'
import { staticLease } from '../static-lease.ts'
import { withinSignal } from '../within-signal.ts'
import { openSecretsManager } from './aws-secrets-client.ts'

const SERVICE = 'AWS Secrets Manager'
/** For one reading with all its attempts, whoever waits for it. */
const READ_MILLISECONDS = 10_000

/** A secret of AWS Secrets Manager. */
export interface AwsSecretsManagerConfig {
  readonly source: 'aws-secrets-manager'
  readonly secretId: string
  readonly region: string
  readonly endpoint: string | null
  readonly versionStage: string
  readonly format: 'json' | 'plain'
  readonly userField: string
  readonly passwordField: string
  readonly cacheSeconds: number
}

/** The settings of this source. */
export const awsSecretsManagerSchema: SourceSchema<AwsSecretsManagerConfig> = z.strictObject({
  source: z
    .literal('aws-secrets-manager')
    .describe('A secret of AWS Secrets Manager, read with what AWS gives this machine.'),
  secretId: z.string().min(1).max(2048).describe("The secret's name or ARN."),
  region: z.string().min(1).describe('The region it is kept in.'),
  endpoint: z
    .string()
    .refine(isSafeUrl, { error: 'must be an https address, or http on this machine' })
    .nullable()
    .default(null)
    .describe("The service's address, for a VPC endpoint. Null: that of AWS in `region`."),
  versionStage: z.string().min(1).max(256).default('AWSCURRENT').describe('Which version is read.'),
  format: z
    .enum(['json', 'plain'])
    .default('json')
    .describe(
      '`json`: an object with user and password, as RDS and rotation write it. `plain`: the password alone; the target says the `user`.',
    ),
  userField: z
    .string()
    .min(1)
    .default('username')
    .describe("The user's name in the object; where it has none, the target says the `user`."),
  passwordField: z.string().min(1).default('password').describe("The password's name in the object."),
  cacheSeconds: z
    .int()
    .min(0)
    .max(86_400)
    .default(300)
    .describe(
      'How long a secret is used again. One that the database refused is read anew at once. 0: it is read for each login.',
    ),
})

/** What the secret said. */
interface Kept {
  /** Null: nothing. */
  readonly user: string | null
  readonly password: LeasedSecret
}

/** The source that is configured so. Sessions that begin together share one reading. */
export function openAwsSecretsManager(config: AwsSecretsManagerConfig): CredentialSource {
  return new AwsSecretsManager(config)
}

class AwsSecretsManager implements CredentialSource {
  readonly #config: AwsSecretsManagerConfig
  readonly #closing = new AbortController()
  #client: SecretsManagerClient | null = null
  #reading: Promise<Kept> | null = null
  #kept: Kept | null = null
  #forgetting: NodeJS.Timeout | undefined

  constructor(config: AwsSecretsManagerConfig) {
    this.#config = config
  }

  async lease(request: LeaseRequest, signal: AbortSignal): Promise<CredentialLease> {
    const either = AbortSignal.any([signal, this.#closing.signal])
    try {
      either.throwIfAborted()
      const known = this.#config.cacheSeconds > 0 ? this.#kept : null
      const kept = known ?? (await withinSignal(either, this.#read()))
      const lease = staticLease(request, kept.user, Buffer.from(kept.password.expose()))
      return {
        ...lease,
        refused: () => {
          if (this.#kept === kept) this.#forget()
          return known !== null
        },
      }
    } catch (error) {
      throw serviceFailure(SERVICE, error)
    }
  }

  close(): Promise<void> {
    this.#closing.abort()
    this.#forget()
    this.#client?.destroy()
    return Promise.resolve()
  }

  #read(): Promise<Kept> {
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  async #readNow(): Promise<Kept> {
    const signal = AbortSignal.any([AbortSignal.timeout(READ_MILLISECONDS), this.#closing.signal])
    const kept = readSecret(await this.#ask(signal), this.#config)
    this.#forget()
    this.#kept = kept
    this.#forgetting = setTimeout(() => this.#forget(), this.#config.cacheSeconds * 1000).unref()
    return kept
  }

  async #ask(signal: AbortSignal): Promise<string | undefined> {
    const { GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager')
    const client = (this.#client ??= await openSecretsManager(this.#config))
    const { secretId, versionStage } = this.#config
    const command = new GetSecretValueCommand({ SecretId: secretId, VersionStage: versionStage })
    try {
      // The library asks for its own credentials without listening to a signal.
      const { SecretString } = await withinSignal(signal, client.send(command, { abortSignal: signal }))
      return SecretString
    } catch (error) {
      // It may wait for those for ever, and let everybody after this one wait with it.
      if (signal.aborted) {
        client.destroy()
        this.#client = null
      }
      throw error
    }
  }

  #forget(): void {
    clearTimeout(this.#forgetting)
    this.#kept?.password.overwrite()
    this.#kept = null
  }
}

/** Throws, saying what is wrong without the secret. */
function readSecret(text: string | undefined, { format, userField, passwordField }: AwsSecretsManagerConfig): Kept {
  if (text === undefined) throw new Error('the secret is binary or empty; a text is needed')
  const bytes = Buffer.from(text)
  if (format === 'plain') return { user: null, password: passwordFrom(bytes, 'text') }
  const value = fieldsOf(bytes)
  let password: LeasedSecret | null = null
  try {
    const user = value.get(userField) ?? null
    if (user !== null && !Buffer.isBuffer(user)) throw new Error(`the secret's ${userField} is no text`)
    password = passwordFrom(value.get(passwordField), passwordField)
    return { user: user === null ? null : user.toString(), password }
  } finally {
    overwriteJson(value, password === null ? null : password.expose())
  }
}

function fieldsOf(bytes: Buffer): JsonObject {
  try {
    const value = readJsonBytes(bytes)
    if (isObject(value)) return value
    overwriteJson(value)
  } catch {
    // told below
  } finally {
    bytes.fill(0)
  }
  throw new Error('the secret is no object in JSON; for a password alone, write format: plain')
}

function passwordFrom(bytes: JsonBytes | undefined, place: string): LeasedSecret {
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) throw new Error(`the secret has no password: its ${place} is none`)
  if (bytes.includes(0)) throw new Error('the password holds a NUL character')
  return new LeasedSecret(bytes)
}
