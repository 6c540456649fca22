/**
 * What replicas share cannot be reached: nothing was learned, and whether it was written is not known. Whoever catches it
 * lets nothing run that was not already allowed.
 */
export class CoordinationLost extends Error {
  override readonly name = 'CoordinationLost'
  readonly code = 'COORDINATION_LOST'
}
