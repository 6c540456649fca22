/**
 * Resolves when this process is told to end (SIGTERM, SIGINT). To be called before a service starts: one that is told meanwhile has begun to write its
 * trail already, and closes it when it has started. A second signal of the same kind ends the process at once.
 */
export function toldToEnd(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve())
    process.once('SIGINT', () => resolve())
  })
}
