import type { EngineName } from '@gatehouse/core'
import { setTimeout as sleep } from 'node:timers/promises'
import { changedSettings, type ListenAddress, type Reloaded, sayReloaded } from '@gatehouse/configuration'
import type { Coordination } from '@gatehouse/coordination'
import type { ExportAccount, ScrapedMetrics } from '@gatehouse/monitoring'
import type { Logger } from 'pino'
import { type GatewayConfig, type ListenerConfig, needsRestart, weakerChoices } from './config/index.ts'
import { accountForCutSessions } from './cut-sessions.ts'
import { descriptorsFor } from './descriptors.ts'
import { Drain } from './drain.ts'
import { originRefused, trustedSenders } from './trusted-senders.ts'
import type { Farewell } from './farewell.ts'
import { Generation, type WatchedCertificate } from './generation.ts'
import { Generations } from './generations.ts'
import { gatewayMetrics } from './monitoring/gateway-metrics.ts'
import { type Monitoring, openMonitoring } from './monitoring/open-monitoring.ts'
import { limitsOf, Listener } from './listener.ts'
import { type Closers, openPorts } from './open-ports.ts'
import { maskingKeyIds } from './masking-keys.ts'
import { encodeUnserved } from './mysql/refusal.ts'
import { encodeFarewell as encodePostgresFarewell } from './postgres/refusal.ts'
import { type GatewayState, type Readiness, readinessOf } from './readiness.ts'
import type { SessionRegistry } from './session-registry.ts'
import { cancelsSettled } from './upstream-cancels.ts'
import { messageOf } from './upstream-dial.ts'

/** A running gateway. */
export interface Gateway {
  /** Where PostgreSQL clients connect; null: nowhere. */
  readonly postgres: ListenAddress | null
  /** Where MySQL clients connect; null: nowhere. */
  readonly mysql: ListenAddress | null
  /** Where it is watched; null: nowhere. */
  readonly monitoring: ListenAddress | null
  /** Live sessions. */
  readonly sessions: SessionRegistry
  /** What it counts, but for its process. */
  readonly metrics: ScrapedMetrics
  /** Whether it should get new connections, and why not. */
  readiness(): Readiness
  /**
   * Takes over another configuration, whole or not at all. Sessions that live go on by the one that they began under, but for policy and how people are
   * asked. One after the other; never rejects. What became of it is logged.
   */
  reload(config: GatewayConfig): Promise<Reloaded>
  /** Reads the policy file again now. */
  reloadPolicy(): void
  /** Reads certificates, authorities and revocation lists again now. What cannot be used is passed over, and logged. */
  reloadCertificates(): void
  /**
   * Leaves as configured: not ready from now on, deaf after `drainDelaySeconds`; resolves when every session has ended, at the latest after `drainSeconds`,
   * when those that are left are ended. What is left to do then is `close`, which may be called before: it ends the drain. Never rejects.
   */
  drain(): Promise<void>
  /** Ends every session properly at once, then everything else, in order. */
  close(): Promise<void>
}

/** What a gateway cannot know by itself of the process that it runs in. */
export interface GatewayProcess {
  /** Of several workers, how many had its place before it. Default: 0. */
  readonly restarts?: number
  /** What became of the lines of its log that are sent to a collector. Default: null, none are. */
  readonly logLines?: ExportAccount | null
}

/** What a client is told that is not served, before it has said anything. */
const UNSERVED: Readonly<Record<EngineName, (said: Farewell) => Buffer>> = {
  postgres: encodePostgresFarewell,
  mysql: encodeUnserved,
}

/** How long sessions get to take their last message when the gateway closes. */
const CLOSE_MILLISECONDS = 300

/**
 * Builds the ports, starts the listeners. `coordination`: what it shares
 * with others in this process, from now on its own to close; null: as configured. Rejects with an error that says what is wrong; nothing is left running then.
 */
