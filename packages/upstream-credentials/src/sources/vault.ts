import { authoritiesFault, existingFile, secretReference } from '@gatehouse/configuration'
import { isLoopbackHost } from '@gatehouse/core'
import * as z from 'zod'
import { usablePassword } from '../credential-json.ts'
import {
  type CredentialLease,
  type CredentialSource,
  CredentialUnavailable,
  type LeaseRenewals,
  type LeaseRequest,
  type SourceLog,
} from '../credential-source.ts'
import { isObject, type JsonBytes, type JsonObject, overwriteJson } from '../json-bytes.ts'
import type { SourceSchema } from '../source-schema.ts'
import { staticLease } from '../static-lease.ts'
import { type VaultAddress, VaultClient, vaultPath } from '../vault/vault-client.ts'
import { VaultLease } from '../vault/vault-lease.ts'
import { secondsIn, type VaultAuth, VaultToken } from '../vault/vault-token.ts'
import { withinSignal } from '../within-signal.ts'

/** A HashiCorp Vault, or an OpenBao, which speaks the same. */
export interface VaultConfig extends VaultAddress {
  readonly source: 'vault'
  readonly auth: VaultAuth
  readonly read: VaultSecret
}

/** What is read there. */
export type VaultSecret =
  /** A secret that is kept (version 2 of the engine). */
  | {
      readonly engine: 'kv'
      readonly mount: string
      readonly path: string
      readonly userField: string
      readonly passwordField: string
    }
  /** A user that is made for each session. */
  | { readonly engine: 'database'; readonly mount: string; readonly role: string }

const step = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[^\0]*$/, { error: 'must not hold a NUL character' })

/** The settings of this source. Relative paths begin at `directory`. */
export function vaultSchema(directory: string): SourceSchema<VaultConfig> {
  return z.strictObject({
    source: z.literal('vault').describe('HashiCorp Vault, or OpenBao.'),
    address: z
      .string()
      .refine(isVaultAddress, { error: 'must be an https:// URL (http:// only to a loopback host), without a query' })
      .describe('Where it is, such as `https://vault.example.com:8200`.'),
    namespace: step.nullable().default(null).describe('The namespace. Null: none.'),
    caFile: existingFile(directory)
      .refine((file) => authoritiesFault(file) === null, { error: 'holds no usable certificate in PEM' })
      .nullable()
      .prefault(null)
      .describe("Certificate authorities (PEM) that vouch for it. Null: the system's."),
    timeoutSeconds: z.int().min(1).max(60).default(5).describe('For each request.'),
    auth: z
      .discriminatedUnion('method', [
        z.strictObject({
          method: z.literal('token').describe('A token that is there already.'),
          token: secretReference.describe(
            'The token, by reference; a file (of a Vault agent) is read again when it ends.',
          ),
        }),
        z.strictObject({
          method: z.literal('approle').describe('AppRole.'),
          mount: step.default('approle').describe('Where the method is mounted.'),
          roleId: step.describe('The role id, which is no secret by itself.'),
          secretId: secretReference.describe('The secret id, by reference; read again for each login.'),
        }),
        z.strictObject({
          method: z.literal('kubernetes').describe("The pod's service account."),
          mount: step.default('kubernetes').describe('Where the method is mounted.'),
          role: step.describe('The role to log in as.'),
          tokenFile: existingFile(directory)
            .prefault('/var/run/secrets/kubernetes.io/serviceaccount/token')
            .describe('The token of the service account; read again for each login.'),
        }),
      ])
      .describe('How the gateway logs in there.'),
    read: z
      .discriminatedUnion('engine', [
        z.strictObject({
          engine: z.literal('kv').describe('A kept secret: the key-value engine, version 2.'),
          mount: step.default('secret').describe('Where the engine is mounted.'),
          path: step.describe("The secret's path, without `data/`."),
          userField: step
            .default('username')
            .describe('The field with the user; it may be missing where the target says one.'),
          passwordField: step.default('password').describe('The field with the password.'),
        }),
        z.strictObject({
          engine: z
            .literal('database')
            .describe('A user made for each session, renewed while it lives, revoked at its end.'),
          mount: step.default('database').describe('Where the engine is mounted.'),
          role: step.describe('The role whose statements make the user.'),
        }),
      ])
      .describe('What is read there.'),
  })
}

