import { hash } from 'node:crypto'
import type { RecordDestination, SegmentDestination } from './destination.ts'
import type { ShippingPlaces } from './shipping-places.ts'

/** Every place that a trail is shipped to. */
export interface Destinations {
  readonly records: readonly RecordDestination[]
  readonly segments: readonly SegmentDestination[]
}

/** Opens destinations as configured. Nothing is connected to yet. Each client is loaded where it is used. `notice`: told of events that a collector refused for good. */
export async function openDestinations(
  { postgres, s3, webhooks, syslog }: ShippingPlaces,
  notice: (message: string) => void,
): Promise<Destinations> {
  const records: RecordDestination[] = []
  const segments: SegmentDestination[] = []
  if (postgres !== null) {
    const { PostgresDestination } = await import('../postgres/postgres-destination.ts')
    records.push(new PostgresDestination(postgres))
  }
  if (webhooks.length > 0) {
    const { WebhookDestination } = await import('../siem/webhook-destination.ts')
    for (const webhook of webhooks) {
      const destination = new WebhookDestination({
        ...webhook,
        ...nameAmong(webhooks, webhook),
        onRefused: (uid, status) =>
          notice(`${destination.name} refused ${uid} with ${status}: it was told so in its place`),
      })
      records.push(destination)
    }
  }
  if (syslog.length > 0) {
    const { SyslogDestination } = await import('../siem/syslog-destination.ts')
    records.push(...syslog.map((collector) => new SyslogDestination(collector)))
  }
  if (s3 !== null) {
    const { S3Destination } = await import('./s3-destination.ts')
    segments.push(new S3Destination(s3))
  }
  return { records, segments }
}

/**
 * What was delivered is kept under a destination's name: two at one host must not have the same. An address may hold a secret, so it is a sum that tells
 * them apart.
 */
function nameAmong(
  webhooks: ShippingPlaces['webhooks'],
  { url }: { readonly url: string },
): { readonly name?: string } {
  const { host } = new URL(url)
  const others = webhooks.some((other) => other.url !== url && new URL(other.url).host === host)
  return others ? { name: `webhook ${host} (${hash('sha256', url).slice(0, 8)})` } : {}
}
