import { Command } from 'commander'
import { isLoopbackHost, Secret } from '@gatehouse/core'
import { credentialText } from '../credential/credential-formats.ts'
import { type ListedTarget, listTargets, swapToken } from '../credential/swap.ts'
import { CommandFailed, ExitStatus } from '../exit-status.ts'
import type { Access } from '../login/access.ts'
import { type DeviceCode, type DeviceLogin, deviceLogin, giveBack, signIn } from '../login/device-login.ts'
import { type KeptLogin, readLogin, removeLogin, withLoginLocked, writeLogin } from '../login/kept-login.ts'
import { terminalLine } from '../terminal-text.ts'

/** What is asked for where a credential is printed for a developer's own tools: the service ends it sooner. */
const DEVELOPER_SECONDS = 86_400

interface LoginOptions {
  readonly url?: string
  readonly target?: string
}

export function loginCommand(): Command {
  return new Command('login')
    .description('sign in at your identity provider, and keep the token for other commands')
    .option('--url <url>', 'the admin service (default: GATEHOUSE_ADMIN_URL, else where you signed in last)')
    .option('--target <target>', 'print a credential for this target too, as connection string and lines for files')
    .action(login)
}

export function logoutCommand(): Command {
  return new Command('logout')
    .description('forget what gatehouse login keeps, and tell the identity provider')
    .action(logout)
}

async function login({ url, target }: LoginOptions): Promise<void> {
  const given = url ?? process.env['GATEHOUSE_ADMIN_URL'] ?? readLogin(process.env)?.url
  if (given === undefined)
    throw new CommandFailed('Say where the admin service is: --url, or GATEHOUSE_ADMIN_URL.', ExitStatus.Usage)
  const address = given.replace(/\/+$/, '')
  const kept = await signIn(address, await askDeviceLogin(address), tell)
  writeLogin(kept, process.env)
  const access: Access = { url: address, token: new Secret(kept.token) }
  const targets = await listTargets(access)
  process.stdout.write(welcome(kept, targets))
  if (target !== undefined) await printCredential(access, target)
}

async function logout(): Promise<void> {
  const kept = readLogin(process.env)
  if (kept === null) {
    process.stdout.write('Nobody is signed in.\n')
    return
  }
  // Forgotten first: what the issuer says does not keep it.
  await withLoginLocked(process.env, () => {
    removeLogin(process.env)
    return Promise.resolve()
  })
  process.stdout.write('Signed out.\n')
  await giveBack(kept)
}

async function printCredential(access: Access, target: string): Promise<void> {
  const wish = { target, uses: 'many' as const, lifetimeSeconds: DEVELOPER_SECONDS, address: null }
  const made = await swapToken(access, wish, process.env)
  const file =
    made.engine === 'postgres' ? (['~/.pgpass (mode 0600)', 'pgpass'] as const) : (['~/.my.cnf', 'my.cnf'] as const)
  process.stdout.write(`
A credential for ${target}, until ${made.until}. Whoever has it logs in as you.

${credentialText(made, 'dsn')}
# ${file[0]}
${credentialText(made, file[1])}`)
}

function tell({ page, pageWithCode, code }: DeviceCode): void {
  process.stderr.write(`
Open    ${terminalLine(pageWithCode ?? page, 500)}
Code    ${terminalLine(code, 40)}

Waiting for you to sign in there…
`)
}

function welcome({ url, refreshToken, expiresAt }: KeptLogin, targets: readonly ListedTarget[]): string {
  const until = expiresAt === null ? '' : `, until ${new Date(expiresAt).toISOString()}`
  const renewed = refreshToken === null ? '' : ', and is renewed by itself'
  const listed = targets.map(({ target, engine, host, port }) => `  ${target}  (${engine}, ${host}:${String(port)})\n`)
  const first = targets[0]?.target ?? 'TARGET'
  return `Signed in at ${url}. Your token is kept${until}${renewed}.

Targets
${listed.join('')}
Go on
  gatehouse exec --target ${first} -- COMMAND          a program with a credential in its environment
  gatehouse token --target ${first} --format env       a credential to paste
  gatehouse snippet claude-code --target ${first}      what to put where, for an agent
`
}

async function askDeviceLogin(url: string): Promise<DeviceLogin> {
  const { protocol = '', hostname = '' } = URL.parse(url) ?? {}
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopbackHost(hostname)))
    throw new CommandFailed(`${url} is no https:// address.`, ExitStatus.Usage)
  let answer: Response
  try {
    answer = await fetch(`${url}/v1/device-login`, { redirect: 'error' })
  } catch {
    throw new CommandFailed(`${url} was not reached.`)
  }
  const said: unknown = await answer.json().catch(() => null)
  const parsed = deviceLogin.safeParse(said)
  if (answer.ok && parsed.success) return parsed.data
  throw new CommandFailed(
    `${url} does not say where developers sign in: whoever runs it can set credentials.deviceLogin (docs/admin.md).`,
  )
}
