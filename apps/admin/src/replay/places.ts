import { ApiError } from '../errors.ts'

/** So many may read at once; whoever comes beyond that is asked to come again. */
export class ReadingPlaces {
  #free: number

  constructor(places: number) {
    this.#free = places
  }

  /** Takes a place. Throws `ApiError` where none is free. What comes back gives it up, once. */
  take(): () => void {
    if (this.#free === 0)
      throw new ApiError(503, 'TRAIL_BUSY', 'Others are reading recordings.', 'Try again in a moment.')
    this.#free--
    let taken = true
    return () => {
      if (taken) this.#free++
      taken = false
    }
  }
}
