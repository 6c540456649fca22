import { parentPort, workerData } from 'node:worker_threads'
import { openDestinations } from './open-destinations.ts'
import { ship, type ShippingNews, type ShippingTask } from './ship.ts'
import type { ShippingPlaces } from './shipping-places.ts'

const { places, ...task } = workerData as ShippingTask & { readonly places: ShippingPlaces }
const notice = (message: string): void => {
  parentPort?.postMessage({ kind: 'notice', message } satisfies ShippingNews, [])
}
await ship(task, await openDestinations(places, notice))
