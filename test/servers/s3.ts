import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateBucketCommand, GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3'
import { ServerAbsent } from './found.ts'
import { listens } from './listens.ts'
import { freePort, startGuarded } from './local-tools.ts'
import { privateFolder } from './private-folder.ts'

/**
 * Which server: `s3rver` of the npm registry knows objects and names, and neither their checksums nor conditions; `versitygw` knows what AWS does:
 * checksums, `If-None-Match`, versions, Object Lock.
 */
export type S3Kind = 'plain' | 'full'

/** An S3 server of a test's own, on 127.0.0.1. */
export interface S3Server {
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** A client of it. Destroy it in the end. */
  readonly client: () => S3Client
  /** Makes a bucket; of `full`, one that has Object Lock. */
  readonly makeBucket: (name: string) => Promise<void>
  /** Writes the objects whose names begin so into a new folder, under the rest of their names; returns these. */
  readonly download: (bucket: string, prefix: string, folder: string) => Promise<readonly string[]>
  readonly stop: () => Promise<void>
}

/** A secret that must be found nowhere. */
const SECRET = 'an-s3-secret-for-tests'

/** Why there is no such server here; null: there is one. */
export function whyNoS3(kind: S3Kind): string | null {
  if (kind === 'plain' || versitygw() !== null) return null
  return 'no versitygw on the path (`go install github.com/versity/versitygw/cmd/versitygw@latest` makes one)'
}

/** Starts an empty server. Throws `ServerAbsent` where there is none. */
export async function startS3(kind: S3Kind): Promise<S3Server> {
  const absent = whyNoS3(kind)
  if (absent !== null) throw new ServerAbsent(absent)
  const folder = privateFolder('s3', null)
  const port = await freePort()
  const { command, args, env, accessKeyId, secretAccessKey } =
    kind === 'plain' ? plain(folder, port) : full(folder, port)
  const server = await startGuarded({
    command,
    args,
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      ...env,
    },
    user: null,
    logFile: join(folder, 'log'),
    removeWhenDone: folder,
    signals: { ask: 'TERM', force: 'KILL' },
  })
  const deadline = Date.now() + 20_000
  while (!(await listens(port))) {
    if (!server.isRunning()) throw new Error(`the S3 server ended while starting: ${await server.ended}`)
    if (Date.now() > deadline) throw new Error('the S3 server did not listen within 20 seconds')
    await sleep(50)
  }
  const endpoint = `http://127.0.0.1:${String(port)}`
  const credentials = { accessKeyId, secretAccessKey }
  const client = (): S3Client => new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials })
  return {
    endpoint,
    ...credentials,
    client,
    makeBucket: async (Bucket) => {
      const lock = kind === 'full' ? { ObjectLockEnabledForBucket: true } : {}
      await client().send(new CreateBucketCommand({ Bucket, ...lock }))
    },
    download: (bucket, prefix, into) => download(client(), bucket, prefix, into),
    stop: server.stop,
  }
}

async function download(client: S3Client, Bucket: string, prefix: string, folder: string): Promise<readonly string[]> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  const names: string[] = []
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket, Prefix: prefix })) {
    for (const { Key = '' } of Contents) {
      const name = Key.slice(prefix.length)
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
      writeFileSync(join(folder, name), (await Body?.transformToByteArray()) ?? '')
      names.push(name)
    }
  }
  return names
}

interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Its key is fixed. */
function plain(folder: string, port: number): Launch {
  const home = dirname(createRequire(import.meta.url).resolve('s3rver/package.json'))
  const args = [join(home, 'bin', 's3rver.js'), '-d', folder, '-a', '127.0.0.1', '-p', String(port), '-s']
  return { command: process.execPath, args, env: {}, accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }
}

function full(folder: string, port: number): Launch {
  const objects = join(folder, 'objects')
  const versions = join(folder, 'versions')
  mkdirSync(objects)
  mkdirSync(versions)
  const env = { ROOT_ACCESS_KEY: 'tester', ROOT_SECRET_KEY: SECRET }
  const args = ['--port', `127.0.0.1:${String(port)}`, 'posix', '--versioning-dir', versions, objects]
  return { command: versitygw() ?? 'versitygw', args, env, accessKeyId: 'tester', secretAccessKey: SECRET }
}

function versitygw(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const found = folders.map((folder) => join(folder, 'versitygw')).find((path) => existsSync(path))
  return found !== undefined && spawnSync(found, ['--version']).status === 0 ? found : null
}
