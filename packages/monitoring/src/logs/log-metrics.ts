import type { ExportAccount } from '../otlp/export-queue.ts'
import type { ScrapedMetrics } from '../scraped-metrics.ts'

/** Tells what became of log lines; null: none are sent. */
export function measureLogLines(metrics: ScrapedMetrics, lines: ExportAccount | null): void {
  metrics.counter(
    {
      name: 'gatehouse_log_lines_total',
      help: 'Log lines to a collector by what became of them: `exported`, `dropped` as too many waited, `failed` as the collector did not take them. Absent where none are sent.',
      labelNames: ['outcome'],
    },
    () =>
      lines === null
        ? []
        : [
            [{ outcome: 'exported' }, lines.exported],
            [{ outcome: 'dropped' }, lines.dropped],
            [{ outcome: 'failed' }, lines.failed],
          ],
  )
  metrics.gauge({ name: 'gatehouse_log_lines_queued', help: 'Log lines that wait to be sent.' }, () =>
    lines === null ? [] : [[{}, lines.queued]],
  )
}
