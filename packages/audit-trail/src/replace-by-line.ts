import { open, rename } from 'node:fs/promises'

/**
 * Replaces the file at `path` by one line, durable before it takes the name, so that a reader finds the former file or this one.
 * Rejects when it cannot be written; then the former one stays.
 */
export async function replaceByLine(path: string, line: string): Promise<void> {
  const fresh = await open(`${path}.new`, 'w', 0o600)
  try {
    await fresh.writeFile(`${line}\n`)
    await fresh.datasync()
  } finally {
    await fresh.close()
  }
  await rename(`${path}.new`, path)
}
