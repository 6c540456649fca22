import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** The account a database server runs under when the gateway itself runs as root. */
export interface ServerUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/**
 * The account to run a database server as: null when this process is not root, and so may run it as itself.
 * PostgreSQL refuses to start as root. As root it is `postgres`, else `nobody`, else an account made for it.
 * Throws when there is none and none can be made.
 */
export function serverUser(): ServerUser | null {
  if (process.getuid?.() !== 0) return null
  const found = lookUp('postgres') ?? lookUp('nobody')
  if (found !== null) return found
  execFileSync('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', 'gatehouse-postgres'])
  const made = lookUp('gatehouse-postgres')
  if (made === null) throw new Error('no unprivileged account found to run PostgreSQL as, and none could be made')
  return made
}

/** `uid` and `gid` for `child_process.spawn`; empty when no other account is needed. */
export function asUser(user: ServerUser | null): { readonly uid?: number; readonly gid?: number } {
  return user === null ? {} : { uid: user.uid, gid: user.gid }
}

function lookUp(name: string): ServerUser | null {
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [account, , uid, gid] = line.split(':')
    if (account === name && uid !== undefined && gid !== undefined) return { name, uid: Number(uid), gid: Number(gid) }
  }
  return null
}
