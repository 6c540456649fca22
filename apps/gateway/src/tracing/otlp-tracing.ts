import { readFileSync } from 'node:fs'
import type { Tracer } from '@opentelemetry/api'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { type SpanAccount, SpanQueue } from './span-queue.ts'
import type { TracingConfig } from './tracing-settings.ts'

/** A tracer whose spans are sent by OTLP. */
export interface OtlpTracing {
  readonly tracer: Tracer
  readonly account: SpanAccount
  close(): Promise<void>
}

/** Starts it. Loads OpenTelemetry's packages: only for who traces. `failed`: hears why spans cannot be sent, and null when they can again. */
export function startOtlp(
  { otlp, sampling, maxQueuedSpans }: TracingConfig,
  service: { readonly instance: string; readonly version: string },
  failed: (error: string | null) => void,
): OtlpTracing {
  const { endpoint: url, protocol, caFile, timeoutSeconds } = otlp
  const headers = Object.fromEntries(Object.entries(otlp.headers).map(([name, value]) => [name, value.expose()]))
  const options = {
    url,
    headers,
    timeoutMillis: timeoutSeconds * 1000,
    ...(caFile === null ? {} : { httpAgentOptions: { ca: readFileSync(caFile) } }),
  }
  const exporter: SpanExporter = protocol === 'http/json' ? new JsonExporter(options) : new ProtobufExporter(options)
  const queue = new SpanQueue(exporter, maxQueuedSpans, failed)
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'gatehouse',
      'service.instance.id': service.instance,
      'service.version': service.version,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampling) }),
    spanProcessors: [queue],
  })
  return {
    tracer: provider.getTracer('gatehouse', service.version),
    account: queue.account,
    close: () => queue.shutdown(),
  }
}
