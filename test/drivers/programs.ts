import { spawn } from 'node:child_process'
import { beforeAll, expect, test } from 'vitest'
import type { Handover } from './shop.ts'

/** A program that runs checks of a driver: the hand-over goes in on standard input, one line of JSON per check comes out. */
export interface CheckProgram {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** How the hand-over is written for it. Default: JSON. */
  readonly write?: (handover: Handover) => string
}

interface Outcome {
  readonly check: string
  readonly ok: boolean
  readonly detail: string
}

/** The most a driver's program may take: far more than it needs. */
const DEADLINE_MILLISECONDS = 120_000

/**
 * One test per promise: the program runs once, and has to have a check of each of these names and no other.
 * What it printed besides stands in the failure.
 */
export function testsOfProgram(
  program: CheckProgram,
  handover: () => Promise<Handover>,
  promises: readonly string[],
): void {
  let outcomes: ReadonlyMap<string, Outcome> = new Map()
  let said = ''
  beforeAll(async () => {
    const ran = await runProgram(program, (program.write ?? JSON.stringify)(await handover()))
    outcomes = new Map(ran.outcomes.map((outcome) => [outcome.check, outcome]))
    said = ran.said
  }, DEADLINE_MILLISECONDS + 10_000)

  for (const promise of promises) {
    test(promise, () => {
      const outcome = outcomes.get(promise)
      if (outcome === undefined) expect.fail(`the program did not come to this check; it said:\n${said}`)
      if (!outcome.ok) expect.fail(outcome.detail)
    })
  }

  test('every check of the program is a promise here', () => {
    expect([...outcomes.keys()].toSorted(), said).toEqual([...promises].toSorted())
  })
}

/** Runs the program to its end, or to its deadline; `said` is what it printed that is no outcome. */
function runProgram(
  program: CheckProgram,
  input: string,
): Promise<{ readonly outcomes: readonly Outcome[]; readonly said: string }> {
  return new Promise((resolve) => {
    const child = spawn(program.command, [...program.args], { env: { ...process.env, ...program.env } })
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
      const outcomes = lines.filter((line) => line.startsWith('{"check":')).map((line) => JSON.parse(line) as Outcome)
      const rest = lines.filter((line) => !line.startsWith('{"check":'))
      resolve({ outcomes, said: `${[...rest, said].join('\n')}\n(ended with ${String(signal ?? code)})` })
    })
    child.stdin.end(input)
  })
}

/** The hand-over for a program that reads no JSON: a line per value, its name, a tab, and the text in base64. */
export function asLines(handover: Handover): string {
  const { direct, hidden, ...rest } = handover
  const values = {
    ...rest,
    hidden: hidden.join('\n'),
    ...Object.fromEntries(Object.entries(direct).map(([name, value]) => [`direct.${name}`, value as string | number])),
  }
  return Object.entries(values)
    .map(([name, value]) => `${name}\t${Buffer.from(String(value)).toString('base64')}\n`)
    .join('')
}
