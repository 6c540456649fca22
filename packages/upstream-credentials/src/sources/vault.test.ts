import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EnvironmentReference } from '@gatehouse/configuration'
import { afterEach, expect, test, vi } from 'vitest'
import type { CredentialLease, CredentialSource, CredentialUnavailable } from '../credential-source.ts'
import { leaseRequest } from '../testing/lease-request.ts'
import { LoopbackVault, type LoopbackVaultOptions } from '../testing/loopback-vault.ts'
import type { VaultAuth } from '../vault/vault-token.ts'
import { openVault, type VaultConfig, vaultSchema } from './vault.ts'

const never = new AbortController().signal
const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

const ROOT: VaultAuth = { method: 'token', token: new EnvironmentReference('T', { T: 'root-token' }) }
const APPROLE: VaultAuth = {
  method: 'approle',
  mount: 'approle',
  roleId: 'gatehouse',
  secretId: new EnvironmentReference('S', { S: 'secret-id' }),
}
const KV: VaultConfig['read'] = {
  engine: 'kv',
  mount: 'secret',
  path: 'shop/db',
  userField: 'username',
  passwordField: 'password',
}
const DATABASE: VaultConfig['read'] = { engine: 'database', mount: 'database', role: 'app' }

interface Opened {
  readonly vault: LoopbackVault
  readonly source: CredentialSource
  readonly log: { info(): void; warn(details: object, message: string): void }
  readonly told: string[]
}

async function opened(
  options: LoopbackVaultOptions,
  settings: Partial<Pick<VaultConfig, 'auth' | 'read' | 'namespace'>> = {},
): Promise<Opened> {
  const vault = await LoopbackVault.start({ secretId: 'secret-id', ...options })
  closers.push(() => vault.close())
  const told: string[] = []
  const log = {
    info: (): void => undefined,
    warn: (details: object, message: string) => void told.push(`${message} ${JSON.stringify(details)}`),
  }
  const at = { address: vault.url, namespace: null, caFile: null, timeoutSeconds: 5 }
  const source = openVault({ source: 'vault', ...at, auth: ROOT, read: DATABASE, ...settings }, log)
  closers.push(() => source.close())
  return { vault, source, log, told }
}

function ended(lease: CredentialLease): Promise<string> {
  return new Promise((resolve) => lease.onEnd(resolve))
}

test('a kept secret gives user and password, by token, AppRole and service account', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-vault-'))
  closers.push(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'jwt'), 'e30.e30.c2ln\n')
  const kubernetes: VaultAuth = {
    method: 'kubernetes',
    mount: 'kubernetes',
    role: 'gatehouse',
    tokenFile: join(folder, 'jwt'),
  }
  for (const auth of [ROOT, APPROLE, kubernetes]) {
    const { source, vault } = await opened(
      {
        kept: { 'shop/db': { username: 'app', password: 'pa"ss' } },
        serviceAccountToken: 'e30.e30.c2ln',
        namespace: 'ns1',
      },
      { auth, read: KV, namespace: 'ns1' },
    )
    const lease = await source.lease(leaseRequest(), never)
    expect([lease.user, lease.password?.expose().toString(), lease.dedicated]).toEqual(['app', 'pa"ss', false])
    await source.close()
    expect(vault.tokens.size).toBe(1)
  }
})

test('each session has a user of its own, which is gone when its lease is given back', async () => {
  const { source, vault } = await opened({})
  const [one, other] = await Promise.all([source.lease(leaseRequest(), never), source.lease(leaseRequest(), never)])
  expect(one.user).not.toBe(other.user)
  expect(one.dedicated).toBe(true)
  await Promise.all([one.release(), one.release()])
  expect(one.password?.expose().every((byte) => byte === 0)).toBe(true)
  expect([...vault.leases.values()].map(({ user }) => user)).toEqual([other.user])
  await source.close()
  expect(vault.leases.size).toBe(0)
  expect(vault.asked.filter((asked) => asked === 'POST sys/leases/revoke')).toHaveLength(2)
})

test('a lease is renewed while it is held', async () => {
  const { source, vault } = await opened({ leaseSeconds: 3 })
  const lease = await source.lease(leaseRequest(), never)
  const over = vi.fn<(reason: string) => void>()
  lease.onEnd(over)
  await vi.waitFor(
    () => expect(vault.asked.filter((asked) => asked === 'POST sys/leases/renew').length).toBeGreaterThan(2),
    20_000,
  )
  expect(over).not.toHaveBeenCalled()
  await lease.release()
  expect(vault.leases.size).toBe(0)
  expect(source.renewals).toMatchObject({ failed: 0, ended: 0 })
  expect(source.renewals?.renewed).toBeGreaterThan(1)
})

