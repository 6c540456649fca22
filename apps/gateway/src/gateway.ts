import type { EngineName } from '@gatehouse/core'
import { setTimeout as sleep } from 'node:timers/promises'
import { TrailWriter } from '@gatehouse/audit-trail'
import {
  changedSettings,
  type ListenAddress,
  openCoordination,
  openTrailProof,
  type Reloaded,
  sayReloaded,
  startRetention,
  trailShipping,
} from '@gatehouse/configuration'
import type { Coordination } from '@gatehouse/coordination'
import type { ScrapedMetrics } from '@gatehouse/monitoring'
import type { Logger } from 'pino'
import { type GatewayConfig, type ListenerConfig, needsRestart, weakerChoices } from './config/index.ts'
import { accountForCutSessions } from './cut-sessions.ts'
import { descriptorsFor } from './descriptors.ts'
import { Drain } from './drain.ts'
import { originRefused, trustedSenders } from './trusted-senders.ts'
import type { EnginePorts } from './engine.ts'
import type { Farewell } from './farewell.ts'
import { Generation, type LastingPorts, type WatchedCertificate } from './generation.ts'
import { Generations } from './generations.ts'
import { ApprovalDesk } from './holding/approval-desk.ts'
import { gatewayMetrics, type MeasuredGateway } from './monitoring/gateway-metrics.ts'
import { type Monitoring, openMonitoring } from './monitoring/open-monitoring.ts'
import { SessionTally } from './monitoring/session-tally.ts'
import { observeStatements } from './monitoring/observe-statements.ts'
import { limitsOf, Listener } from './listener.ts'
import { maskingKeyIds } from './masking-keys.ts'
import { encodeUnserved } from './mysql/refusal.ts'
import { sayLoaded } from './policy-loaded.ts'
import { PolicyFile } from './policy-source.ts'
import { encodeFarewell as encodePostgresFarewell } from './postgres/refusal.ts'
import { type GatewayState, type Readiness, readinessOf } from './readiness.ts'
import { Recording } from './recording.ts'
import { SessionRegistry } from './session-registry.ts'
import { Outage } from './outage.ts'
import { SharedRates } from './shared-rates.ts'
import { SharedSessions } from './shared-sessions.ts'
import { Turn } from './turn.ts'
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

/** An outcome waits this long for the next intent, to be written with it. Intents never wait. */
const OWED_MILLISECONDS = 5
/** How often the trail looks whether its file is still the one that its name leads to. */
const CHECK_MILLISECONDS = 10

/** What a client is told that is not served, before it has said anything. */
const UNSERVED: Readonly<Record<EngineName, (said: Farewell) => Buffer>> = {
  postgres: encodePostgresFarewell,
  mysql: encodeUnserved,
}

/** How long sessions get to take their last message when the gateway closes. */
const CLOSE_MILLISECONDS = 300

type Closers = (() => Promise<void> | void)[]

/**
 * Builds the ports, starts the listeners. `coordination`: what it shares
 * with others in this process, from now on its own to close; null: as configured. `restarts`: of several workers, how many had its
 * place before it. Rejects with an error that says what is wrong; nothing is left running then.
 */
export async function startGateway(
  config: GatewayConfig,
  log: Logger,
  coordination: Coordination | null = null,
  restarts = 0,
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

/** What the engines share; `closers` learn how each part of it is closed. */
async function openPorts(
  config: GatewayConfig,
  log: Logger,
  givenCoordination: Coordination | null,
  closers: Closers,
): Promise<
  LastingPorts &
    Pick<MeasuredGateway, 'statements' | 'shipping' | 'spans'> & {
      readonly policy: PolicyFile
      readonly trail: TrailWriter
      readonly coordination: Coordination
    }
> {
  const { syncMilliseconds, segmentBytes, segmentSeconds, directory } = config.audit
  const proof = openTrailProof(config.audit, (sink, error) => {
    log.warn({ sink, error: messageOf(error) }, 'a checkpoint of the audit trail could not be kept elsewhere')
  })
  closers.push(() => proof.close())
  const shipping = trailShipping(config.audit.shipping, log)
  closers.push(() => shipping.close())
  const sessions = new SessionRegistry(() => trail.segment)
  const trail: TrailWriter = await TrailWriter.open(directory, {
    gatewayId: config.gatewayId,
    ...proof.options,
    syncMilliseconds,
    segmentBytes,
    segmentSeconds,
    owedMilliseconds: OWED_MILLISECONDS,
    checkMilliseconds: CHECK_MILLISECONDS,
    openFrom: () => sessions.openFrom,
  })
  closers.push(() => trail.close())
  await shipping.begin(trail, directory, config.gatewayId)
  const turn = new Turn(trail)
  const recording = new Recording(directory, config.recording, trail, turn, log)
  closers.push(() => recording.close())
  const policy = new PolicyFile(config.policyFile, maskingKeyIds(config), log, (loaded, file) => {
    sayLoaded(loaded, file, { trail, log })
    turn.schedule()
  })
  policy.watch()
  closers.push(() => policy.close())
  const tally = new SessionTally()
  const observed = await observeStatements(config, log)
  closers.push(() => observed.close())
  const clock = { now: () => Date.now(), monotonic: () => performance.now() }
  const { desk, shared, rates, credentials, coordination } = await openShared(
    config,
    log,
    givenCoordination,
    { sessions, trail, turn, tally, now: clock.now },
    closers,
  )
  const retention = startRetention(config.audit.retention, {
    directory,
    trail,
    schedule: () => turn.schedule(),
    legalHolds: coordination.legalHolds,
    shipping: shipping.shipping,
    database: null,
    log,
  })
  closers.push(() => retention?.close())
  return {
    credentials,
    policy,
    trail,
    turn,
    recording,
    rates,
    clock,
    ...observed,
    tally,
    shipping: () => shipping.shipping?.state ?? null,
    sessions,
    desk,
    shared,
    coordination,
    log,
  }
}

/** What this gateway shares with the others, and where its sessions have people asked. */
async function openShared(
  config: GatewayConfig,
  log: Logger,
  given: Coordination | null,
  {
    sessions,
    trail,
    turn,
    tally,
    now,
  }: Pick<EnginePorts, 'sessions' | 'trail' | 'turn' | 'tally'> & { readonly now: () => number },
  closers: Closers,
): Promise<Pick<EnginePorts, 'desk' | 'shared' | 'rates' | 'credentials'> & { readonly coordination: Coordination }> {
  const coordination = given ?? (await openCoordination(config.coordination))
  closers.push(() => coordination.close())
  const outage = new Outage(coordination, config.coordinationOutageGraceSeconds, sessions, log)
  closers.push(() => outage.close())
  const lease = await coordination.sessions.enlist(config.gatewayId)
  const ended = tally.held.bind(tally)
  const desk = new ApprovalDesk({ ...config.approvals, coordination, gateway: lease.id, trail, turn, log, ended, now })
  closers.push(() => desk.close())
  const shared = new SharedSessions(coordination, lease, sessions, log, now)
  closers.push(() => shared.close())
  const { counters, credentials } = coordination
  return { desk, shared, rates: new SharedRates(counters, log), credentials, coordination }
}
