import { Command, Option } from 'commander'
import {
  CREDENTIAL_FORMATS,
  type CredentialFormat,
  credentialText,
  hasFormat,
  wrongFormat,
} from '../credential/credential-formats.ts'
import { type CredentialOptions, credentialOptions } from '../credential/credential-options.ts'
import { listTargets, swapToken } from '../credential/swap.ts'
import { type Access, accessOf } from '../login/access.ts'

export function tokenCommand(): Command {
  return credentialOptions(
    new Command('token').description(
      'swap your token for a short user name and secret, for one target, and print them',
    ),
    1,
    '15m',
  )
    .addOption(new Option('--format <format>', 'how they are printed').choices(CREDENTIAL_FORMATS).default('dsn'))
    .action(run)
}

async function run(options: CredentialOptions & { readonly format: CredentialFormat }): Promise<void> {
  const { target, uses, lifetime, address = null, format } = options
  const access = await accessOf(options, process.env, lifetime * 1000)
  await checkFormat(access, target, format)
  const login = await swapToken(access, { target, uses, lifetimeSeconds: lifetime, address }, process.env)
  process.stdout.write(credentialText(login, format))
  const logins = uses === 'many' ? 'any number of logins' : uses === 1 ? 'one login' : `${String(uses)} logins`
  process.stderr.write(`Good for ${logins} until ${login.until}.\n`)
}

/** Before there is a credential that nobody sees. Throws `CommandFailed`. */
async function checkFormat(access: Access, target: string, format: CredentialFormat): Promise<void> {
  if (format !== 'pgpass' && format !== 'my.cnf') return
  const found = (await listTargets(access)).find((one) => one.target === target)
  if (found !== undefined && !hasFormat(found.engine, format)) throw wrongFormat(format)
}
