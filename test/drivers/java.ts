import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { fetchDebianPackages } from '../servers/debian-packages.ts'
import type { Had } from '../servers/found.ts'
import { KEPT_DRIVERS } from './kept-drivers.ts'

const run = promisify(execFile)

/** What Java programs of this folder run with: `java` of a JDK, which compiles a single source file as it starts it. */
export interface JavaWithDriver {
  readonly command: string
  readonly classPath: string
}

/** Why there is no JDK that will do on the path; null when there is one. */
export async function javaOnPath(): Promise<string | null> {
  try {
    const { stdout, stderr } = await run('javac', ['-version'])
    const major = Number(/javac (\d+)/.exec(stdout + stderr)?.[1] ?? 0)
    return major < 17 ? `the JDK is too old: ${stdout}${stderr}` : null
  } catch {
    return 'no JDK (javac) on the path'
  }
}

/** A JDK on the path, and pgjdbc: the system's, else Debian's package unpacked into a private folder. */
export async function findPgjdbc(): Promise<Had<JavaWithDriver>> {
  const java = await javaOnPath()
  if (java !== null) return { kind: 'absent', reason: java }
  const installed = '/usr/share/java/postgresql.jar'
  if (existsSync(installed)) return { kind: 'program', program: { command: 'java', classPath: installed } }
  const fetched = await fetchDebianPackages({
    packages: ['libpostgresql-jdbc-java'],
    folder: join(KEPT_DRIVERS, 'pgjdbc'),
    suite: null,
    follow: () => false,
  })
  if (fetched.kind === 'absent') return { kind: 'absent', reason: `no pgjdbc here: ${fetched.reason}` }
  const { root } = fetched.program
  return { kind: 'program', program: { command: 'java', classPath: join(root, installed) } }
}

/** A Java program of this folder, compiled as it starts. */
export function javaProgram(java: JavaWithDriver, file: string): { command: string; args: string[] } {
  return {
    command: java.command,
    args: [
      '-Xshare:auto',
      '-XX:TieredStopAtLevel=1',
      '-cp',
      [java.classPath].join(delimiter),
      join(import.meta.dirname, file),
    ],
  }
}
