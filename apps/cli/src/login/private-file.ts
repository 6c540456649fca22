import { randomBytes } from 'node:crypto'
import { closeSync, constants, fstatSync, fsyncSync, lstatSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { CommandFailed } from '../exit-status.ts'

/** Whoever may read or write the file beside its owner. */
const OTHERS = 0o077
/** Whoever may put another file in its place. */
const OTHERS_WRITE = 0o022

/** Where what a person's commands keep is: `$XDG_STATE_HOME/gatehouse`, else `~/.local/state/gatehouse`. */
export function stateFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const given = environment['XDG_STATE_HOME']
  // The specification: a path that is not absolute counts as none.
  return join(given?.startsWith('/') === true ? given : join(homedir(), '.local', 'state'), 'gatehouse')
}

/** The text of a file that nobody else could have read or written; null: there is none. Throws `CommandFailed`. */
export function readPrivately(path: string): string | null {
  let file: number
  try {
    checkFolder(dirname(path))
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw codeOf(error) === 'ELOOP' ? unsafe(path, 'is a symbolic link') : error
  }
  try {
    const { uid, mode, nlink } = fstatSync(file)
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw unsafe(path, 'is no ordinary file')
    if (uid !== process.getuid?.()) throw unsafe(path, "is another user's")
    if ((mode & OTHERS) !== 0) throw unsafe(path, 'may be read by others')
    if (nlink !== 1) throw unsafe(path, 'has another name too')
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

/** Writes a file of mode 0600, whole or not at all, in a folder of mode 0700. Throws `CommandFailed`. */
export function writePrivately(path: string, text: string): void {
  const folder = dirname(path)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  checkFolder(folder)
  const partial = `${path}.${randomBytes(8).toString('hex')}`
  const file = openSync(
    partial,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  )
  try {
    writeFileSync(file, text)
    fsyncSync(file)
    renameSync(partial, path)
  } catch (error) {
    rmSync(partial, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
}

function checkFolder(folder: string): void {
  const { uid, mode } = lstatSync(folder)
  if ((mode & constants.S_IFMT) !== constants.S_IFDIR) throw unsafe(folder, 'is no folder, or a symbolic link to one')
  if (uid !== process.getuid?.()) throw unsafe(folder, "is another user's")
  if ((mode & OTHERS_WRITE) !== 0) throw unsafe(folder, 'may be written by others')
}

function unsafe(path: string, why: string): CommandFailed {
  return new CommandFailed(`${path} ${why}, so it is not used. Look who made it, delete it, and sign in again.`)
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}
