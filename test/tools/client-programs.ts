import { spawn } from 'node:child_process'
import { findPsql, type Psql } from '../drivers/find-psql.ts'
import { type Scene, VERSIONS } from '../postgres/scene.ts'
import type { SharedServer } from '../servers/global-setup.ts'

/** The server of each version, for client programs of the same. */
export const CLIENT_VERSIONS: readonly { readonly major: 15 | 18; readonly shared: SharedServer }[] = VERSIONS.map(
  ({ version, shared }) => ({ major: version.endsWith('15') ? 15 : 18, shared }),
)

/** psql of that version, or what stands beside it in Debian's packages; a text says why it is not to be had. */
export async function clientProgram(name: 'psql' | 'pg_dump', major: 15 | 18): Promise<Psql | string> {
  const found = await findPsql(major)
  if (found.kind === 'absent') return found.reason
  const { command, leading } = found.program
  const named = (path: string): string => path.replace(/psql$/, name)
  return { command: named(command), leading: leading.map(named) }
}

/** The way to a scene's database past the gateway. */
export function directUrl({ server, database }: Scene): string {
  const { host, port, superuser, password } = server
  return `postgresql://${superuser}:${encodeURIComponent(password)}@${host}:${port}/${database}`
}

/** Everything the program prints, errors too. */
export async function printed(
  { command, leading }: Psql,
  url: string,
  options: readonly string[],
  input = '',
): Promise<string> {
  const child = spawn(command, [...leading, ...options, '-d', url])
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (out += piece))
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (out += piece))
  child.stdin.end(input)
  await new Promise((resolve) => child.on('close', resolve))
  return out
}
