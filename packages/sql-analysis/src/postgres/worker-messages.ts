import type { CatalogRows } from './catalog-rows.ts'
import type { PrescanLimits } from './prescan-limits.ts'
import type { Analysis } from './reader-analyse.ts'

/** What a worker is started with. */
export interface WorkerStart {
  readonly compiled: WebAssembly.Module
  readonly limits: PrescanLimits
  /** Address of the module that exports `readFacts`. */
  readonly factsModule: string
}

/** To the worker. `catalog`: rows to keep under a number, and the number to forget. Each message is answered once, in order. */
export type WorkerRequest =
  | {
      readonly kind: 'catalog'
      readonly catalog: number
      readonly version: string
      readonly rows: CatalogRows
      readonly forget: number | null
    }
  | {
      readonly kind: 'read'
      readonly text: Uint8Array
      readonly literals: readonly number[] | null
      readonly catalog: number
      readonly searchPath: readonly string[]
    }

/** From the worker. `ready` answers the start and a catalog. */
export type WorkerAnswer = { readonly kind: 'ready' } | { readonly kind: 'analysis'; readonly analysis: Analysis }
