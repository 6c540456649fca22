import { loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Conversation, refusedInWords } from '../conversation.ts'
import { cpuSeconds } from '../process-figures.ts'
import type { Held } from '../soak/watched-process.ts'
import { percentile } from '../statistics.ts'
import { type House, openHouse } from './house.ts'
import { SessionsAtWork, type Worked } from './sessions-at-work.ts'

/** Connections that come whether or not those before them are served. */
export interface StormOptions {
  readonly perSecond: number
  readonly seconds: number
}

/** What became of them. */
interface Came {
  entered: number
  readonly milliseconds: number[]
  /** Refused, in words of the protocol, and by a connection that just ended, or did not answer. */
  inWords: number
  withoutAWord: number
  readonly said: Map<string, number>
}

/** A session of the storm leaves after so long. */
const STAY_MILLISECONDS = 2000
const STEP_MILLISECONDS = 20
/** Until sockets that were closed are gone everywhere. */
const AFTER_MILLISECONDS = 10_000
/** Whose memory and descriptors alone are looked at. */
const MORE_STORMS = 3
const TOKENS = 100
/** Those who were there before: of each engine, and how long each pauses. */
const BYSTANDERS = 10
const BYSTANDERS_PAUSE_MILLISECONDS = 100
const CALM_SECONDS = 5
/** So many may be logging in at once in the second storm. */
const FEW = 20

/** Connections that come in numbers, at a gateway with the default limits, and at one where only few may be logging in at once. As Markdown. */
export async function measureStorm(options: StormOptions, tell: (text: string) => void): Promise<string> {
  const rows = [
    await storm('defaults (1,000 may be logging in)', {}, options, tell),
    await storm(`${String(FEW)} may be logging in`, { maxUnauthenticatedConnections: FEW }, options, tell),
  ]
  return [
    `**Storms of ${String(options.perSecond)} connections a second for ${String(options.seconds)} s**, half of them PostgreSQL's, half MySQL's, each with a token, to stand-ins that only let sessions in (a fork for each would be what is measured); each session leaves after ${String(STAY_MILLISECONDS / 1000)} s. ${String(2 * BYSTANDERS)} sessions at work on real databases were there before. Clients, stand-ins, databases and the gateway share 2 cores.`,
    '',
    `| listener | came | logged in | p50, p99, most in ms | refused in words | without a word | gateway CPU ms per login | those there before: p50, p99 in ms before | in the storm | their errors | MiB, of it heap, descriptors: before | after | after each of ${String(MORE_STORMS)} more storms | load |`,
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
  ].join('\n')
}

async function storm(
  name: string,
  limits: Readonly<Record<string, unknown>>,
  options: StormOptions,
  tell: (text: string) => void,
): Promise<string> {
  const house = await openHouse({ maxConnectionsPerPrincipal: 10_000, ...limits })
  const bystanders: Conversation[] = []
  try {
    const token = await house.token('was-there-before')
    for (let at = 0; at < BYSTANDERS; at++)
      for (const engine of ['postgres', 'mysql'] as const) bystanders.push(await house.enter(engine, 'real', token))
    const tokens: string[] = []
    for (let at = 0; at < TOKENS; at++) tokens.push(await house.token(`storm-${String(at)}`))
    const work = new SessionsAtWork(bystanders, BYSTANDERS_PAUSE_MILLISECONDS)
    await sleep(1000)
    work.take()
    await sleep(CALM_SECONDS * 1000)
    const calm = work.take()
    const before = await house.held()
    const cpuBefore = cpuOf(house)
    const came = await arrive(house, tokens, options)
    const cpu = cpuOf(house) - cpuBefore
    const stormy = work.take()
    const load = loadavg()[0] ?? 0
    await sleep(AFTER_MILLISECONDS)
    const after = await house.held()
    // What one storm leaves behind may be room that the next one uses; what each leaves would be a leak.
    const again: Held[] = []
    for (let more = 0; more < MORE_STORMS; more++) {
      await arrive(house, tokens, options)
      await sleep(AFTER_MILLISECONDS)
      again.push(await house.held())
    }
    await work.stop()
    tell(
      `storm, ${name}: ${String(came.entered)} logged in; refused: ${[...came.said].map(([what, times]) => `${String(times)} × ${what}`).join('; ') || 'none'}`,
    )
    const total = came.entered + came.inWords + came.withoutAWord
    const both = ({ p50Milliseconds, p99Milliseconds }: Worked): string =>
      `${p50Milliseconds.toFixed(1)}, ${p99Milliseconds.toFixed(1)}`
    const cells = [
      name,
      total,
      came.entered,
      [percentile(came.milliseconds, 0.5), percentile(came.milliseconds, 0.99), percentile(came.milliseconds, 1)]
        .map((one) => one.toFixed(0))
        .join(', '),
      came.inWords,
      came.withoutAWord,
      ((cpu * 1000) / came.entered).toFixed(2),
      both(calm),
      both(stormy),
      stormy.failed,
      heldText(before),
      heldText(after),
      again.map(heldText).join('; '),
      load.toFixed(1),
    ]
    return `| ${cells.map(String).join(' | ')} |`
  } finally {
    for (const one of bystanders) one.leave()
    await house.close()
  }
}

function heldText({ residentBytes, heapBytes, descriptors }: Held): string {
  return `${(residentBytes / 2 ** 20).toFixed(0)}, ${(heapBytes / 2 ** 20).toFixed(0)}, ${String(descriptors)}`
}

/** Resolves when the last of them was let in and has left, or was refused. */
async function arrive(house: House, tokens: readonly string[], { perSecond, seconds }: StormOptions): Promise<Came> {
  const came: Came = { entered: 0, milliseconds: [], inWords: 0, withoutAWord: 0, said: new Map() }
  const total = perSecond * seconds
  const all: Promise<void>[] = []
  const begun = performance.now()
  while (all.length < total) {
    const due = Math.min(total, Math.ceil(((performance.now() - begun) / 1000) * perSecond))
    while (all.length < due) all.push(one(house, tokens[all.length % tokens.length] ?? '', all.length, came))
    await sleep(STEP_MILLISECONDS)
  }
  await Promise.all(all)
  return came
}

async function one(house: House, token: string, at: number, came: Came): Promise<void> {
  const begun = performance.now()
  try {
    const session = await house.enter(at % 2 === 0 ? 'postgres' : 'mysql', 'stand-in', token)
    came.milliseconds.push(performance.now() - begun)
    came.entered++
    await sleep(STAY_MILLISECONDS)
    session.leave()
  } catch (error) {
    if (refusedInWords(error)) came.inWords++
    else came.withoutAWord++
    const what = error instanceof Error ? error.message.slice(0, 120) : String(error)
    came.said.set(what, (came.said.get(what) ?? 0) + 1)
  }
}

function cpuOf({ gateway }: House): number {
  const { user, system } = cpuSeconds(gateway.pid())
  return user + system
}
