import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster, Redis } from 'ioredis'
import type { CoordinationState } from '../coordination.ts'
import { CoordinationLost } from '../coordination-lost.ts'
import type { RedisOptions } from './redis-options.ts'
import { surviveSocketErrors } from './surviving-sockets.ts'

surviveSocketErrors()

/** A Lua script, run as one atomic step. All keys of one call are in one hash slot. */
export interface ScriptDefinition {
  readonly name: string
  readonly lua: string
}

/** How long an answer may take before the others count as lost. */
const ANSWER_MILLISECONDS = 1000
const CONNECT_MILLISECONDS = 5000

/** Two connections: one for commands, one for what is told. Both come back by themselves. */
export class RedisConnection {
  readonly prefix: string
  /** Counts what is asked, see `CoordinationTraffic`. */
  readonly traffic = { operations: 0, failures: 0, seconds: 0 }
  readonly #commands: Redis | Cluster
  readonly #subscriber: Redis | Cluster
  readonly #listeners = new Map<string, (text: string) => void>()
  readonly #stateListeners = new Set<(state: CoordinationState) => void>()
  readonly #defined = new Set<string>()
  #state: CoordinationState = { kind: 'lost', since: Date.now() }
  /** The server's clock minus this process's, which is one that nobody sets: until the server was asked, what the system's said when it started. */
  #ahead = performance.timeOrigin

