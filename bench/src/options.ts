import { parseArgs } from 'node:util'
import type { EngineName } from './engine.ts'

/** What one run measures, and how long it may take over it. */
export interface Options {
  readonly task: 'measure' | 'profile' | 'classify' | 'recording' | 'trail' | 'audit' | 'audit-search'
  /** `classify` and `recording` are PostgreSQL's; `trail` and `audit` are neither's. */
  readonly engine: EngineName
  /** Two minutes at most: fewer cases, one round, fewer sessions. */
  readonly quick: boolean
  /** How often each case is repeated, over all roads in turn. */
  readonly rounds: number
  /** Measured seconds of each run of statements, after one that warms up. */
  readonly seconds: number
  /** `audit-search`: how many are searched. */
  readonly records: number
  /** The measurements to make; empty: all. */
  readonly only: readonly Part[]
  /** Put the table between the markers of bench/README.md. */
  readonly writeReadme: boolean
}

export const PARTS = ['statements', 'rows', 'memory', 'decisions', 'start'] as const
export type Part = (typeof PARTS)[number]

const USAGE = `Usage: npm run bench -- postgres [options]    measure, and print a table
       npm run bench -- mysql [options]       the same for MySQL
       npm run bench -- profile [mysql]       where the gateway spends its time on small statements
       npm run bench -- classify [options]    what looking through free text costs
       npm run bench -- recording [options]   what recording whole sessions costs
       npm run bench -- trail                 what records cost, alone
       npm run bench -- audit [--quick]       how fast a trail is verified
       npm run bench -- audit-search          how fast ten million records are searched in PostgreSQL

  --quick          under two minutes: fewer cases, one round
  --rounds N       rounds of each case (default 3, quick 1)
  --seconds S      measured seconds of each run of statements (default 2; mysql 1)
  --records N      records to search (audit-search; default 10000000, quick 500000)
  --only PARTS     some of ${PARTS.join(',')}
  --write-readme   put the table into bench/README.md
`

/** Reads the command line; a text is what to tell the user in place of a run. */
export function readOptions(args: readonly string[]): Options | { readonly usage: string; readonly status: 0 | 2 } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        records: { type: 'string' },
        only: { type: 'string' },
        'write-readme': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) return { usage: USAGE, status: 0 }
    const { task, engine } = taskOf(positionals)
    return {
      task,
      engine,
      quick: values.quick,
      rounds: count('--rounds', values.rounds, values.quick ? 1 : 3, 20),
      seconds: count('--seconds', values.seconds, task === 'profile' ? 5 : engine === 'mysql' ? 1 : 2, 60),
      records: count('--records', values.records, values.quick ? 500_000 : 10_000_000, 1_000_000_000),
      only: (values.only ?? '')
        .split(',')
        .filter((name) => name !== '')
        .map(partNamed),
      writeReadme: values['write-readme'],
    }
  } catch (error) {
    return { usage: `${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`, status: 2 }
  }
}

function taskOf(positionals: readonly string[]): Pick<Options, 'task' | 'engine'> {
  const [first = 'postgres', second, third] = positionals
  if (third === undefined) {
    if (first === 'profile' && (second === undefined || isEngine(second)))
      return { task: first, engine: second ?? 'postgres' }
    if (second === undefined && isEngine(first)) return { task: 'measure', engine: first }
    if (
      second === undefined &&
      (first === 'classify' ||
        first === 'recording' ||
        first === 'trail' ||
        first === 'audit' ||
        first === 'audit-search')
    )
      return { task: first, engine: 'postgres' }
  }
  throw new Error(`no such task: ${positionals.join(' ')}`)
}

function isEngine(name: string): name is EngineName {
  return name === 'postgres' || name === 'mysql'
}

function count(name: string, given: string | undefined, byDefault: number, most: number): number {
  if (given === undefined) return byDefault
  const value = Number(given)
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new Error(`${name} takes a whole number from 1 to ${String(most)}`)
  return value
}

function partNamed(name: string): Part {
  const part = PARTS.find((known) => known === name)
  if (part === undefined) throw new Error(`--only knows ${PARTS.join(', ')}`)
  return part
}