test('one that cannot be renewed, or is at its longest, or was revoked, says so before the user is gone', async () => {
  const refusing = await opened({ leaseSeconds: 2 })
  refusing.vault.renewsNothing = true
  const refused = await refusing.source.lease(leaseRequest(), never)
  expect(await ended(refused)).toBe('its lease is over and could not be renewed')
  const late = vi.fn<(reason: string) => void>()
  refused.onEnd(late)
  expect(late).toHaveBeenCalledOnce()
  expect(refusing.source.renewals).toMatchObject({ renewed: 0, ended: 1 })
  expect(refusing.source.renewals?.failed).toBeGreaterThan(0)

  const short = await opened({ leaseSeconds: 2, maxLeaseSeconds: 4 })
  expect(await ended(await short.source.lease(leaseRequest(), never))).toBe(
    'its lease is over and could not be renewed',
  )

  const revoking = await opened({ leaseSeconds: 2 })
  const revoked = await revoking.source.lease(leaseRequest(), never)
  for (const id of revoking.vault.leases.keys()) await revoking.vault.revoke(id)
  expect(await ended(revoked)).toBe('it was revoked where it came from')
})

test('a lease that was given back ends nothing', async () => {
  const { source, vault } = await opened({ leaseSeconds: 1 })
  vault.renewsNothing = true
  const lease = await source.lease(leaseRequest(), never)
  const over = vi.fn<(reason: string) => void>()
  lease.onEnd(over)
  await lease.release()
  const other = await source.lease(leaseRequest(), never)
  await ended(other)
  expect(over).not.toHaveBeenCalled()
})

test('a token that Vault knows no more is had anew, once', async () => {
  const { source, vault } = await opened(
    { kept: { 'shop/db': { username: 'a', password: 'p' } } },
    { auth: APPROLE, read: KV },
  )
  await source.lease(leaseRequest(), never)
  for (const token of vault.tokens.keys()) vault.tokens.delete(token)
  await source.lease(leaseRequest(), never)
  expect(vault.asked.filter((asked) => asked === 'POST auth/approle/login')).toHaveLength(2)
})

test('the token is renewed before it ends', async () => {
  const { source, vault } = await opened(
    { tokenSeconds: 2, kept: { 'shop/db': { username: 'a', password: 'p' } } },
    { auth: APPROLE, read: KV },
  )
  await source.lease(leaseRequest(), never)
  await vi.waitFor(
    () => expect(vault.asked.filter((asked) => asked === 'POST auth/token/renew-self').length).toBeGreaterThan(1),
    20_000,
  )
  expect(vault.asked.filter((asked) => asked === 'POST auth/approle/login')).toHaveLength(1)
})

test.each([
  ['is sealed', { seal: true, read: DATABASE, auth: ROOT }, /503: Vault is sealed/],
  ['is not there', { stop: true, read: DATABASE, auth: ROOT }, /cannot be reached: ECONNREFUSED/],
  ['has no such secret', { read: KV, auth: ROOT }, /404/],
  ['has a secret without a password', { read: { ...KV, path: 'half' }, auth: ROOT }, /no usable password/],
  [
    'does not know the token',
    { read: DATABASE, auth: { method: 'token', token: new EnvironmentReference('T', { T: 'wrong-token' }) } },
    /403: permission denied/,
  ],
  [
    'does not know the secret id',
    { read: DATABASE, auth: { ...APPROLE, secretId: new EnvironmentReference('S', { S: 'wrong-id' }) } },
    /400: invalid role/,
  ],
] as [string, { seal?: true; stop?: true; read: VaultConfig['read']; auth: VaultAuth }, RegExp][])(
  'where Vault %s there is no credential, and no secret is told',
  async (_what, { seal, stop, read, auth }, detail) => {
    const { source, vault, told } = await opened({ kept: { half: { username: 'kept-user' } } }, { read, auth })
    if (seal === true) vault.sealed = true
    if (stop === true) await vault.close()
    const error = (await source.lease(leaseRequest(), never).catch((cause: unknown) => cause)) as CredentialUnavailable
    expect(error.message).toBe('no credential could be had from Vault')
    expect(error.detail).toMatch(detail)
    expect(told.join('') + error.detail).not.toMatch(/wrong-token|wrong-id|root-token|kept-user/)
    if (stop === true) closers.splice(0, 1)
  },
)

test('a Vault that comes back is used again', async () => {
  const { source, vault } = await opened({})
  vault.sealed = true
  await expect(source.lease(leaseRequest(), never)).rejects.toThrow('no credential could be had')
  vault.sealed = false
  expect((await source.lease(leaseRequest(), never)).user).toMatch(/^v-app-/)
})

test('its address must be https, or on this machine', () => {
  const settings = (address: string): unknown => ({
    source: 'vault',
    address,
    auth: { method: 'approle', roleId: 'r', secretId: APPROLE },
    read: { engine: 'database', role: 'app' },
  })
  const faults = (address: string): boolean =>
    vaultSchema('/')
      .safeParse(settings(address))
      .error?.issues.some(({ path }) => path[0] === 'address') ?? false
  expect(faults('https://vault.example.com:8200')).toBe(false)
  expect(faults('http://127.0.0.1:8200')).toBe(false)
  for (const address of ['http://vault.example.com', 'https://u:p@vault', 'vault:8200', 'https://vault/?a=b'])
    expect(faults(address)).toBe(true)
})
