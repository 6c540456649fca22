import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../servers/local-tools.ts'
import { KEPT_SERVERS } from '../servers/private-folder.ts'

/** The `gatehouse` command's program. */
export const COMMAND: string = join(import.meta.dirname, '../../apps/cli/src/main.ts')

/** What the first start in a folder takes at most, on a machine with other things to do. */
export const START_MILLISECONDS = 180_000

/** What `gatehouse dev` writes for scripts. */
export interface DevelopmentFile {
  readonly postgres: DevelopmentAddress
  /** Null: no MySQL was found. */
  readonly mysql: DevelopmentAddress | null
  readonly admin: { readonly url: string }
  readonly tokens: Readonly<
    Record<'agent' | 'otherAgent' | 'approver' | 'otherApprover' | 'operator' | 'auditor', string>
  >
}

export interface DevelopmentAddress {
  readonly host: string
  readonly port: number
  readonly target: string
  /** File of the authority, from the folder of the start. */
  readonly ca: string
}

/** A shop for a test: what `npm start` runs, in a folder and on ports of its own. */
export interface RunningDevelopment {
  readonly file: DevelopmentFile
  /** Where data, trail and certificates are. */
  readonly data: string
  readonly stop: () => Promise<void>
}

/** Starts `gatehouse dev` in `folder` (its `data`), with MySQL where the tests have one. Throws with what it said when it does not start. */
export async function startDevelopmentShop(folder: string, withMysql: boolean): Promise<RunningDevelopment> {
  const data = join(folder, 'data')
  mkdirSync(data, { mode: 0o755 })
  // A MySQL that was fetched before is found in the data folder.
  if (withMysql) symlinkSync(KEPT_SERVERS, join(data, 'servers'))
  const ports = ['--port', String(await freePort()), '--mysql-port', String(await freePort())]
  ports.push('--admin-port', String(await freePort()))
  const child = spawn(process.execPath, [COMMAND, 'dev', '--data', data, '--log-level', 'error', ...ports], {
    cwd: folder,
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  const deadline = Date.now() + START_MILLISECONDS
  while (!existsSync(join(data, 'dev.json')) || !said.includes('Ctrl-C')) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await end(child)
      throw new Error(`gatehouse dev did not start: ${said}`)
    }
    await sleep(50)
  }
  const file = JSON.parse(readFileSync(join(data, 'dev.json'), 'utf8')) as DevelopmentFile
  if (withMysql && file.mysql === null) {
    await end(child)
    throw new Error(`gatehouse dev started without its MySQL: ${/^ {2}mysql .*$/m.exec(said)?.[0] ?? said}`)
  }
  return { file, data, stop: () => end(child) }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill('SIGTERM')
  await new Promise((resolve) => child.once('exit', resolve))
}
