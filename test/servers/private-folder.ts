import { chownSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { ServerUser } from './local-tools.ts'

/** A new folder that only `user` (or this process) can enter. Whoever asked for it removes it. */
export function privateFolder(name: string, user: ServerUser | null): string {
  const folder = mkdtempSync(join(tmpdir(), `gatehouse-${name}-`))
  if (user !== null) chownSync(folder, user.uid, user.gid)
  return folder
}

/** Where server programs that had to be fetched are kept between runs. */
export const KEPT_SERVERS: string = resolve(import.meta.dirname, '..', '..', '.gatehouse', 'servers')
