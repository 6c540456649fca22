import { mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { verifyTrail } from '@gatehouse/audit-trail'
import { BENCH_FOLDER } from '../scene.ts'
import { Agents } from './agents.ts'
import { type Cause, causeOf } from './causes.ts'
import { Disturbances } from './disturbances.ts'
import { startFleet } from './fleet.ts'
import { graphsOf } from './graphs.ts'
import { asMarkdown, type Minute } from './report.ts'
import { heldBy, keysOf } from './watched-process.ts'

/** How long, and how much. */
export interface SoakOptions {
  readonly minutes: number
  /** Agents of each engine. */
  readonly agents: number
  readonly pauseMilliseconds: number
  /** A replica is killed or rolled so often. */
  readonly disturbMinutes: number
}

/** Where the table is, also while it grows; its graphs and the figures themselves are beside it. */
const REPORT = join(BENCH_FOLDER, 'soak.md')

/** Mixed load on both engines through three replicas behind HAProxy, of which two are killed and rolled in turn. As Markdown. */
export async function measureSoak(
  options: SoakOptions,
  tell: (text: string) => void,
): Promise<{ readonly markdown: string; readonly failed: boolean }> {
  tell('starting Redis, PostgreSQL 18, MariaDB 10.11, three gateways and HAProxy')
  const fleet = await startFleet()
  const minutes: Minute[] = []
  const others = new Set<string>()
  mkdirSync(BENCH_FOLDER, { recursive: true })
  try {
    const { installation, balancer, redis, account } = fleet
    const agents = new Agents({
      ports: balancer.ports,
      token: installation.token,
      perEngine: options.agents,
      pauseMilliseconds: options.pauseMilliseconds,
      sessionMilliseconds: 10_000,
    })
    const disturbances = new Disturbances(installation.gateways, options.disturbMinutes * 60_000)
    const begun = new Date().toISOString()
    let [statements, sessions, failures, told] = [0, 0, 0, 0]
    const look = async (minute: number): Promise<void> => {
      const unrecorded = account.read()
      const causes: Record<Cause, number> = { killed: 0, rolled: 0, other: 0 }
      for (const failure of agents.failures.slice(failures)) {
        const cause = causeOf(failure, disturbances.all, account.gatewayOf)
        causes[cause]++
        if (cause === 'other') others.add(`${failure.during}: ${failure.what}`)
      }
      failures = agents.failures.length
      const held = await Promise.all(
        installation.gateways.map(async (gateway) => heldBy(gateway.pid(), gateway.ports['monitoring'] ?? 0)),
      )
      minutes.push({
        minute,
        statements: agents.statements - statements,
        sessions: agents.sessions - sessions,
        failures: causes,
        ran: account.ran,
        unrecorded: unrecorded.length,
        held,
        redisKeys: await keysOf(redis),
        disturbances: disturbances.all.slice(told).map(({ kind, gateway }) => `gateway ${String(gateway + 1)} ${kind}`),
      })
      ;[statements, sessions, told] = [agents.statements, agents.sessions, disturbances.all.length]
      writeFileSync(
        REPORT,
        `Begun ${begun}.\n\n${asMarkdown(minutes)}\n\nOther failures: ${[...others].join('; ') || 'none'}\n`,
      )
      writeFileSync(join(BENCH_FOLDER, 'soak.json'), `${JSON.stringify(minutes, null, 1)}\n`)
      // What is left after the last whole minute would look like a fall.
      for (const { name, svg } of graphsOf(minutes.slice(0, options.minutes)))
        writeFileSync(join(BENCH_FOLDER, name), svg)
      tell(`minute ${String(minute)} of ${String(options.minutes)}: load ${(loadavg()[0] ?? 0).toFixed(1)}`)
    }
    for (let minute = 1; minute <= options.minutes; minute++) {
      await sleep(60_000)
      await look(minute)
    }
    await disturbances.stop()
    await agents.stop()
    // What was staged last is on disk.
    await sleep(1000)
    await look(options.minutes + 1)
    const addresses = [...account.addresses].map(([address, times]) => `${address} (${String(times)})`).join(', ')
    const sealed: string[] = []
    for (const gateway of installation.gateways) await gateway.tellToEnd()
    for (const trail of installation.trails) {
      const { firstBreak } = await verifyTrail(trail)
      sealed.push(firstBreak === null ? 'whole' : `broken: ${JSON.stringify(firstBreak)}`)
    }
    const markdown = [
      `${String(options.minutes)} minutes, begun ${begun}; ${String(options.agents)} agents of each engine with pauses of ${String(options.pauseMilliseconds)} ms; a replica killed or rolled every ${String(options.disturbMinutes)} minutes.`,
      '',
      asMarkdown(minutes),
      `- Client addresses in the trails: ${addresses}. Trails: ${sealed.join(', ')}.`,
      `- Other failures: ${[...others].join('; ') || 'none'}.`,
    ].join('\n')
    writeFileSync(REPORT, `${markdown}\n`)
    const failed = (minutes.at(-1)?.unrecorded ?? 1) > 0 || others.size > 0 || sealed.some((one) => one !== 'whole')
    return { markdown, failed }
  } finally {
    await fleet.close()
  }
}
