import { ProtocolError } from './protocol-error.ts'
import { Reply, RequestKind } from './request-kind.ts'
import { RequestRing } from './request-ring.ts'

/** Where the request at the head of the queue stands. */
const Phase = {
  Fresh: 0,
  /** Rows of a statement may come. */
  Rows: 1,
  /** ParameterDescription came; RowDescription or NoData must follow. */
  Described: 2,
  CopyOut: 3,
  /** CopyDone came from the server; CommandComplete must follow. */
  CopiedOut: 4,
  /** The server reads COPY data, and ignores Sync, until a CopyEnd that we have not been told of. */
  CopyIn: 5,
  /** As CopyIn, and the CopyEnd is on its way. */
  CopyInEnding: 6,
  /** A statement is done or has failed: ReadyForQuery may follow. */
  Settled: 7,
  /** ErrorResponse came for a Query, FunctionCall or Sync: only ReadyForQuery may follow. */
  Failed: 8,
} as const
type Phase = (typeof Phase)[keyof typeof Phase]

/** Default for the most requests under way: beyond it a peer pipelines to fill memory. */
const MAX_PENDING_REQUESTS = 1_048_576

/**
 * Knows which request each backend message answers. Manual: "Message Flow" (Extended Query, Pipelining, COPY Operations);
 * where the manual is silent, the server's `PostgresMain` and `CopyGetData`.
 *
 * After an error in the extended protocol the server skips every request, simple ones included, until Sync. While it
 * reads COPY data it ignores Sync: such a Sync is never answered. Allocates nothing for a request or a reply.
 *
 * A few orders of requests, which no driver sends, leave open which of them an error hit (a Query in a batch without Sync,
 * stray COPY messages, more than a Sync behind a COPY that fails). Then `reply` or `push` throws `UNEXPECTED_MESSAGE`:
 * never is a reply ascribed to the wrong request.
 */
export class ReplyQueue<T extends object | string | number | boolean | bigint | symbol | null> {
  /** The request that the last reply belongs to; `None` when it belongs to no request. */
  kind: RequestKind = RequestKind.None
  /** What was pushed with it. */
  about: T | undefined = undefined
  /** Which statement of a simple Query the last reply belongs to, from 0. */
  statementIndex: number = 0

  readonly #pending: RequestRing<T>
  readonly #skipped: (kind: RequestKind, about: T) => void
  readonly #maxPending: number
  #phase: Phase = Phase.Fresh
  #statementsDone = 0
  #skipping = false
  #ended = false
  /** Extended requests were pushed since the last Sync: `statement_timeout` may run, and hit whatever is read next. */
  #inBatch = false
  /** In such a batch COPY messages were sent that the server may not wait for: an error that hits them ends the batch. */
  #stray = false
  /** Syncs that a COPY is thought to have swallowed. */
  #swallowedSyncs = 0
  /** Of a failed COPY: the server may have failed before it read them, and then answers them after all. */
  #lateReady = 0

  /** `skipped` is told of each request that will get no reply: after an error, or a Sync ignored during COPY. */
  constructor(skipped: (kind: RequestKind, about: T) => void = ignore, maxPending: number = MAX_PENDING_REQUESTS) {
    this.#pending = new RequestRing()
    this.#skipped = skipped
    this.#maxPending = maxPending
  }

  /** Requests that still wait for a reply or its end. 0: the server owes nothing. */
  /** The first thing said of a request under way, oldest first, for which `choose` gives anything but null. */
  oldest<U>(choose: (about: T) => U | null): U | null {
    return this.#pending.find(choose)
  }

  get length(): number {
    return this.#pending.length
  }

  /** True while the server skips what it is sent until a Sync that was not pushed yet. */
  get skipping(): boolean {
    return this.#skipping
  }

  /** True while the server reads COPY data and the CopyEnd was not pushed yet. */
  get copyingIn(): boolean {
    return this.#phase === Phase.CopyIn
  }

  /** What was pushed with the oldest request under way. */
  get current(): T | undefined {
    return this.#pending.headAbout
  }

