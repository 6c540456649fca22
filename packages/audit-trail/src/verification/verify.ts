import type { RecordedRemoval } from '@gatehouse/core'
import type { ChainHead, SegmentWalk } from '../chain/chain-walk.ts'
import { walkSegment } from '../chain/chain-walk.ts'
import { readCheckpoint } from '../seals/checkpoint.ts'
import { CHECKPOINT_PURPOSE, type FoundCheckpoint } from '../seals/checkpoint.ts'
import { GENESIS_HASH } from '../chain/record-line.ts'
import { type Gap, Removals } from '../retention/removals.ts'
import type { RemovedSegment } from '../retention/removal.ts'
import { type FoundSeal, listSeals, readSeal, SEAL_PURPOSE, sealName } from '../seals/seal.ts'
import { listSegments, segmentName } from '../chain/segment-names.ts'
import { checkSignature } from '../seals/signed-line.ts'
import type { VerifyingKeys } from '../seals/signing-key.ts'

/** Where the trail first stops being what was written. */
export interface TrailBreak {
  /** The segment's number; the file is `segmentName(segment)`. */
  readonly segment: number
  /** 1-based line in that segment; 0 when it is about the segment or the trail as a whole. */
  readonly line: number
  /** The number of the record that should be there. */
  readonly seq: number
  /** What is wrong, in one sentence. */
  readonly what: string
}

/** The result of a verification. */
export interface VerifyReport {
  /** Records found in order, up to the first break. */
  readonly records: number
  /** Segments present. */
  readonly segments: number
  /** The last record found in order; null when there is none. */
  readonly head: ChainHead | null
  /** The last record that a seal or a signed checkpoint vouches for; 0: none, or no keys were given. */
  readonly proven: number
  /** The files that the trail says were removed; with keys, of those records alone that are proven. */
  readonly removed: readonly RecordedRemoval[]
  /** Null when the trail is whole. */
  readonly firstBreak: TrailBreak | null
  /** What is no proof of a change, but worth knowing: a torn last line after a crash, a trail that was not closed. */
  readonly warnings: readonly string[]
}

/** Where a trail may begin when its oldest segments were moved away. */
export interface TrailStart {
  /** The first segment that is present. */
  readonly segment: number
  /** The last record of the segment before, from a place that can be trusted. */
  readonly head: ChainHead
}

/** What a trail is held against. */
export interface VerifyOptions {
  /** Default: record 1. */
  readonly start?: TrailStart
  /** Public keys: then every segment must be sealed by one of them, and the checkpoint signed. Default: signatures are not looked at. */
  readonly keys?: VerifyingKeys
  /** With keys: segments up to this number may be without a seal, for they are from before there was a key. Default 0. */
  readonly unsignedUntil?: number
  /** Checkpoints of this trail that were kept elsewhere. With keys, those that are not signed by one count as none. */
  readonly checkpoints?: readonly FoundCheckpoint[]
  /** It is a copy of what was shipped, which has no checkpoint of its own; default: a checkpoint that is missing is a break. */
  readonly copy?: boolean
  /** Told of how much was walked, after each segment. */
  readonly onProgress?: (done: { readonly segments: number; readonly of: number; readonly records: number }) => void
}

const FROM_THE_BEGINNING: TrailStart = { segment: 1, head: { seq: 0, hash: GENESIS_HASH } }

/**
 * Walks the whole trail in `directory` and names the first break. Reads every byte, in bounded memory.
 * A torn last line of the last segment is what a crash leaves: it is a warning, unless the checkpoint says that the
 * record was durable. Rejects when the directory or a segment cannot be read.
 */
export async function verifyTrail(directory: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  return new Verification(directory, options).run()
}

