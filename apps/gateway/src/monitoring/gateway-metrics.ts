import type { TrailWriter } from '@gatehouse/audit-trail'
import type { Coordination } from '@gatehouse/coordination'
import {
  COARSE_BUCKETS,
  type ExportAccount,
  FINE_BUCKETS,
  type MeasuredCertificate,
  type MeasuredShipping,
  measureCertificates,
  measureCoordination,
  measureLogLines,
  measureShipping,
  measureTrail,
  ScrapedMetrics,
} from '@gatehouse/monitoring'
import type { LeaseRenewals } from '@gatehouse/upstream-credentials'
import type { ApprovalDesk } from '../holding/approval-desk.ts'
import type { PolicyFile } from '../policy-source.ts'
import type { Target } from '../target.ts'
import type { SessionTally } from './session-tally.ts'
import type { StatementTally } from './statement-tally.ts'

/** What is measured of a gateway. */
export interface MeasuredGateway {
  readonly statements: StatementTally
  readonly tally: SessionTally
  readonly trail: Pick<TrailWriter, 'state'>
  /** How many workers had its place before it. */
  readonly restarts: number
  /** Null: the trail is not shipped. */
  readonly shipping: () => MeasuredShipping | null
  /** Null: nothing is traced. */
  readonly spans: () => ExportAccount | null
  /** Null: log lines are sent nowhere. */
  readonly logLines: ExportAccount | null
  readonly coordination: Pick<Coordination, 'state' | 'traffic'>
  readonly policy: Pick<PolicyFile, 'current' | 'account' | 'failure'>
  readonly desk: Pick<ApprovalDesk, 'held'>
  readonly certificates: () => Iterable<MeasuredCertificate>
  readonly targets: () => Iterable<readonly [name: string, target: Pick<Target, 'leases' | 'credentials'>]>
}

/** The metrics of a gateway but those of its process: docs/monitoring.md lists them. */
export function gatewayMetrics(gateway: MeasuredGateway): ScrapedMetrics {
  const metrics = new ScrapedMetrics()
  measureConnections(metrics, gateway)
  measureStatements(metrics, gateway)
  metrics.counter(
    {
      name: 'gatehouse_worker_restarts_total',
      help: 'How often this worker was replaced since its primary started, after a crash or when it was told to end. 0 where there are no workers.',
    },
    () => [[{}, gateway.restarts]],
  )
  measurePolicy(metrics, gateway)
  measureSpans(metrics, gateway.spans)
  measureLogLines(metrics, gateway.logLines)
  measureTrail(metrics, () => gateway.trail.state)
  measureShipping(metrics, gateway.shipping)
  measureCoordination(metrics, gateway.coordination)
  measureCertificates(metrics, gateway.certificates)
  return metrics
}

const NO_RENEWALS: LeaseRenewals = { renewed: 0, failed: 0, ended: 0 }

function measureConnections(metrics: ScrapedMetrics, { tally, targets }: MeasuredGateway): void {
  const engine = ['engine']
  metrics.counter(
    {
      name: 'gatehouse_connections_accepted_total',
      help: 'Connections of clients that were accepted.',
      labelNames: engine,
    },
    () => tally.accepted(),
  )
  metrics.counter(
    {
      name: 'gatehouse_connections_refused_total',
      help: 'Connections that were closed at once, by why.',
      labelNames: ['engine', 'reason'],
    },
    () => tally.refused(),
  )
  metrics.gauge(
    {
      name: 'gatehouse_connections',
      help: 'Connections of clients that are open, logged in or not.',
      labelNames: engine,
    },
    () => tally.open(),
  )
  metrics.gauge({ name: 'gatehouse_sessions', help: 'Sessions that are logged in.', labelNames: engine }, () =>
    tally.sessions(),
  )
  metrics.counter(
    {
      name: 'gatehouse_logins_total',
      help: 'Logins by what was shown (`way`: `token`, `credential`, `certificate`; `unknown` where a refused one did not come so far), and what came of it (`outcome`: `ok`, or the code of docs/errors.md).',
      labelNames: ['engine', 'way', 'outcome'],
    },
    () => tally.logins(),
  )
  metrics.counter(
    {
      name: 'gatehouse_sessions_ended_total',
      help: 'Sessions that ended, by the reason in their record `session_end`.',
      labelNames: ['engine', 'reason'],
    },
    () => tally.ended(),
  )
  metrics.counter(
    {
      name: 'gatehouse_credential_leases_total',
      help: 'Credentials of targets that were asked of their source for a login: `given`, or `failed`.',
      labelNames: ['target', 'outcome'],
    },
    function* () {
      for (const [target, { leases }] of targets()) {
        yield [{ target, outcome: 'given' }, leases.given]
        yield [{ target, outcome: 'failed' }, leases.failed]
      }
    },
  )
  metrics.counter(
    {
      name: 'gatehouse_credential_renewals_total',
      help: 'Leases of credentials that are renewed while a session has them: `renewed`; `failed`, and tried again; `ended` with their session, as they were not renewed in time or were revoked. 0 for sources without such leases.',
      labelNames: ['target', 'outcome'],
    },
    function* () {
      for (const [target, { credentials }] of targets()) {
        const { renewed, failed, ended } = credentials.renewals ?? NO_RENEWALS
        yield [{ target, outcome: 'renewed' }, renewed]
        yield [{ target, outcome: 'failed' }, failed]
        yield [{ target, outcome: 'ended' }, ended]
      }
    },
  )
}

