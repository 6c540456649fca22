import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command, InvalidArgumentError } from 'commander'
import { connectionParts, environmentOf } from '../credential/connection-parts.ts'
import { type CredentialOptions, credentialOptions } from '../credential/credential-options.ts'
import { clientOf, type Login, swapToken } from '../credential/swap.ts'
import { CommandFailed, ExitStatus } from '../exit-status.ts'
import { accessOf } from '../login/access.ts'

/** What the shells answer for a program that is not there, and for one that was ended by a signal. */
const NOT_FOUND = 127
const SIGNALLED = 128
const SIGNAL_NUMBERS: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGKILL: 9,
  SIGTERM: 15,
}

/** How long is waited for the credential to be taken back when the program has ended. */
const REVOKE_MILLISECONDS = 3000

interface ExecOptions extends CredentialOptions {
  readonly env: Readonly<Record<string, string>>
}

export function execCommand(): Command {
  return credentialOptions(
    new Command('exec').description(
      'run a program with a session credential in its environment, and nowhere else; it is taken back when the program ends',
    ),
    'many',
    '1d',
  )
    .option(
      '--env <NAME=text>',
      'another variable, with {uri}, {host}, {port}, {database}, {user}, {password} and {ca} filled in; may be repeated',
      readVariable,
      {},
    )
    .argument('<command...>', 'the program and what it is given, behind --')
    .action(run)
}

async function run([program = '', ...args]: readonly string[], options: ExecOptions): Promise<void> {
  const { target, uses, lifetime, address = null } = options
  if (options.tokenFile === '-')
    throw new CommandFailed(
      "Standard input is the program's: give the token by a file or GATEHOUSE_TOKEN.",
      ExitStatus.Usage,
    )
  const access = await accessOf(options, process.env)
  const login = await swapToken(access, { target, uses, lifetimeSeconds: lifetime, address }, process.env)
  try {
    const status = await ended(
      spawn(program, args, { stdio: 'inherit', env: environment(login, options.env) }),
      program,
    )
    if (status !== 0) throw new CommandFailed('', status)
  } finally {
    const taken = clientOf(access).delete(`/v1/credentials/${login.user}`)
    // It ends by itself where the service is not reached.
    await Promise.race([taken.catch(() => undefined), sleep(REVOKE_MILLISECONDS, undefined, { ref: false })])
  }
}

/** The program's environment: ours without what only we need, and the login. */
function environment(login: Login, more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { GATEHOUSE_TOKEN: _, ...own } = process.env
  const parts = connectionParts(login)
  const filled = Object.entries(more).map(([name, text]) => [
    name,
    text.replaceAll(/\{([a-z]+)\}/g, (whole, part: string) => parts[part] ?? whole),
  ])
  return {
    ...own,
    // Programs on Node look for authorities nowhere else.
    ...(login.caFile === null || own['NODE_EXTRA_CA_CERTS'] !== undefined ? {} : { NODE_EXTRA_CA_CERTS: login.caFile }),
    ...environmentOf(login),
    ...(Object.fromEntries(filled) as Record<string, string>),
  }
}

/** The program's exit status, as a shell would have it. Signals that end us are passed on. */
async function ended(child: ChildProcess, program: string): Promise<number> {
  const pass = (signal: NodeJS.Signals): void => {
    // A terminal has told the program itself.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, pass)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (error) =>
        reject(
          new CommandFailed(
            `${program} cannot be run: ${'code' in error ? String(error.code) : error.message}`,
            NOT_FOUND,
          ),
        ),
      )
      child.once('exit', (status, signal) =>
        resolve(status ?? SIGNALLED + (signal === null ? 0 : (SIGNAL_NUMBERS[signal] ?? 0))),
      )
    })
  } finally {
    for (const signal of signals) process.off(signal, pass)
  }
}

function readVariable(value: string, former: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const [, name, text] = /^([A-Za-z_][A-Za-z0-9_]*)=([^]*)$/.exec(value) ?? []
  if (name === undefined || text === undefined) throw new InvalidArgumentError("NAME=text, such as DSN='{uri}'")
  return { ...former, [name]: text }
}
