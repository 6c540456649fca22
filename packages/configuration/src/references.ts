import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Secret } from '@gatehouse/core'
import { settingName } from './config-problem.ts'
import type { SettingPath } from './config-problem.ts'
import { EnvironmentReference, FileReference, MAX_SECRET_FILE_BYTES } from './secret-reference.ts'
import { rememberReference } from './secret-setting.ts'

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/
const WHOLE_REFERENCE = new RegExp(`^${REFERENCE.source}$`)
// `$${` is a literal `${`; anything else that begins like a reference must be one.
const IN_TEXT = new RegExp(`\\$\\$\\{|${REFERENCE.source}|\\$\\{`, 'g')

/** A reference that leads nowhere. */
export interface ReferenceProblem {
  readonly path: SettingPath
  readonly message: string
}

/** Follows `${NAME}` and `file:path`, and keeps account of what went wrong and of what came from where. */
export class References {
  readonly problems: ReferenceProblem[] = []
  readonly #environment: Readonly<Record<string, string | undefined>>
  readonly #directory: string
  readonly #isSecret: (path: SettingPath) => boolean
  readonly #wholeReferences = new Set<string>()

  /** `directory` is where relative paths begin: that of the configuration file. `isSecret`: where a secret belongs. */
  constructor(
    environment: Readonly<Record<string, string | undefined>>,
    directory: string,
    isSecret: (path: SettingPath) => boolean,
  ) {
    this.#isSecret = isSecret
    this.#environment = environment
    this.#directory = directory
  }

  /** What a text of the file stands for: a `Secret` where a secret belongs, a text anywhere else. */
  readonly read = (text: string, path: SettingPath): unknown => {
    if (this.#isSecret(path)) return this.#secret(text, path)
    if (WHOLE_REFERENCE.test(text)) this.#wholeReferences.add(settingName(path))
    return text.replaceAll(IN_TEXT, (found, name: string | undefined) => {
      if (found === '$${') return '${'
      if (name !== undefined) return this.#variable(name, path)
      this.#problem(path, 'holds "${" that begins no reference; write ${NAME}, or $${ for the characters themselves')
      return ''
    })
  }

  /** Whether the setting's value is one environment variable and nothing else. */
  isWholeReference(path: SettingPath): boolean {
    return this.#wholeReferences.has(settingName(path))
  }

  #secret(text: string, path: SettingPath): Secret<string> {
    const name = WHOLE_REFERENCE.exec(text)?.[1]
    if (name !== undefined) {
      const value = this.#notEmpty(this.#variable(name, path), `\${${name}}`, path)
      return rememberReference(new Secret(value), new EnvironmentReference(name, this.#environment))
    }
    if (text.startsWith('file:')) {
      const file = resolve(this.#directory, text.slice('file:'.length))
      return rememberReference(new Secret(this.#file(file, path)), new FileReference(file))
    }
    this.#problem(path, 'must be a reference, ${NAME} or file:path: a secret does not belong in this file')
    return new Secret('')
  }

  #variable(name: string, path: SettingPath): string {
    const value = Object.hasOwn(this.#environment, name) ? this.#environment[name] : undefined
    if (value !== undefined) return value
    this.#problem(path, `refers to the environment variable ${name}, which is not set`)
    return ''
  }

  #file(file: string, path: SettingPath): string {
    try {
      const found = statSync(file)
      if (!found.isFile() || found.size > MAX_SECRET_FILE_BYTES) {
        this.#problem(path, `${file} is not a file of at most ${MAX_SECRET_FILE_BYTES} bytes`)
        return ''
      }
      const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
      // Editors and `echo` end a file with a line break that nobody meant.
      return this.#notEmpty(text.replace(/\r?\n$/, ''), file, path)
    } catch (cause) {
      this.#problem(path, `${file} cannot be read: ${codeOf(cause)}`)
      return ''
    }
  }

  #notEmpty(value: string, source: string, path: SettingPath): string {
    if (value === '' && this.problems.at(-1)?.path !== path) this.#problem(path, `${source} is empty`)
    if (value.includes('\0')) this.#problem(path, `${source} holds a NUL character`)
    return value
  }

  #problem(path: SettingPath, message: string): void {
    this.problems.push({ path, message })
  }
}

function codeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown cause'
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name
}