class Verification {
  readonly #directory: string
  readonly #options: VerifyOptions
  readonly #start: TrailStart
  readonly #checkpoint: ReturnType<typeof readCheckpoint>
  readonly #segments: readonly number[]
  readonly #lastSealed: number
  /** What checkpoints say of records, by number. */
  readonly #named = new Map<number, FoundCheckpoint['checkpoint']>()
  readonly #warnings: string[] = []
  readonly #removals = new Removals()
  readonly #gaps: { readonly gap: Gap; readonly records: number }[] = []
  #head: ChainHead
  #records = 0
  #segment = 0
  #closed = false
  #proven = 0

  constructor(directory: string, options: VerifyOptions) {
    this.#directory = directory
    this.#options = options
    this.#start = options.start ?? FROM_THE_BEGINNING
    this.#head = this.#start.head
    // The checkpoint first: a trail that is being written only grows after it.
    this.#checkpoint = readCheckpoint(directory)
    this.#segments = listSegments(directory)
    this.#lastSealed = options.keys === undefined ? 0 : (listSeals(directory).at(-1) ?? 0)
  }

  async run(): Promise<VerifyReport> {
    const walked = this.#takeCheckpoints() ?? (await this.#walkAll()) ?? this.#endFault()
    const fault = this.#gapsFault(walked)
    if (fault === null && !this.#closed)
      this.#warnings.push('the last segment is not closed: the trail is being written, or its writer was killed')
    return {
      records: this.#records,
      segments: this.#segments.length,
      head: this.#records === 0 ? null : this.#head,
      proven: this.#options.keys === undefined ? 0 : this.#proven,
      removed: this.#removals.upTo(this.#believed),
      firstBreak: fault,
      warnings: this.#warnings,
    }
  }

  /** Records up to this one count when they tell of what was removed. */
  get #believed(): number {
    const { keys, unsignedUntil = 0 } = this.#options
    return keys === undefined || this.#last <= unsignedUntil ? this.#head.seq : this.#proven
  }

