import type { Tracer } from '@opentelemetry/api'
import { type ExportAccount, ExportQueue, exporterOptions, resourceOf } from '@gatehouse/monitoring/otlp'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import {
  ParentBasedSampler,
  type ReadableSpan,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { TracingConfig } from './tracing-settings.ts'

/** How long the end waits for the last spans. */
const LAST_MILLISECONDS = 3_000

/** A tracer whose spans are sent by OTLP. */
export interface OtlpTracing {
  readonly tracer: Tracer
  readonly account: ExportAccount
  close(): Promise<void>
}

/** Starts it. Loads OpenTelemetry's packages: only for who traces. `failed`: hears why spans cannot be sent, and null when they can again. */
export function startOtlp(
  { otlp, sampling, maxQueuedSpans }: TracingConfig,
  service: { readonly instance: string; readonly version: string },
  failed: (error: string | null) => void,
): OtlpTracing {
  const options = exporterOptions(otlp)
  const exporter: SpanExporter =
    otlp.protocol === 'http/json' ? new JsonExporter(options) : new ProtobufExporter(options)
  const limits = { most: maxQueuedSpans, lastMilliseconds: LAST_MILLISECONDS }
  const queue = new ExportQueue<ReadableSpan>(exporter, limits, failed)
  const provider = new TracerProvider({
    resource: resourceOf({ name: 'gatehouse', ...service }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampling) }),
    spanProcessors: [
      {
        onStart: () => undefined,
        onEnd: (span) => queue.add(span),
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
  })
  return {
    tracer: provider.getTracer('gatehouse', service.version),
    account: queue.account,
    close: async () => {
      await queue.close()
    },
  }
}