function measureStatements(metrics: ScrapedMetrics, { statements, tally, desk }: MeasuredGateway): void {
  const engine = ['engine']
  metrics.counter(
    {
      name: 'gatehouse_statements_total',
      help: 'Texts that were decided and have ended, by what they do, what was decided, and what came of them.',
      labelNames: ['engine', 'action', 'decision', 'outcome'],
    },
    () => statements.statements(),
  )
  metrics.counter(
    {
      name: 'gatehouse_refusals_total',
      help: 'Texts that the gateway refused, by the code of docs/errors.md.',
      labelNames: ['engine', 'code'],
    },
    () => statements.refusals(),
  )
  metrics.histogram(
    {
      name: 'gatehouse_statement_decision_seconds',
      help: 'Time to read and decide a text, each time that is done.',
      labelNames: engine,
    },
    FINE_BUCKETS,
    () => statements.durations('decided'),
  )
  metrics.histogram(
    {
      name: 'gatehouse_statement_upstream_seconds',
      help: 'From the record of a statement to the first of the database’s answer.',
      labelNames: engine,
    },
    FINE_BUCKETS,
    () => statements.durations('upstream'),
  )
  metrics.histogram(
    {
      name: 'gatehouse_statement_duration_seconds',
      help: 'From the record of a statement to the end of its answer; as `duration_us` in the trail.',
      labelNames: engine,
    },
    FINE_BUCKETS,
    () => statements.durations('duration'),
  )
  metrics.histogram(
    {
      name: 'gatehouse_statement_hold_seconds',
      help: 'How long statements were held for people, by what became of the request.',
      labelNames: ['outcome'],
    },
    COARSE_BUCKETS,
    () => tally.holds(),
  )
  metrics.gauge({ name: 'gatehouse_statements_held', help: 'Statements that are held for people now.' }, () => [
    [{}, desk.held],
  ])
  metrics.counter(
    { name: 'gatehouse_rows_total', help: 'Rows that were returned or changed.', labelNames: engine },
    () => statements.numbers('rows'),
  )
  metrics.counter(
    { name: 'gatehouse_result_bytes_total', help: 'Bytes of rows from databases, before masks.', labelNames: engine },
    () => statements.numbers('bytes'),
  )
  metrics.counter(
    {
      name: 'gatehouse_masked_cells_total',
      help: 'Cells of masked columns in rows that went to clients; NULLs count.',
      labelNames: engine,
    },
    () => statements.numbers('maskedCells'),
  )
  metrics.counter(
    {
      name: 'gatehouse_classified_finds_total',
      help: 'Values that classify rules found in free text and replaced, by detector.',
      labelNames: ['engine', 'detector'],
    },
    () => statements.finds(),
  )
}

function measurePolicy(metrics: ScrapedMetrics, { policy }: MeasuredGateway): void {
  metrics.gauge(
    {
      name: 'gatehouse_policy_info',
      help: 'Always 1; its label is the version of the policy in force.',
      labelNames: ['version'],
    },
    () => [[{ version: policy.current.version }, 1]],
  )
  metrics.gauge(
    {
      name: 'gatehouse_policy_loaded_timestamp_seconds',
      help: 'When the policy in force was read, seconds since the epoch.',
    },
    () => [[{}, policy.account.loadedAt / 1000]],
  )
  metrics.counter(
    {
      name: 'gatehouse_policy_reloads_total',
      help: 'Changed policies by what came of them: `loaded`, or `failed` where the last good one stays in force.',
      labelNames: ['outcome'],
    },
    () => [
      [{ outcome: 'loaded' }, policy.account.loaded],
      [{ outcome: 'failed' }, policy.account.failed],
    ],
  )
  metrics.gauge(
    {
      name: 'gatehouse_policy_failing',
      help: '1 while the file of the policy as it is now cannot be used, else 0.',
    },
    () => [[{}, policy.failure === null ? 0 : 1]],
  )
}

function measureSpans(metrics: ScrapedMetrics, read: () => ExportAccount | null): void {
  metrics.counter(
    {
      name: 'gatehouse_spans_total',
      help: 'Spans by what became of them: `exported`, `dropped` as too many waited, `failed` as the collector did not take them. Absent where nothing is traced.',
      labelNames: ['outcome'],
    },
    () => {
      const spans = read()
      if (spans === null) return []
      return [
        [{ outcome: 'exported' }, spans.exported],
        [{ outcome: 'dropped' }, spans.dropped],
        [{ outcome: 'failed' }, spans.failed],
      ]
    },
  )
  metrics.gauge({ name: 'gatehouse_spans_queued', help: 'Spans that wait to be sent.' }, () => {
    const spans = read()
    return spans === null ? [] : [[{}, spans.queued]]
  })
}
