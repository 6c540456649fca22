import { resolve } from 'node:path'

/** Where drivers that had to be fetched are kept between runs. */
export const KEPT_DRIVERS: string = resolve(import.meta.dirname, '..', '..', '.gatehouse', 'drivers')
