import { type Logger, destination, pino } from 'pino'
import type { SendingService } from '../otlp/collector.ts'
import type { ExportAccount } from '../otlp/export-queue.ts'
import type { LogCollectorConfig } from './log-collector-settings.ts'

/** The log of a service. */
export interface ServiceLog {
  readonly log: Logger
  /** What became of the lines that are sent; null: none are. */
  readonly lines: ExportAccount | null
  /** Sends what is left, for a second at most. False: a request is still under way, and nobody should wait for it. Never rejects. */
  readonly close: () => Promise<boolean>
}

/** How a log is written. */
export interface ServiceLogOptions {
  readonly level: string
  /** Stands in every line. */
  readonly base: Readonly<Record<string, string>>
  readonly service: SendingService
  /** Null: lines are sent nowhere, and nothing is loaded for it. */
  readonly collector: LogCollectorConfig | null
}

/** Opens a log of JSON lines on `written` (default: standard output), each of which is sent to a collector too where there is one. Rejects when its authorities cannot be read. */
export async function openServiceLog(
  { level, base, service, collector }: ServiceLogOptions,
  written: { write(line: string): void } = destination(1),
): Promise<ServiceLog> {
  if (collector === null)
    return { log: pino({ level, base }, written), lines: null, close: () => Promise.resolve(true) }
  const { startOtlpLog } = await import('./otlp-log.ts')
  // What is said about sending is not sent: each line of it would be a reason to send again, and to fail again.
  let aboutSending = false
  const otlp = startOtlpLog(collector, service, (error) => {
    aboutSending = true
    try {
      if (error === null) log.info('log lines are sent again')
      else log.warn({ error }, 'log lines cannot be sent: they are dropped and counted, and stand on standard output')
    } finally {
      aboutSending = false
    }
  })
  const both = {
    write: (line: string): void => {
      written.write(line)
      if (!aboutSending) otlp.take(line)
    },
  }
  const log = pino({ level, base }, both)
  return { log, lines: otlp.account, close: () => otlp.close() }
}