  get #last(): number {
    return this.#segments.at(-1) ?? 0
  }

  #break(segment: number, line: number, what: string, seq = this.#head.seq + 1): TrailBreak {
    return { segment, line, seq, what }
  }

  /** Why the checkpoints cannot be used; null: they can. */
  #takeCheckpoints(): TrailBreak | null {
    const { keys, checkpoints = [] } = this.#options
    for (const found of checkpoints) {
      const check = keys === undefined ? null : checkSignature(CHECKPOINT_PURPOSE, found.line, keys)
      if (check !== null && 'fault' in check) {
        this.#warnings.push(`a checkpoint that was kept elsewhere does not count: ${check.fault}`)
        continue
      }
      const { checkpoint } = found
      const other = this.#named.get(checkpoint.seq)
      if (other !== undefined && other.hash !== checkpoint.hash)
        return this.#break(checkpoint.segment, 0, `two checkpoints name different hashes for record ${checkpoint.seq}`)
      this.#named.set(checkpoint.seq, checkpoint)
    }
    const own = this.#checkpoint
    if (typeof own !== 'object' || keys === undefined) return null
    const check = checkSignature(CHECKPOINT_PURPOSE, own.line, keys)
    return 'fault' in check && this.#last > (this.#options.unsignedUntil ?? 0)
      ? this.#break(own.checkpoint.segment, 0, `the checkpoint does not count: ${check.fault}`)
      : null
  }

  async #walkAll(): Promise<TrailBreak | null> {
    for (const [index, segment] of this.#segments.entries()) {
      const expected = index === 0 ? this.#start.segment : this.#segment + 1
      if (segment < expected) return this.#break(segment, 0, 'the segment is older than the start')
      this.#segment = segment
      // What was removed is bridged by what later records tell of it: until then the first record's word is taken.
      const before = segment === expected ? this.#head : null
      const walk = await walkSegment(
        this.#directory,
        segment,
        before,
        (seq, hash) => this.#namedFault(seq, hash),
        (seq, text) => this.#removals.tell(seq, text),
      )
      const follows = before ?? walk.follows
      if (follows === null)
        return this.#walkFault(walk) ?? this.#break(expected, 0, `${segmentName(expected)} is missing`)
      if (before === null) {
        const gap = { from: expected, to: segment - 1, before: this.#head, after: follows }
        this.#gaps.push({ gap, records: this.#records })
      }
      this.#head = walk.head ?? follows
      this.#records += walk.records
      this.#closed = walk.closed
      const fault = this.#walkFault(walk) ?? this.#sealFault(walk, follows.seq + 1)
      if (fault !== null) return fault
      this.#options.onProgress?.({ segments: index + 1, of: this.#segments.length, records: this.#records })
    }
    return null
  }

  /** The first gap that the trail does not tell of. A break that was found by walking comes first: behind it nothing can be believed. */
  #gapsFault(walked: TrailBreak | null): TrailBreak | null {
    for (const { gap, records } of this.#gaps) {
      const fault = this.#removals.gapFault(gap, this.#believed, (removed) => this.#removedFault(removed))
      if (fault === null) continue
      if (walked === null) {
        this.#head = gap.before
        this.#records = records
        return { ...fault, line: 0 }
      }
      this.#warnings.push(`segment ${fault.segment}: ${fault.what}, as far as the trail can be read`)
    }
    return walked
  }

  /** What checkpoints and the seal say against what the trail tells of a segment that was removed; null: nothing. */
  #removedFault({ segment, first, last, hash, bytes }: RemovedSegment): string | null {
    const { keys, unsignedUntil = 0 } = this.#options
    for (const named of this.#named.values()) {
      const here = named.seq >= first && named.seq <= last
      if (here !== (named.segment === segment) || (named.seq === last && named.hash !== hash))
        return `a checkpoint that was kept elsewhere says otherwise of record ${named.seq} than the record of its removal`
    }
    if (keys === undefined || segment <= unsignedUntil) return null
    const found = this.#seal(segment, keys)
    if (found === null) return `${sealName(segment)} is missing too`
    if (typeof found === 'string') return found
    const { seal } = found
    const same =
      seal.segment === segment &&
      seal.first === first &&
      seal.last === last &&
      seal.hash === hash &&
      seal.bytes === bytes
    return same ? null : `${sealName(segment)} says otherwise than the record of its removal`
  }

  /** What the checkpoints say against a record; null: nothing. */
  #namedFault(seq: number, hash: string): string | null {
    const own = typeof this.#checkpoint === 'object' ? this.#checkpoint.checkpoint : null
    for (const checkpoint of [own?.seq === seq ? own : undefined, this.#named.get(seq)]) {
      if (checkpoint === undefined) continue
      if (hash !== checkpoint.hash) return `the checkpoint names another hash for record ${seq}: ${checkpoint.hash}`
      if (checkpoint.segment !== this.#segment)
        return `the checkpoint says that record ${seq} is in ${segmentName(checkpoint.segment)}`
      this.#proven = seq
    }
    return null
  }

  #walkFault({ broken }: SegmentWalk): TrailBreak | null {
    if (broken === null) return null
    const { line, what, atEnd } = broken
    const durable = typeof this.#checkpoint === 'object' && this.#head.seq < this.#checkpoint.checkpoint.seq
    if (this.#segment !== this.#last || !atEnd || durable) return this.#break(this.#segment, line, what)
    const name = segmentName(this.#segment)
    this.#warnings.push(`${name}, line ${line}: a torn last line, as a crash leaves it: ${what}`)
    return null
  }

  /** Why the seal of the segment that was walked says otherwise; null: it does not, or need not be there. */
  #sealFault({ records, goodBytes, closed }: SegmentWalk, first: number): TrailBreak | null {
    const { keys, unsignedUntil = 0 } = this.#options
    const segment = this.#segment
    if (keys === undefined || segment <= unsignedUntil) return null
    const not = (what: string): TrailBreak => this.#break(segment, 0, what)
    const found = this.#seal(segment, keys)
    if (found === null) return this.#mayBeUnsealed(segment) ? null : not(`${sealName(segment)} is missing`)
    if (typeof found === 'string') return not(found)
    const { seal } = found
    const same =
      seal.segment === segment &&
      seal.first === first &&
      seal.last === first + records - 1 &&
      seal.hash === this.#head.hash &&
      seal.bytes === goodBytes &&
      seal.closed === closed
    if (!same)
      return not(
        `${sealName(segment)} is for records ${seal.first} to ${seal.last} of segment ${seal.segment}, ending in ${seal.hash}`,
      )
    this.#proven = seal.last
    return null
  }

  /** The seal of a segment, or why it does not count; null: there is none. */
  #seal(segment: number, keys: VerifyingKeys): FoundSeal | string | null {
    const found = readSeal(this.#directory, segment)
    if (found === null) return null
    if (found === 'unreadable') return `${sealName(segment)} is no seal`
    const check = checkSignature(SEAL_PURPOSE, found.line, keys)
    return 'fault' in check ? `${sealName(segment)} does not count: ${check.fault}` : found
  }

  /**
   * A segment is sealed when it is on the disk, so the newest may have no seal: while the trail is written, and after a crash until
   * the next start. What stands in them is proven by signed checkpoints alone.
   */
  #mayBeUnsealed(segment: number): boolean {
    if (segment <= this.#lastSealed) return false
    if (typeof this.#checkpoint === 'object' && this.#checkpoint.checkpoint.closed) return false
    if (segment !== this.#last) this.#warnings.push(`${segmentName(segment)} is not sealed yet`)
    return true
  }

  /** What the end of the trail says against it, when all of it was walked. */
  #endFault(): TrailBreak | null {
    const { keys, checkpoints = [] } = this.#options
    const head = this.#head
    const end = (what: string): TrailBreak => this.#break(this.#last, 0, what)
    if (this.#last === 0 && this.#checkpoint === 'missing')
      return this.#break(this.#start.segment, 0, 'there is no trail here', 1)
    const beyond = keys === undefined ? undefined : listSeals(this.#directory).find((segment) => segment > this.#last)
    if (beyond !== undefined) return end(`there is a seal for ${segmentName(beyond)}, which is missing`)
    const cut = [...this.#named.values()].find(({ seq }) => seq > head.seq)
    if (cut !== undefined)
      return end(
        `the trail ends at record ${head.seq}, a checkpoint that was kept elsewhere names record ${cut.seq} in ${segmentName(cut.segment)}: the tail was cut off`,
      )
    if (keys !== undefined && this.#proven === 0 && this.#last > (this.#options.unsignedUntil ?? 0))
      return end('nothing in it is signed')
    if (keys !== undefined && checkpoints.length > 0 && this.#named.size === 0)
      this.#warnings.push('none of the checkpoints that were kept elsewhere counts')
    const fault = this.#checkpointFault()
    return fault === null ? null : end(fault)
  }

  /** Why a trail that is whole up to its head does not agree with its checkpoint; null when it does. */
  #checkpointFault(): string | null {
    const found = this.#checkpoint
    if (found === 'unreadable') return 'the checkpoint cannot be read'
    if (found === 'missing' && this.#options.copy === true) {
      this.#warnings.push(
        'it is verified as a copy without a checkpoint: what comes after its last record does not show',
      )
      return null
    }
    // The first checkpoint is written right after the first records: a crash between leaves a trail without one.
    if (found === 'missing') return this.#last > 1 || this.#closed ? 'the checkpoint is missing' : null
    const { seq, segment, closed } = found.checkpoint
    if (this.#head.seq < seq)
      return `the trail ends at record ${this.#head.seq}, the checkpoint names record ${seq} in ${segmentName(segment)}: the tail was cut off`
    return closed && this.#head.seq > seq ? 'records stand after the end that the checkpoint names' : null
  }
}
