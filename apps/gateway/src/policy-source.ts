import { readFileSync, statSync, watch, type FSWatcher } from 'node:fs'
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

/** A file that nobody has written for so long is read. */
const SETTLED_MILLISECONDS = 100

/** The policy in force, read from a file, replaced as a whole when the file changes: a bad file keeps the last good policy, loudly. */
export class PolicyFile implements PolicySource {
  #current: Policy
  #file: string
  #maskingKeyIds: readonly string[]
  readonly #log: Logger
  readonly #loaded: (policy: Policy, file: string) => void
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
  constructor(
    file: string,
    maskingKeyIds: readonly string[],
    log: Logger,
    loaded: (policy: Policy, file: string) => void,
  ) {
    this.#file = file
    this.#maskingKeyIds = maskingKeyIds
    this.#log = log
    this.#loaded = loaded
    this.#text = readPolicy(file)
    const parsed = this.#parse(this.#text)
    if (!parsed.ok) throw notValid(file, parsed.problems)
    this.#current = parsed.policy
    loaded(this.#current, file)
  }

  get current(): Policy {
    return this.#current
  }

  /** Why the file, as it is now, is not the policy in force; null: it is. */
  get failure(): string | null {
    return this.#unreadable ?? this.#invalid
  }

  /**
   * From now on the policy is in this file, and its masks may name these keys. Throws, and changes nothing, when the file is another and holds no such policy,
   * or when the policy in force names a key that is not among them.
   */
  change(file: string, maskingKeyIds: readonly string[]): void {
    if (file === this.#file) {
      const [problem] = unknownMaskingKeys(this.#current, maskingKeyIds)
      if (problem !== undefined) throw new Error(`the policy in force: ${problem.message} ${problem.hint}`)
      this.#maskingKeyIds = maskingKeyIds
      // What was not valid may be so by now: a mask may have named a key that there was not.
      this.#text = ''
      this.reload()
      return
    }
    const text = readPolicy(file)
    const parsed = parsedFor(text, maskingKeyIds)
    if (!parsed.ok) throw notValid(file, parsed.problems)
    const watched = this.#watcher !== null
    this.close()
    this.#file = file
    this.#maskingKeyIds = maskingKeyIds
    this.#take(text, parsed.policy)
    if (watched) this.watch()
  }

  /** Reloads when the file changes. The folder is watched, so that a file put in place by rename is seen. */
  watch(): void {
    let seen = signature(this.#file)
    const look = (): void => {
      this.#timer = null
      const now = signature(this.#file)
      // Half of a policy may be a policy: it is read when nobody has written for a moment.
      if (now === seen) return this.reload()
      seen = now
      this.#timer = setTimeout(look, SETTLED_MILLISECONDS)
    }
    this.#watcher = watch(dirname(this.#file), () => {
      this.#timer ??= setTimeout(look, SETTLED_MILLISECONDS)
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
      if (!parsed.ok) {
        this.#text = text
        this.#invalid = `${this.#file} is not valid`
        this.account.failed++
        this.#log.error(
          { file: this.#file, problems: parsed.problems },
          'the changed policy is not valid; the last good one stays in force',
        )
        return
      }
      this.#take(text, parsed.policy)
    } catch (error) {
      this.#unreadable = String(error)
      this.account.failed++
      this.#log.error(
        { file: this.#file, error: String(error) },
        'the policy cannot be read; the last good one stays in force',
      )
    }
  }

  #take(text: string, policy: Policy): void {
    this.#text = text
    this.#invalid = null
    if (policy.version === this.#current.version) return
    this.#current = policy
    this.account.loaded++
    this.account.loadedAt = Date.now()
    this.#loaded(policy, this.#file)
    this.#log.info({ file: this.#file, version: policy.version }, 'policy reloaded')
  }

  #parse(text: string): ParsedPolicy {
    return parsedFor(text, this.#maskingKeyIds)
  }

  close(): void {
    this.#watcher?.close()
    this.#watcher = null
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}

/** The policy in a text, whose masks may name these keys. */
function parsedFor(text: string, maskingKeyIds: readonly string[]): ParsedPolicy {
  const parsed = parsePolicy(text)
  if (!parsed.ok) return parsed
  const problems = unknownMaskingKeys(parsed.policy, maskingKeyIds)
  return problems.length === 0 ? parsed : { ok: false, problems }
}

function notValid(file: string, problems: (ParsedPolicy & { readonly ok: false })['problems']): Error {
  const lines = problems.map(({ line, column, message, hint }) => `  ${file}:${line}:${column} ${message} ${hint}`)
  return new Error(`the policy ${file} is not valid:\n${lines.join('\n')}`)
}

/** Changes when the file is another, or is written. */
function signature(file: string): string {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? 'none' : `${found.ino}:${found.size}:${found.mtimeNs}`
}

function readPolicy(file: string): string {
  const bytes = readFileSync(file)
  if (bytes.length > MAX_POLICY_BYTES) throw new Error(`the policy ${file} is larger than ${MAX_POLICY_BYTES} bytes`)
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}
