import { isUtf8 } from 'node:buffer'
import { open } from 'node:fs/promises'

/** The largest file a secret is read from, in bytes. */
export const MAX_SECRET_FILE_BYTES: number = 64 * 1024

/**
 * Where a secret is kept: `${NAME}` or `file:path`. It is read each time it is needed and kept nowhere, so that a rotated secret is taken up
 * without a restart, and one that is not in use is not in memory.
 */
export type SecretReference = EnvironmentReference | FileReference

/** An environment variable. */
export class EnvironmentReference {
  readonly kind = 'environment'
  readonly name: string
  readonly #environment: Readonly<Record<string, string | undefined>>

  constructor(name: string, environment: Readonly<Record<string, string | undefined>>) {
    this.name = name
    this.#environment = environment
  }

  /** The secret in UTF-8, in bytes of the caller's own. Rejects, saying what is wrong with the variable, when there is none. */
  // oxlint-disable-next-line typescript/require-await -- the same shape as a file
  async read(): Promise<Buffer> {
    const value = this.#environment[this.name]
    if (value === undefined) throw new Error(`the environment variable ${this.name} is not set`)
    return usable(Buffer.from(value), `\${${this.name}}`)
  }

  /** As it stands in the configuration file: no secret. */
  toString(): string {
    return `\${${this.name}}`
  }
}

/** A file that holds the secret and, at most, a line break after it. */
export class FileReference {
  readonly kind = 'file'
  /** Absolute. */
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** The secret in UTF-8, in bytes of the caller's own. Rejects, saying what is wrong with the file, when there is none. */
  async read(): Promise<Buffer> {
    const bytes = await readSmallFile(this.path)
    let end = bytes.length
    // Editors and `echo` end a file with a line break that nobody meant.
    if (bytes[end - 1] === 0x0a) end -= bytes[end - 2] === 0x0d ? 2 : 1
    return usable(bytes.subarray(0, end), this.path)
  }

  /** As it stands in the configuration file: no secret. */
  toString(): string {
    return `file:${this.path}`
  }
}

/** The bytes of a file that holds secrets, in memory of their own. Rejects, saying what is wrong with the file. */
export async function readSmallFile(path: string): Promise<Buffer> {
  try {
    const file = await open(path, 'r')
    try {
      const found = await file.stat()
      if (!found.isFile() || found.size > MAX_SECRET_FILE_BYTES)
        throw new Error(`${path} is not a file of at most ${MAX_SECRET_FILE_BYTES} bytes`)
      // One byte more than it said: a file that grows meanwhile is not cut short in silence.
      const bytes = Buffer.alloc(found.size + 1)
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
      if (bytesRead === found.size) return bytes.subarray(0, bytesRead)
      bytes.fill(0)
      throw new Error(`${path} changed while it was read`)
    } finally {
      await file.close()
    }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : null
    throw code === null ? cause : new Error(`${path} cannot be read: ${code}`, { cause })
  }
}

function usable(bytes: Buffer, place: string): Buffer {
  const fault =
    bytes.length === 0
      ? 'is empty'
      : bytes.includes(0)
        ? 'holds a NUL character'
        : isUtf8(bytes)
          ? null
          : 'is not UTF-8'
  if (fault === null) return bytes
  bytes.fill(0)
  throw new Error(`${place} ${fault}`)
}
