import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Policy, parsePolicy } from '@gatehouse/core'
import { formatProblems } from '@gatehouse/configuration'
import { loadGatewayConfig, openTarget, UpstreamUnavailable } from '@gatehouse/gateway'
import { SOURCE_LOG } from '../source-log.ts'
import { CommandFailed, ExitStatus } from '../exit-status.ts'
import { contentDetectors } from './content-detectors.ts'
import { policyYaml } from './policy-yaml.ts'
import { propose, type Proposals } from './propose.ts'
import { readTarget } from './read-target.ts'
import { type Samples, sampleTables } from './sample-tables.ts'
import { schemaFilter } from './schema-filter.ts'
import type { TargetContents } from './target-contents.ts'

/** What `gatehouse policy suggest` takes. */
export interface SuggestOptions {
  readonly config: string
  readonly target: string
  /** Null: standard output. */
  readonly output: string | null
  /** Most rows read of a table; 0: none. */
  readonly sampleRows: number
  /** Names of schemas, `*` allowed; empty: all but the system's. */
  readonly schemas: readonly string[]
}

const NO_SAMPLES: Samples = { tallies: new Map(), sampledTables: 0, notSampled: [] }

/**
 * Proposes masks for a target and writes them as YAML. Throws `CommandFailed`, in words of our own: what a server says may
 * quote a value.
 */
export async function suggestMasks(options: SuggestOptions): Promise<void> {
  const loading = loadGatewayConfig(options.config, process.env)
  if (loading.kind === 'problems') throw new CommandFailed(formatProblems(options.config, loading.problems))
  const { config } = loading
  const chosen = config.targets.get(options.target)
  if (chosen === undefined)
    throw new CommandFailed(
      `${options.config} has no target ${options.target}; it has ${[...config.targets.keys()].join(', ')}`,
      ExitStatus.Usage,
    )
  keepInputs(options, config.policyFile)
  const policy = readPolicy(config.policyFile)
  const target = openTarget(options.target, chosen, SOURCE_LOG)
  let contents: TargetContents
  let samples: Samples
  try {
    contents = await readTarget(options.target, target, policy, schemaFilter(options.schemas))
    try {
      if (contents.tables.length === 0 && options.schemas.length > 0) noSuchSchema(options, contents.schemas)
      samples =
        options.sampleRows === 0
          ? NO_SAMPLES
          : await sampleTables(contents.sampler, contents.tables, options.sampleRows, contentDetectors())
    } finally {
      contents.sampler.close()
    }
  } catch (error) {
    throw failureOf(error, options.target, `${target.host}:${target.port}`)
  } finally {
    await target.credentials.close()
  }
  const columns = [...contents.tables.flatMap((table) => table.columns), ...contents.systemColumns]
  const proposals = propose(columns, contents.links, samples.tallies)
  write(options, textOf(options, policy, contents, samples, proposals))
  const { masks, freeText, masked } = proposals
  process.stderr.write(
    `${contents.tables.length} tables read, ${samples.sampledTables} sampled: masks for ${masks.length} columns and a look into ${freeText.length} proposed, ${masked.length} masked already\n`,
  )
}

function textOf(
  options: SuggestOptions,
  policy: Policy,
  contents: TargetContents,
  samples: Samples,
  proposals: Proposals,
): string {
  const rules: readonly (readonly { readonly name: string }[])[] = Object.values(policy.document)
  return policyYaml(proposals, {
    target: options.target,
    sampleRows: options.sampleRows,
    tables: contents.tables.length,
    sampled: samples.sampledTables,
    notSampled: samples.notSampled,
    materializedViews: contents.materializedViews,
    foreignTables: contents.tables
      .filter(({ kind }) => kind === 'foreign')
      .map(({ schema, name }) => `${schema}.${name}`),
    takenNames: new Set(rules.flat().map(({ name }) => name)),
  })
}

/** The proposals are for people to read; a policy in force is not replaced by them. */
function keepInputs({ output, config }: SuggestOptions, policyFile: string): void {
  if (output === null) return
  for (const input of [config, policyFile]) {
    if (resolve(input) === resolve(output))
      throw new CommandFailed(
        `--output ${output} would replace the ${input === config ? 'configuration' : 'policy in force'}; name another file.`,
        ExitStatus.Usage,
      )
  }
}

/** The policy in force. That there is one is seen to by the configuration. */
function readPolicy(file: string): Policy {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    throw new CommandFailed(`The policy ${file} cannot be read, so what is masked already is not known.`)
  }
  const parsed = parsePolicy(text)
  if (parsed.ok) return parsed.policy
  throw new CommandFailed(
    `The policy ${file} is not valid, so what is masked already is not known; \`gatehouse policy check ${file}\` says why.`,
  )
}

function noSuchSchema({ schemas, target }: SuggestOptions, known: readonly string[]): void {
  throw new CommandFailed(
    `No table of target ${target} is in a schema like ${schemas.join(', ')}; it has ${known.join(', ')}.`,
    ExitStatus.Usage,
  )
}

/** What to tell of a failure. Only words of our own: an error of the server, or one about a row, may hold a value. */
function failureOf(error: unknown, target: string, address: string): CommandFailed {
  if (error instanceof CommandFailed) return error
  if (!(error instanceof UpstreamUnavailable))
    return new CommandFailed(`What target ${target} answered could not be read.`)
  const state = error.sqlstate === null || error.message.includes('SQLSTATE') ? '' : ` (SQLSTATE ${error.sqlstate})`
  return new CommandFailed(
    `${error.message}${state}. It is reached at ${address} with the credential of the configuration.`,
  )
}

function write({ output }: SuggestOptions, text: string): void {
  if (output === null) {
    process.stdout.write(text)
    return
  }
  try {
    writeFileSync(output, text)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new CommandFailed(`${output} cannot be written: ${code}.`)
  }
}
