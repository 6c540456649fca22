import { parseArgs } from 'node:util'
import type { EngineName } from './engine.ts'
import type { SoakOptions } from './soak/measure.ts'

/** What one run measures, and how long it may take over it. */
export interface Options {
  readonly task: 'measure' | 'profile' | 'classify' | 'audit' | 'revocation' | 'soak' | 'size'
  /** `classify`, `audit` and `revocation` are PostgreSQL's. */
  readonly engine: EngineName
  /** Two minutes at most: fewer cases, one round, fewer sessions. */
  readonly quick: boolean
  /** How often each case is repeated, over all roads in turn. */
  readonly rounds: number
  /** Measured seconds of each run of statements, after one that warms up. */
  readonly seconds: number
  /** `audit`: how many are searched. */
  readonly records: number
  /** `audit`: the PostgreSQL that is searched; null: one of its own. */
  readonly database: string | null
  /** `soak`: how long, and with how much; `size` pauses as long. */
  readonly soak: SoakOptions
  /** Whether this part is to be measured. */
  readonly wants: (part: Part | AuditPart | SizePart) => boolean
  /** Put the table between the markers of bench/README.md. */
  readonly writeReadme: boolean
}

export const PARTS = ['statements', 'rows', 'memory', 'decisions', 'start'] as const
export type Part = (typeof PARTS)[number]

export const AUDIT_PARTS = ['trail', 'recording', 'verify', 'search'] as const
export type AuditPart = (typeof AUDIT_PARTS)[number]

export const SIZE_PARTS = ['busy', 'storm', 'scaling', 'coordination'] as const
export type SizePart = (typeof SIZE_PARTS)[number]

const USAGE = `Usage: npm run bench -- postgres [options]    measure, and print a table
       npm run bench -- mysql [options]       the same for MySQL
       npm run bench -- profile [mysql]       where the gateway spends its time on small statements
       npm run bench -- classify [options]    what looking through free text costs
       npm run bench -- audit [options]       what trail and recording cost, how fast a trail is verified and searched
       npm run bench -- revocation            how long it takes until the sessions of a principal are ended
       npm run bench -- soak [options]        mixed load through three replicas, of which two are killed and rolled in turn
       npm run bench -- size [options]        how much one gateway bears: busy sessions, storms of connections, workers; what Redis is asked

  --quick          under two minutes: fewer cases, one round
  --rounds N       rounds of each case (default 3, quick 1)
  --seconds S      measured seconds of each run of statements (default 2; mysql 1)
  --records N      records to search (audit; default 1000000, quick 100000)
  --database URL   a PostgreSQL of yours to search in (audit; filled once with as many, and kept)
  --only PARTS     some of ${PARTS.join(',')}; of audit: some of ${AUDIT_PARTS.join(',')};
                   of size: some of ${SIZE_PARTS.join(',')}
  --minutes M      how long (soak; default 60)
  --agents N       of each engine (soak; default 8)
  --pause MS       of each agent or session between rounds (soak; default 250; size: 3000)
  --disturb M      minutes between one replica killed or rolled and the next (soak; default 3)
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
        database: { type: 'string' },
        only: { type: 'string' },
        minutes: { type: 'string' },
        agents: { type: 'string' },
        pause: { type: 'string' },
        disturb: { type: 'string' },
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
      records: count('--records', values.records, values.quick ? 100_000 : 1_000_000, 1_000_000_000),
      database: values.database ?? null,
      soak: {
        minutes: count('--minutes', values.minutes, 60, 24 * 60),
        agents: count('--agents', values.agents, 8, 40),
        pauseMilliseconds: count('--pause', values.pause, task === 'size' ? 3000 : 250, 60_000),
        disturbMinutes: count('--disturb', values.disturb, 3, 60),
      },
      wants: wanted(values.only ?? '', partsOf(task)),
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
      (first === 'classify' || first === 'audit' || first === 'revocation' || first === 'soak' || first === 'size')
    )
      return { task: first, engine: 'postgres' }
  }
  throw new Error(`no such task: ${positionals.join(' ')}`)
}

function partsOf(task: Options['task']): readonly (Part | AuditPart | SizePart)[] {
  if (task === 'audit') return AUDIT_PARTS
  return task === 'size' ? SIZE_PARTS : PARTS
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

function wanted(only: string, known: readonly (Part | AuditPart | SizePart)[]): Options['wants'] {
  const names = only.split(',').filter((name) => name !== '')
  const unknown = names.find((name) => !known.some((part) => part === name))
  if (unknown !== undefined) throw new Error(`--only knows ${known.join(', ')}`)
  return (part) => names.length === 0 || names.includes(part)
}
