import type { RecordDestination, SegmentDestination } from './destination.ts'
import type { ShippingPlaces } from './shipping-places.ts'

/** Every place that a trail is shipped to. */
export interface Destinations {
  readonly records: readonly RecordDestination[]
  readonly segments: readonly SegmentDestination[]
}

/** Opens destinations as configured. Nothing is connected to yet. */
export async function openDestinations(places: ShippingPlaces): Promise<Destinations> {
  return { records: [], segments: await openS3(places) }
}

/** The client is large: it is loaded where it is used. */
async function openS3({ s3 }: ShippingPlaces): Promise<readonly SegmentDestination[]> {
  if (s3 === null) return []
  const { S3Destination } = await import('./s3-destination.ts')
  return [new S3Destination(s3)]
}
