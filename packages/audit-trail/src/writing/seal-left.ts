import { walkSegment } from '../chain/chain-walk.ts'
import type { ChainHead } from '../chain/chain-walk.ts'
import { readSeal, writeSeal } from '../seals/seal.ts'
import { listSegments } from '../chain/segment-names.ts'
import type { TrailOptions } from './trail-options.ts'

/** What is sealed of a segment. */
interface EndedSegment {
  readonly segment: number
  readonly records: number
  readonly head: ChainHead
  readonly bytes: number
  readonly closed: boolean
}

type Sealing = Pick<Required<TrailOptions>, 'gatewayId' | 'signing' | 'now'>

/** Seals a segment that is written no more; without a key nothing is done. Rejects when the seal cannot be written. */
export async function sealSegment(
  directory: string,
  { segment, records, head, bytes, closed }: EndedSegment,
  { gatewayId: gateway, signing, now }: Sealing,
): Promise<void> {
  if (signing === null) return
  const { seq: last, hash } = head
  const sealed = new Date(now()).toISOString()
  await writeSeal(
    directory,
    { gateway, segment, first: last - records + 1, last, hash, bytes, closed, sealed },
    signing,
  )
}

/**
 * Seals what an earlier run could not: the last segments that have no seal. Without a key nothing is done. Rejects when a segment
 * cannot be read, or a seal not be written.
 */
export async function sealWhatIsLeft(directory: string, sealing: Sealing): Promise<void> {
  if (sealing.signing === null) return
  for (const segment of listSegments(directory).toReversed()) {
    if (readSeal(directory, segment) !== null) return
    const { records, head, goodBytes: bytes, closed, broken, key } = await walkSegment(directory, segment, null)
    // Without a key in its first record it was never meant to be sealed; what is broken is not vouched for.
    if (records > 0 && (key === null || broken !== null)) return
    if (head !== null) await sealSegment(directory, { segment, records, head, bytes, closed }, sealing)
  }
}
