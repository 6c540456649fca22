import type { PrescanLimits } from './prescan-limits.ts'

/** What a worker is started with. */
export interface WorkerStart {
  readonly compiled: WebAssembly.Module
  readonly limits: PrescanLimits
  /** Address of the module that exports `readFacts`. */
  readonly factsModule: string
}

/** What a large text is read by. `literals`: as the shape lexer found them; null: not plain. */
export interface LargeAsk {
  readonly literals: readonly number[] | null
  readonly searchPath: readonly string[]
}
