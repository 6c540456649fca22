import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { debianProgram } from './debian-program.ts'
import { ServerAbsent } from './found.ts'
import { listens } from './listens.ts'
import { startGuarded } from './local-tools.ts'
import { privateFolder } from './private-folder.ts'

/** A running HAProxy. */
export interface Haproxy {
  readonly pid: number
  /** As `haproxy -v` says: `2.6.12`. */
  readonly version: string
  readonly stop: () => Promise<void>
}

/** Why there is no HAProxy here; null when there is one. */
export async function whyNoHaproxy(): Promise<string | null> {
  try {
    await debianProgram('haproxy', 'usr/sbin/haproxy')
    return null
  } catch (error) {
    if (error instanceof ServerAbsent) return error.message
    throw error
  }
}

/** Starts HAProxy by this configuration, which binds these ports of 127.0.0.1. Throws `ServerAbsent`. */
export async function startHaproxy(configuration: string, ports: readonly number[]): Promise<Haproxy> {
  const { command, leading } = await debianProgram('haproxy', 'usr/sbin/haproxy')
  const version = /version (\d[\d.]*)/.exec(execFileSync(command, [...leading, '-v'], { encoding: 'utf8' }))?.[1] ?? '?'
  const folder = privateFolder('haproxy', null)
  try {
    const file = join(folder, 'haproxy.cfg')
    writeFileSync(file, configuration)
    const server = await startGuarded({
      command,
      args: [...leading, '-db', '-f', file],
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
      user: null,
      logFile: join(folder, 'log'),
      removeWhenDone: folder,
      signals: { ask: 'TERM', force: 'KILL' },
    })
    const deadline = Date.now() + 10_000
    for (const port of ports)
      while (!(await listens(port))) {
        if (!server.isRunning()) throw new Error(`HAProxy ended while starting: ${await server.ended}`)
        if (Date.now() > deadline) {
          await server.stop()
          throw new Error(`HAProxy did not listen within 10 seconds: ${await server.ended}`)
        }
        await sleep(20)
      }
    return { pid: server.pid, version, stop: server.stop }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}
