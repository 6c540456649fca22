import { execFile } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fetchDebianPackages } from '../servers/debian-packages.ts'
import type { Had } from '../servers/found.ts'
import { type JavaWithDriver, javaOnPath } from './java.ts'
import { KEPT_DRIVERS } from './kept-drivers.ts'

const run = promisify(execFile)

export interface WantedJar {
  /** Group, artifact and version as Maven has them. */
  readonly maven: readonly [group: string, artifact: string, version: string]
  /** Debian's package and the jar in it, for where Maven has none to give. */
  readonly debian?: { readonly name: string; readonly jar: string }
}

/** A JDK on the path, and a JDBC driver: by Maven in a private folder, else Debian's package unpacked into one. */
export async function findJdbcDriver(wanted: WantedJar): Promise<Had<JavaWithDriver>> {
  const java = await javaOnPath()
  if (java !== null) return { kind: 'absent', reason: java }
  const [, artifact, version] = wanted.maven
  const jar = join(KEPT_DRIVERS, 'jars', `${artifact}-${version}.jar`)
  const tries = existsSync(jar) ? null : await byMaven(wanted)
  if (existsSync(jar)) return { kind: 'program', program: { command: 'java', classPath: jar } }
  const { debian } = wanted
  if (debian === undefined) return { kind: 'absent', reason: `no ${artifact} here: ${tries ?? ''}` }
  const folder = join(KEPT_DRIVERS, debian.name)
  const fetched = await fetchDebianPackages({ packages: [debian.name], folder, suite: null, follow: () => false })
  if (fetched.kind === 'absent')
    return { kind: 'absent', reason: `no ${artifact} here: ${tries ?? ''}; ${fetched.reason}` }
  return { kind: 'program', program: { command: 'java', classPath: join(fetched.program.root, debian.jar) } }
}

/** Null, or why Maven did not give it. */
async function byMaven({ maven }: WantedJar): Promise<string | null> {
  const folder = join(KEPT_DRIVERS, 'jars')
  mkdirSync(folder, { recursive: true })
  const get = (goal: string, ...more: string[]): Promise<unknown> =>
    run('mvn', ['-q', '-B', `dependency:${goal}`, `-Dartifact=${maven.join(':')}`, ...more], { timeout: 120_000 })
  try {
    await get('get', '-Dtransitive=false')
    await get('copy', `-DoutputDirectory=${folder}`)
    return null
  } catch (error) {
    return `Maven gave none (${(error instanceof Error ? error.message : String(error)).trim().split('\n').at(-1) ?? ''})`
  }
}
