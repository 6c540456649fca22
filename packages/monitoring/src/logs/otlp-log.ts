import { ROOT_CONTEXT, SeverityNumber } from '@opentelemetry/api'
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { LoggerProvider, type ReadableLogRecord } from '@opentelemetry/sdk-logs'
import { exporterOptions, resourceOf, type SendingService } from '../otlp/collector.ts'
import { type ExportAccount, ExportQueue } from '../otlp/export-queue.ts'
import type { LogCollectorConfig } from './log-collector-settings.ts'

/** How long the end waits for the last lines; they stand on standard output already. */
const LAST_MILLISECONDS = 1_000

/** From which level of pino on; the first that is not above a line's own counts. Its text is pino's name. */
const SEVERITIES: readonly (readonly [level: number, severity: SeverityNumber, text: string])[] = [
  [60, SeverityNumber.FATAL, 'fatal'],
  [50, SeverityNumber.ERROR, 'error'],
  [40, SeverityNumber.WARN, 'warn'],
  [30, SeverityNumber.INFO, 'info'],
  [20, SeverityNumber.DEBUG, 'debug'],
]

/** What sends the lines of a log. */
export interface OtlpLog {
  readonly account: ExportAccount
  /** Takes a line as it was written, JSON. Never throws, and nobody waits for it. */
  take(line: string): void
  /** Sends what is left, for a second at most. False: a request is still under way, and nobody should wait for it. Never rejects. */
  close(): Promise<boolean>
}

/** Starts it. Loads OpenTelemetry's packages: only for who sends. `failed`: hears why lines cannot be sent, and null when they can again. */
export function startOtlpLog(
  { otlp, maxQueuedLines }: LogCollectorConfig,
  service: SendingService,
  failed: (error: string | null) => void,
): OtlpLog {
  const options = exporterOptions(otlp)
  const exporter = otlp.protocol === 'http/json' ? new JsonExporter(options) : new ProtobufExporter(options)
  const queue = new ExportQueue<ReadableLogRecord>(
    exporter,
    { most: maxQueuedLines, lastMilliseconds: LAST_MILLISECONDS },
    failed,
  )
  const provider = new LoggerProvider({
    resource: resourceOf(service),
    processors: [
      {
        onEmit: (record) => queue.add(record),
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
  })
  const logger = provider.getLogger('gatehouse', service.version)
  return {
    account: queue.account,
    take: (line) => {
      if (queue.isFull) return queue.drop()
      try {
        logger.emit(recordOf(line))
      } catch {
        queue.drop()
      }
    },
    close: () => queue.close(),
  }
}

/** What was read of a line is all that is sent: so nothing is sent that was not written. Throws for what is no object of JSON. */
function recordOf(line: string): Parameters<ReturnType<LoggerProvider['getLogger']>['emit']>[0] {
  const { level, time, msg, ...attributes } = JSON.parse(line) as Readonly<Record<string, unknown>>
  const [, severityNumber, severityText] = SEVERITIES.find(([from]) => Number(level) >= from) ?? [
    0,
    SeverityNumber.TRACE,
    'trace',
  ]
  return {
    ...(typeof time === 'number' ? { timestamp: time } : {}),
    severityNumber,
    severityText,
    body: typeof msg === 'string' ? msg : '',
    attributes,
    // Nothing of OpenTelemetry's own context, which nobody sets here.
    context: ROOT_CONTEXT,
  }
}
