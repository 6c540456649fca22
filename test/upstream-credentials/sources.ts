import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LoopbackVault, type LoopbackVaultOptions } from '@gatehouse/upstream-credentials/testing'
import type { LeasedTarget, TestTarget } from '../harness/start-gateway.ts'

/** A user of the database that the sources give out. */
export interface Account {
  readonly user: string
  readonly password: string
}

/** A database's targets, one for each source, and where their secrets are. */
export interface Sources {
  readonly targets: Readonly<Record<string, TestTarget | LeasedTarget>>
  /** For `${NAME}` in them. */
  readonly environment: Readonly<Record<string, string>>
  /** Dynamic users with long leases, and with short ones. */
  readonly vault: LoopbackVault
  readonly short: LoopbackVault
  /** Puts another password where the files and the command have it. */
  rotate(password: string): void
  close(): Promise<void>
}

const VAULT_AUTH = { method: 'approle', roleId: 'gatehouse', secretId: 'file:secret-id' }

/** Writes an account to each kind of place, and starts the Vaults. `target`: without a credential. */
export async function openSources(
  target: Omit<TestTarget, 'user' | 'password'>,
  { user, password }: Account,
  users: NonNullable<LoopbackVaultOptions['users']>,
): Promise<Sources> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-sources-'))
  const at = (name: string): string => join(folder, name)
  const rotate = (fresh: string): void => {
    writeFileSync(at('plain'), `${fresh}\n`, { mode: 0o600 })
    writeFileSync(at('json'), JSON.stringify({ user, password: fresh }), { mode: 0o600 })
  }
  rotate(password)
  writeFileSync(at('secret-id'), 'secret-id', { mode: 0o600 })
  const kept = { 'shop/db': { username: user, password } }
  const vault = await LoopbackVault.start({ secretId: 'secret-id', kept, users })
  const short = await LoopbackVault.start({ secretId: 'secret-id', users, leaseSeconds: 3 })
  const auth = { ...VAULT_AUTH, secretId: `file:${at('secret-id')}` }
  const dynamic = { engine: 'database', role: 'app' }
  return {
    targets: {
      'by-environment': { ...target, user, credential: { source: 'environment', password: '${APP_PASSWORD}' } },
      'by-reference': { ...target, user, password },
      'by-file': { ...target, user, credential: { source: 'file', path: at('plain') } },
      'by-json': { ...target, credential: { source: 'file', path: at('json'), format: 'json' } },
      'by-command': { ...target, credential: { source: 'command', command: ['/bin/cat', at('json')] } },
      'by-vault': {
        ...target,
        credential: { source: 'vault', address: vault.url, auth, read: { engine: 'kv', path: 'shop/db' } },
      },
      dynamic: { ...target, credential: { source: 'vault', address: vault.url, auth, read: dynamic } },
      short: { ...target, credential: { source: 'vault', address: short.url, auth, read: dynamic } },
    },
    environment: { APP_PASSWORD: password },
    vault,
    short,
    rotate,
    close: async () => {
      await vault.close()
      await short.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Those of the targets that give out the account itself. */
export const STATIC = ['by-environment', 'by-reference', 'by-file', 'by-json', 'by-command', 'by-vault'] as const
