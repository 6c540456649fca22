/** How the life of a gateway is told, in milliseconds. */
export interface Timing {
  readonly heartbeat: number
  /** A gateway whose heart has not beaten for so long is lost. */
  readonly lostAfter: number
  /** How often what time has ended is looked for. */
  readonly tick: number
}

export const TIMING: Timing = { heartbeat: 2000, lostAfter: 6000, tick: 1000 }
