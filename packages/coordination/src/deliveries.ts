/** One message about a request, to one channel. Times in milliseconds since the epoch, by the store's clock. */
export interface Delivery {
  readonly channel: string
  /** `asked`: people are asked; `ended`: it was decided, or nobody waits any more. */
  readonly event: 'asked' | 'ended'
  readonly state: 'pending' | 'delivered' | 'failed'
  /** How often it was tried. */
  readonly tries: number
  /** While pending, from when on it may be tried again; else when it was delivered or given up. */
  readonly at: number
  /** The HTTP status of the last answer; null: none came. */
  readonly status: number | null
}

/** Which message. */
export type DeliveryPlace = Pick<Delivery, 'channel' | 'event'>

/** What came of a try. */
export type DeliveryOutcome =
  | { readonly state: 'delivered'; readonly status: number }
  | { readonly state: 'again'; readonly afterMilliseconds: number; readonly status: number | null }
  | { readonly state: 'failed'; readonly status: number | null }

/** Messages about requests to channels: each is sent by one of many, at least once. Rejects with `CoordinationLost`. */
export interface Deliveries {
  /** Messages that are to be sent; those that are known already stay as they are. */
  want(approval: string, places: readonly DeliveryPlace[]): Promise<void>
  /** Those of a request that are to be tried now, by the caller alone: for so long nobody else gets them. */
  take(approval: string, leaseMilliseconds: number): Promise<readonly Delivery[]>
  settle(approval: string, place: DeliveryPlace, outcome: DeliveryOutcome): Promise<void>
  /** Requests with messages that are to be tried now, at most `most`. */
  due(most: number): Promise<readonly string[]>
  /** All of a request. */
  of(approval: string): Promise<readonly Delivery[]>
  /** Uses something up that is good for one use until then. True for the first alone. */
  spend(id: string, until: number): Promise<boolean>
}
