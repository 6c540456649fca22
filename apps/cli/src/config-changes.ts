import { type ConfigLoading, formatProblems } from '@gatehouse/configuration'
import type { Logger } from 'pino'
import { watchFile } from './watch-file.ts'

/** What a running service does about its configuration file. */
export interface ConfigChanges<Config> {
  readonly file: string
  readonly load: () => Promise<ConfigLoading<Config>>
  readonly log: Logger
  /** Takes the configuration over; what became of it is its own to say. Null: it is not valid, and everything else is to be read again. Never rejects. */
  readonly take: (config: Config | null) => Promise<void>
}

/** Reads the configuration again on SIGHUP, and when its file was written; every error in it is logged. Returns what ends it. */
export function followConfig<Config>({ file, load, log, take }: ConfigChanges<Config>): () => void {
  let busy: Promise<void> = Promise.resolve()
  const read = (): void => {
    busy = busy.then(async () => {
      const loading = await load()
      if (loading.kind === 'config') return await take(loading.config)
      const problems = formatProblems(file, loading.problems).split('\n')
      log.error({ problems }, 'the changed configuration is not valid; the last good one stays in force')
      await take(null)
    })
  }
  process.on('SIGHUP', read)
  const stop = watchFile(file, read)
  return () => {
    process.off('SIGHUP', read)
    stop()
  }
}
