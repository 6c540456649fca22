import { stat } from 'node:fs/promises'
import { existingFile, FileReference, readSmallFile } from '@gatehouse/configuration'
import * as z from 'zod'
import { readCredentialJson } from '../credential-json.ts'
import { type CredentialSource, CredentialUnavailable, type SourceLog } from '../credential-source.ts'
import { openReference } from '../open-reference.ts'
import type { SourceSchema } from '../source-schema.ts'
import { staticLease } from '../static-lease.ts'

/** A file that is read again for each login. */
export interface FileConfig {
  readonly source: 'file'
  /** Absolute. */
  readonly path: string
  readonly format: 'plain' | 'json'
}

/** The settings of this source. Relative paths begin at `directory`. */
export function fileSchema(directory: string): SourceSchema<FileConfig> {
  return z.strictObject({
    source: z.literal('file').describe('A file, read again for each login.'),
    path: existingFile(directory).describe('The file, of at most 64 KiB.'),
    format: z
      .enum(['plain', 'json'])
      .default('plain')
      .describe('`plain`: the password alone; the target says the `user`. `json`: `{"user": …, "password": …}`.'),
  })
}

/** The source that is configured so. Warns where others on the machine may read the file. */
export function openFile({ path, format }: FileConfig, log: SourceLog): CredentialSource {
  void warnOfReaders(path, log)
  if (format === 'plain') return openReference(new FileReference(path))
  return {
    async lease(request) {
      let bytes: Buffer
      try {
        bytes = await readSmallFile(path)
      } catch (error) {
        throw unreadable(error)
      }
      try {
        const { user, password } = readCredentialJson(bytes)
        return staticLease(request, user, password)
      } catch (error) {
        if (error instanceof CredentialUnavailable) throw error
        throw unreadable(error)
      } finally {
        bytes.fill(0)
      }
    },
    close: () => Promise.resolve(),
  }
}

function unreadable(error: unknown): CredentialUnavailable {
  const detail = error instanceof Error ? error.message : String(error)
  return new CredentialUnavailable('its credential cannot be read', detail)
}

async function warnOfReaders(path: string, log: SourceLog): Promise<void> {
  try {
    const { mode } = await stat(path)
    if ((mode & 0o004) !== 0) log.warn({ path }, 'the file of a credential can be read by every user of this machine')
  } catch {
    // the next login says what is wrong with it
  }
}
