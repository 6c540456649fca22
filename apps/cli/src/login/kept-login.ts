import { mkdirSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'
import { CommandFailed } from '../exit-status.ts'
import { readPrivately, stateFolder, writePrivately } from './private-file.ts'

/** What `gatehouse login` keeps. */
export interface KeptLogin {
  /** The admin service it is for; it is shown to no other. */
  readonly url: string
  readonly issuer: string
  readonly clientId: string
  readonly tokenKind: 'access_token' | 'id_token'
  readonly token: string
  /** Null: there is none, so one signs in again. */
  readonly refreshToken: string | null
  /** Milliseconds since the epoch; null: the issuer does not say. */
  readonly expiresAt: number | null
}

const keptLogin: z.ZodType<KeptLogin> = z.object({
  url: z.string(),
  issuer: z.string(),
  clientId: z.string(),
  tokenKind: z.enum(['access_token', 'id_token']),
  token: z.string(),
  refreshToken: z.string().nullable(),
  expiresAt: z.number().nullable(),
})

type Environment = Readonly<Record<string, string | undefined>>

/** A refresh takes no longer; whoever holds the lock for this long has ended. */
const LOCK_MILLISECONDS = 30_000

/** The login that is kept; null: nobody is signed in. Throws `CommandFailed` when the file is not safe to use. */
export function readLogin(environment: Environment): KeptLogin | null {
  const path = fileOf(environment)
  const text = readPrivately(path)
  if (text === null) return null
  try {
    return keptLogin.parse(JSON.parse(text))
  } catch {
    // What was found there is not shown: it may hold a token.
    throw new CommandFailed(`${path} cannot be read. Sign in again: gatehouse login.`)
  }
}

export function writeLogin(login: KeptLogin, environment: Environment): void {
  writePrivately(fileOf(environment), `${JSON.stringify(login, null, 2)}\n`)
}

export function removeLogin(environment: Environment): void {
  rmSync(fileOf(environment), { force: true })
}

/** Runs `work` while no other command changes the login: a refresh token is good once. */
export async function withLoginLocked<Result>(environment: Environment, work: () => Promise<Result>): Promise<Result> {
  const lock = `${fileOf(environment)}.lock`
  for (let waited = 0; !takeLock(lock); waited += 100) {
    if (waited > LOCK_MILLISECONDS) throw new CommandFailed(`${lock} is there and stays: delete it.`)
    await sleep(100)
  }
  try {
    return await work()
  } finally {
    rmdirSync(lock)
  }
}

function takeLock(lock: string): boolean {
  try {
    mkdirSync(lock, { mode: 0o700 })
    return true
  } catch {
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
    if (Date.now() - since > LOCK_MILLISECONDS) rmSync(lock, { recursive: true, force: true })
    return false
  }
}

function fileOf(environment: Environment): string {
  return join(stateFolder(environment), 'login.json')
}
