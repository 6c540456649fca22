import { type EngineName, encodePolicyLoaded, type Policy } from '@gatehouse/core'
import { setTimeout as sleep } from 'node:timers/promises'
import { TrailWriter } from '@gatehouse/audit-trail'
import {
  type ListenAddress,
  openCoordination,
  openTrailProof,
  startRetention,
  trailShipping,
} from '@gatehouse/configuration'
import type { TlsState } from '@gatehouse/certificates'
import type { Coordination } from '@gatehouse/coordination'
import type { ScrapedMetrics } from '@gatehouse/monitoring'
import type { Logger } from 'pino'
import { type GatewayConfig, type ListenerConfig, weakerChoices } from './config/index.ts'
import { Drain } from './drain.ts'
import { originRefused, trustedSenders } from './trusted-senders.ts'
import type { Engine, EnginePorts, EngineSettings } from './engine.ts'
import { ApprovalDesk } from './holding/approval-desk.ts'
import { TokenVerifier } from '@gatehouse/identity'
import { LoginBackOff } from './login-back-off.ts'
import { gatewayMetrics, type MeasuredGateway } from './monitoring/gateway-metrics.ts'
import { type Monitoring, openMonitoring } from './monitoring/open-monitoring.ts'
import { SessionTally } from './monitoring/session-tally.ts'
import { StatementTally } from './monitoring/statement-tally.ts'
import { openTracing } from './tracing/open-tracing.ts'
import { Listener } from './listener.ts'
import { maskingKeyIds, maskingKeysOf, unknownNamesSeed } from './masking-keys.ts'
import { ListenerTls } from './listener-tls.ts'
import { startMysql } from './mysql/start.ts'
import { PolicyFile } from './policy-source.ts'
import { startPostgres } from './postgres/start.ts'
import { type GatewayState, type Readiness, readinessOf } from './readiness.ts'
import { Recording } from './recording.ts'
import { SessionRegistry } from './session-registry.ts'
import { Outage } from './outage.ts'
import { SharedRates } from './shared-rates.ts'
import { SharedSessions } from './shared-sessions.ts'
import { openTarget, type Target } from './target.ts'
import { TokenRecheck } from './token-recheck.ts'
import { Turn } from './turn.ts'
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

/** Files of TLS in use, and where they stand in the configuration. */
interface WatchedCertificate {
  readonly setting: string
  readonly files: { readonly state: TlsState; reload(): void; close(): void }
}

/** An outcome waits this long for the next intent, to be written with it. Intents never wait. */
const OWED_MILLISECONDS = 5
/** How often the trail looks whether its file is still the one that its name leads to. */
const CHECK_MILLISECONDS = 10

/** How long sessions get to take their last message when the gateway closes. */
const CLOSE_MILLISECONDS = 300

type Closers = (() => Promise<void> | void)[]

/**
 * Builds the ports, starts the listeners. `coordination`: what it shares
 * with others in this process, from now on its own to close; null: as configured. Rejects with an error that says what is wrong; nothing is left running then.
 */
