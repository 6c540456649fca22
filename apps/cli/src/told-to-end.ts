/** When this process is told to end (SIGTERM, SIGINT). */
export interface ToldToEnd {
  readonly once: Promise<void>
  /** Told again: at once. A third time ends the process where it stands. */
  readonly again: Promise<void>
}

/** To be called before a service starts: one that is told meanwhile has begun to write its trail already, and closes it when it has started. */
export function toldToEnd(): ToldToEnd {
  const once = Promise.withResolvers<void>()
  const again = Promise.withResolvers<void>()
  let times = 0
  const told = (): void => {
    times++
    if (times === 1) return once.resolve()
    again.resolve()
    process.off('SIGTERM', told)
    process.off('SIGINT', told)
  }
  process.on('SIGTERM', told)
  process.on('SIGINT', told)
  return { once: once.promise, again: again.promise }
}
