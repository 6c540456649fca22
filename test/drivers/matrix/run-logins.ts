import { spawn } from 'node:child_process'
import type { LoginProgram } from './driver.ts'

/** One login to be tried. */
export interface Attempt {
  readonly way: string
  readonly target: string
  readonly user: string
  readonly secret: string
}

/** What became of one. */
export interface Outcome {
  readonly way: string
  readonly target: string
  readonly in: boolean
  readonly value: string
  readonly code: string
  readonly message: string
}

/** The most a program may take for all its logins: far more than it needs. */
const DEADLINE_MILLISECONDS = 120_000

/** Runs the program to its end, or to its deadline; `said` is what it printed that is no outcome. */
export function runLogins(
  program: LoginProgram,
  place: Readonly<Record<string, string>>,
  attempts: readonly Attempt[],
): Promise<{ readonly outcomes: readonly Outcome[]; readonly said: string }> {
  return new Promise((resolve) => {
    const child = spawn(program.command, [...program.args], { env: { ...process.env, ...program.env, ...place } })
    const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MILLISECONDS)
    let out = ''
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (out += piece))
    child.stderr.setEncoding('utf8').on('data', (piece: string) => (said += piece))
    child.on('error', (error) => (said += error.message))
    child.stdin.on('error', () => undefined) // a program that ended early says why itself
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      const lines = out.split('\n').filter((line) => line !== '')
      const outcomes = lines.map(outcome).filter((read) => read !== null)
      const rest = lines.filter((line) => outcome(line) === null)
      resolve({ outcomes, said: `${[...rest, said].join('\n')}\n(ended with ${String(signal ?? code)})` })
    })
    child.stdin.end(
      attempts.map(({ way, target, user, secret }) => `${[way, target, user, secret].join('\t')}\n`).join(''),
    )
  })
}

function outcome(line: string): Outcome | null {
  const [way = '', target = '', how, value = '', code = '', ...message] = line.split('\t')
  if (how !== 'in' && how !== 'out') return null
  return { way, target, in: how === 'in', value, code, message: message.join(' ') }
}
