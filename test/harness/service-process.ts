import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { listens } from '../servers/listens.ts'
import { type GuardedProcess, startGuarded } from '../servers/local-tools.ts'

const COMMAND = join(import.meta.dirname, '../../apps/cli/src/main.ts')

/** A gateway or an admin service that runs as the `gatehouse` command, in a process of its own. */
export interface Service {
  /** Ports of 127.0.0.1 it listens on, by what for: `postgres`, `mysql`, `http`. They stay when it starts again. */
  readonly ports: Readonly<Record<string, number>>
  readonly configFile: string
  /** Of the process that runs now. */
  readonly pid: () => number
  /** The lines of its operational log since it was started last. */
  readonly log: () => readonly LogLine[]
  /** As whoever runs it in earnest does (SIGTERM): it may take its time. Resolves when it has ended. */
  readonly tellToEnd: () => Promise<void>
  /** As a crash would: at once, without a word. */
  readonly kill: () => Promise<void>
  /** After `kill` or `tellToEnd`, as before. */
  readonly start: () => Promise<void>
  /** Properly. */
  readonly stop: () => Promise<void>
}

/** A line of the operational log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string }

/** How the command is started: the program, and what stands before the command's own arguments. */
export interface StartedBy {
  readonly command: string
  readonly leading: readonly string[]
}

/**
 * Runs `gatehouse gateway` or `gatehouse admin` by this file, and waits until it listens; `by`: default from the sources. `configFile` with
 * `.log` is its log. Throws with its log when it does not listen.
 */
export async function startService(
  kind: 'gateway' | 'admin',
  configFile: string,
  ports: Readonly<Record<string, number>>,
  environment: Readonly<Record<string, string>>,
  by: StartedBy = { command: process.execPath, leading: [COMMAND] },
): Promise<Service> {
  let running: GuardedProcess
  const start = async (): Promise<void> => {
    running = await startGuarded({
      command: by.command,
      args: [...by.leading, kind, '--config', configFile],
      env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], ...environment },
      user: null,
      logFile: `${configFile}.log`,
      removeWhenDone: null,
      signals: { ask: 'TERM', force: 'KILL' },
    })
    const deadline = Date.now() + 60_000
    for (const port of Object.values(ports))
      while (!(await listens(port))) {
        if (!running.isRunning()) throw new Error(`gatehouse ${kind} ended while starting: ${await running.ended}`)
        if (Date.now() > deadline) {
          await running.stop()
          throw new Error(`gatehouse ${kind} did not listen within 60 seconds: ${await running.ended}`)
        }
        await sleep(50)
      }
  }
  await start()
  const logFile = `${configFile}.log`
  return {
    ports,
    configFile,
    pid: () => running.pid,
    log: () =>
      (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '')
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}'))
        .map((line) => JSON.parse(line) as LogLine),
    tellToEnd: async () => {
      process.kill(running.pid, 'SIGTERM')
      await running.ended
    },
    kill: async () => {
      process.kill(running.pid, 'SIGKILL')
      await running.ended
    },
    start,
    stop: () => running.stop(),
  }
}
