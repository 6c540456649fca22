import { TrailWriter } from '@gatehouse/audit-trail'
import { openCoordination, openTrailProof, startRetention, trailShipping } from '@gatehouse/configuration'
import type { Coordination } from '@gatehouse/coordination'
import type { Logger } from 'pino'
import type { GatewayConfig } from './config/index.ts'
import type { EnginePorts } from './engine.ts'
import type { LastingPorts } from './generation.ts'
import { ApprovalDesk } from './holding/approval-desk.ts'
import { maskingKeyIds } from './masking-keys.ts'
import type { MeasuredGateway } from './monitoring/gateway-metrics.ts'
import { observeStatements } from './monitoring/observe-statements.ts'
import { SessionTally } from './monitoring/session-tally.ts'
import { Outage } from './outage.ts'
import { sayLoaded } from './policy-loaded.ts'
import { PolicyFile } from './policy-source.ts'
import { Recording } from './recording.ts'
import { SessionRegistry } from './session-registry.ts'
import { SharedRates } from './shared-rates.ts'
import { SharedSessions } from './shared-sessions.ts'
import { Turn } from './turn.ts'
import { messageOf } from './upstream-dial.ts'

/** An outcome waits this long for the next intent, to be written with it. Intents never wait. */
const OWED_MILLISECONDS = 5
/** How often the trail looks whether its file is still the one that its name leads to. */
const CHECK_MILLISECONDS = 10

/** How each part is closed, in the order of their beginnings; closed in the other. */
export type Closers = (() => Promise<void> | void)[]

/** What the engines share; `closers` learn how each part of it is closed. */
export async function openPorts(
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
