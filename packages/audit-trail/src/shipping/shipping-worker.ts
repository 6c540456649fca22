import { workerData } from 'node:worker_threads'
import { openDestinations } from './open-destinations.ts'
import { ship, type ShippingTask } from './ship.ts'
import type { ShippingPlaces } from './shipping-places.ts'

const { places, ...task } = workerData as ShippingTask & { readonly places: ShippingPlaces }
await ship(task, await openDestinations(places))
