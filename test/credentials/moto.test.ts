import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { type CredentialSource, credentialSchema, openSource } from '@gatehouse/upstream-credentials'
import { leaseRequest } from '@gatehouse/upstream-credentials/testing'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { listens } from '../servers/listens.ts'
import { freePort, startGuarded } from '../servers/local-tools.ts'
import { privateFolder } from '../servers/private-folder.ts'

const absent = spawnSync('moto_server', ['--help']).status !== 0
const REGION = 'eu-central-1'

let client: SecretsManagerClient
let endpoint: string
let stop: (() => Promise<void>) | null = null
const opened: CredentialSource[] = []

beforeAll(async () => {
  if (absent) return
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'a secret key of the tests')
  const folder = privateFolder('moto', null)
  const port = await freePort()
  const server = await startGuarded({
    command: 'moto_server',
    args: ['-H', '127.0.0.1', '-p', String(port)],
    env: { PATH: process.env['PATH'] ?? '' },
    user: null,
    logFile: join(folder, 'log'),
    removeWhenDone: folder,
    signals: { ask: 'TERM', force: 'KILL' },
  })
  stop = server.stop
  for (let tries = 0; !(await listens(port)); tries++) {
    if (tries > 600 || !server.isRunning()) throw new Error('moto does not listen')
    await sleep(50)
  }
  endpoint = `http://127.0.0.1:${port}`
  client = new SecretsManagerClient({ region: REGION, endpoint })
})
afterAll(async () => {
  for (const source of opened) await source.close()
  client?.destroy()
  await stop?.()
  vi.unstubAllEnvs()
})
beforeEach((context) => {
  if (absent) context.skip('no moto_server on the path (`pip install "moto[server]"` makes one)')
})

test('a secret of moto is read, and after a rotation anew', async () => {
  await keep('shop', { username: 'shop', password: 'first' })
  const source = open({ secretId: 'shop' })
  await source.lease(leaseRequest(), soon())
  const SecretString = JSON.stringify({ username: 'shop', password: 'second' })
  await client.send(new PutSecretValueCommand({ SecretId: 'shop', SecretString }))
  const stale = await source.lease(leaseRequest(), soon())
  expect([passwordOf(stale), stale.refused?.()]).toEqual(['first', true])
  expect(passwordOf(await source.lease(leaseRequest(), soon()))).toBe('second')
  expect(passwordOf(await open({ secretId: 'shop', versionStage: 'AWSPREVIOUS' }).lease(leaseRequest(), soon()))).toBe(
    'first',
  )
})

test('what moto does not keep is refused', async () => {
  const refused = open({ secretId: 'missing' }).lease(leaseRequest(), soon())
  await expect(refused).rejects.toMatchObject({ detail: expect.stringContaining('ResourceNotFoundException') })
})

async function keep(Name: string, secret: object): Promise<void> {
  await client.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(secret) }))
}

function open(settings: object): CredentialSource {
  const config = credentialSchema('/').parse({ source: 'aws-secrets-manager', region: REGION, endpoint, ...settings })
  const source = openSource(config, { info: () => undefined, warn: () => undefined })
  opened.push(source)
  return source
}

function soon(): AbortSignal {
  return AbortSignal.timeout(20_000)
}

function passwordOf({ password }: { readonly password: { expose(): Buffer } | null }): string {
  return password?.expose().toString() ?? ''
}
