import { Command } from 'commander'
import * as z from 'zod'
import { accessOptions } from '../credential/credential-options.ts'
import { clientOf } from '../credential/swap.ts'
import { accessOf, type AccessOptions } from '../login/access.ts'
import { terminalLine, terminalTable } from '../terminal-text.ts'

const credentialList = z.object({
  credentials: z.array(
    z.object({
      name: z.string(),
      principal: z.object({ subject: z.string(), actor: z.string().nullable() }),
      target: z.string(),
      address: z.string().nullable(),
      uses: z.number().nullable(),
      used: z.number(),
      until: z.string(),
    }),
  ),
})

export function credentialsCommand(): Command {
  const command = new Command('credentials').description('see session credentials, and revoke them')
  accessOptions(command.command('list'))
    .option('--json', 'as the service answers')
    .description('list your own; an operator sees those of everybody')
    .action(list)
  accessOptions(command.command('revoke').argument('<name>', 'gh-…'))
    .description('take one away, and end its sessions')
    .action(revoke)
  return command
}

async function list(options: AccessOptions & { readonly json?: true }): Promise<void> {
  const answer = await clientOf(await accessOf(options, process.env)).get('/v1/credentials')
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
    return
  }
  const rows = credentialList
    .parse(answer)
    .credentials.map(({ name, principal, target, address, uses, used, until }) => [
      terminalLine(name, 40),
      terminalLine(target, 30),
      terminalLine(principal.actor === null ? principal.subject : `${principal.actor} for ${principal.subject}`, 40),
      uses === null ? `${String(used)} of many` : `${String(used)} of ${String(uses)}`,
      terminalLine(until, 30),
      terminalLine(address ?? 'any', 50),
    ])
  process.stdout.write(`${terminalTable([['NAME', 'TARGET', 'WHO', 'USED', 'UNTIL', 'FROM'], ...rows])}\n`)
}

async function revoke(name: string, options: AccessOptions): Promise<void> {
  await clientOf(await accessOf(options, process.env)).delete(`/v1/credentials/${encodeURIComponent(name)}`)
  process.stdout.write(`${name}: revoked\n`)
}
