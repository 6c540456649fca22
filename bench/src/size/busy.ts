import { loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Conversation } from '../conversation.ts'
import { cpuSeconds } from '../process-figures.ts'
import type { Held } from '../soak/watched-process.ts'
import { type House, openHouse } from './house.ts'
import { SessionsAtWork } from './sessions-at-work.ts'

/** Sessions at work on one gateway, half of each engine. */
export interface BusyOptions {
  readonly sessions: number
  readonly pauseMilliseconds: number
  readonly seconds: number
}

/** Logins under way at once, and sessions of one principal. */
const AT_ONCE = 16
const OF_ONE_PRINCIPAL = 100
/** Until sockets that were closed are gone everywhere. */
const AFTER_MILLISECONDS = 8000

/** How one gateway bears so many sessions that all work. As Markdown. */
export async function measureBusy(options: BusyOptions, tell: (text: string) => void): Promise<string> {
  const house = await openHouse()
  const sessions: Conversation[] = []
  try {
    const before = await house.held()
    const loginSeconds = await enterAll(house, options.sessions, sessions)
    tell(`${String(sessions.length)} sessions are there`)
    await sleep(2000)
    const idle = await house.held()
    const work = new SessionsAtWork(sessions, options.pauseMilliseconds)
    // The first round of each compiles and fills caches.
    await sleep(options.pauseMilliseconds * 1.5)
    work.take()
    const begun = cpuOf(house)
    await sleep(options.seconds * 1000)
    const cpu = cpuOf(house) - begun
    const worked = work.take()
    const busy = await house.held()
    const load = loadavg()[0] ?? 0
    await work.stop()
    for (const session of sessions) session.leave()
    await sleep(AFTER_MILLISECONDS)
    const after = await house.held()
    const each = (held: Held): string =>
      ((held.residentBytes - before.residentBytes) / 1024 / options.sessions).toFixed(1)
    return [
      `**${String(options.sessions)} sessions at work on one process**, half of them PostgreSQL 18's, half MariaDB 10.11's (real servers), each with a pause of ${String(options.pauseMilliseconds)} ms between rounds of the soak's work; ${String(options.seconds)} s, load ${load.toFixed(1)}.`,
      '',
      '| statements per second | p50, p99 in ms | errors | CPU of the gateway, of one core | µs per statement | KiB per session: idle, busy | descriptors per session | logins per second |',
      '| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
      `| ${(worked.statements / worked.seconds).toFixed(0)} | ${worked.p50Milliseconds.toFixed(1)}, ${worked.p99Milliseconds.toFixed(1)} | ${String(worked.failed)} | ${((cpu / worked.seconds) * 100).toFixed(0)} % | ${((cpu * 1e6) / worked.statements).toFixed(0)} | ${each(idle)}, **${each(busy)}** | ${((busy.descriptors - before.descriptors) / options.sessions).toFixed(2)} | ${(options.sessions / loginSeconds).toFixed(0)} |`,
      '',
      `Resident memory before, idle, busy, after they left: ${[before, idle, busy, after].map(({ residentBytes }) => (residentBytes / 2 ** 20).toFixed(0)).join(', ')} MiB; descriptors ${[before, idle, busy, after].map(({ descriptors }) => String(descriptors)).join(', ')}. ${worked.errors.length === 0 ? 'No errors.' : `Errors: ${worked.errors.join('; ')}.`}`,
    ].join('\n')
  } finally {
    for (const session of sessions) session.leave()
    await house.close()
  }
}

/** Resolves with how many seconds it took. */
async function enterAll(house: House, count: number, sessions: Conversation[]): Promise<number> {
  const tokens: string[] = []
  for (let at = 0; at * OF_ONE_PRINCIPAL < count; at++) tokens.push(await house.token(`busy-${String(at)}`))
  const begun = performance.now()
  let next = 0
  const enter = async (): Promise<void> => {
    while (next < count) {
      const at = next++
      const token = tokens[at % tokens.length] ?? ''
      sessions.push(await house.enter(at % 2 === 0 ? 'postgres' : 'mysql', 'real', token))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, enter))
  return (performance.now() - begun) / 1000
}

function cpuOf({ gateway }: House): number {
  const { user, system } = cpuSeconds(gateway.pid())
  return user + system
}
