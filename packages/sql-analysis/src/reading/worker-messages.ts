import type { Reading } from './reading.ts'

/** How long a reading holds: for every text of the shape, for this very text, or for this one time. */
export type Holds = 'shape' | 'exact' | 'once'

/** What came of reading a text that was not seen before. */
export interface Analysis {
  readonly reading: Reading
  readonly holds: Holds
}

/**
 * To the thread that reads large texts. `catalog`: rows to keep under a number, and the number to forget. Each message is answered once, in order.
 * `Rows` is what a catalog is built from, `Ask` what a dialect needs besides to read one text; both must survive cloning.
 */
export type WorkerRequest<Rows, Ask> =
  | {
      readonly kind: 'catalog'
      readonly catalog: number
      readonly version: string
      readonly rows: Rows
      readonly forget: number | null
    }
  | { readonly kind: 'read'; readonly text: Uint8Array; readonly catalog: number; readonly ask: Ask }

/** From the worker. `ready` answers the start and a catalog. */
export type WorkerAnswer = { readonly kind: 'ready' } | { readonly kind: 'analysis'; readonly analysis: Analysis }
