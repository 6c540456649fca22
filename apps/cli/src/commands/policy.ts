import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { lintPolicy, parsePolicyTests, type PolicyTestCase, runPolicyTests, type StatementFacts } from '@gatehouse/core'
import { Command } from 'commander'
import { type CatalogFile, readCatalogFile, writeCatalogFile } from '../catalog-file.ts'
import { CommandFailed, ExitStatus } from '../exit-status.ts'
import { explainStatement, readPolicy, readText } from '../explain-statement.ts'
import { claimsToPrincipal } from '../claims.ts'
import { suggestCommand } from './suggest.ts'

export function policyCommand(): Command {
  const command = new Command('policy').description(
    'check a policy, run its expectations, explain a decision, suggest masks',
  )
  command
    .command('check')
    .argument('<file>', 'the policy')
    .option(
      '--catalog <file>',
      'what exists on a target, made by `policy catalog`: patterns that match nothing are named',
    )
    .option('--target <target>', 'the target that the catalog is of')
    .description('say everything that is wrong with a policy; exit status 1 when something is')
    .action(check)
  command
    .command('test')
    .argument('<directory>', 'a folder with policy.yaml and *.test.yaml')
    .option(
      '--catalogs <folder>',
      'where TARGET.catalog.json of each target is, made by `policy catalog` (default: the same folder)',
    )
    .option('--policy <file>', 'the policy (default: policy.yaml in the folder, or the only *policy.yaml there)')
    .description('run the expectations kept beside a policy; exit status 1 when one is not met')
    .action(test)
  command
    .command('explain')
    .argument('<sql>', 'the statement')
    .requiredOption('--as <claims>', 'a JSON file with the claims of a token (sub, groups, azp …)')
    .requiredOption('--target <target>', 'the target it would run on')
    .option('--policy <file>', 'the policy', 'policy.yaml')
    .option(
      '--catalog <file>',
      'what exists on the target, made by `policy catalog` (default: TARGET.catalog.json beside the policy)',
    )
    .description('say which rule and which fact decide on a statement; exit status 1 when it is denied')
    .action(explainDecision)
  command
    .command('catalog')
    .requiredOption('--config <file>', "the gateway's configuration")
    .requiredOption('--target <target>', 'the target to read')
    .requiredOption('--output <file>', 'the file to write, TARGET.catalog.json')
    .description(
      'write down what exists on a target (names and types, no rows), for check, test and explain without a database',
    )
    .action(({ config, target, output }: { config: string; target: string; output: string }) =>
      writeCatalogFile(config, target, output),
    )
  command.addCommand(suggestCommand())
  return command
}

async function check(file: string, { catalog, target }: { catalog?: string; target?: string }): Promise<void> {
  const policy = readPolicy(file)
  if (catalog !== undefined && target === undefined)
    throw new CommandFailed('--catalog goes with --target', ExitStatus.Usage)
  const known = catalog === undefined ? null : await readCatalogFile(catalog)
  const warnings = lintPolicy(
    policy,
    known === null || target === undefined ? null : { target, engine: known.engine, objects: known.objects },
  )
  for (const { rule, line, message, hint } of warnings)
    process.stdout.write(`${file}:${line} warning: rule ${rule}: ${message}. ${hint}\n`)
  const { allow, approve, deny, masks, limits } = policy.document
  process.stdout.write(
    `${file} is valid: ${allow.length} allow, ${approve.length} approve, ${deny.length} deny, ${masks.length} masks, ${limits.length} limits; ${warnings.length} warnings; version ${policy.version}\n`,
  )
}

async function test(
  directory: string,
  { policy: given, catalogs: folder = directory }: { policy?: string; catalogs?: string },
): Promise<void> {
  if (!existsSync(directory) || !statSync(directory).isDirectory())
    throw new CommandFailed(`There is no directory ${directory}.`, ExitStatus.Usage)
  const names = readdirSync(directory).sort()
  const file = given ?? policyOf(directory, names)
  const policy = readPolicy(file)
  const catalogs = new Map<string, CatalogFile>()
  for (const name of readdirSync(folder).filter((entry) => entry.endsWith('.catalog.json'))) {
    catalogs.set(name.slice(0, -'.catalog.json'.length), await readCatalogFile(join(folder, name)))
  }
  let failed = 0
  let passed = 0
  for (const name of names.filter((entry) => entry.endsWith('.test.yaml'))) {
    const cases = readCases(join(directory, name))
    for (const result of runPolicyTests(
      policy,
      cases,
      (target) => catalogs.get(target)?.engine ?? 'postgres',
      (sql, target) => readWith(catalogs, sql, target, folder),
    )) {
      if (result.passed) passed++
      else {
        failed++
        process.stdout.write(
          `not ok: ${name}:${result.line} ${result.name}\n  ${result.happened}\n${result.explanation.map((line) => `  ${line}\n`).join('')}`,
        )
      }
    }
  }
  if (passed + failed === 0)
    throw new CommandFailed(`There are no expectations (*.test.yaml) in ${directory}.`, ExitStatus.Usage)
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  if (failed > 0) throw new CommandFailed('')
}

async function explainDecision(
  sql: string,
  options: { as: string; target: string; policy: string; catalog?: string },
): Promise<void> {
  const { target, policy, catalog = join(dirname(resolve(policy)), `${target}.catalog.json`) } = options
  const explanation = await explainStatement(policy, catalog, claimsToPrincipal(options.as), target, sql)
  for (const line of explanation.lines) process.stdout.write(`${line}\n`)
  if (explanation.denied) throw new CommandFailed('')
}

function readCases(file: string): readonly PolicyTestCase[] {
  const parsed = parsePolicyTests(readText(file))
  if (parsed.ok) return parsed.cases
  throw new CommandFailed(
    parsed.problems.map(({ line, column, message }) => `${file}:${line}:${column} ${message}`).join('\n'),
  )
}

function readWith(
  catalogs: ReadonlyMap<string, CatalogFile>,
  sql: string,
  target: string,
  directory: string,
): readonly StatementFacts[] {
  const catalog = catalogs.get(target)
  if (catalog === undefined)
    throw new Error(`there is no ${target}.catalog.json in ${directory}; make it with \`gatehouse policy catalog\``)
  return catalog.read(sql)
}

function policyOf(directory: string, names: readonly string[]): string {
  if (names.includes('policy.yaml')) return join(directory, 'policy.yaml')
  const candidates = names.filter((name) => name.endsWith('policy.yaml'))
  const [only] = candidates
  if (candidates.length !== 1 || only === undefined)
    throw new CommandFailed(
      `Name the policy with --policy: ${directory} holds ${candidates.length} files named *policy.yaml.`,
      ExitStatus.Usage,
    )
  return join(directory, only)
}