  /**
   * A request was sent to the server; CopyData too, once a message. Throws `TOO_MANY` beyond the limit of pending
   * requests, and `UNEXPECTED_MESSAGE` for what may or may not be skipped (see `#failedCopy`).
   */
  push(kind: RequestKind, about: T): void {
    if (this.#phase === Phase.CopyIn && this.#pushDuringCopy(kind, about)) return
    if (kind === RequestKind.CopyEnd || kind === RequestKind.CopyData) this.#stray = this.#inBatch && !this.#skipping
    if (kind === RequestKind.CopyData || (kind === RequestKind.CopyEnd && this.#pending.length === 0)) return
    if (this.#skipping && kind !== RequestKind.Sync) {
      if (this.#lateReady > 0) throw unknowable()
      this.#skipped(kind, about)
      return
    }
    if (this.#pending.length >= this.#maxPending) {
      throw new ProtocolError('TOO_MANY', `more than ${this.#maxPending} requests wait for a reply`)
    }
    const endsBatch = kind === RequestKind.Query || kind === RequestKind.FunctionCall
    this.#pending.push(kind, about, this.#stray || (endsBatch && this.#inBatch))
    if (kind === RequestKind.CopyEnd) return
    this.#skipping = false
    this.#stray = false
    this.#inBatch = !endsBatch && kind !== RequestKind.Sync
  }

  /**
   * What the backend message with this tag means; `kind`, `about` and `statementIndex` then say for which request.
   * Throws `UNEXPECTED_MESSAGE` when no request under way can have this reply: nothing after it can be trusted.
   */
  reply(tag: number): Reply {
    if (tag === 0x4e || tag === 0x41 || tag === 0x53) return this.#asynchronous(tag)
    const kind = this.#pending.headKind
    this.kind = kind
    this.about = this.#pending.headAbout
    this.statementIndex = this.#statementsDone
    if (tag === 0x45 /* E */) return this.#error(kind)
    if (this.#ended) throw this.#unexpected(tag)
    if (tag === 0x5a /* Z */) return this.#ready(kind)
    this.#lateReady = 0
    switch (kind) {
      case RequestKind.Parse:
        return this.#doneBy(tag, 0x31)
      case RequestKind.Bind:
        return this.#doneBy(tag, 0x32)
      case RequestKind.Close:
        return this.#doneBy(tag, 0x33)
      case RequestKind.DescribeStatement:
        return this.#describeStatement(tag)
      case RequestKind.DescribePortal:
        if (tag === 0x6e /* n */) return this.#doneBy(tag, tag)
        return this.#doneBy(tag, 0x54 /* T */)
      case RequestKind.Execute:
      case RequestKind.Query:
        return this.#result(kind, tag)
      case RequestKind.FunctionCall:
        if (tag !== 0x56 /* V */ || this.#phase !== Phase.Fresh) throw this.#unexpected(tag)
        this.#phase = Phase.Settled
        return Reply.StatementDone
      case RequestKind.Sync:
      case RequestKind.CopyEnd:
      case RequestKind.CopyData:
      case RequestKind.None:
        throw this.#unexpected(tag)
      default:
        return kind satisfies never
    }
  }

  /**
   * The server said FATAL, or its connection is gone: every request under way is reported as skipped, the current one
   * included, and any further reply but an asynchronous one throws.
   */
  fatal(): void {
    this.#ended = true
    while (this.#pending.length > 0) this.#dropHead()
  }

  /** True: the COPY takes it. A Sync behind other requests is left: the server ends the connection at those. */
  #pushDuringCopy(kind: RequestKind, about: T): boolean {
    if (kind === RequestKind.CopyData) return true
    if (kind === RequestKind.CopyEnd) {
      this.#phase = Phase.CopyInEnding
      return true
    }
    if (kind !== RequestKind.Sync || this.#pending.length > 1) return false
    this.#swallowedSyncs++
    this.#skipped(kind, about)
    return true
  }

  #asynchronous(tag: number): Reply {
    const during = tag === 0x4e /* N */
    this.kind = during ? this.#pending.headKind : RequestKind.None
    this.about = during ? this.#pending.headAbout : undefined
    this.statementIndex = during ? this.#statementsDone : 0
    return Reply.Asynchronous
  }

  #error(kind: RequestKind): Reply {
    // INVARIANT: from a wrongly ascribed error on, rows are taken for those of another request, and not masked.
    if (this.#phase === Phase.Fresh && this.#pending.headUncertain && kind !== RequestKind.Sync) throw unknowable()
    const copying = this.#phase === Phase.CopyIn || this.#phase === Phase.CopyInEnding
    this.#lateReady = copying ? this.#swallowedSyncs : 0
    switch (kind) {
      case RequestKind.None:
        return this.#unaskedError()
      case RequestKind.Query:
      case RequestKind.FunctionCall:
      case RequestKind.Sync:
        this.#phase = Phase.Failed
        return Reply.Error
      default:
        this.#advance()
        if (this.#lateReady > 0) this.#failedCopy()
        this.#skipUntilSync()
        return Reply.Error
    }
  }

  /**
   * A COPY failed with Syncs on the way. Had the server read them before, it skips what follows until the next Sync; had
   * it not, it answers them and runs what follows. Only when Sync is what follows do both come to the same.
   */
  #failedCopy(): void {
    const next = this.#pending.headKind
    if (next !== RequestKind.None && next !== RequestKind.Sync) throw unknowable()
  }

  /** A Flush may be what an error hits in mid-batch: `statement_timeout` runs on between requests, and is noticed then. */
  #unaskedError(): Reply {
    if (!this.#inBatch || this.#skipping || this.#ended) {
      this.#ended = true
      return Reply.Fatal
    }
    this.#skipping = true
    return Reply.Error
  }

  #ready(kind: RequestKind): Reply {
    const over =
      kind === RequestKind.Sync ||
      ((kind === RequestKind.Query || kind === RequestKind.FunctionCall) && this.#phase >= Phase.Settled)
    if (over) {
      this.#advance()
      return Reply.Ready
    }
    if (this.#lateReady === 0) throw this.#unexpected(0x5a)
    this.#lateReady--
    this.#skipping = false
    this.kind = RequestKind.None
    this.about = undefined
    return Reply.Ready
  }

  #doneBy(tag: number, wanted: number): Reply {
    if (tag !== wanted) throw this.#unexpected(tag)
    this.#advance()
    return Reply.Done
  }

  #describeStatement(tag: number): Reply {
    if (this.#phase === Phase.Fresh && tag === 0x74 /* t */) {
      this.#phase = Phase.Described
      return Reply.Part
    }
    if (this.#phase === Phase.Described && (tag === 0x54 || tag === 0x6e) /* T n */) return this.#doneBy(tag, tag)
    throw this.#unexpected(tag)
  }

  /** Replies to Execute, and to each statement of a Query. Rows of a Query come only after their RowDescription. */
  #result(kind: RequestKind, tag: number): Reply {
    const simple = kind === RequestKind.Query
    const phase = this.#phase
    const fresh = phase === Phase.Fresh || (simple && phase === Phase.Settled)
    switch (tag) {
      case 0x44 /* D */:
        if (phase === Phase.Rows) return Reply.Part
        if (simple || phase !== Phase.Fresh) break
        return this.#part(Phase.Rows)
      case 0x64 /* d */:
        if (phase === Phase.CopyOut) return Reply.Part
        break
      case 0x54 /* T */:
        if (simple && fresh) return this.#part(Phase.Rows)
        break
      case 0x43 /* C */:
        if (fresh || phase === Phase.Rows || phase === Phase.CopiedOut || phase === Phase.CopyInEnding) {
          return this.#statementDone(simple)
        }
        break
      case 0x49 /* I */:
        if (fresh) return this.#statementDone(simple)
        break
      case 0x73 /* s */:
        if (!simple && (phase === Phase.Fresh || phase === Phase.Rows)) return this.#statementDone(false)
        break
      case 0x48 /* H */:
        if (fresh) return this.#part(Phase.CopyOut)
        break
      case 0x63 /* c */:
        if (phase === Phase.CopyOut) return this.#part(Phase.CopiedOut)
        break
      case 0x47 /* G */:
        if (fresh) return this.#copyIn()
        break
      default:
        // CopyBothResponse (W) among them: only replication has it, and replication is refused at start-up.
        break
    }
    throw this.#unexpected(tag)
  }

  #part(phase: Phase): Reply {
    this.#phase = phase
    return Reply.Part
  }

  #statementDone(simple: boolean): Reply {
    if (!simple) {
      this.#advance()
      return Reply.Done
    }
    this.#phase = Phase.Settled
    this.#swallowedSyncs = 0
    this.#statementsDone++
    return Reply.StatementDone
  }

  /** From here the server reads, and ignores, the Syncs sent before the CopyEnd. */
  #copyIn(): Reply {
    const pending = this.#pending
    this.#phase = Phase.CopyIn
    while (pending.length > 1) {
      const next = pending.secondKind
      if (next !== RequestKind.Sync && next !== RequestKind.CopyEnd) break
      const about = pending.secondAbout
      pending.removeSecond()
      if (next === RequestKind.CopyEnd) {
        if (pending.length === 1) this.#stray = false
        else pending.makeSecondCertain()
        this.#phase = Phase.CopyInEnding
        break
      }
      this.#swallowedSyncs++
      if (about !== undefined) this.#skipped(next, about)
    }
    return Reply.Part
  }

  #skipUntilSync(): void {
    while (this.#pending.length > 0) {
      if (this.#pending.headKind === RequestKind.Sync) return
      this.#dropHead()
    }
    this.#skipping = true
  }

  #dropHead(): void {
    const kind = this.#pending.headKind
    const about = this.#pending.headAbout
    this.#advance()
    if (kind !== RequestKind.CopyEnd && about !== undefined) this.#skipped(kind, about)
  }

  /** The head is over. A CopyEnd that comes to the head is ignored, as by the server when it reads no COPY data. */
  #advance(): void {
    this.#phase = Phase.Fresh
    this.#statementsDone = 0
    this.#swallowedSyncs = 0
    do this.#pending.shift()
    while (this.#pending.headKind === RequestKind.CopyEnd)
  }

  #unexpected(tag: number): ProtocolError {
    const name = tag > 0x20 && tag < 0x7f ? `'${String.fromCharCode(tag)}'` : `0x${tag.toString(16)}`
    return new ProtocolError('UNEXPECTED_MESSAGE', `no request under way can have the reply ${name}`)
  }
}

function unknowable(): ProtocolError {
  return new ProtocolError('UNEXPECTED_MESSAGE', 'which request an error belongs to cannot be known')
}

function ignore(): void {}