export async function startGateway(
  config: GatewayConfig,
  log: Logger,
  coordination: Coordination | null = null,
): Promise<Gateway> {
  for (const choice of weakerChoices(config)) log.warn({ choice }, 'a weaker choice is configured')
  const closers: Closers = []
  try {
    // Closed last: whoever asks hears to the end that it drains.
    let monitoring: Monitoring | null = null
    closers.push(() => monitoring?.close())
    const ports = await openPorts(config, log, coordination, closers)
    const { sessions, policy } = ports
    let closed = false
    const listeners: Listener[] = []
    const certificates: WatchedCertificate[] = []
    const allTargets: (readonly [string, Target])[] = []
    closers.push(() => certificates.forEach(({ files }) => files.close()))
    const listen = async <Settings extends ListenerConfig>(
      name: EngineName,
      settings: Settings | null,
      start: (settings: EngineSettings<Settings>, ports: EnginePorts) => Promise<Engine>,
    ): Promise<ListenAddress | null> => {
      if (settings === null) return null
      const tls = ListenerTls.open(name, settings, log, () => Date.now())
      if (tls !== null) certificates.push({ setting: `listeners.${name}.tls`, files: tls })
      const targets = targetsOf(config, name, log)
      allTargets.push(...targets)
      for (const [target, { credentials, tlsFiles }] of targets) {
        closers.push(() => credentials.close())
        if (tlsFiles !== null) certificates.push({ setting: `targets.${target}.tls`, files: tlsFiles.watch() })
      }
      const engine = await start({ listener: settings, tls, targets }, ports)
      closers.push(() => engine.close())
      const listener = new Listener({
        ...settings,
        ...settings.address,
        reusePort: config.workers > 1,
        ...ports,
        engine: name,
        isTrustedSender: trustedSenders(settings),
        serve: (client, deadline) => engine.serve(client, deadline),
        originRefused: originRefused(name, ports),
      })
      const { host } = settings.address
      const port = await listener.listen()
      listeners.push(listener)
      closers.push(() => void listener.close())
      log.info({ engine: name, host, port, policy: policy.current.version }, 'gateway is listening')
      return { host, port }
    }
    const postgres = await listen('postgres', config.listeners.postgres, startPostgres)
    const mysql = await listen('mysql', config.listeners.mysql, startMysql)
    const drain = new Drain(config, {
      sessions,
      stopListening: async () => {
        await Promise.all(listeners.map((listener) => listener.close()))
      },
      log,
    })
    const state = (): GatewayState => (closed ? 'closed' : drain.begun ? 'draining' : 'running')
    const readiness = (): Readiness => readinessOf(state(), ports)
    const metrics = gatewayMetrics({
      ...ports,
      certificates: () => certificates.map(({ setting, files }) => ({ setting, state: files.state })),
      targets: () => allTargets,
    })
    monitoring = await openMonitoring(config.monitoring, metrics, readiness, log)
    if (monitoring !== null && monitoring.tls !== null)
      certificates.push({ setting: 'monitoring.tls', files: monitoring.tls })
    return {
      postgres,
      mysql,
      monitoring: monitoring?.address ?? null,
      sessions,
      metrics,
      readiness,
      drain: () => drain.begin(),
      reloadPolicy: () => policy.reload(),
      reloadCertificates: () => certificates.forEach(({ files }) => files.reload()),
      close: async () => {
        const serving = sessions.size > 0
        await drain.end()
        closed = true
        await sleep(serving ? CLOSE_MILLISECONDS : 20)
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
  EnginePorts &
    Pick<MeasuredGateway, 'statements' | 'shipping' | 'spans'> & {
      readonly policy: PolicyFile
      readonly trail: TrailWriter
      readonly coordination: Coordination
    }
> {
  const { syncMilliseconds, segmentBytes, segmentSeconds, statementTextMaxBytes, directory } = config.audit
  const proof = openTrailProof(config.audit, (sink, error) => {
    log.warn({ sink, error: messageOf(error) }, 'a checkpoint of the audit trail could not be kept elsewhere')
  })
  closers.push(() => proof.close())
  const shipping = trailShipping(config.audit.shipping, log)
  closers.push(() => shipping.close())
  const trail = await TrailWriter.open(directory, {
    gatewayId: config.gatewayId,
    ...proof.options,
    syncMilliseconds,
    segmentBytes,
    segmentSeconds,
    owedMilliseconds: OWED_MILLISECONDS,
    checkMilliseconds: CHECK_MILLISECONDS,
  })
  closers.push(() => trail.close())
  await shipping.begin(trail, directory, config.gatewayId)
  const turn = new Turn(trail)
  const recording = new Recording(directory, config.recording, trail, turn, log)
  closers.push(() => recording.close())
  const policy = new PolicyFile(config.policyFile, maskingKeyIds(config), log, (loaded) => {
    const observed = observedRules(loaded)
    if (observed.length > 0)
      log.warn({ rules: observed }, 'rules of the policy are only observed: they protect nothing')
    trail.owe(encodePolicyLoaded(loaded.version, config.policyFile, ruleCount(loaded)))
    turn.schedule()
  })
  policy.watch()
  closers.push(() => policy.close())
  const verifier = TokenVerifier.create(config.issuers, { log })
  closers.push(() => verifier.close())
  const sessions = new SessionRegistry()
  const tally = new SessionTally()
  const statements = new StatementTally()
  const counting = config.monitoring === null ? null : statements
  const tracing = await openTracing(config.tracing, config.gatewayId, counting, log)
  closers.push(() => tracing?.close())
  const clock = { now: () => Date.now(), monotonic: () => performance.now() }
  const { desk, shared, rates, credentials, backOff, coordination } = await openShared(
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
  const recheck = new TokenRecheck(sessions, verifier, log)
  const clockHand = setInterval(() => {
    sessions.checkTime(performance.now())
    recheck.check(performance.now())
    shared.publish()
  }, 1000).unref()
  closers.push(() => clearInterval(clockHand))
  return {
    verifier,
    credentials,
    unknownNamesSeed: unknownNamesSeed(config),
    backOff,
    policy,
    trail,
    turn,
    recording,
    rates,
    clock,
    recordLimits: {
      maxTextBytes: statementTextMaxBytes,
      maxParameterBytes: 4096,
      maxParametersBytes: 65_536,
      maxParameters: 1000,
    },
    redaction: { literals: config.audit.literals, secrets: config.audit.redactSecrets },
    maskingKeys: maskingKeysOf(config),
    statements,
    observer: tracing?.observer ?? counting,
    spans: () => tracing?.account ?? null,
    tally,
    shipping: () => shipping.shipping?.state ?? null,
    sessions,
    desk,
    shared,
    coordination,
    log,
    expiryWarningSeconds: config.expiryWarningSeconds,
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
): Promise<
  Pick<EnginePorts, 'desk' | 'shared' | 'rates' | 'credentials' | 'backOff'> & { readonly coordination: Coordination }
> {
  const coordination = given ?? (await openCoordination(config.coordination))
  closers.push(() => coordination.close())
  const outage = new Outage(coordination, config.coordinationOutageGraceSeconds, sessions, log)
  closers.push(() => outage.close())
  const lease = await coordination.sessions.enlist(config.gatewayId)
  const { adminUrl, pendingPerPrincipal, coolDownSeconds, holdInTransactionSeconds } = config.approvals
  const limits = { pendingPerPrincipal, coolDownSeconds, holdInTransactionSeconds }
  const ended = tally.held.bind(tally)
  const desk = new ApprovalDesk({ ...limits, coordination, gateway: lease.id, adminUrl, trail, turn, log, ended, now })
  closers.push(() => desk.close())
  const shared = new SharedSessions(coordination, lease, sessions, log, now)
  closers.push(() => shared.close())
  const { counters, credentials } = coordination
  const backOff = new LoginBackOff(counters, config.login, log, now)
  return { desk, shared, rates: new SharedRates(counters, log), credentials, backOff, coordination }
}

function targetsOf(config: GatewayConfig, name: EngineName, log: Logger): ReadonlyMap<string, Target> {
  const targets = new Map<string, Target>()
  for (const [target, settings] of config.targets) {
    if (settings.engine === name) targets.set(target, openTarget(target, settings, log))
  }
  return targets
}

/** Names of the rules that would ask or deny, and are only observed. */
function observedRules({ document: { approve, deny } }: Policy): readonly string[] {
  return [...approve, ...deny].flatMap(({ name, observed }) => (observed === true ? [name] : []))
}

function ruleCount({ document: { allow, deny, masks, limits, functions } }: Policy): number {
  return allow.length + deny.length + masks.length + limits.length + functions.length
}
