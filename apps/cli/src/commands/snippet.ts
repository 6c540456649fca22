import { resolve } from 'node:path'
import { Argument, Command, Option } from 'commander'
import { accessOptions } from '../credential/credential-options.ts'
import { type SnippetName, type SnippetPlace, snippet, SNIPPETS } from '../credential/snippets.ts'
import { listTargets } from '../credential/swap.ts'
import { CommandFailed } from '../exit-status.ts'
import { accessOf, type AccessOptions } from '../login/access.ts'

interface SnippetOptions extends AccessOptions {
  readonly target: string
  readonly engine?: SnippetPlace['engine']
}

export function snippetCommand(): Command {
  return accessOptions(
    new Command('snippet').description(
      'print what to put where, so that an agent or program gets a credential at each start',
    ),
  )
    .addArgument(new Argument('<for>', 'whom it is for').choices(SNIPPETS))
    .requiredOption('--target <target>', 'the target')
    .addOption(
      new Option('--engine <engine>', 'what it speaks (default: the service is asked)').choices(['postgres', 'mysql']),
    )
    .action(run)
}

async function run(name: SnippetName, options: SnippetOptions): Promise<void> {
  const { target } = options
  const engine = options.engine ?? (await engineOf(target, options))
  const wanted = name === 'psql' ? 'postgres' : name === 'mysql' ? 'mysql' : engine
  if (engine !== wanted) throw new CommandFailed(`${target} speaks ${engine}, and ${name} does not.`)
  // The command as it was started: what the snippet starts is this one, from a checkout or a release.
  process.stdout.write(snippet(name, { target, engine, program: [process.execPath, resolve(process.argv[1] ?? '')] }))
}

async function engineOf(target: string, options: AccessOptions): Promise<SnippetPlace['engine']> {
  const targets = await listTargets(await accessOf(options, process.env))
  const found = targets.find((one) => one.target === target)
  if (found !== undefined) return found.engine
  throw new CommandFailed(`There is no target ${target}. There are: ${targets.map((one) => one.target).join(', ')}.`)
}
