import { statSync } from 'node:fs'

/** How often a file is looked at. */
const LOOK_MILLISECONDS = 1_000

/**
 * Calls `changed` when a file is another, or was written, and is the same at the next look: whoever writes it in pieces, or truncates it first, has a
 * second for each. Looked at by name, so that one put in place by rename, or a link that leads elsewhere, is seen. Returns what ends it.
 */
export function watchFile(file: string, changed: () => void): () => void {
  let known = signature(file)
  let last = known
  const timer = setInterval(() => {
    const now = signature(file)
    const settled = now === last
    last = now
    if (!settled || now === known) return
    known = now
    changed()
  }, LOOK_MILLISECONDS).unref()
  return () => clearInterval(timer)
}

function signature(file: string): string {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? 'none' : `${found.ino}:${found.size}:${found.mtimeNs}`
}
