import type { Coordination } from '@gatehouse/coordination'
import type { EngineName } from '@gatehouse/core'
import { TokenVerifier } from '@gatehouse/identity'
import type { TlsState } from '@gatehouse/certificates'
import type { GatewayConfig, ListenerConfig } from './config/index.ts'
import type { Connection } from './connection.ts'
import type { Engine, EnginePorts, EngineSettings } from './engine.ts'
import { ListenerTls } from './listener-tls.ts'
import { LoginBackOff } from './login-back-off.ts'
import { maskingKeysOf, unknownNamesSeed } from './masking-keys.ts'
import { startMysql } from './mysql/start.ts'
import { startPostgres } from './postgres/start.ts'
import { openTarget, type Target } from './target.ts'
import { TokenRecheck } from './token-recheck.ts'

/** What the engines of every generation work with: it lives as long as the gateway. */
export type LastingPorts = Pick<
  EnginePorts,
  | 'credentials'
  | 'policy'
  | 'trail'
  | 'turn'
  | 'recording'
  | 'rates'
  | 'clock'
  | 'observer'
  | 'tally'
  | 'sessions'
  | 'desk'
  | 'shared'
  | 'log'
> & { readonly coordination: Pick<Coordination, 'counters'> }

/** Files of TLS in use, and where they stand in the configuration. */
export interface WatchedCertificate {
  readonly setting: string
  readonly files: { readonly state: TlsState; reload(): void; close(): void }
}

/** So long after its last connection what a generation holds is let go of: cancels at the database may be under way. */
const RETIRED_MILLISECONDS = 10_000

/**
 * What one reading of the configuration made: engines, targets, whose tokens count. A session stays with the generation that it began in; a
 * generation that was replaced is closed behind its last connection.
 */
export class Generation {
  readonly config: GatewayConfig
  readonly certificates: WatchedCertificate[] = []
  readonly targets: (readonly [string, Target])[] = []
  readonly #recheck: TokenRecheck
  readonly #listeners = new Map<EngineName, ListenerTls>()
  readonly #engines = new Map<EngineName, Engine>()
  readonly #closers: (() => Promise<void> | void)[] = []
  readonly #ports: EnginePorts
  #open = 0
  #retired: (() => void) | null = null

  private constructor(config: GatewayConfig, lasting: LastingPorts) {
    const { log, sessions, clock, coordination } = lasting
    this.config = config
    const verifier = TokenVerifier.create(config.issuers, { log })
    this.#closers.push(() => verifier.close())
    this.#recheck = new TokenRecheck(sessions, verifier, log, () => clock.now())
    this.#ports = {
      ...lasting,
      verifier,
      backOff: new LoginBackOff(coordination.counters, config.login, log, () => clock.monotonic()),
      unknownNamesSeed: unknownNamesSeed(config),
      maskingKeys: maskingKeysOf(config),
      recordLimits: {
        maxTextBytes: config.audit.statementTextMaxBytes,
        maxParameterBytes: 4096,
        maxParametersBytes: 65_536,
        maxParameters: 1000,
      },
      redaction: { literals: config.audit.literals, secrets: config.audit.redactSecrets },
      expiryWarningSeconds: config.expiryWarningSeconds,
    }
  }

  /** Opens targets and engines. Rejects with an error that says what is wrong; nothing is left open then. */
  static async open(config: GatewayConfig, lasting: LastingPorts): Promise<Generation> {
    const generation = new Generation(config, lasting)
    try {
      await generation.#start('postgres', config.listeners.postgres, startPostgres)
      await generation.#start('mysql', config.listeners.mysql, startMysql)
      return generation
    } catch (error) {
      await generation.close()
      throw error
    }
  }

  /** Serves one connection. Resolves when its login is over; never rejects. */
  async serve(name: EngineName, client: Connection, deadline: AbortSignal): Promise<void> {
    this.#open++
    client.onceGone(() => {
      this.#open--
      if (this.#open === 0) this.#retired?.()
    })
    await this.#engines.get(name)?.serve(client, deadline)
  }

  /** Asks again about rights whose turn it is. Told the monotonic clock's milliseconds every second. */
  checkRights(now: number): void {
    this.#recheck.check(now)
  }

  reloadCertificates(): void {
    for (const { files } of this.certificates) files.reload()
  }

  /** What the revocation lists of this one revoke ends in the one before, too. */
  endRevokedOf(before: Generation): void {
    for (const [name, tls] of this.#listeners) {
      const earlier = before.#listeners.get(name)
      if (earlier !== undefined) tls.endRevokedOf(earlier)
    }
  }

  /** Another one is in force. Resolves when nothing of this one is in use any more. */
  async retire(): Promise<void> {
    if (this.#open > 0) await new Promise<void>((resolve) => (this.#retired = resolve))
    await new Promise((resolve) => setTimeout(resolve, RETIRED_MILLISECONDS).unref())
  }

  /** Lets go of everything. Again: nothing. */
  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).toReversed()) await close()
  }

  async #start<Settings extends ListenerConfig>(
    name: EngineName,
    listener: Settings | null,
    start: (settings: EngineSettings<Settings>, ports: EnginePorts) => Promise<Engine>,
  ): Promise<void> {
    if (listener === null) return
    const { log, clock } = this.#ports
    const watch = (setting: string, files: WatchedCertificate['files']): void => {
      this.certificates.push({ setting, files })
      this.#closers.push(() => files.close())
    }
    const tls = ListenerTls.open(name, listener, log, () => clock.now())
    if (tls !== null) {
      watch(`listeners.${name}.tls`, tls)
      this.#listeners.set(name, tls)
    }
    const targets = new Map<string, Target>()
    for (const [target, settings] of this.config.targets) {
      if (settings.engine !== name) continue
      const opened = openTarget(target, settings, log)
      targets.set(target, opened)
      this.#closers.push(() => opened.credentials.close())
      if (opened.tlsFiles !== null) watch(`targets.${target}.tls`, opened.tlsFiles.watch())
    }
    this.targets.push(...targets)
    const engine = await start({ listener, tls, targets }, this.#ports)
    this.#engines.set(name, engine)
    this.#closers.push(() => engine.close())
  }
}
