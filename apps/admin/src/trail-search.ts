import { existsSync, readFileSync } from 'node:fs'
import { DirectoryIndex, trailDirectories, type TrailIndex } from '@gatehouse/audit-trail'
import type { AdminConfig } from './config/admin-config.ts'

/** The trails that are read here, as they are now: the service's own, and of each gateway those of its workers. */
export function trailsOf({ trails, audit }: Pick<AdminConfig, 'trails' | 'audit'>): readonly string[] {
  return [...new Set([...trails, audit.directory].flatMap(trailDirectories))]
}

/** What the service searches: the database that trails are shipped to where there is one, else the trails on this disk. */
export class TrailSearch {
  readonly #directories: () => readonly string[]
  /** Null: trails on this disk are searched. */
  readonly #database: TrailIndex | null
  #local: { readonly of: string; readonly index: TrailIndex } | null = null

  private constructor(directories: () => readonly string[], database: TrailIndex | null) {
    this.#directories = directories
    this.#database = database
  }

  /** Nothing is read or dialled yet. Rejects when the database's address, or the file of its authorities, is wrong. */
  static async open(config: AdminConfig): Promise<TrailSearch> {
    const { trailDatabase } = config
    const directories = (): readonly string[] => trailsOf(config)
    if (trailDatabase === null) return new TrailSearch(directories, null)
    const { url, caFile } = trailDatabase
    const { PostgresIndex } = await import('@gatehouse/audit-trail/postgres')
    const ca = caFile === null ? null : readFileSync(caFile, 'utf8')
    return new TrailSearch(directories, new PostgresIndex({ url: url.expose(), ca }))
  }

  /** The index to ask: of trails on this disk, those that are there by now. */
  async index(): Promise<TrailIndex> {
    if (this.#database !== null) return this.#database
    const there = this.#directories().filter((directory) => existsSync(directory))
    const of = there.join('\n')
    if (this.#local?.of === of) return this.#local.index
    const before = this.#local
    this.#local = { of, index: new DirectoryIndex(there) }
    await before?.index.close()
    return this.#local.index
  }

  async close(): Promise<void> {
    await this.#database?.close()
    await this.#local?.index.close()
  }
}
