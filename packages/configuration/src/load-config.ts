import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type * as z from 'zod'
import { type ConfigProblem, settingName, type SettingPath } from './config-problem.ts'
import { isSecretAt, jsonSchemaOf } from './json-schema.ts'
import { problemsOf } from './problems-of.ts'
import { References } from './references.ts'
import { YamlSource } from './yaml-source.ts'

/** The largest configuration file, in bytes. */
const MAX_FILE_BYTES = 1024 * 1024

/** The configuration, or everything that is wrong with the file. */
export type ConfigLoading<Config> =
  | { readonly kind: 'config'; readonly config: Config }
  /** Never empty. */
  | { readonly kind: 'problems'; readonly problems: readonly ConfigProblem[] }

/** Where `${NAME}` references lead. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The one schema of a service's configuration. Relative paths begin at `directory`. */
export type SchemaAt<Config> = (directory: string) => z.ZodType<Config>

/** A file as it was read: what came of it, and what stands in it whatever came of it. */
export interface ConfigReading<Config> {
  readonly loading: ConfigLoading<Config>
  /** With references followed and without defaults; null: it cannot be read as YAML. */
  readonly values: unknown
  /** Where relative paths begin. */
  readonly directory: string
  /** A problem with what stands at `path`, or with the nearest thing around it that is there. */
  readonly problemAt: (path: SettingPath, message: string) => ConfigProblem
}

/** Reads a service's configuration file, with `environment` for its `${NAME}` references. Never throws. */
export function loadConfig<Config>(
  schema: SchemaAt<Config>,
  file: string,
  environment: Environment,
): ConfigLoading<Config> {
  return readConfig(schema, file, environment).loading
}

/** The same, with what stands in the file. */
export function readConfig<Config>(
  schema: SchemaAt<Config>,
  file: string,
  environment: Environment,
): ConfigReading<Config> {
  const directory = dirname(resolve(file))
  const text = readText(file)
  return typeof text === 'string' ? read(schema, text, directory, environment) : unread(directory, [text])
}

/** The same for a text; relative paths in it begin at `directory`. */
export function parseConfig<Config>(
  schema: SchemaAt<Config>,
  text: string,
  directory: string,
  environment: Environment,
): ConfigLoading<Config> {
  return read(schema, text, directory, environment).loading
}

function read<Config>(
  schema: SchemaAt<Config>,
  text: string,
  directory: string,
  environment: Environment,
): ConfigReading<Config> {
  try {
    return parse(schema, text, directory, environment)
  } catch {
    // The YAML reader descends by recursion, and a file can be made to exhaust it.
    return unread(directory, [wholeFile('is nested too deeply to be read')])
  }
}

function unread<Config>(directory: string, problems: readonly ConfigProblem[]): ConfigReading<Config> {
  const problemAt = (path: SettingPath, message: string): ConfigProblem => ({
    ...wholeFile(message),
    setting: settingName(path),
  })
  return { loading: { kind: 'problems', problems }, values: null, directory, problemAt }
}

function parse<Config>(
  schema: SchemaAt<Config>,
  text: string,
  directory: string,
  environment: Environment,
): ConfigReading<Config> {
  const source = new YamlSource(text)
  const syntax = source.syntaxProblems()
  if (syntax.length > 0) return unread(directory, syntax)

  const problems: ConfigProblem[] = []
  const described = jsonSchemaOf(schema('/'))
  const references = new References(environment, directory, (path) => isSecretAt(described, path))
  const values = source.values(references.read, problems)
  problems.push(...references.problems.map(({ path, message }) => source.problemAt(path, message)))

  const result = parseTwice(schema(directory), values, references)
  const reading = {
    values,
    directory,
    problemAt: (path: SettingPath, message: string): ConfigProblem => source.problemAt(path, message),
  }
  if (result.success && problems.length === 0) return { ...reading, loading: { kind: 'config', config: result.data } }
  for (const issue of result.error?.issues ?? []) {
    for (const { path, message } of problemsOf(issue, values, () => described)) {
      // A reference that leads nowhere is one problem, not also the text that is missing for it.
      if (!references.problems.some((broken) => isSame(broken.path, path)))
        problems.push(source.problemAt(path, message))
    }
  }
  return { ...reading, loading: { kind: 'problems', problems } }
}

// An environment variable is always text. Where the schema wants a number or a switch, it is read as one.
function parseTwice<Config>(
  schema: z.ZodType<Config>,
  values: unknown,
  references: References,
): z.ZodSafeParseResult<Config> {
  const first = schema.safeParse(values)
  if (first.success) return first
  let changed = false
  for (const issue of first.error.issues) {
    const path = issue.path.filter((step) => typeof step !== 'symbol')
    if (issue.code !== 'invalid_type' || !references.isWholeReference(path)) continue
    changed = replaceAt(values, path, (text) => typedValue(text, issue.expected)) || changed
  }
  return changed ? schema.safeParse(values) : first
}

function typedValue(text: unknown, expected: string): unknown {
  if (typeof text !== 'string') return text
  if (expected === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  if ((expected === 'number' || expected === 'int') && /^-?\d{1,15}$/.test(text)) return Number(text)
  return text
}

function replaceAt(values: unknown, path: SettingPath, change: (value: unknown) => unknown): boolean {
  let place: unknown = values
  for (const step of path.slice(0, -1)) place = isContainer(place) ? place[step] : null
  const last = path.at(-1)
  if (last === undefined || !isContainer(place)) return false
  place[last] = change(place[last])
  return true
}

function isContainer(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null
}

function isSame(one: SettingPath, other: SettingPath): boolean {
  return one.length === other.length && one.every((step, index) => step === other[index])
}

function wholeFile(message: string): ConfigProblem {
  return { line: 0, column: 0, setting: '', message }
}

function readText(file: string): string | ConfigProblem {
  try {
    if (statSync(file).size > MAX_FILE_BYTES) return wholeFile(`is larger than ${MAX_FILE_BYTES} bytes`)
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'unreadable'
    return wholeFile(code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'is not UTF-8' : `cannot be read: ${code}`)
  }
}
