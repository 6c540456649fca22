import { AUDIT_FORMAT_VERSION } from '@gatehouse/core'
import type { ChainHead } from '../chain/chain-walk.ts'
import type { TrailOptions } from './trail-options.ts'

/** What the first record of a segment is made of. */
export interface OpenedSegment {
  readonly segment: number
  /** The last record before it, and the segment that holds it; null: there is none. */
  readonly previous: ({ readonly segment: number } & ChainHead) | null
  /** Which trail it is, see `trailIdOf`; null: this is its first segment. */
  readonly trail: string | null
  /** The first segment with records of what is open when it begins. */
  readonly openFrom: number
}

/** What `trail_opened`, the first record of a segment, says of it. */
export function openerOf(
  { gatewayId: gateway, signing }: Pick<Required<TrailOptions>, 'gatewayId' | 'signing'>,
  { segment, previous, trail, openFrom }: OpenedSegment,
): object {
  const named = trail === null ? {} : { trail }
  const key = signing === null ? {} : { key: signing.id }
  return { format: AUDIT_FORMAT_VERSION, gateway, ...named, segment, openFrom, previous, ...key }
}
