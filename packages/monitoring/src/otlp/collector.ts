import { readFileSync } from 'node:fs'
import type { OtlpConfig } from '@gatehouse/configuration'
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources'

/** Who sends, as collectors are told. */
export interface SendingService {
  /** `gatehouse`, or `gatehouse-admin`. */
  readonly name: string
  /** Which one of them: as its trail names it. */
  readonly instance: string
  readonly version: string
}

/** The resource of all that a service sends. */
export function resourceOf({ name, instance, version }: SendingService): Resource {
  return resourceFromAttributes({
    'service.name': name,
    'service.instance.id': instance,
    'service.version': version,
  })
}

/** What an exporter of OpenTelemetry is told of its collector. Throws when the authorities cannot be read. */
export function exporterOptions({ endpoint: url, headers, caFile, timeoutSeconds }: OtlpConfig): {
  readonly url: string
  readonly headers: Record<string, string>
  readonly timeoutMillis: number
  readonly httpAgentOptions?: { readonly ca: Buffer }
} {
  return {
    url,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.expose()])),
    timeoutMillis: timeoutSeconds * 1000,
    ...(caFile === null ? {} : { httpAgentOptions: { ca: readFileSync(caFile) } }),
  }
}
