import { realpathSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { isProgram } from '@gatehouse/configuration'
import { Argument, Command, Option } from 'commander'
import { accessOptions } from '../credential/credential-options.ts'
import { type SnippetName, type SnippetPlace, snippet, SNIPPETS } from '../credential/snippets.ts'
import { listTargets } from '../credential/swap.ts'
import { CommandFailed } from '../exit-status.ts'
import { accessOf, type AccessOptions } from '../login/access.ts'

/** What an installed program is called. */
const NAME = 'gatehouse'

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
  process.stdout.write(snippet(name, { target, engine, program: ownProgram(process.env) }))
}

/** How this command is run: by its name where that is on the path, as on every machine it is installed on; else as it was run now. */
function ownProgram(environment: Readonly<Record<string, string | undefined>>): SnippetPlace['program'] {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder))
  if (folders.some((folder) => isProgram(join(folder, NAME)))) return [NAME]
  process.stderr.write(`${NAME} is not on the path: what is printed names the files of this machine.\n`)
  return [process.execPath, realpathSync(process.argv[1] ?? '')]
}

async function engineOf(target: string, options: AccessOptions): Promise<SnippetPlace['engine']> {
  const targets = await listTargets(await accessOf(options, process.env))
  const found = targets.find((one) => one.target === target)
  if (found !== undefined) return found.engine
  throw new CommandFailed(`There is no target ${target}. There are: ${targets.map((one) => one.target).join(', ')}.`)
}
