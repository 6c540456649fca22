import { resolve } from 'node:path'
import { isProgram } from '@gatehouse/configuration'
import * as z from 'zod'
import { type CredentialJson, readCredentialJson } from '../credential-json.ts'
import { type CredentialSource, CredentialUnavailable, type LeaseRequest } from '../credential-source.ts'
import { LeasedSecret } from '../leased-secret.ts'
import { CommandFailure, outputOf } from '../run-command.ts'
import type { SourceSchema } from '../source-schema.ts'
import { staticLease } from '../static-lease.ts'

/** A program that prints a credential. */
export interface CommandConfig {
  readonly source: 'command'
  /** The program, absolute, and its arguments. */
  readonly command: readonly string[]
  readonly environment: readonly string[]
  readonly timeoutSeconds: number
  readonly atOnce: number
  readonly cache: boolean
}

/** A credential that is kept is given out until so long before it ends. */
const KEPT_MARGIN_MILLISECONDS = 30_000
/** What every command gets of the gateway's own environment: nothing of it is a secret. */
const ALWAYS = ['PATH', 'HOME', 'LANG', 'TMPDIR']

/** The settings of this source. A relative path of the program begins at `directory`. */
export function commandSchema(directory: string): SourceSchema<CommandConfig> {
  return z.strictObject({
    source: z
      .literal('command')
      .describe(
        'A program that prints `{"user": …, "password": …, "expiresAt": …}`; `user` and `expiresAt` may be missing.',
      ),
    command: z
      .array(z.string().regex(/^[^\0]*$/, { error: 'must not hold a NUL character' }))
      .min(1)
      .transform(([program = '', ...given]) => [resolve(directory, program), ...given])
      .refine(([program = '']) => isProgram(program), {
        error: 'must begin with the path of a program that can be run; no shell looks for it',
      })
      .describe('The path of the program, and its arguments one by one. No shell reads them.'),
    environment: z
      .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'must be the name of a variable' }))
      .default([])
      .describe(
        `Names of environment variables it is given beside ${ALWAYS.join(', ')} and GATEHOUSE_TARGET, _ENGINE, _HOST, _PORT and _USER.`,
      ),
    timeoutSeconds: z.int().min(1).max(300).default(10).describe('A program that takes longer is killed.'),
    atOnce: z.int().min(1).max(64).default(4).describe('So many run at the same time; other sessions wait their turn.'),
    cache: z
      .boolean()
      .default(false)
      .describe('Keep what it prints, in memory, until shortly before its `expiresAt`, and give it to all sessions.'),
  })
}

/** The source that is configured so. */
export function openCommand(config: CommandConfig): CredentialSource {
  return new CommandSource(config)
}

interface Kept {
  readonly user: string | null
  readonly password: LeasedSecret
  readonly until: number
  /** The same by the monotonic clock: one that is set back makes nothing last longer. */
  readonly endsAt: number
}

class CommandSource implements CredentialSource {
  readonly #config: CommandConfig
  readonly #closing = new AbortController()
  #running = 0
  readonly #waiting: (() => void)[] = []
  #kept: Kept | null = null

  constructor(config: CommandConfig) {
    this.#config = config
  }

  async lease(request: LeaseRequest, signal: AbortSignal): ReturnType<CredentialSource['lease']> {
    const either = AbortSignal.any([signal, this.#closing.signal])
    try {
      await this.#turn(either)
      try {
        const kept = this.#keptNow()
        if (kept !== null) return staticLease(request, kept.user, Buffer.from(kept.password.expose()))
        const found = await this.#run(request, either)
        this.#keep(found)
        return staticLease(request, found.user, found.password)
      } finally {
        this.#running -= 1
        this.#waiting.shift()?.()
      }
    } catch (error) {
      if (error instanceof CredentialUnavailable) throw error
      const detail = error instanceof CommandFailure ? error.message : 'there was no answer in time'
      throw new CredentialUnavailable('the command for its credential gave none', detail)
    }
  }

  close(): Promise<void> {
    this.#closing.abort()
    this.#kept?.password.overwrite()
    this.#kept = null
    return Promise.resolve()
  }

  /** What is kept is asked for by one at a time, so that the first one's answer is there for the others. */
  async #turn(signal: AbortSignal): Promise<void> {
    const atOnce = this.#config.cache ? 1 : this.#config.atOnce
    while (this.#running >= atOnce) {
      const { promise, resolve: next, reject } = Promise.withResolvers<void>()
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(next), 1)
        reject(new CommandFailure('too many run at the same time'))
      }
      signal.throwIfAborted()
      this.#waiting.push(next)
      signal.addEventListener('abort', abort, { once: true })
      await promise.finally(() => signal.removeEventListener('abort', abort))
    }
    signal.throwIfAborted()
    this.#running += 1
  }

  async #run({ target, engine, host, port, user }: LeaseRequest, signal: AbortSignal): Promise<CredentialJson> {
    const { command, environment, timeoutSeconds } = this.#config
    const given: NodeJS.ProcessEnv = {}
    for (const name of [...ALWAYS, ...environment]) {
      const value = process.env[name]
      if (value !== undefined) given[name] = value
    }
    Object.assign(given, {
      GATEHOUSE_TARGET: target,
      GATEHOUSE_ENGINE: engine,
      GATEHOUSE_HOST: host,
      GATEHOUSE_PORT: String(port),
      ...(user === null ? {} : { GATEHOUSE_USER: user }),
    })
    const output = await outputOf(command, given, AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)]))
    try {
      const found = readCredentialJson(output)
      if (found.expiresAt === null || found.expiresAt > Date.now()) return found
      found.password.fill(0)
      throw new Error('the credential has expired already')
    } catch (error) {
      throw new CommandFailure(error instanceof Error ? error.message : String(error))
    } finally {
      output.fill(0)
    }
  }

  #keptNow(): Kept | null {
    if (this.#kept === null || (this.#kept.until > Date.now() && this.#kept.endsAt > performance.now()))
      return this.#kept
    this.#kept.password.overwrite()
    this.#kept = null
    return null
  }

  #keep({ user, password, expiresAt }: CredentialJson): void {
    if (!this.#config.cache || expiresAt === null || this.#closing.signal.aborted) return
    const until = expiresAt - KEPT_MARGIN_MILLISECONDS
    const left = until - Date.now()
    if (left <= 0) return
    this.#kept = { user, password: new LeasedSecret(Buffer.from(password)), until, endsAt: performance.now() + left }
  }
}
