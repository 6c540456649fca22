import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** The text of a file that only we can read; made by `make` when it is not there yet. */
export function keptFile(path: string, make: () => string): string {
  if (!existsSync(path)) writePrivately(path, make())
  return readFileSync(path, 'utf8')
}

/** Writes a file of mode 0600, whole or not at all. */
export function writePrivately(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  const partial = `${path}.${String(process.pid)}`
  writeFileSync(partial, text, { mode: 0o600 })
  renameSync(partial, path)
}
