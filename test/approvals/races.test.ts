import { setTimeout as sleep } from 'node:timers/promises'
import type { Approval } from '@gatehouse/coordination'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, inject } from 'vitest'
import * as mysql from '../mysql/scene.ts'
import { type Scene, scenePromises, SHARED } from '../postgres/scene.ts'
import { DBA, People } from './people.ts'

type Move = 'approve' | 'refuse' | 'timeout' | 'disconnect' | 'kill'
const MOVES: readonly Move[] = ['approve', 'refuse', 'timeout', 'disconnect', 'kill']
const PAIRS = MOVES.flatMap((one, at) => MOVES.slice(at + 1).map((other) => [one, other] as const))

/** Of each pair; `GATEHOUSE_RACES` may ask for more. */
const RACES = Number(process.env['GATEHOUSE_RACES'] ?? 20)
const AT_ONCE = 20
const HOLD_MILLISECONDS = 1000

const settings = (schema: string) => ({
  sql: `CREATE TABLE stock (id int PRIMARY KEY, amount int);
    INSERT INTO stock VALUES ${Array.from({ length: AT_ONCE }, (_, id) => `(${String(id)}, 0)`).join(', ')};`,
  policy: `
rules:
  - { name: read, allow: { actions: [select, use], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - name: ask
    approve:
      actions: [update]
      relations: ["${schema}.*"]
      by: { groups: [dba] }
      holdTimeoutSeconds: 1
      graceSeconds: 0
`,
  coordination: people.forGateway,
  listener: { maxConnectionsPerPrincipal: 100, maxConnectionsPerAddress: 100 },
  approvals: { coolDownSeconds: 0, pendingPerPrincipal: 100 },
})

let people: People
beforeAll(async () => {
  people = await People.open()
})
afterAll(() => people.close())

/** One that is raced against, on either protocol. */
interface Racer {
  readonly send: (text: string) => void
  readonly destroy: () => void
}
interface RaceScene {
  readonly enter: () => Promise<Racer>
  /** Of all amounts, as the server itself has it. */
  readonly total: () => Promise<number>
  readonly records: Scene['records']
}
type Promises = (name: string, body: (scene: RaceScene) => Promise<void>, timeout: number) => void

describe('Of two that meet over one held statement, on PostgreSQL', () => {
  const promise = scenePromises(SHARED, () => settings('public'))
  racePromises((name, body, timeout) =>
    promise(
      name,
      ({ enter, admin, records }) =>
        body({
          enter: async () => {
            const client = await enter()
            return { send: (text) => client.send({ kind: 'Query', text }), destroy: () => client.destroy() }
          },
          total: async () => Number((await admin<{ sum: string }>('SELECT sum(amount) FROM stock'))[0]?.sum),
          records,
        }),
      timeout,
    ),
  )
})

describe('Of two that meet over one held statement, on MySQL', () => {
  const promise = mysql.scenePromises(inject('servers').mysql9, settings)
  racePromises((name, body, timeout) =>
    promise(
      name,
      ({ enter, admin, database, records }) =>
        body({
          enter: async () => {
            const client = await enter({ clear: true })
            // What the answer is, the trail and the server say.
            return { send: (text) => void client.query(text).catch(() => null), destroy: () => client.end() }
          },
          total: async () => Number((await admin(`SELECT SUM(amount) FROM ${database}.stock`))[0]?.[0]),
          records,
        }),
      timeout,
    ),
  )
})

function racePromises(promise: Promises): void {
  for (const [first, second] of PAIRS) {
    promise(
      `${first} and ${second}, one wins: it runs once with a yes, or not at all, and the trail says the same`,
      async ({ enter, total, records }) => {
        const delays = fc.sample(fc.tuple(fc.nat(12), fc.nat(12)), { numRuns: RACES, seed: 11 })
        for (let from = 0; from < delays.length; from += AT_ONCE) {
          const batch = delays.slice(from, from + AT_ONCE)
          const clients = await Promise.all(batch.map(() => enter()))
          await Promise.all(clients.map((client, row) => race(client, row, first, second, batch[row] ?? [0, 0])))
          for (const client of clients) client.destroy()
        }
        const approvals = await people.coordination.approvals.list({ limit: 500 })
        const intents = await records(({ kind, decision }) => {
          const { effect, approval } = (decision ?? {}) as { effect?: string; approval?: string | null }
          return kind === 'intent' && effect === 'permit' && approval !== null && approval !== undefined
        })
        const sum = await total()
        const ran = intents.map(({ decision }) => (decision as { approval: string }).approval)
        // Every run has its yes, and no yes has two runs.
        expect(new Set(ran).size).toBe(ran.length)
        const states = new Map(approvals.map(({ id, state }) => [id, state]))
        for (const id of ran) expect(states.get(id) ?? 'approved').toBe('approved')
        // What was cut off in the middle of its run may have done its work or not; its outcome does not say that it succeeded.
        const seqs = new Set(intents.map(({ seq }) => seq))
        const done = await records((record) => {
          const { statement, outcome } = record as {
            statement?: { intent?: number }
            outcome?: { error: string | null }
          }
          return record.kind === 'outcome' && seqs.has(statement?.intent ?? 0) && outcome?.error === null
        })
        expect(sum).toBeGreaterThanOrEqual(done.length)
        expect(sum).toBeLessThanOrEqual(ran.length)
      },
      60_000 + RACES * 300,
    )
  }
}

async function race(client: Racer, row: number, first: Move, second: Move, delays: readonly [number, number]) {
  const text = `UPDATE stock SET amount = amount + 1 WHERE id = ${String(row)}`
  client.send(text)
  const { id: approval, waiters } = await held(text)
  const begun = performance.now()
  const [session] = waiters
  const close = [first, second].includes('timeout') ? HOLD_MILLISECONDS - 6 : 0
  await Promise.all([move(first, delays[0]), move(second, delays[1])])
  // Until the hold would be over, and what was decided has run.
  await sleep(Math.max(0, HOLD_MILLISECONDS + 150 - (performance.now() - begun)))

  async function move(what: Move, delay: number): Promise<void> {
    if (what === 'timeout') return
    await sleep(Math.max(0, close + delay - (performance.now() - begun)))
    if (what === 'disconnect') client.destroy()
    else if (what === 'kill') {
      const message = { kind: 'end_session', session: session?.session ?? '', reason: 'race', by: 'oscar' } as const
      await people.coordination.messages.send(session?.gateway ?? '', message)
    } else
      await people.coordination.approvals.decide(approval, { by: DBA, verdict: what, reason: null, through: 'api' })
  }
}

/** The request for this text, as soon as it is there. */
async function held(text: string): Promise<Approval> {
  for (let tries = 0; tries < 10_000; tries++) {
    const pending = await people.coordination.approvals.list({ state: 'pending' })
    const found = pending.find(({ request }) => request.statement.text === text)
    if (found !== undefined) return found
    await sleep(2)
  }
  throw new Error(`it was not held: ${text}`)
}
