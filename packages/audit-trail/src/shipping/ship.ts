import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parentPort } from 'node:worker_threads'
import { listRecordings, recordingName } from '../recording/recording-names.ts'
import { listSegments, segmentName } from '../chain/segment-names.ts'
import type { TrailIdentity } from './destination.ts'
import type { Destinations } from './open-destinations.ts'
import { RecordFollower, type ShippedTrail } from './record-follower.ts'
import { SegmentShipper } from './segment-shipper.ts'
import type { Shipper, ShippingState } from './shipping-state.ts'

/** How often it is told how shipping stands. */
const STATE_MILLISECONDS = 500

/** What a worker is given to ship a trail. */
export interface ShippingTask {
  readonly directory: string
  readonly identity: TrailIdentity
  /** Files of recordings up to this number are of earlier runs, and written no more. */
  readonly formerRecordings: number
}

/** What a worker tells. */
export type ShippingNews =
  | { readonly kind: 'state'; readonly state: ShippingState }
  | { readonly kind: 'notice'; readonly message: string }

/** What a worker is told: ship what is left, and end. */
export type ShippingOrder = 'finish'

/** Ships a trail in this worker thread until it is told to finish, and tells the main thread how it stands. */
export async function ship(
  { directory, identity, formerRecordings }: ShippingTask,
  { records, segments }: Destinations,
): Promise<void> {
  const tell = (news: ShippingNews): void => parentPort?.postMessage(news, [])
  const trail: ShippedTrail = { directory, identity, notice: (message) => tell({ kind: 'notice', message }) }
  const shippers: readonly Shipper[] = [
    ...records.map((destination) => new RecordFollower(trail, destination)),
    ...segments.map((destination) => new SegmentShipper(trail, formerRecordings, destination)),
  ]
  // There is one order: to finish.
  parentPort?.on('message', () => {
    for (const shipper of shippers) shipper.finish()
  })
  let telling = Promise.resolve()
  const tellState = async (): Promise<void> => tell({ kind: 'state', state: await stateOf(directory, shippers) })
  // A directory that cannot be read is told by the shippers themselves.
  const timer = setInterval(() => {
    telling = telling.then(tellState).catch(() => undefined)
  }, STATE_MILLISECONDS)
  await Promise.all(shippers.map((shipper) => shipper.run()))
  clearInterval(timer)
  await telling
  await tellState()
  await Promise.all([...records, ...segments].map((destination) => destination.close()))
  parentPort?.close()
}

async function stateOf(directory: string, shippers: readonly Shipper[]): Promise<ShippingState> {
  const trailBytes = await bytesOfTrail(directory)
  const progress = await Promise.all(shippers.map((shipper) => shipper.progress()))
  return {
    destinations: progress.map(({ state }) => state),
    spoolBytes: Math.max(0, ...progress.map(({ state }) => state.lagBytes)),
    shippedThrough: {
      segment: Math.min(...progress.map(({ through }) => through.segment)),
      recording: Math.min(...progress.map(({ through }) => through.recording)),
    },
    trailBytes,
  }
}

/** What segments and recordings take on the disk. */
export async function bytesOfTrail(directory: string): Promise<number> {
  const names = [...listSegments(directory).map(segmentName), ...listRecordings(directory).map(recordingName)]
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}
