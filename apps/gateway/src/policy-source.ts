import { readFileSync, watch, type FSWatcher } from 'node:fs'
import { dirname } from 'node:path'
import { type ParsedPolicy, type Policy, type PolicySource, parsePolicy, unknownMaskingKeys } from '@gatehouse/core'
import type { Logger } from 'pino'

/** A policy file is larger than any policy. */
const MAX_POLICY_BYTES = 4 * 1024 * 1024

/** How often a policy's file was read anew, with what success, and when the policy in force was read (milliseconds since the epoch). */
export interface PolicyAccount {
  loaded: number
  failed: number
  loadedAt: number
}

/** The policy in force, read from a file, replaced as a whole when the file changes: a bad file keeps the last good policy, loudly. */
export class PolicyFile implements PolicySource {
  #current: Policy
  readonly #file: string
  readonly #maskingKeyIds: readonly string[]
  readonly #log: Logger
  readonly #loaded: (policy: Policy) => void
  #watcher: FSWatcher | null = null
  #timer: NodeJS.Timeout | null = null
  #text: string
  /** Why `#text` is not the policy in force; null: it is. */
  #invalid: string | null = null
  /** Why the file could not be read when it was last looked at; null: it was. */
  #unreadable: string | null = null
  readonly account: PolicyAccount = { loaded: 0, failed: 0, loadedAt: Date.now() }

  /**
   * `maskingKeyIds`: the keys a mask may name. Throws an Error that lists every problem when the file cannot be read, is not a
   * policy, or names a key there is not.
   */
  constructor(file: string, maskingKeyIds: readonly string[], log: Logger, loaded: (policy: Policy) => void) {
    this.#file = file
    this.#maskingKeyIds = maskingKeyIds
    this.#log = log
    this.#loaded = loaded
    this.#text = readPolicy(file)
    const parsed = this.#parse(this.#text)
    if (!parsed.ok) {
      const lines = parsed.problems.map(
        (problem) => `  ${file}:${problem.line}:${problem.column} ${problem.message} ${problem.hint}`,
      )
      throw new Error(`the policy ${file} is not valid:\n${lines.join('\n')}`)
    }
    this.#current = parsed.policy
    loaded(this.#current)
  }

  get current(): Policy {
    return this.#current
  }

  /** Why the file, as it is now, is not the policy in force; null: it is. */
  get failure(): string | null {
    return this.#unreadable ?? this.#invalid
  }

  /** Reloads when the file changes. The folder is watched, so that a file put in place by rename is seen. */
  watch(): void {
    this.#watcher = watch(dirname(this.#file), () => {
      this.#timer ??= setTimeout(() => {
        this.#timer = null
        this.reload()
      }, 100)
    })
    this.#watcher.on('error', (error) =>
      this.#log.error({ error: error.message }, 'the policy file is no longer watched'),
    )
  }

  reload(): void {
    try {
      const text = readPolicy(this.#file)
      this.#unreadable = null
      if (text === this.#text) return
      const parsed = this.#parse(text)
      this.#text = text
      this.#invalid = parsed.ok ? null : `${this.#file} is not valid`
      if (!parsed.ok) {
        this.account.failed++
        this.#log.error(
          { file: this.#file, problems: parsed.problems },
          'the changed policy is not valid; the last good one stays in force',
        )
        return
      }
      this.#current = parsed.policy
      this.account.loaded++
      this.account.loadedAt = Date.now()
      this.#loaded(parsed.policy)
      this.#log.info({ file: this.#file, version: parsed.policy.version }, 'policy reloaded')
    } catch (error) {
      this.#unreadable = String(error)
      this.account.failed++
      this.#log.error(
        { file: this.#file, error: String(error) },
        'the policy cannot be read; the last good one stays in force',
      )
    }
  }

  #parse(text: string): ParsedPolicy {
    const parsed = parsePolicy(text)
    if (!parsed.ok) return parsed
    const problems = unknownMaskingKeys(parsed.policy, this.#maskingKeyIds)
    return problems.length === 0 ? parsed : { ok: false, problems }
  }

  close(): void {
    this.#watcher?.close()
    if (this.#timer !== null) clearTimeout(this.#timer)
  }
}

function readPolicy(file: string): string {
  const bytes = readFileSync(file)
  if (bytes.length > MAX_POLICY_BYTES) throw new Error(`the policy ${file} is larger than ${MAX_POLICY_BYTES} bytes`)
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}