export async function startGateway(
  config: GatewayConfig,
  log: Logger,
  coordination: Coordination | null = null,
  { restarts = 0, logLines = null }: GatewayProcess = {},
): Promise<Gateway> {
  for (const choice of weakerChoices(config)) log.warn({ choice }, 'a weaker choice is configured')
  const descriptors = descriptorsFor(config, log)
  const closers: Closers = []
  try {
    // Closed last: whoever asks hears to the end that it drains.
    let monitoring: Monitoring | null = null
    closers.push(() => monitoring?.close())
    const ports = await openPorts(config, log, coordination, closers)
    const { sessions, policy } = ports
    let closed = false
    const generations = await Generations.open(config, ports)
    closers.push(() => generations.close())
    const clockHand = setInterval(() => {
      sessions.checkTime(performance.now())
      generations.checkRights(performance.now())
      ports.shared.publish()
    }, 1000).unref()
    closers.push(() => clearInterval(clockHand))
    const listeners = new Map<EngineName, Listener>()
    const listen = async (name: EngineName, settings: ListenerConfig | null): Promise<ListenAddress | null> => {
      if (settings === null) return null
      const listener = new Listener({
        ...settings,
        ...settings.address,
        reusePort: config.workers > 1,
        ...ports,
        engine: name,
        mostDescriptors: descriptors,
        isTrustedSender: trustedSenders(settings),
        unserved: UNSERVED[name],
        serve: (client, deadline) => generations.current.serve(name, client, deadline),
        originRefused: originRefused(name, ports),
      })
      const { host } = settings.address
      const port = await listener.listen()
      listeners.set(name, listener)
      closers.push(() => void listener.close())
      log.info({ engine: name, host, port, policy: policy.current.version }, 'gateway is listening')
      return { host, port }
    }
    const postgres = await listen('postgres', config.listeners.postgres)
    const mysql = await listen('mysql', config.listeners.mysql)
    const drain = new Drain(config, {
      sessions,
      stopListening: async () => {
        await Promise.all([...listeners.values()].map((listener) => listener.close()))
      },
      log,
    })
    const state = (): GatewayState => (closed ? 'closed' : drain.begun ? 'draining' : 'running')
    const readiness = (): Readiness => readinessOf(state(), ports)
    const metrics = gatewayMetrics({
      ...ports,
      restarts,
      logLines,
      certificates: () => certificates().map(({ setting, files }) => ({ setting, state: files.state })),
      targets: () => generations.current.targets,
    })
    closers.push(accountForCutSessions({ ...ports, directory: config.audit.directory }))
    monitoring = await openMonitoring(config.monitoring, metrics, readiness, log)
    const monitoringTls = monitoring?.tls ?? null
    /** Of the generation in force, and what watches the gateway. */
    const certificates = (): readonly WatchedCertificate[] => [
      ...generations.current.certificates,
      ...(monitoringTls === null ? [] : [{ setting: 'monitoring.tls', files: monitoringTls }]),
    ]
    /** Throws, and changes nothing, where it cannot be taken over. */
    const takeOver = async (next: GatewayConfig): Promise<void> => {
      const opened = await Generation.open(next, ports)
      try {
        policy.change(next.policyFile, maskingKeyIds(next))
      } catch (error) {
        await opened.close()
        throw error
      }
      generations.replace(opened)
      ports.desk.change(next.approvals)
      ports.recording.change(next.recording)
      log.level = next.log.level
      for (const [name, listener] of listeners) {
        const settings = next.listeners[name]
        if (settings !== null) listener.change({ ...limitsOf(settings), isTrustedSender: trustedSenders(settings) })
      }
      for (const choice of weakerChoices(next)) log.warn({ choice }, 'a weaker choice is configured')
    }
    const reload = async (next: GatewayConfig): Promise<Reloaded> => {
      const changed = changedSettings(generations.current.config, next)
      if (changed.length === 0) return { kind: 'unchanged' }
      const restart = needsRestart(changed)
      if (restart.length > 0) return { kind: 'refused', restart, why: `${restart.join(', ')}: needs a restart` }
      try {
        if (drain.begun) throw new Error('the gateway is about to end')
        await takeOver(next)
        return { kind: 'taken over', changed }
      } catch (error) {
        return { kind: 'refused', restart: [], why: messageOf(error) }
      }
    }
    let reloading: Promise<unknown> = Promise.resolve()
    return {
      postgres,
      mysql,
      monitoring: monitoring?.address ?? null,
      sessions,
      metrics,
      readiness,
      drain: () => drain.begin(),
      reload: (next) => {
        const done = reloading.then(() => reload(next))
        reloading = done
        return done.then((outcome) => {
          sayReloaded(outcome, log)
          return outcome
        })
      },
      reloadPolicy: () => policy.reload(),
      reloadCertificates: () => certificates().forEach(({ files }) => files.reload()),
      close: async () => {
        const serving = sessions.size > 0
        await drain.end()
        closed = true
        await sleep(serving ? CLOSE_MILLISECONDS : 20)
        await cancelsSettled(log)
        for (const close of closers.toReversed()) await close()
        log.info('gateway is closed')
      },
    }
  } catch (error) {
    for (const close of closers.toReversed()) await close()
    throw error
  }
}
