import type { WorkerPorts } from '@gatehouse/gateway'

/** The text of a configuration file, and the directory that relative paths in it begin at. */
export interface ConfigText {
  readonly text: string
  readonly directory: string
}

/** What the primary tells a worker. */
export type ToWorker =
  /** `restarts`: how many processes had its place before it. */
  | { readonly kind: 'start'; readonly config: ConfigText; readonly ports: WorkerPorts; readonly restarts: number }
  /** Policy and certificates are read again; `config` null: the settings stay. */
  | { readonly kind: 'reload'; readonly config: ConfigText | null }
  | { readonly kind: 'drain' }
  | { readonly kind: 'close' }

/** What a worker tells the primary. */
export type FromWorker =
  | { readonly kind: 'listening' }
  /** It cannot start, and ends. */
  | { readonly kind: 'failed'; readonly message: string }

/** In the environment of a worker: its number, from 1 on. */
export const WORKER_VARIABLE = 'GATEHOUSE_WORKER'
