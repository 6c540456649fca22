import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, closeSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A program of this folder, running beside the measurement. */
export interface OwnProcess {
  readonly pid: number
  /** The first line it printed, as JSON. */
  readonly ready: unknown
  /** Milliseconds from its start to that line, Node's own start included. */
  readonly startMilliseconds: number
  /** Sends a line, resolves with the line it answers, as JSON. */
  readonly ask: (line: string) => Promise<unknown>
  /** Closes its standard input, on which it ends itself; after 10 seconds it is killed. */
  readonly stop: () => Promise<void>
}

/** Starts `bench/src/<script>` and waits for its first line (30 seconds at most). It ends with this process, even if that is killed. */
export async function startOwn(
  script: string,
  args: readonly string[],
  options: { readonly nodeArgs?: readonly string[]; readonly env?: NodeJS.ProcessEnv; readonly logFile: string },
): Promise<OwnProcess> {
  const begun = performance.now()
  const log = openSync(options.logFile, 'a', 0o600)
  const child = spawn(process.execPath, [...(options.nodeArgs ?? []), join(import.meta.dirname, script), ...args], {
    stdio: ['pipe', 'pipe', log],
    env: { ...process.env, ...options.env },
  })
  closeSync(log)
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error('the program has no pipes')
  const ended = once(child, 'exit')
  stdin.on('error', () => undefined)
  const lines = createInterface({ input: stdout })
  const answers: unknown[] = []
  let waiting: ((answer: unknown) => void) | null = null
  lines.on('line', (line) => {
    const answer: unknown = JSON.parse(line)
    if (waiting === null) answers.push(answer)
    else waiting(answer)
    waiting = null
  })
  const next = async (): Promise<unknown> => {
    if (answers.length > 0) return answers.shift()
    const timer = setTimeout(() => child.kill('SIGKILL'), 30_000)
    const answer = new Promise((resolve) => {
      waiting = resolve
    })
    const failed = ended.then(() => {
      throw new Error(`${script} ended, or did not answer within 30 seconds: see ${options.logFile}`)
    })
    failed.catch(() => undefined)
    try {
      return await Promise.race([answer, failed])
    } finally {
      clearTimeout(timer)
    }
  }
  const ready = await next()
  return {
    pid: child.pid ?? 0,
    ready,
    startMilliseconds: performance.now() - begun,
    ask: (line) => {
      stdin.write(`${line}\n`)
      return next()
    },
    stop: async () => {
      stdin.end()
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(timer)
    },
  }
}

/** The port in a program's first line. Throws when there is none. */
export function portOf(ready: unknown): number {
  if (typeof ready === 'object' && ready !== null && 'port' in ready && typeof ready.port === 'number')
    return ready.port
  throw new Error('the program named no port')
}