  constructor(options: RedisOptions) {
    this.prefix = options.keyPrefix ?? 'gatehouse'
    this.#commands = client(options, false)
    this.#subscriber = client(options, true)
    // A state of its own says that they are lost; without a listener an error would end the process.
    this.#commands.on('error', () => undefined)
    this.#subscriber.on('error', () => undefined)
    this.#commands.on('close', () => {
      this.#become('lost')
    })
    this.#subscriber.on('message', (channel: string, text: string) => this.#listeners.get(channel)?.(text))
  }

  get state(): CoordinationState {
    return this.#state
  }

  /** The server's time as far as this process knows, in milliseconds since the epoch. */
  now(): number {
    return performance.now() + this.#ahead
  }

  /** Connects both. Throws `CoordinationLost` when that cannot be done. */
  async open(): Promise<void> {
    try {
      const connected = Promise.all([this.#commands.connect(), this.#subscriber.connect()])
      const inTime = connected.then(() => true)
      if (!(await Promise.race([inTime, sleep(CONNECT_MILLISECONDS, false, { ref: false })])))
        throw new CoordinationLost('Redis could not be reached within 5 seconds')
      await this.check()
      if (this.#state.kind === 'lost') throw new CoordinationLost('Redis was reached, and does not answer')
    } catch (error) {
      this.close()
      throw lost(error)
    }
  }

  /** Asks for the server's time: whether it can be reached, and what time it is there. Never throws. */
  async check(): Promise<void> {
    try {
      const [seconds, microseconds] = await this.#timed(() => this.#commands.time())
      this.#ahead = Number(seconds) * 1000 + Number(microseconds) / 1000 - performance.now()
      this.#become('connected')
    } catch {
      this.#become('lost')
    }
  }

  /** Runs a script. Rejects with `CoordinationLost` when its answer does not come; then it may have run or not. */
  async run(script: ScriptDefinition, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    if (this.#state.kind === 'lost') throw new CoordinationLost('Redis cannot be reached')
    if (!this.#defined.has(script.name)) {
      this.#commands.defineCommand(script.name, { lua: script.lua })
      this.#defined.add(script.name)
    }
    const commands = this.#commands as unknown as Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>
    const command = commands[script.name]
    return this.#answer(async () => command?.call(this.#commands, keys.length, ...keys, ...args))
  }

  /** A plain command's answer, guarded as a script's is. */
  async ask<Answer>(command: (redis: Redis | Cluster) => Promise<Answer>): Promise<Answer> {
    if (this.#state.kind === 'lost') throw new CoordinationLost('Redis cannot be reached')
    return this.#answer(() => command(this.#commands))
  }

  /** Listens to a channel, also after the connection was lost and came back. Resolves when the server knows. */
  async listen(channel: string, listener: (text: string) => void): Promise<void> {
    this.#listeners.set(channel, listener)
    try {
      await this.#subscriber.subscribe(channel)
    } catch (error) {
      throw lost(error)
    }
  }

  stopListening(channel: string): void {
    this.#listeners.delete(channel)
    this.#subscriber.unsubscribe(channel).catch(() => undefined)
  }

  onStateChange(listener: (state: CoordinationState) => void): () => void {
    const own = (state: CoordinationState): void => {
      listener(state)
    }
    this.#stateListeners.add(own)
    return () => {
      this.#stateListeners.delete(own)
    }
  }

  close(): void {
    this.#stateListeners.clear()
    this.#commands.disconnect()
    this.#subscriber.disconnect()
  }

  async #answer<Answer>(asked: () => Promise<Answer>): Promise<Answer> {
    try {
      return await this.#timed(asked)
    } catch (error) {
      // An error that the server answered with (no memory, a replica that must not be written to) is no better than none.
      this.#become('lost')
      throw lost(error)
    }
  }

  async #timed<Answer>(asked: () => Promise<Answer>): Promise<Answer> {
    const { traffic } = this
    const begun = performance.now()
    traffic.operations++
    try {
      return await asked()
    } catch (error) {
      traffic.failures++
      throw error
    } finally {
      traffic.seconds += (performance.now() - begun) / 1000
    }
  }

  #become(kind: CoordinationState['kind']): void {
    if (this.#state.kind === kind) return
    this.#state = kind === 'lost' ? { kind, since: Date.now() } : { kind }
    for (const listener of this.#stateListeners) listener(this.#state)
  }
}

function client(options: RedisOptions, forListening: boolean): Redis | Cluster {
  const { at, username, password, tls, database } = options
  const common = {
    lazyConnect: true,
    connectTimeout: CONNECT_MILLISECONDS,
    retryStrategy: soon,
    protocol: 2 as const,
    maxRetriesPerRequest: null,
    // A command that could not be sent at once, or was under way when the connection broke, is not sent later: whoever gave it has moved on.
    enableOfflineQueue: forListening,
    autoResendUnfulfilledCommands: false,
    ...(forListening ? {} : { commandTimeout: ANSWER_MILLISECONDS }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls: { ...tls, rejectUnauthorized: true } }),
    ...(database === undefined ? {} : { db: database }),
  }
  switch (at.kind) {
    case 'server':
      return new Redis({ ...common, host: at.host, port: at.port })
    case 'sentinel':
      return new Redis({
        ...common,
        sentinels: at.sentinels.map(({ host, port }) => ({ host, port })),
        name: at.name,
        sentinelRetryStrategy: soon,
        ...(at.sentinelUsername === undefined ? {} : { sentinelUsername: at.sentinelUsername }),
        ...(at.sentinelPassword === undefined ? {} : { sentinelPassword: at.sentinelPassword }),
        ...(tls === undefined
          ? {}
          : { sentinelTLS: { ...tls, rejectUnauthorized: true }, enableTLSForSentinelMode: true }),
      })
    default: {
      const { lazyConnect: _, enableOfflineQueue: __, ...redisOptions } = common
      return new Cluster(
        at.nodes.map(({ host, port }) => ({ host, port })),
        { lazyConnect: true, enableOfflineQueue: forListening, clusterRetryStrategy: soon, redisOptions },
      )
    }
  }
}

function soon(times: number): number {
  return Math.min(50 * times, 500)
}

function lost(error: unknown): CoordinationLost {
  if (error instanceof CoordinationLost) return error
  return new CoordinationLost(`Redis did not answer: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  })
}
