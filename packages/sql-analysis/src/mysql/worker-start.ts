import type { Dialect } from './dialect.ts'
import type { MysqlCatalogRows } from './catalog-rows.ts'
import type { TextLimits } from './parser/statement-limits.ts'

/** What a worker is started with. */
export interface WorkerStart {
  readonly limits: TextLimits
}

/** What a catalog is built from in the worker: the same as in the gateway. */
export interface LargeRows {
  readonly rows: MysqlCatalogRows
  /** Of the server; its texts were stored under modes of their own. */
  readonly dialect: Dialect
}

/** What a large text is read by. */
export interface LargeAsk {
  readonly schema: string | null
  readonly dialect: Dialect
}