/** The source that is configured so. */
export function openVault(config: VaultConfig, log: SourceLog): CredentialSource {
  const client = new VaultClient(config)
  const token = new VaultToken(client, config.auth, log)
  const leases = new Set<VaultLease>()
  const renewals: LeaseRenewals = { renewed: 0, failed: 0, ended: 0 }
  return {
    async lease(request, signal) {
      try {
        if (config.read.engine === 'kv')
          return await withinSignal(signal, keptSecret(token, config.read, request, signal))
        const made = dynamicUser(token, config.read, signal, renewals, log)
        const lease = await withinSignal(signal, made).catch((error: unknown) => {
          // One that comes too late is given back.
          void made.then(
            (late) => late.release(),
            () => undefined,
          )
          throw error
        })
        leases.add(lease)
        return forgotten(lease, () => leases.delete(lease))
      } catch (error) {
        if (error instanceof CredentialUnavailable) throw error
        const detail = error instanceof Error ? error.message : String(error)
        throw new CredentialUnavailable('no credential could be had from Vault', detail)
      }
    },
    ...(config.read.engine === 'database' ? { renewals } : {}),
    async close() {
      await Promise.all([...leases].map((lease) => lease.release()))
      await token.close()
      client.close()
    },
  }
}

/** The lease, with something to do once it is given back. */
function forgotten(lease: VaultLease, forget: () => void): CredentialLease {
  const { user, password, dedicated } = lease
  return {
    user,
    password,
    dedicated,
    onEnd: (listener) => lease.onEnd(listener),
    release: () => lease.release().finally(forget),
  }
}

async function keptSecret(
  token: VaultToken,
  { mount, path, userField, passwordField }: Extract<VaultSecret, { engine: 'kv' }>,
  request: LeaseRequest,
  signal: AbortSignal,
): Promise<CredentialLease> {
  const told = await token.ask('GET', vaultPath(mount, 'data', path), null, signal)
  let password: Buffer | null = null
  try {
    const data = told.get('data')
    const secret = isObject(data) ? data.get('data') : null
    // A version that was deleted is there, without data.
    if (!isObject(secret)) throw new Error('the secret has no data: is it deleted, or of version 1 of the engine?')
    const user = textIn(secret, userField)
    password = passwordIn(secret, passwordField)
    return staticLease(request, user, password)
  } finally {
    overwriteJson(told, password)
  }
}

async function dynamicUser(
  token: VaultToken,
  { mount, role }: Extract<VaultSecret, { engine: 'database' }>,
  signal: AbortSignal,
  renewals: LeaseRenewals,
  log: SourceLog,
): Promise<VaultLease> {
  const told = await token.ask('GET', vaultPath(mount, 'creds', role), null, signal)
  let password: Buffer | null = null
  try {
    const data = told.get('data')
    const id = textIn(told, 'lease_id')
    const seconds = secondsIn(told, 'lease_duration')
    const user = isObject(data) ? textIn(data, 'username') : null
    if (!isObject(data) || user === null || id === null || seconds === 0)
      throw new Error('its answer is no lease of a database user: is the role a static one?')
    password = passwordIn(data, 'password')
    const grant = { id, seconds, renewable: told.get('renewable') === true, user, password }
    return new VaultLease(grant, token, renewals, log)
  } finally {
    overwriteJson(told, password)
  }
}

function passwordIn(object: JsonObject, name: string): Buffer {
  try {
    return usablePassword(object.get(name))
  } catch {
    throw new Error(`the field ${name} of the secret holds no usable password`)
  }
}

function textIn(object: JsonObject, name: string): string | null {
  const value: JsonBytes | undefined = object.get(name)
  if (value === undefined || value === null) return null
  if (!Buffer.isBuffer(value)) throw new Error(`the field ${name} of the answer is no text`)
  return value.toString()
}

function isVaultAddress(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '' || /[?#]/.test(text)) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname))
}
