import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { asUser, type ServerUser } from './server-user.ts'

/** A program to run beside this one, and at most as long. */
export interface GuardedCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly user: ServerUser | null
  /** Gets what the program prints; begins anew. */
  readonly logFile: string
  /** Goes when the program has ended, by whatever end; null: nothing goes. */
  readonly removeWhenDone: string | null
  /** How it is told to end, and how when it does not, or when all is thrown away. Default: PostgreSQL's. */
  readonly signals?: EndSignals
}

export interface EndSignals {
  readonly ask: 'INT' | 'TERM'
  readonly force: 'QUIT' | 'KILL'
}

/** To PostgreSQL INT is a fast shutdown, QUIT an immediate one. */
const POSTGRES_SIGNALS: EndSignals = { ask: 'INT', force: 'QUIT' }

/** A program this process started. */
export interface GuardedProcess {
  /** The program's own process id. */
  readonly pid: number
  /** Settles when the program has ended, for whatever reason, with what it printed last. */
  readonly ended: Promise<string>
  readonly isRunning: () => boolean
  /** Ends the program and waits until it has. May be called twice. */
  readonly stop: () => Promise<void>
}

/**
 * Starts a program that ends with this process, also when this one is killed. Throws when it cannot be started.
 * The program does not keep this process alive.
 */
export async function startGuarded(what: GuardedCommand): Promise<GuardedProcess> {
  const log = openSync(what.logFile, 'w', 0o600)
  const { ask, force } = what.signals ?? POSTGRES_SIGNALS
  const child = spawn(
    '/bin/sh',
    ['-c', GUARD, 'gatehouse-guard', what.removeWhenDone ?? '', ask, force, what.command, ...what.args],
    {
      ...asUser(what.user),
      cwd: '/',
      // Its own process group: Ctrl-C in the terminal reaches us, and we end the program after what runs through it.
      detached: true,
      stdio: ['pipe', 'pipe', log],
      env: what.env,
    },
  )
  closeSync(log)
  let running = true
  const ended = new Promise<string>((resolve) => {
    const settle = (last: string): void => {
      running = false
      resolve(last)
    }
    child.once('error', (error) => {
      settle(error.message)
    })
    child.once('exit', () => {
      settle(existsSync(what.logFile) ? readFileSync(what.logFile, 'utf8').slice(-4096).trim() : 'no log')
    })
  })
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error('the guard has no pipes')
  stdin.on('error', () => undefined)
  const firstWords = await Promise.race([once(stdout, 'data'), ended])
  const pid = typeof firstWords === 'string' ? Number.NaN : Number(String(firstWords[0]))
  if (!Number.isInteger(pid)) throw new Error(`${what.command} did not start: ${await ended}`)
  stdout.destroy()
  child.unref()
  if (stdin instanceof Socket) stdin.unref()
  return {
    pid,
    ended,
    isRunning: () => running,
    stop: async () => {
      child.ref()
      stdin.end()
      await ended
      if (what.removeWhenDone !== null) rmSync(what.removeWhenDone, { recursive: true, force: true })
    },
  }
}

/**
 * Runs the program as a child of a shell that holds our pipe. When the pipe closes, because we asked or because we are
 * gone, the program is asked to end and after 5 seconds forced: a fast shutdown of PostgreSQL waits for sessions that
 * are still logging in. Where all is thrown away it is forced at once. Ends by itself when the program does.
 */
const GUARD = `
remove=$1 ask=$2 force=$3; shift 3
trap '' INT HUP
exec 3<&0
"$@" </dev/null >&2 3<&- & server=$!
echo $server
exec >&2
(
  trap - INT HUP
  read -r _ <&3
  [ -n "$remove" ] || { kill -$ask $server; sleep 5 & pause=$!; trap 'kill $pause; exit' TERM; wait $pause; }
  kill -$force $server
) >/dev/null 2>&1 & watch=$!
exec 3<&-
trap 'kill -$ask $server' TERM
wait $server; status=$?
while kill -0 $server 2>/dev/null; do wait $server; status=$?; done
kill $watch 2>/dev/null; wait $watch 2>/dev/null
[ -n "$remove" ] && rm -rf "$remove"
exit $status
`
