import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { TrailWriter } from '@gatehouse/audit-trail'
import type { Admission, Gate, Judgement, StatementReader, TextFacts } from '@gatehouse/core'
import { gateOf } from '../decision-timing.ts'
import { TARGET } from '../gateway-setup.ts'
import { POLICY } from '../mysql/policy.ts'
import { BENCH_FOLDER } from '../scene.ts'
import { median } from '../statistics.ts'

/** Statements of one round. */
const STATEMENTS = 40_000
/** Rounds that only let the engine compile what it will run. */
const WARM_UP = 3
const ROUNDS = 15
/** Statements of which memory is counted at a time: few enough that no collection comes in between, most times. */
const COUNTED = 500
const COUNTS = 41

/** How many statements one commit stands for: one client, and many in one turn. */
const BATCHES = [1, 8, 64] as const

const FACTS: TextFacts = {
  statements: [
    {
      action: 'select',
      accesses: [{ action: 'select', relation: { schema: TARGET, name: 'sbtest1' }, columns: ['c', 'id'] }],
      functions: [],
      unboundedWrite: false,
      settings: [],
      files: [],
      programs: [],
      dynamicSql: false,
      output: [],
      decides: [],
      writes: [],
      beneath: { accesses: [], functions: [] },
      names: { prepared: null, cursor: null },
      changesNames: false,
      complete: true,
      reason: null,
    },
  ],
  fingerprint: '50fde20626009aba',
}
/** Nothing is read here: the facts are there. */
const NO_READER: StatementReader<object> = {
  inlineLimitBytes: 0,
  read: () => ({ kind: 'read', facts: FACTS, forwardText: null }),
  readLarge: () => Promise.resolve({ kind: 'read', facts: FACTS, forwardText: null }),
  withoutLiterals: () => null,
}

/**
 * What the trail costs for each statement, alone in this process: its intent and its outcome encoded, appended, and
 * written with those of its turn. As Markdown.
 */
export async function measureTrail(): Promise<string> {
  mkdirSync(BENCH_FOLDER, { recursive: true })
  const folder = mkdtempSync(join(BENCH_FOLDER, 'run-'))
  const trail = await TrailWriter.open(join(folder, 'trail'), {
    gatewayId: 'bench',
    owedMilliseconds: 5,
    checkMilliseconds: 10,
  })
  try {
    const gate = gateOf('mysql', NO_READER, POLICY, trail)
    const turns = new Turns(trail, gate)
    const rows = BATCHES.map((batch) => {
      const user: number[] = []
      const system: number[] = []
      for (let round = -WARM_UP; round < ROUNDS; round++) {
        const spent = process.cpuUsage()
        turns.run(STATEMENTS, batch)
        const since = process.cpuUsage(spent)
        if (round < 0) continue
        user.push((since.user * 1000) / STATEMENTS)
        system.push((since.system * 1000) / STATEMENTS)
      }
      const figures = [median(user), Math.min(...user), median(system), allocated(turns, batch)]
      return `| ${String(batch)} | ${figures.map((figure) => figure.toFixed(0)).join(' | ')} |`
    })
    return [
      'Intent and outcome of each statement, encoded, appended and committed: nanoseconds of CPU (all threads), and bytes that are for the collector.',
      '',
      '| statements for each commit | own code, ns | its least | kernel, ns | bytes |',
      '| ---: | ---: | ---: | ---: | ---: |',
      ...rows,
    ].join('\n')
  } finally {
    await trail.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The records of statements, as one turn of the gateway after another appends them. */
class Turns {
  readonly #trail: TrailWriter
  readonly #gate: Gate<object>
  readonly #judgement: Judgement
  readonly #admissions: Admission[] = []

  constructor(trail: TrailWriter, gate: Gate<object>) {
    this.#trail = trail
    this.#gate = gate
    this.#judgement = gate.judgeFacts(FACTS)
  }

  /** Throws when one was refused: it would not be recorded as what is measured here. */
  run(statements: number, batch: number): void {
    const admissions = this.#admissions
    for (let at = 0; at < statements; at += batch) {
      for (let next = at; next < at + batch; next++) {
        const sql = `SELECT c FROM sbtest1 WHERE id=${String(10_000 + next)}`
        const admission = this.#gate.admit(this.#judgement, sql, null)
        if (admission.refusal !== null) throw new Error(admission.refusal.message)
        admissions.push(admission)
      }
      this.#trail.commit()
      for (const admission of admissions) this.#gate.outcome(admission, null)
      admissions.length = 0
    }
    this.#trail.commit()
  }
}

/** Bytes of the heap for each statement. Where a collection came in between, less are seen: so the median of many counts. */
function allocated(turns: Turns, batch: number): number {
  const counts = Array.from({ length: COUNTS }, () => {
    const before = process.memoryUsage().heapUsed
    turns.run(COUNTED, batch)
    return (process.memoryUsage().heapUsed - before) / COUNTED
  })
  return median(counts)
}
