import { readFileSync } from 'node:fs'
import { Secret } from '@gatehouse/core'
import { CommandFailed, ExitStatus } from '../exit-status.ts'
import { type KeptLogin, readLogin, withLoginLocked, writeLogin } from './kept-login.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Where the admin service is and who asks, as options say it. */
export interface AccessOptions {
  readonly url?: string
  /** `-`: standard input. */
  readonly tokenFile?: string
}

/** Where the admin service is, and the token it is shown. */
export interface Access {
  readonly url: string
  readonly token: Secret<string>
}

/** A token with less left is renewed first. */
const ENOUGH_MILLISECONDS = 60_000

/**
 * Address and token from the options, else from `GATEHOUSE_ADMIN_URL` and `GATEHOUSE_TOKEN`, else from `gatehouse login`, whose
 * token is renewed where it is about to end and shown to its own service alone. `wanted`: what is to be left of it, in
 * milliseconds, where it can be renewed. Rejects with `CommandFailed`.
 */
export async function accessOf(options: AccessOptions, environment: Environment, wanted = 0): Promise<Access> {
  const given = options.url ?? environment['GATEHOUSE_ADMIN_URL']
  const token = options.tokenFile === undefined ? environment['GATEHOUSE_TOKEN'] : readToken(options.tokenFile)
  if (token !== undefined && token !== '') {
    const url = given ?? readLogin(environment)?.url
    if (url === undefined)
      throw new CommandFailed('Say where the admin service is: --url, or GATEHOUSE_ADMIN_URL.', ExitStatus.Usage)
    return { url, token: new Secret(token) }
  }
  const login = readLogin(environment)
  if (login === null)
    throw new CommandFailed('Say who you are: gatehouse login, --token-file, or GATEHOUSE_TOKEN.', ExitStatus.Usage)
  if (given !== undefined && originOf(given) !== originOf(login.url))
    throw new CommandFailed(
      `You are signed in at ${login.url}, and its token is not shown to ${given}: gatehouse login --url ${given}.`,
    )
  const fresh = await lasting(login, environment, Math.max(wanted, ENOUGH_MILLISECONDS))
  return { url: fresh.url, token: new Secret(fresh.token) }
}

async function lasting(login: KeptLogin, environment: Environment, wanted: number): Promise<KeptLogin> {
  if (!isWorn(login, wanted)) return login
  return await withLoginLocked(environment, async () => {
    // Another command may have been first.
    const now = readLogin(environment) ?? login
    if (!isWorn(now, wanted)) return now
    // Only here: most commands renew nothing, and need not wait for the library.
    const { renew } = await import('./device-login.ts')
    const renewed = await renew(now)
    writeLogin(renewed, environment)
    return renewed
  })
}

/** True when it ends too soon and something can be done; one that has ended cannot be shown at all. */
function isWorn({ expiresAt, refreshToken }: KeptLogin, wanted: number): boolean {
  if (expiresAt === null) return false
  const left = expiresAt - Date.now()
  return refreshToken === null ? left <= 0 : left < wanted
}

function originOf(address: string): string | null {
  return URL.parse(address)?.origin ?? null
}

function readToken(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8').trim()
  } catch (error) {
    throw new CommandFailed(
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      ExitStatus.Usage,
    )
  }
}
